"""Going on: longer, from other runs, from other checkpoints, with data that moved."""

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, games
from jaxgan.data import Images
from jaxgan.training import Run, Schedule

NAME = Path(__file__).stem
BRIGHT = {"cats": 40, "dogs": 200}


@dataclasses.dataclass(frozen=True)
class Counting:
    """Pictures as bright as their label; the state counts the rounds, by the rate."""

    images: Images = Images(image_size=4)
    schedule: Schedule = Schedule(steps=4, log_every=1, sample_every=2, checkpoint_every=1, keep=9)
    rate: float = 1.0
    width: int = 1
    classes = 10

    def game(self):
        def generate(key, state, inputs):
            images = inputs["label"].astype(jnp.float32).reshape(-1, 1, 1, 1) / 10
            return jnp.broadcast_to(images, (len(images), 4, 4, 1))

        def update(key, state, batch):
            return {"rounds": state["rounds"] + self.rate}, {"loss": batch["image"].mean()}

        return games.Game(
            init=lambda key, batch: {"rounds": jnp.zeros(self.width)},
            update=update,
            generate=generate,
        )

    def data(self, pipeline):
        return pipeline(self.images.source(), batch_size=4)

    def inputs(self, key, count):
        return {"label": jnp.arange(count) % self.classes}

    def evaluate(self, generate, key):
        return {"brightness": generate(key, self.inputs(key, 10)).mean()}


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])


@pytest.fixture
def call(capfd):
    def call(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(Counting(), small=Counting(), arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    assert "Traceback" not in error
    for sentence in sentences:
        assert sentence in error


def make_pictures(folder):
    for name, value in BRIGHT.items():
        (folder / name).mkdir(parents=True)
        for number in range(4):
            pixels = np.full((4, 4), value + number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Pictures of cats and dogs, and a run of four steps on them, told of by a relative path."""
    place = tmp_path_factory.mktemp("from")
    make_pictures(place / "pictures")
    words = ["train", "--folder", "pictures", "--directory", "run", "--devices", "1"]
    with contextlib.chdir(place), pytest.raises(SystemExit) as stop:
        cli.main(Counting(), small=Counting(), arguments=words)
    assert stop.value.code == 0
    return place


@pytest.fixture
def place(original, tmp_path, monkeypatch):
    """The same, for a test to do with as it likes."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(original / "run", "run")
    shutil.copytree(original / "pictures", "pictures")
    return tmp_path


def test_a_relative_folder_is_kept_whole(original):
    manifest = Run.open(original / "run").manifest
    assert manifest["configuration"]["images"]["folder"] == str(original / "pictures")
    assert manifest["classes"] == ["cats", "dogs"]


def test_longer_in_one_word(call, place):
    code, out, error = call("resume", "run", "--steps", 6)
    assert code == 0, error
    directory = place / f"{NAME}-001"
    assert f"{directory} begins after step 4, to step 6" in out
    run = Run.open(directory)
    assert [line["step"] for line in run.digests()] == [4, 5, 6]
    assert run.manifest["parent"]["directory"] == str(place / "run")
    assert call("resume", "run", "--steps", 6)[0] == 0
    assert (place / f"{NAME}-002").exists()
    refused(call("resume", "run", "--steps", 4), "is of step 4", "give more steps")
    assert sorted(path.name for path in place.glob(f"{NAME}-*")) == [f"{NAME}-001", f"{NAME}-002"]
    code, out, _ = call("reproduce", directory)
    assert code == 0, out


def test_from_another_run(call, place):
    words = ("train", "--from", "run", "--step", 2, "--rate", 0.5, "--steps", 4)
    code, out, error = call(*words, "--directory", "slower")
    assert code == 0, error
    assert "of the state of run at step 2, rounds are taken" in out
    manifest = Run.open("slower").manifest
    assert manifest["configuration"]["rate"] == 0.5
    assert (
        manifest["configuration"]["images"] == (Run.open("run").manifest["configuration"]["images"])
    )
    code, out, _ = call("train", "--from", "run", "--help")
    assert code == 0
    refused(call(*words, "--preset", "paper"), "leave --preset or --from out")
    refused(call("train", "--step", 2), "name the run with --from")
    refused(call("train", "--from", "nowhere"), "nowhere is no run")
    refused(
        call("train", "--from", "run", "--step", 7, "--steps", 9),
        "no checkpoint of step 7",
        "1, 2, 3, 4",
    )
    refused(
        call("train", "--from", "run", "--steps", 9, "--width", 3, "--directory", "wider"),
        "run is a run of other networks: rounds is float32[1] in it and float32[3] here",
    )
    assert not Path("wider").exists()
    assert not list(Path("runs").glob("*"))


def test_an_older_checkpoint(call, place):
    code, out, error = call("sample", "run", "--step", 2, "--count", 2)
    assert code == 0, error
    assert "of step 2 are in" in out
    assert call("evaluate", "run", "--step", 3)[1].splitlines()[-1].startswith("of step 3")
    for verb in ("sample", "evaluate"):
        refused(call(verb, "run", "--step", 9, "--seed", 1), "no checkpoint of step 9", "1, 2, 3")


def test_some_checkpoints_stay_for_good(call, place):
    words = ("train", "--from", "run", "--steps", 12, "--keep", 1, "--keep-every", 3)
    assert call(*words, "--directory", "long")[0] == 0
    steps = sorted(int(path.name) for path in Path("long/checkpoints").iterdir())
    assert {6, 9, 12} <= set(steps)
    assert not {5, 7, 8, 10, 11} & set(steps)


def test_labels_by_name_and_by_number(call, place):
    for label, folder in (("dogs", "seed_0_label_1"), ("1", "seed_0_label_1")):
        shutil.rmtree("run/generated", ignore_errors=True)
        code, _, error = call("sample", "run", "--count", 2, "--label", label)
        assert code == 0, error
        with Image.open(f"run/generated/{folder}/00000.png") as image:
            assert image.getpixel((0, 0)) == round((0.1 + 1) * 127.5)
    refused(
        call("sample", "run", "--label", 7),
        "--label must be one of the run's 2: 0 (cats), 1 (dogs); not 7",
    )
    refused(call("sample", "run", "--label", "cows"), "0 (cats), 1 (dogs); not cows")


def test_data_that_moved(call, place, original):
    # The pictures of the manifest are elsewhere, but these are the same ones.
    for words in (("resume",), ("evaluate",), ("sample",), ("reproduce",)):
        code, _, error = call(*words, "run", "--folder", "pictures")
        assert code == 0, error
    make_pictures(place / "others")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(place / "others" / "cats" / "0.png")
    for words in (("resume",), ("evaluate",), ("sample",), ("reproduce",)):
        refused(call(*words, "run", "--folder", "others"), "other data than the run's")
        refused(call(*words, "run", "--folder", "nowhere"), "there is no folder")
        refused(call(*words, "run", "--folder-a", "pictures"), "leave --folder-a out")
