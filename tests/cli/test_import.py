"""The verb `import`: files as PyTorch writes them, for a small game of the tests' own."""

import dataclasses
import hashlib
import json
import os
import pickle
import struct
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
from jaxgan.training import PositiveInt, Schedule

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
    pool: jax.Array


@dataclasses.dataclass(frozen=True)
class Tints:
    """Two generators, and a memory."""

    schedule: Schedule = Schedule(steps=1)
    batch_size: PositiveInt = 2
    width: PositiveInt = 3
    sides: tuple[str, ...] = ("a", "b")
    channels: int = 3

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
            return State(generators, jnp.zeros((5, *batch["a"].shape[1:])))

        def generate(key, state, inputs):
            ((side, images),) = inputs.items()
            return network.apply(state.generators[side], images, train=False)

        return games.Game(init, lambda key, state, batch: (state, {}), generate)

    def data(self, pipeline):
        raise AssertionError("no data is needed")

    def inputs(self, key, count):
        return {"a": jnp.ones((count, 4, 4, 3))}

    def imported(self, state, tensors, side):
        if set(tensors) != {"tint.weight"}:
            raise ValueError(f"the tensors {', '.join(tensors)} are not tint.weight")
        weight = jnp.asarray(tensors["tint.weight"], jnp.float32)
        generators = state.generators | {side: {"params": {"weight": weight}}}
        return state._replace(generators=generators)


@dataclasses.dataclass(frozen=True)
class Closed:
    """Translates, but imports nothing."""

    schedule: Schedule = Schedule(steps=1)
    sides: tuple[str, ...] = ("a",)
    channels: int = 3
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
    """What torch.save(..., _use_new_zipfile_serialization=False) writes, by hand."""
    weight = np.asarray(weight, "<f4")

    def plain(value):
        return pickle.dumps(value, 2)[2:-1]

    held = b"(Vstorage\nctorch\nFloatStorage\nV7\nVcpu\n" + plain(weight.size) + b"NtQ"
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + held + b"K\x00" + plain(weight.shape)
    made += plain((1,) * weight.ndim) + b"\x89}tR"
    program = b"\x80\x02}V" + name.encode() + b"\n" + made + b"s."
    parts = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {})]
    parts += [program, pickle.dumps(["7"], 2), struct.pack("<q", weight.size), weight.tobytes()]
    path.write_bytes(b"".join(parts))
    return path


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


def test_files_that_will_not_do(call, tmp_path):
    good = write(tmp_path / "good.pth", [1, 1, 1])
    other = write(tmp_path / "other.pth", [1, 1, 1], name="conv.weight")
    refused(call("import", other), "other.pth: the tensors conv.weight are not tint.weight")
    refused(call("import", good, "--other", other), "other.pth: the tensors conv.weight")
    refused(call("import", "nowhere.pth"), "nowhere.pth")
    (tmp_path / "cut.pth").write_bytes(good.read_bytes()[:-1])
    refused(call("import", tmp_path / "cut.pth"), "cut.pth is cut short or damaged")
    marker = tmp_path / "marker"
    (tmp_path / "evil.pth").write_bytes(
        b"\x80\x02cos\nsystem\nVtouch " + bytes(marker) + b"\n\x85R."
    )
    refused(call("import", tmp_path / "evil.pth"), "evil.pth asks for os.system", "been run")
    assert not marker.exists()
    words = ("import", good, "--other", good, other)
    refused(
        call(*words), "has 2 generators", "3 files are too many", "leave out --other", str(other)
    )
    refused(call("import", good, "--batch-size", 0), "batch_size = 0", "greater than 0")
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
    assert "Available subcommands: train, resume, sample, reproduce, translate " in error


def test_imported_runs_were_not_trained(call, tmp_path):
    file = write(tmp_path / "G.pth", [1, 1, 1])
    assert call("import", file, "--directory", "run")[0] == 0
    for verb in ("resume", "reproduce"):
        refused(call(verb, "run"), "was not trained but imported: G.pth sha256:")
    assert not Path("run-reproduced").exists()
