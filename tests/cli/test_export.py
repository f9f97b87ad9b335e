"""`export` and `restore`: what leaves the library runs elsewhere, and comes back to the bit."""

import dataclasses
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from experiments import cyclegan, gan, pix2pix, stylegan, stylegan2
from jaxgan import cli, training
from jaxgan.cli import export, programs
from jaxgan.data import Images, Sides
from jaxgan.training import Run, create_from_state, load


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])


@pytest.fixture
def call(capfd):
    def call(*words, experiment=gan.SMALL):
        with pytest.raises(SystemExit) as stop:
            cli.main(experiment, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def done(result):
    code, out, error = result
    assert code == 0, error
    return out


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    assert "Traceback" not in error
    for sentence in sentences:
        assert sentence in error


@pytest.fixture(scope="module")
def trained(digits_folder, tmp_path_factory):
    """A run of three steps, whose checkpoints are all there."""
    images = dataclasses.replace(gan.SMALL.images, data_dir=digits_folder)
    schedule = dataclasses.replace(gan.SMALL.schedule, steps=3, checkpoint_every=1, log_every=1)
    experiment = dataclasses.replace(gan.SMALL, images=images, schedule=schedule, batch_size=8)
    directory = tmp_path_factory.mktemp("trained") / "run"
    training.train(experiment, directory, name="gan", devices=1)
    return directory


@pytest.fixture(scope="module")
def exported(trained):
    """What step 2 of it was exported to."""
    folder = trained.parent / "exported"
    with pytest.raises(SystemExit) as stop:
        cli.main(
            gan.SMALL, arguments=["export", str(trained), "--output", str(folder), "--step", "2"]
        )
    assert stop.value.code == 0
    return folder


@pytest.fixture
def copied(exported, tmp_path):
    """The same folder, to damage it."""
    return Path(shutil.copytree(exported, tmp_path / "exported"))


def made_of(experiment, directory, name, *, change=lambda path, leaf: leaf):
    """A run of no rounds, whose state is changed leaf by leaf."""
    shapes = experiment.shapes
    zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
    state = jax.jit(experiment.game().init)(jax.random.key(0), zeros)
    state = jax.tree.map_with_path(lambda path, x: change(jax.tree_util.keystr(path), x), state)
    create_from_state(
        experiment, directory, state, name=name, seed=0, shapes=shapes, data="made for a test"
    )
    return directory


def louder(path, leaf):
    """Noise with a strength, and a mean of w that is not 0."""
    if "noise_strength" in path:
        return leaf + 0.5
    return leaf + 0.1 if "latent_mean" in path else leaf


STYLES = dataclasses.replace(
    stylegan2.PRESETS["small"],
    images=Images("openmoji/32", image_size=8, channels=3),
    noise=True,
    classes=3,
    batch_size=4,
    latent_size=4,
    w_size=4,
    channel_max=4,
)
GROWING = dataclasses.replace(
    stylegan.SMALL,
    images=Images("faces/micah_32", image_size=8, channels=3),
    first_size=4,
    batch_size=4,
    latent_size=4,
    w_size=4,
    channel_max=4,
)


@pytest.fixture(scope="module")
def styles(tmp_path_factory):
    return made_of(STYLES, tmp_path_factory.mktemp("styles") / "run", "stylegan2", change=louder)


HAS_ONNX = importlib.util.find_spec("jax2onnx") is not None


@pytest.fixture(scope="module")
def taken_along(styles):
    """What it was exported to, with ONNX where that is there."""
    folder = styles.parent / "exported"
    words = ["export", str(styles), "--output", str(folder), *["--onnx"] * HAS_ONNX]
    with pytest.raises(SystemExit) as stop:
        cli.main(STYLES, arguments=words)
    assert stop.value.code == 0
    return folder


def said_in(folder):
    return json.loads((folder / "export.json").read_text())


def program_of(folder, file):
    (program,) = (one for one in said_in(folder)["programs"] if one["file"] == file)
    return program


JAX_ALONE = """
import sys
for name in ("jaxgan", "flax", "optax", "orbax"):
    sys.modules[name] = None
import numpy as np
from jax import export
folder, file, *names = sys.argv[1:]
raw = bytearray(open(f"{folder}/{file}", "rb").read())
arrays = np.load(f"{folder}/arrays.npz")
program = export.deserialize(raw)
assert program.platforms == ("cpu", "cuda"), program.platforms
np.save(f"{folder}/made.npy", program.call(*(arrays[name] for name in names)))
"""

ONNX_ALONE = """
import sys
for name in ("jaxgan", "jax", "jaxlib", "flax"):
    sys.modules[name] = None
import numpy as np
import onnxruntime
folder, file, *names = sys.argv[1:]
session = onnxruntime.InferenceSession(f"{folder}/{file}", providers=["CPUExecutionProvider"])
assert [one.name for one in session.get_inputs()] == names
arrays = np.load(f"{folder}/arrays.npz")
np.save(f"{folder}/made.npy", session.run(None, {name: arrays[name] for name in names})[0])
"""


def elsewhere(code, folder, file, arrays):
    """What a program makes in a process of its own, which has nothing of this library."""
    names = [argument["name"] for argument in program_of(folder, file)["arguments"]]
    np.savez(folder / "arrays.npz", **arrays)
    words = [sys.executable, "-c", code, str(folder), file, *names]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path[1:])}
    subprocess.run(words, check=True, cwd=folder, env=environment)
    made = np.load(folder / "made.npy")
    for name in ("arrays.npz", "made.npy"):
        (folder / name).unlink()
    return made


def here(folder, file, arrays):
    """What a program of StableHLO makes in this process."""
    program = jax.export.deserialize(bytearray((folder / file).read_bytes()))
    return program.call(*(arrays[one["name"]] for one in program_of(folder, file)["arguments"]))


def test_what_is_there(exported, trained):
    assert {path.name for path in exported.iterdir()} == {
        *("weights.safetensors", "export.json", "generator.stablehlo")
    }
    said, run = said_in(exported), Run.open(trained)
    manifest = {name: x for name, x in run.manifest.items() if name not in ("format", "digest")}
    assert said["format"] == 1
    assert manifest.items() <= said.items()
    assert (said["experiment"], said["step"], said["image_size"]) == ("gan", 2, [28, 28, 1])
    assert said["state"] == next(one["leaves"] for one in run.digests() if one["step"] == 2)
    assert said["exported"]["packages"]["jax"] == jax.__version__
    assert said["licences"] == []
    (program,) = said["programs"]
    assert program["arguments"] == [{"name": "latent", "shape": ["n", 100], "dtype": "float32"}]
    assert program["result"] == {"name": "images", "shape": ["n", 28, 28, 1], "dtype": "float32"}
    assert not program["random"]


def test_samples_of_the_folder_are_those_of_the_run(call, exported, trained, tmp_path):
    for source, words in ((trained, ["--step", 2]), (exported, [])):
        output = tmp_path / source.name
        done(call("sample", source, *words, "--count", 5, "--output", output))
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == [*(f"0000{n}.png" for n in range(5)), "grid.png", "latents.npy"]
    for name in names:
        before, after = ((tmp_path / one / name).read_bytes() for one in ("run", "exported"))
        assert before == after


def test_samples_of_a_folder_lie_in_it(call, copied):
    out = done(call("sample", copied, "--count", 1))
    assert str(copied / "generated" / "seed_0") in out
    done(call("sample", copied, "--count", 1, "--seed", 1))  # it is as good as before


def test_a_run_is_restored_to_the_bit_and_goes_on(call, exported, trained, tmp_path):
    out = done(call("restore", exported, "--directory", tmp_path / "run"))
    assert "as it was at step 2" in out
    assert f"resume {tmp_path / 'run'}" in out
    restored, first = Run.open(tmp_path / "run"), Run.open(trained)
    assert restored.manifest == first.manifest
    (line,) = restored.digests()
    assert line in first.digests()
    step, state = load(restored, training.from_plain(gan.GAN, first.manifest["configuration"]))
    assert (step, training.digest(state)) == (2, line["leaves"])
    done(call("resume", tmp_path / "run"))
    assert restored.digests()[-1] == first.digests()[-1]
    assert restored.digests()[-1]["step"] == 3


def test_programs_run_with_jax_alone(styles, taken_along):
    folder = taken_along
    assert "CC BY-SA 4.0" in said_in(folder)["licences"][0]
    _, state = load(Run.open(styles), STYLES)
    arrays = {name: np.asarray(x) for name, x in STYLES.inputs(jax.random.key(3), 3).items()}
    arrays["truncation"] = np.array([0.5, 1.0, -0.5], np.float32)
    generate = jax.jit(STYLES.game().generate)
    key = jax.random.key(0)

    program = program_of(folder, "generator.stablehlo")
    assert {one["name"]: (one["shape"], one["dtype"]) for one in program["arguments"]} == {
        "latent": (["n", 4], "float32"),
        "label": (["n"], "int32"),
        "truncation": (["n"], "float32"),
    }
    assert program["platforms"] == ["cpu", "cuda"]
    made = elsewhere(JAX_ALONE, folder, "generator.stablehlo", arrays)
    asked = np.asarray(generate(key, state, arrays))
    assert np.std(asked) > 0.01
    np.testing.assert_allclose(made, asked, rtol=0, atol=1e-5)

    program = program_of(folder, "generator_random.stablehlo")
    assert program["random"]
    assert program["arguments"][-1] == {"name": "noise", "shape": ["n"], "dtype": "uint32"}
    arrays["noise"] = np.array([7, 8, 7], np.uint32)
    noisy = elsewhere(JAX_ALONE, folder, "generator_random.stablehlo", arrays)
    np.testing.assert_allclose(noisy, generate(key, state, arrays), rtol=0, atol=1e-5)
    assert np.abs(noisy - made).max() > 0.01


@pytest.mark.skipif(not HAS_ONNX, reason="needs jaxgan[onnx]")
def test_onnx_runs_without_jax(styles, taken_along):
    folder = taken_along
    assert program_of(folder, "generator.onnx")["largest_difference"] < 1e-4
    _, state = load(Run.open(styles), STYLES)
    arrays = {name: np.asarray(x) for name, x in STYLES.inputs(jax.random.key(3), 4).items()}
    arrays["truncation"] = np.full(4, 0.7, np.float32)
    made = elsewhere(ONNX_ALONE, folder, "generator.onnx", arrays)
    asked = jax.jit(STYLES.game().generate)(jax.random.key(0), state, arrays)
    np.testing.assert_allclose(made, asked, rtol=0, atol=1e-4)


def test_networks_that_grow_are_exported_at_their_stage(call, tmp_path):
    run = made_of(GROWING, tmp_path / "run", "stylegan")
    folder = tmp_path / "exported"
    out = done(call("export", run, "--output", folder, experiment=GROWING))
    (licence,) = said_in(folder)["licences"]
    assert "CC BY 4.0" in licence
    assert licence in out
    _, state = load(Run.open(run), GROWING)
    assert int(state.growth.stage) == 0
    arrays = {"latent": np.ones((2, 4), np.float32), "truncation": np.ones(2, np.float32)}
    made = here(folder, "generator.stablehlo", arrays)
    assert made.shape == (2, 8, 8, 3)
    asked = GROWING.game().generate(jax.random.key(0), state, arrays)
    np.testing.assert_allclose(made, asked, rtol=0, atol=1e-5)


def test_translators_in_both_directions_with_dropout(call, tmp_path):
    experiment = dataclasses.replace(
        cyclegan.SMALL,
        pairs=Sides(load_size=8, crop_size=8, channels=1, channels_b=3),
        batch_size=2,
        width=2,
        blocks=1,
        dropout=0.5,
        discriminator_width=2,
        layers=0,
    )
    run = made_of(experiment, tmp_path / "run", "cyclegan")
    folder = tmp_path / "exported"
    done(call("export", run, "--output", folder, experiment=experiment))
    assert {
        one["file"]: (one["arguments"][0]["name"], one["random"])
        for one in (said_in(folder)["programs"])
    } == {
        "generator.stablehlo": ("a", False),
        "generator_random.stablehlo": ("a", True),
        "generator_b.stablehlo": ("b", False),
        "generator_b_random.stablehlo": ("b", True),
    }
    _, state = load(Run.open(run), experiment)
    generate = jax.jit(experiment.game().generate)
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    made = here(folder, "generator_b.stablehlo", {"b": pictures})
    for image, asked in zip(made, pictures, strict=True):  # each as if it were alone
        alone = generate(jax.random.key(0), state, {"b": asked[None]})
        np.testing.assert_allclose(image[None], alone, rtol=0, atol=1e-5)
    drawn = {"b": pictures, "seed": np.uint32(9)}
    made = here(folder, "generator_b_random.stablehlo", drawn)
    asked = generate(jax.random.key(np.uint32(9)), state, {"b": pictures})
    np.testing.assert_allclose(made, asked, rtol=0, atol=1e-5)


def test_an_exported_translator_translates(call, tmp_path):
    experiment = dataclasses.replace(
        pix2pix.SMALL,
        pairs=Sides(load_size=16, crop_size=16, channels=1),
        batch_size=2,
        width=2,
        discriminator_width=2,
        layers=0,
    )
    run = made_of(experiment, tmp_path / "run", "pix2pix")
    Image.new("L", (16, 16), 77).save(tmp_path / "a.png")
    done(call("export", run, "--output", tmp_path / "exported", experiment=experiment))
    for source in ("run", "exported"):
        words = (tmp_path / source, tmp_path / "a.png", "--output", tmp_path / f"of_{source}")
        done(call("translate", *words, experiment=experiment))
    before, after = ((tmp_path / f"of_{one}" / "a.png").read_bytes() for one in ("run", "exported"))
    assert before == after


def left_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_folders_that_hold_something_are_not_written_to(call, trained, tmp_path):
    (tmp_path / "mine").write_text("mine")
    refused(call("export", trained, "--output", tmp_path), f"{tmp_path} already holds something")
    refused(call("export", trained, "--output", tmp_path / "mine"), "already holds something")
    assert left_in(tmp_path) == ["mine"]


def test_nothing_half_written_stays(call, trained, tmp_path, monkeypatch):
    def full(path, raw):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(export, "write_whole", full)
    refused(call("export", trained, "--output", tmp_path / "deep" / "out"), "No space left")
    assert left_in(tmp_path) == ["deep"]


def test_onnx_that_differs_is_not_written(call, trained, tmp_path, monkeypatch):
    class Program:
        raw, arguments, result = b"", (), None

    monkeypatch.setattr(programs, "onnx_program", lambda *of, **how: Program)
    for far in (0.5, float("nan")):
        monkeypatch.setattr(
            programs, "run_onnx", lambda raw, arrays, far=far: np.full((2, 28, 28, 1), far)
        )
        result = call("export", trained, "--output", tmp_path / "out", "--onnx")
        refused(result, "what ONNX makes differs", "take StableHLO")
    assert left_in(tmp_path) == []


def test_onnx_without_its_extra(call, trained, tmp_path, monkeypatch):
    for name in ("jax2onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    result = call("export", trained, "--output", tmp_path / "out", "--onnx")
    refused(result, "pip install 'jaxgan[onnx]'")
    assert left_in(tmp_path) == []


def test_newer_formats_are_refused(call, copied):
    said = said_in(copied) | {"format": 2}
    (copied / "export.json").write_text(json.dumps(said))
    for verb in ("sample", "restore", "evaluate"):
        refused(call(verb, copied), "was exported in format 2", "up to 1: use a newer jaxgan")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "export.json is damaged: copy the folder again"),
        ("[]", "export.json is damaged"),
        ('{"format": "one"}', "export.json is damaged"),
        ('{"format": 1}', "export.json was changed after it was written"),
    ],
)
def test_damaged_descriptions_are_refused(call, copied, text, sentence):
    (copied / "export.json").write_text(text)
    refused(call("sample", copied), sentence)


def test_damaged_weights_are_refused(call, copied):
    path = copied / "weights.safetensors"
    raw = path.read_bytes()
    before = left_in(copied)
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    refused(call("sample", copied), "weights.safetensors is not what was exported: the digest of")
    path.write_bytes(raw[:-4])
    refused(call("sample", copied), "weights.safetensors", "damaged", "copy the folder again")
    path.unlink()
    missing = (
        "weights.safetensors cannot be used (No such file or directory): copy the folder again"
    )
    refused(call("sample", copied), missing)
    assert left_in(copied) == [name for name in before if name != path.name]


def test_what_an_exported_folder_cannot_do(call, exported, trained, tmp_path):
    for words in (
        ("resume", exported),
        ("resume", exported, "--steps", 9),
        ("reproduce", exported),
        ("train", "--from", exported, "--directory", tmp_path / "new"),
    ):
        refused(call(*words), "which cannot be trained: make a run of it (restore)")
    refused(call("sample", exported, "--step", 3), "the state of step 2 alone, not of step 3")
    refused(call("restore", trained), "name a folder that export wrote")
    refused(call("restore", tmp_path), "is no run")
    refused(call("restore", exported, "--directory", trained), "already holds something")
    result = call("sample", exported, experiment=STYLES)
    refused(result, "is a run of gan, not of stylegan2")
    assert left_in(tmp_path) == []


def test_weights_of_another_game_are_refused(exported):
    run = Run.open_exported(
        exported, "weights.safetensors", lambda path: {"lost": np.zeros(2, np.int8)}
    )
    experiment = training.from_plain(gan.GAN, run.manifest["configuration"])
    with pytest.raises(training.RunError, match=r"another jaxgan's states: .* is absent in it"):
        load(run, experiment)
