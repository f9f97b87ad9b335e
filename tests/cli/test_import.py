"""The verb `import`: files as PyTorch writes them, for a small game of the tests' own."""

import dataclasses
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, games
from jaxgan.cli.command import way_on
from jaxgan.data import Transform
from jaxgan.training import Imported, PositiveInt, Schedule, load
from jaxgan.training.run import Run
from jaxgan.weights import read_weights, recognise
from tests import official_files

NAME = Path(__file__).stem


class Tint(nn.Module):
    """Multiplies the channels."""

    width: int = 3

    @nn.compact
    def __call__(self, images, *, train):
        weight = self.param("weight", nn.initializers.ones, (self.width,))
        return images * weight[:3].reshape(1, 1, 1, 3)


class State(NamedTuple):
    generators: dict
    judges: dict
    pool: jax.Array


@dataclasses.dataclass(frozen=True)
class Tints:
    """Two generators with a discriminator each, and a memory."""

    schedule: Schedule = Schedule(steps=1)
    batch_size: PositiveInt = 2
    width: PositiveInt = 3
    rows: PositiveInt = 4
    gain: float = 0.0
    sides: tuple[str, ...] = ("a", "b")
    channels: int = 3
    sizes = range(1, sys.maxsize)
    value_range = None
    transform = Transform(4, 3)

    @property
    def shapes(self):
        images = jax.ShapeDtypeStruct((self.batch_size, 4, 4, self.channels), jnp.float32)
        return dict.fromkeys(self.sides, images)

    def game(self):
        network = Tint(self.width)

        def init(key, batch):
            generators = {
                side: network.init(games.stream(key, side), images, train=True)
                for side, images in batch.items()
            }
            judges = {side: jnp.zeros(self.width) for side in batch}
            return State(generators, judges, jnp.zeros((5, *batch["a"].shape[1:])))

        def generate(key, state, inputs):
            ((side, images),) = inputs.items()
            return network.apply(state.generators[side], images, train=False)

        return games.Game(init, lambda key, state, batch: (state, {}), generate)

    def data(self, pipeline):
        raise AssertionError("no data is needed")

    def inputs(self, key, count):
        return {"a": jnp.ones((count, 4, 4, 3))}

    def recognised(self, tensors, side, *, discriminator):
        name = "judge" if discriminator else "tint"
        if set(tensors) == {f"{name}.weight"}:
            width = len(tensors[f"{name}.weight"])
            return Imported(f"a {name}", {"width": width}, {"gain": self.gain or 1.5})
        if any(key.startswith(("judge.", "tint.")) for key in tensors):
            raise ValueError(f"the tensors {', '.join(tensors)} are not {name}.weight")
        return None

    def fitted(self):
        return dataclasses.replace(self, rows=max(self.rows, self.width))

    def imported(self, state, tensors, side, *, discriminator):
        (weight,) = tensors.values()
        if discriminator:
            return state._replace(judges=state.judges | {side: jnp.asarray(weight)})
        generators = state.generators | {side: {"params": {"weight": jnp.asarray(weight)}}}
        return state._replace(generators=generators)


@dataclasses.dataclass(frozen=True)
class OneTint(Tints):
    """One generator."""

    sides: tuple[str, ...] = ("a",)


@dataclasses.dataclass(frozen=True)
class Closed:
    """Translates, but imports nothing."""

    schedule: Schedule = Schedule(steps=1)
    sides: tuple[str, ...] = ("a",)
    channels: int = 3
    sizes, transform, value_range = Tints.sizes, Tints.transform, None
    game, data, inputs = Tints.game, Tints.data, Tints.inputs


@pytest.fixture
def call(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])
    monkeypatch.chdir(tmp_path)

    def call(*words, experiment=Tints()):
        with pytest.raises(SystemExit) as stop:
            cli.main(experiment, small=experiment, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def write(path, weight, name="tint.weight"):
    return official_files.write(path, {name: np.asarray(weight)})


def tint(image, weight):
    return np.clip(np.round(((image / 127.5 - 1) * weight + 1) * 127.5), 0, 255)


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    (line,) = error.strip().splitlines()
    for sentence in ("error: ", *sentences):
        assert sentence in line


def test_import_then_translate(call, tmp_path):
    file = write(tmp_path / "latest_net_G.pth", [1, 0, -0.5])
    code, out, error = call("import", file, "--directory", "run", "--batch-size", 3)
    assert code == 0, error
    assert f"go on with: {way_on('translate', 'run', 'PICTURES')}" in out
    manifest = json.loads(Path("run/manifest.json").read_text())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    assert manifest["data"] == f"imported: latest_net_G.pth sha256:{digest}"
    assert (manifest["experiment"], manifest["seed"], manifest["devices"]) == (NAME, 0, 1)
    assert manifest["configuration"]["batch_size"] == 3
    assert manifest["batch"]["b"] == {"shape": [3, 4, 4, 3], "dtype": "float32"}
    assert manifest["environment"]["packages"]["jax"] == jax.__version__
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    Image.fromarray(pixels).save("x.png")
    for side, weight in (("a", [1, 0, -0.5]), ("b", [1, 1, 1])):  # of b nothing was imported
        words = ("translate", "run", "x.png", "--output", side, "--side", side)
        code, out, error = call(*words)
        assert code == 0, error
        assert "by step 0" in out
        with Image.open(Path(side, "x.png")) as image:
            np.testing.assert_allclose(np.asarray(image), tint(pixels, weight), atol=1)


def test_import_of_both_then_sample(call, tmp_path):
    files = write(tmp_path / "A.pth", [0.5, 0, 0]), write(tmp_path / "B.pth", [0, 0, 0.5])
    code, _, error = call("import", files[0], "--other", files[1])
    assert code == 0, error
    run = Path("runs", f"{NAME}-001")
    data = json.loads((run / "manifest.json").read_text())["data"]
    assert data.startswith("imported: A.pth sha256:")
    assert ", B.pth sha256:" in data
    Image.new("RGB", (4, 4), "white").save("x.png")
    call("translate", run, "x.png", "--output", "out", "--side", "b")
    with Image.open("out/x.png") as image:
        assert image.getpixel((0, 0)) == (128, 128, 191)
    assert call("sample", run, "--count", 2)[0] == 0
    with Image.open(run / "generated" / "seed_0" / "00001.png") as image:
        assert image.getpixel((0, 0)) == (191, 128, 128)


def test_import_of_what_pytorch_saves(call, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"tint.weight": torch.tensor([0.0, 1.0, 0.0])}, "G.pth")
    assert call("import", "G.pth", "--directory", "run")[0] == 0
    Image.new("RGB", (4, 4), "white").save("x.png")
    call("translate", "run", "x.png", "--output", "out")
    with Image.open("out/x.png") as image:
        assert image.getpixel((0, 0)) == (128, 255, 128)


def state_of(run, experiment):
    return load(Run.open(run), experiment)[1]


def test_import_of_discriminators(call, tmp_path):
    a, b = write(tmp_path / "A.pth", [1, 2, 3]), write(tmp_path / "B.pth", [4, 5, 6])
    of_a = write(tmp_path / "D_A.pth", [7, 8, 9], "judge.weight")
    of_b = write(tmp_path / "D_B.pth", [3, 2, 1], "judge.weight")
    words = ("--discriminator", of_a, "--other-discriminator", of_b, "--directory", "run")
    code, out, error = call("import", a, "--other", b, *words)
    assert code == 0, error
    assert "begins anew" not in out
    state = state_of("run", Tints())
    np.testing.assert_array_equal(state.generators["b"]["params"]["weight"], [4, 5, 6])
    np.testing.assert_array_equal(state.judges["a"], [7, 8, 9])
    np.testing.assert_array_equal(state.judges["b"], [3, 2, 1])
    code, out, _ = call("import", a, "--discriminator", of_a, "--directory", "half")
    assert code == 0
    assert "no file was given for the generator from b: it begins anew" in out
    np.testing.assert_array_equal(state_of("half", Tints()).judges["b"], [0, 0, 0])


def test_what_files_tell_of_the_configuration(call, tmp_path):
    file = write(tmp_path / "G.pth", [1, 0, 0, 0, 2])
    code, out, error = call("import", file, "--directory", "run")
    assert code == 0, error
    assert "G.pth: a tint\n" in out
    assert "G.pth does not tell --gain: 1.5 is taken, --gain gives another" in out
    assert "as if these had been given: --width 5 --rows 5 --gain 1.5" in out
    kept = json.loads(Path("run/manifest.json").read_text())["configuration"]
    assert (kept["width"], kept["rows"], kept["gain"]) == (5, 5, 1.5)
    assert call("sample", "run", "--count", 1)[0] == 0
    code, out, _ = call("import", file, "--directory", "agreed", "--width", 5, "--gain=2")
    assert code == 0
    assert "does not tell" not in out
    assert json.loads(Path("agreed/manifest.json").read_text())["configuration"]["gain"] == 2


def test_flags_that_files_contradict(call, tmp_path):
    file = write(tmp_path / "G.pth", [1] * 5)
    needs = "contradicts the files, which need 5: leave"
    refused(
        call("import", file, "--width", 3), f"--width 3 {needs} --width out"
    )  # the default, too
    refused(call("import", file, "--rows=4"), f"--rows 4 {needs} --rows out")
    other = write(tmp_path / "F.pth", [1] * 4)
    said = "F.pth has width 4, and", "G.pth has 5: give files of networks that were trained"
    refused(call("import", file, "--other", other), *said)
    assert not (tmp_path / "runs").exists()


def flat(weight, prefix="", name="tint"):
    return {f"{prefix}{name}.weight": np.float32(weight)}


BOTH = {"params": flat([1, 1, 1]), "params_ema": flat([2, 2, 2])}
LIGHTNING = {"state_dict": flat([2, 2, 2], "netG.") | flat([5, 5, 5], "netD.", "judge")}


@pytest.mark.parametrize(
    ("content", "words", "part"),
    [
        (flat([2, 2, 2], "module."), (), "module."),
        (flat([2, 2, 2], "_orig_mod.module."), (), "_orig_mod.module."),
        ({"state_dict": flat([2, 2, 2], "netG."), "optimizer": flat([1], "x.", "y")}, (), "netG."),
        ({"a": {"generator": flat([2, 2, 2])}, "steps": {}}, (), "a/generator"),
        (BOTH, (), "params_ema"),
        (flat([1, 1, 1], "netG.") | flat([2, 2, 2], "netG_ema."), (), "netG_ema."),
        (LIGHTNING, (), "state_dict/netG."),
        ({"g": flat([1, 1, 1]), "f": flat([2, 2, 2])}, ("--container", "f"), "f"),
        ({"x": flat([1, 1, 1], "g.") | flat([2, 2, 2], "f.")}, ("--container", "x/f."), "x/f."),
        (BOTH | {"g_ema": flat([1, 1, 1])}, ("--container", "params_ema"), "params_ema"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_people_have(call, tmp_path, content, words, part):
    """Prefixes and containers: all hold a tint of 2, some hold others besides."""
    file = official_files.write(tmp_path / "G.pth", content)
    code, out, error = call("import", file, "--directory", "run", *words)
    assert code == 0, error
    assert f"{part}: a tint" in out
    assert f"{part}) sha256:" in json.loads(Path("run/manifest.json").read_text())["data"]
    weight = state_of("run", Tints()).generators["a"]["params"]["weight"]
    np.testing.assert_array_equal(weight, [2, 2, 2])


def test_import_of_safetensors(call, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(flat([2, 2, 2], "generator."), tmp_path / "G.safetensors")
    assert call("import", "G.safetensors", "--directory", "run")[0] == 0
    weight = state_of("run", Tints()).generators["a"]["params"]["weight"]
    np.testing.assert_array_equal(weight, [2, 2, 2])


def test_one_file_for_all(call, tmp_path):
    content = LIGHTNING | {"swa": flat([3, 3, 3], "netG.")}
    file = official_files.write(tmp_path / "all.ckpt", content)
    words = ("--discriminator", file, "--directory", "run")
    code, out, error = call("import", file, *words)
    assert code == 0, error
    assert "all.ckpt: swa/netG.: a tint, and not state_dict/netG." in out
    state = state_of("run", Tints())
    np.testing.assert_array_equal(state.judges["a"], [5, 5, 5])
    np.testing.assert_array_equal(state.generators["a"]["params"]["weight"], [3, 3, 3])
    words = (
        "--discriminator",
        file,
        "--container",
        "state_dict/netG",
        "netD",
        "--directory",
        "two",
    )
    assert call("import", file, *words)[0] == 0
    weight = state_of("two", Tints()).generators["a"]["params"]["weight"]
    np.testing.assert_array_equal(weight, [2, 2, 2])


def test_files_that_hold_several(call, tmp_path):
    file = official_files.write(tmp_path / "all.ckpt", {"g": flat([1]), "f": flat([2])})
    refused(call("import", file), "all.ckpt holds 2 generators, g, f: choose one with --container")
    words = ("import", file, "--container", "h")
    refused(call(*words), "holds no generator", "under h, but g, g/tint., f, f/tint.")
    words = ("import", file, "--container", "g", "f")
    refused(call(*words), "--container names 2 parts of 1 files", "--other-discriminator")
    many = {f"g{number}": flat([1, 1, 1]) for number in range(70)}
    file = official_files.write(tmp_path / "many.ckpt", many)
    refused(call("import", file), "many.ckpt holds more than 64 networks", "--container")
    assert call("import", file, "--container", "g69", "--directory", "run")[0] == 0
    # What is nearly a network, and so is all within it, is not looked at for ever.
    nearly = flat([1], name="judge") | {f"tint.{key}.judge.x": np.zeros(1) for key in range(70)}
    file = official_files.write(tmp_path / "nearly.ckpt", nearly)
    refused(call("import", file), "nearly.ckpt holds more than 64 networks")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(call, tmp_path, value):
    file = write(tmp_path / "G.pth", [1, value, 1])
    refused(call("import", file), "G.pth: the tensor 'tint.weight'", "1 of 3", "not finite")
    good, bad = (
        write(tmp_path / "A.pth", [1, 1, 1]),
        write(tmp_path / "D.pth", [value] * 3, "judge.weight"),
    )
    refused(call("import", good, "--discriminator", bad), "D.pth: the tensor 'judge.weight'")
    assert not (tmp_path / "runs").exists()


def test_files_that_will_not_do(call, tmp_path):
    good = write(tmp_path / "good.pth", [1, 1, 1])
    other = write(tmp_path / "other.pth", [1, 1, 1], name="tint.bias")
    refused(call("import", other), "other.pth: the tensors tint.bias are not tint.weight")
    refused(call("import", good, "--other", other), "other.pth: the tensors tint.bias")
    refused(call("import", good, "--discriminator", good), "good.pth: the tensors tint.weight are")
    strange = write(tmp_path / "strange.pth", [1], name="conv.weight")
    said = f"strange.pth holds no generator for {NAME}.py, but the file's own, conv."
    refused(call("import", strange), said)
    long = write(tmp_path / "long.pth", [1], name="a\n" * 400)
    _, _, message = result = call("import", long)
    refused(result, "long.pth holds no generator")
    assert len(message) < 600
    noise = {"model.1.weight": np.zeros((2, 3, 7, 7), np.float32), "b\n" * 400: np.zeros(1)}
    noisy = official_files.write(tmp_path / "noisy.pth", noise)
    with pytest.raises(ValueError, match="unexpected") as nearly:
        recognise(read_weights(noisy)[""])
    assert len(str(nearly.value)) < 600
    assert "\n" not in str(nearly.value)
    refused(call("import", "nowhere.pth"), "nowhere.pth")
    (tmp_path / "cut.pth").write_bytes(good.read_bytes()[:-1])
    refused(call("import", tmp_path / "cut.pth"), "cut.pth is cut short or damaged")
    marker = tmp_path / "marker"
    (tmp_path / "evil.pth").write_bytes(
        b"\x80\x02cos\nsystem\nVtouch " + bytes(marker) + b"\n\x85R."
    )
    refused(call("import", tmp_path / "evil.pth"), "evil.pth asks for os.system", "been run")
    assert not marker.exists()
    words = ("import", good, "--other", other)
    refused(call(*words, experiment=OneTint()), "has 1 generator", f"leave out --other {other}")
    refused(
        call("import", good, "--batch-size", 0), "batch_size = 0", "greater than 0 (--batch-size)"
    )
    assert not (tmp_path / "runs").exists()


def test_taken_directory(call, tmp_path):
    file = write(tmp_path / "G.pth", [1, 1, 1])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("")
    refused(call("import", file, "--directory", "run"), "not overwritten")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.txt"]


def test_experiments_that_import_nothing(call):
    code, _, error = call("import", "G.pth", experiment=Closed())
    assert code == 2
    assert "Available subcommands: train, resume, sample, explore, report, reproduce," in error


def test_imported_runs_were_not_trained(call, tmp_path):
    file = write(tmp_path / "G.pth", [1, 1, 1])
    assert call("import", file, "--directory", "run")[0] == 0
    for verb in ("resume", "reproduce"):
        refused(call(verb, "run"), "was not trained but imported: G.pth sha256:")
    assert not Path("run-reproduced").exists()
