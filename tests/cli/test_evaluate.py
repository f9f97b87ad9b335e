"""The verb `evaluate`, labels of `sample`, and `draw`, with games that cost nothing."""

import dataclasses
import errno
import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, games
from jaxgan.data import ArraySource
from jaxgan.training import Schedule, generate_chunks, save_picture

SCHEDULE = Schedule(steps=2, log_every=1, sample_every=1, checkpoint_every=1)
NAME = Path(__file__).stem


def counting(generate):
    """A game whose state counts its rounds."""
    return games.Game(
        init=lambda key, batch: {"rounds": jnp.float32(0)},
        update=lambda key, state, batch: ({"rounds": state["rounds"] + 1}, {"loss": jnp.zeros(())}),
        generate=generate,
    )


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Pictures as bright as their label, the first pixel the latent, the second the rounds."""

    schedule: Schedule = SCHEDULE
    classes = 10

    def game(self):
        def generate(key, state, inputs):
            images = inputs["label"].astype(jnp.float32).reshape(-1, 1, 1, 1) / 9
            images = jnp.broadcast_to(images, (len(images), 4, 4, 1))
            images = images.at[:, 0, 0, 0].set(inputs["latent"][:, 0])
            images = images.at[:, 0, 1, 0].set(state["rounds"] / 10)
            return images.at[:, 0, 2, 0].set(jax.random.uniform(key, (len(images),)))

        return counting(generate)

    def data(self, pipeline):
        image = np.zeros((8, 4, 4, 1), np.uint8)
        return pipeline(ArraySource({"image": image}), batch_size=4, flip=False)

    def inputs(self, key, count):
        return {"latent": jax.random.uniform(key, (count, 1)), "label": jnp.arange(count) % 10}

    def evaluate(self, generate, key):
        inputs = self.inputs(key, 700)
        images = generate(key, inputs)
        assert images.shape == (700, 4, 4, 1)
        latents = images[:, 0, 0, 0]
        return {
            "label_accuracy": np.mean(np.round(9 * images[:, 3, 3, 0]) == inputs["label"]),
            "latent_error": np.abs(latents - inputs["latent"][:, 0]).max(),
            "distinct_noise": np.float32(len(np.unique(images[:, 0, 2, 0]))),
            "first": float(latents[0]),
            "rounds": 10 * images[-1, 0, 1, 0],
        }


@dataclasses.dataclass(frozen=True)
class Points:
    """No pictures, no labels, no figures; but it draws."""

    schedule: Schedule = SCHEDULE
    red: int = 200

    def game(self):
        return counting(lambda key, state, inputs: inputs["latent"] + state["rounds"])

    def data(self, pipeline):
        return pipeline(ArraySource({"point": np.zeros((8, 2), np.float32)}), batch_size=4)

    def inputs(self, key, count):
        return {"latent": jnp.zeros((count, 2))}

    def draw(self, state, made):
        rounds = int(state["rounds"])
        assert made.shape[1:] == (2,)
        np.testing.assert_array_equal(made, np.full(made.shape, rounds, np.float32))
        return Image.new("RGB", (5, 5), (self.red, rounds, len(made)))


@pytest.fixture
def call(capfd, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])

    def call(experiment, *words):
        with pytest.raises(SystemExit) as stop:
            cli.main(experiment, small=experiment, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def run_of(experiment, call, tmp_path):
    directory = tmp_path / "run"
    code, _, error = call(experiment, "train", "--directory", directory, "--devices", 1)
    assert code == 0, error
    return directory


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    (line,) = error.strip().splitlines()
    for sentence in ("error: ", *sentences):
        assert sentence in line


def figures_of(run):
    report = json.loads((run / "evaluation.json").read_text())
    return report["subject"], {figure["name"]: figure["value"] for figure in report["figures"]}


def test_figures(call, tmp_path):
    run = run_of(Labelled(), call, tmp_path)
    code, out, error = call(Labelled(), "evaluate", run)
    assert code == 0, error
    subject, figures = figures_of(run)
    assert (subject["step"], subject["seed"], subject["weights"]) == (2, 0, "last")
    assert "label_accuracy: 1\n" in out
    assert figures["label_accuracy"] == 1
    assert figures["latent_error"] == 0
    assert figures["distinct_noise"] == 700  # no chunk repeats another's noise
    assert figures["rounds"] == pytest.approx(2)
    call(Labelled(), "evaluate", run)
    assert figures_of(run) == (subject, figures)
    # Two experiments on the same data can be compared: the protocol does not name one.
    (protocol,) = {
        json.dumps(figure["protocol"])
        for figure in json.loads((run / "evaluation.json").read_text())["figures"]
    }
    data = json.loads((run / "manifest.json").read_text())["data"]
    assert json.loads(protocol) == {"data": data, "weights": "last", "seed": 0}
    call(Labelled(), "evaluate", run, "--seed", 1)
    other_subject, others = figures_of(run)
    assert other_subject["seed"] == 1
    assert others["first"] != figures["first"]
    for flag in (("--against", "nowhere"), ("--count", 9), ("--features", "inception")):
        words = (f"{flag[0]} is of pictures that are made of latents", "makes none: leave it out")
        refused(call(Labelled(), "evaluate", run, *flag), *words)


def test_no_figures(call):
    code, _, error = call(Points(), "evaluate", "run")
    assert code == 2
    assert "Available subcommands: train, resume, sample, report, reproduce" in error


def test_evaluate_without_a_checkpoint(call, tmp_path):
    refused(call(Labelled(), "evaluate", tmp_path), "is no run")


def test_pictures_of_a_label(call, tmp_path):
    run = run_of(Labelled(), call, tmp_path)
    code, out, _ = call(Labelled(), "sample", run, "--count", 3, "--label", 9, "--seed", 4)
    folder = run / "generated" / "seed_4_label_9"
    assert code == 0
    assert str(folder) in out
    for index in range(3):
        with Image.open(folder / f"{index:05}.png") as image:
            assert np.asarray(image)[3, 3] == 255


@pytest.mark.parametrize("label", [-1, 10])
def test_label_out_of_range(call, tmp_path, label):
    run = run_of(Labelled(), call, tmp_path)
    result = call(Labelled(), "sample", run, f"--label={label}")
    refused(result, "--label must be one of the run's 10: 0 (0), 1 (1), ", f"; not {label}")
    assert not (run / "generated").exists()


def test_label_without_condition(call, tmp_path):
    run = run_of(Points(), call, tmp_path)
    refused(call(Points(), "sample", run, "--label", 1), "not conditional: leave --label out")


def test_samples_that_are_no_pictures(call, tmp_path):
    run = run_of(Points(), call, tmp_path)
    code, out, error = call(Points(), "sample", run, "--count", 3)
    assert code == 0, error
    folder = run / "generated" / "seed_0"
    assert str(folder) in out
    np.testing.assert_array_equal(np.load(folder / "samples.npy"), np.full((3, 2), 2.0))
    with Image.open(folder / "picture.png") as image:
        assert image.getpixel((0, 0)) == (200, 2, 3)


def test_an_experiment_draws_its_own_samples(call, tmp_path):
    run = run_of(Points(red=7), call, tmp_path)
    for step in range(3):
        with Image.open(run / "samples" / f"step_{step:07}.png") as image:
            assert image.getpixel((0, 0)) == (7, step, 100)


def test_others_stand_in_a_grid_of_ten_columns(call, tmp_path):
    run = run_of(Labelled(), call, tmp_path)
    with Image.open(run / "samples" / "step_0000002.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (62 * 16, 62 * 16)
    row = pixels[16 * 5 :: 16 * 6, 16 * 5 :: 16 * 6][:10, :10]  # the lower right of each picture
    expected = np.round((np.arange(10) / 9 + 1) * 127.5)
    np.testing.assert_allclose(row, np.tile(expected, (10, 1)), atol=1)


def test_samples_are_written_as_they_are_made(call, tmp_path, monkeypatch):
    run = run_of(Labelled(), call, tmp_path)
    folder, there = run / "generated" / "seed_0", []

    def counted(*arguments, **options):
        for chunk in generate_chunks(*arguments, **options):
            there.append(len(list(folder.glob("*.png"))))
            yield chunk

    monkeypatch.setattr("jaxgan.cli.sample.generate_chunks", counted)
    assert call(Labelled(), "sample", run, "--count", 10)[0] == 0
    assert there == [0, 4, 8]
    assert len(list(folder.glob("*.png"))) == 11


def test_no_room_for_samples(call, tmp_path, monkeypatch):
    run = run_of(Labelled(), call, tmp_path)

    def full(image, path):
        if path.name == "00005.png":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        save_picture(image, path)

    monkeypatch.setattr("jaxgan.cli.sample.save_picture", full)
    refused(
        call(Labelled(), "sample", run, "--count", 10),
        "picture 6 of 10 could not be written to",
        "seed_0 (No space left on device): make room, and name another folder with --output",
    )
