"""Truncation and mixing by the command line, with images whose columns are their layers' styles."""

import dataclasses
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, games, training
from jaxgan.data import ArraySource
from jaxgan.games import stream
from jaxgan.latents import truncate
from jaxgan.training import Schedule

NAME = Path(__file__).stem
MEAN = 0.25


@dataclasses.dataclass(frozen=True)
class Striped:
    """Images of four columns, as bright as the styles of four layers."""

    schedule: Schedule = Schedule(steps=1)
    classes = 3

    def game(self):
        def generate(key, state, inputs):
            w = inputs["w"] if "w" in inputs else self.map_latents(state, inputs)
            if "truncation" in inputs:
                near = truncate(w, state["mean"], inputs["truncation"])
                cutoff = inputs.get("cutoff", jnp.full(len(w), 4))
                w = jnp.where(jnp.arange(4)[None, :, None] < cutoff[:, None, None], near, w)
            return jnp.broadcast_to(w[:, None, :, :], (len(w), 4, 4, 1))

        return games.Game(
            init=lambda key, batch: {"mean": jnp.full(1, MEAN)},
            update=lambda key, state, batch: (state, {"loss": batch["image"].mean()}),
            generate=generate,
        )

    def data(self, pipeline):
        return pipeline(ArraySource({"image": np.zeros((8, 4, 4, 1), np.uint8)}), batch_size=4)

    def inputs(self, key, count):
        return {
            "latent": jax.random.uniform(key, (count, 4), minval=-1.0),
            "label": jnp.arange(count) % 3,
        }

    def map_latents(self, state, inputs):
        return (inputs["latent"] * (inputs["label"] > 0)[:, None])[:, :, None]

    def latent_mean(self, state):
        return state["mean"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])


@pytest.fixture
def call(capfd):
    def call(*words, experiment=None):
        with pytest.raises(SystemExit) as stop:
            cli.main(experiment or Striped(), arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sheets") / "run"
    training.train(Striped(), directory, name=NAME, devices=1)
    return directory


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    assert "Traceback" not in error
    for sentence in sentences:
        assert sentence in error


def styles(seed, count, label=None):
    """The w of a command's latents, `[N, 4]`."""
    inputs = Striped().inputs(stream(jax.random.key(seed), "inputs"), count)
    if label is not None:
        inputs["label"] = jnp.full(count, label)
    return np.asarray(Striped().map_latents(None, inputs))[:, :, 0]


def cells(path, columns):
    """The styles that a sheet shows, `[rows, columns, 4]`, to half a byte."""
    with Image.open(path) as image:
        pixels = np.asarray(image, np.float64)[16::16, 16::16] / 127.5 - 1
    size, gap = 4, 2
    rows = (pixels.shape[0] + 1 - gap) // (size + gap)
    found = np.zeros((rows, columns, size))
    for row in range(rows):
        for column in range(columns):
            left = gap - 1 + column * (size + gap)
            found[row, column] = pixels[gap + row * (size + gap), left : left + size]
    return found


TO_A_BYTE = {"atol": 1 / 127}


@pytest.mark.parametrize(
    ("words", "fine"),
    [
        ((), slice(2, 4)),
        (("--layers", "1-2"), slice(1, 3)),
        (("--layers", "3"), slice(3, 4)),
        (("--layers", "0-0"), slice(0, 1)),
    ],
)
def test_a_sheet_of_mixed_styles(call, run, tmp_path, words, fine):
    output = tmp_path / "mix.png"
    code, out, error = call("mix", run, "--rows", 2, "--columns", 3, *words, "--output", output)
    assert code == 0, error
    assert f"{output} is a sheet of step 1: layer" in out
    w, found = styles(0, 5), cells(output, columns=4)
    assert (found[0, 0] == 1).all()
    np.testing.assert_allclose(found[1:, 0], w[:2], **TO_A_BYTE)
    np.testing.assert_allclose(found[0, 1:], w[2:], **TO_A_BYTE)
    for row in range(2):
        for column in range(3):
            expected = w[row].copy()
            expected[fine] = w[2 + column, fine]
            np.testing.assert_allclose(found[1 + row, 1 + column], expected, **TO_A_BYTE)


def test_mixed_styles_of_one_label_truncated(call, run, tmp_path):
    words = ("--rows", 1, "--columns", 1, "--truncation", 0.5, "--label", 1, "--seed", 4)
    output = tmp_path / "mix.png"
    code, _, error = call("mix", *words, run, "--output", output)
    assert code == 0, error
    w = MEAN + 0.5 * (styles(4, 2, label=1) - MEAN)
    np.testing.assert_allclose(cells(output, columns=2)[1, 0], w[0], **TO_A_BYTE)


def test_a_sheet_of_truncated_images(call, run, tmp_path):
    output = tmp_path / "truncate.png"
    psis = (-1, 0, 0.5, 1)
    words = ("truncate", "--truncation", *psis, run, "--rows", 2, "--output", output)
    code, out, error = call(*words)
    assert code == 0, error
    assert "psi of columns: -1, 0, 0.5, 1" in out
    w, found = styles(0, 2), cells(output, columns=4)
    for column, psi in enumerate(psis):
        np.testing.assert_allclose(found[:, column], MEAN + psi * (w - MEAN), **TO_A_BYTE)


def test_sheets_are_not_written_over(call, run):
    for verb in ("mix", "truncate"):
        sheet = run / "generated" / f"{verb}_seed_7_label_1.png"
        words = (verb, run, "--seed", 7, "--label", 1)
        assert call(*words)[0] == 0
        before = sheet.read_bytes()
        refused(call(*words), f"{sheet} is there already: name another file with --output")
        assert sheet.read_bytes() == before
        refused(call(*words, "--output", run / "a.jpg"), "a.jpg is not called one")


def test_samples_that_are_truncated(call, run):
    common = ("sample", run, "--count", 2, "--truncation", 0.5)
    code, _, error = call(*common)
    assert code == 0, error
    code, _, error = call(*common, "--truncation-cutoff", 1)
    assert code == 0, error
    w = styles(0, 2)
    near = MEAN + 0.5 * (w - MEAN)
    for folder, early in (("seed_0_truncation_0.5", 4), ("seed_0_truncation_0.5_cutoff_1", 1)):
        for number in range(2):
            with Image.open(run / "generated" / folder / f"{number:05}.png") as image:
                row = np.asarray(image, np.float64)[0] / 127.5 - 1
            expected = np.where(np.arange(4) < early, near[number], w[number])
            np.testing.assert_allclose(row, expected, **TO_A_BYTE)


def test_what_cannot_be_drawn(call, run):
    for words, sentences in {
        ("mix", "--layers", "4"): ("--layers 4 names none of the 4 layers", "as in 0-3"),
        ("mix", "--layers", "2-1"): ("--layers 2-1",),
        ("mix", "--layers", "some"): ("--layers some",),
        ("mix", "--rows", "0"): ("--rows must be 1 or more, not 0",),
        ("mix", "--rows", "32", "--columns", "32"): ("1,089 images", "1,024"),
        ("mix", "--truncation", "nan"): ("--truncation nan leads nowhere",),
        ("mix", "--step", "9"): ("no checkpoint of step 9",),
        ("mix", "--label", "9"): ("--label must be one of",),
        ("truncate", "--truncation", "inf"): ("--truncation inf leads nowhere",),
        ("truncate", "--rows", "-1"): ("--rows must be 1 or more",),
        ("sample", "--truncation", "nan"): ("--truncation nan",),
        ("sample", "--truncation", "1", "--truncation-cutoff", "5"): ("0 to 4", "not 5"),
        ("sample", "--truncation-cutoff", "1"): ("say how far with --truncation",),
    }.items():
        before = sorted(run.rglob("*"))
        refused(call(words[0], run, *words[1:]), *sentences)
        assert sorted(run.rglob("*")) == before


@dataclasses.dataclass(frozen=True)
class Plain:
    """Black images."""

    schedule: Schedule = Schedule(steps=1)

    def game(self):
        return games.Game(
            init=lambda key, batch: {"rounds": jnp.zeros(1)},
            update=lambda key, state, batch: (state, {"loss": batch["image"].mean()}),
            generate=lambda key, state, inputs: jnp.zeros((len(inputs["latent"]), 4, 4, 1)),
        )

    data = Striped.data
    inputs = Striped.inputs


def test_experiments_without_styles(call, tmp_path):
    training.train(Plain(), tmp_path / "run", name=NAME, devices=1)
    for words in (("--truncation", 0.7), ("--truncation-cutoff", 2)):
        result = call("sample", tmp_path / "run", *words, experiment=Plain())
        refused(result, "not made of styles", "leave --truncation and --truncation-cutoff out")
    assert not (tmp_path / "run" / "generated").exists()
    _, out, _ = call("--help", experiment=Plain())
    assert "{train,resume,sample,report,reproduce,export,restore}" in out
    _, out, _ = call("--help")
    assert "{train,resume,sample,mix,truncate,report,reproduce,export,restore}" in out
