"""The command line, in this process; `tests/training/test_processes.py` starts real ones."""

import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from experiments import dcgan, gan
from jaxgan import cli, training
from jaxgan.training.manifest import sealed


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """What the command line sets for its process is taken back."""
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])


@pytest.fixture
def call(capfd, monkeypatch):
    def call(*words, experiment=gan):
        kind = next(
            kind for kind in (gan.GAN, dcgan.DCGAN) if kind.__module__ == experiment.__name__
        )
        with pytest.raises(SystemExit) as stop:
            cli.main(kind(), small=experiment.SMALL, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture
def short(digits_folder):
    return ["--data-dir", digits_folder, "--batch-size", 8, "--devices", 1, "--steps"]


@pytest.fixture(scope="module")
def original(digits_folder, tmp_path_factory):
    """A run of two steps."""
    directory = tmp_path_factory.mktemp("cli") / "run"
    images = dataclasses.replace(gan.SMALL.images, data_dir=digits_folder)
    schedule = dataclasses.replace(gan.SMALL.schedule, steps=2, checkpoint_every=1, log_every=1)
    experiment = dataclasses.replace(gan.SMALL, images=images, schedule=schedule, batch_size=8)
    training.train(experiment, directory, name="gan", devices=1)
    return directory


@pytest.fixture
def done(original, tmp_path):
    """The same run, for a test to do with as it likes."""
    return Path(shutil.copytree(original, tmp_path / "run"))


@pytest.mark.parametrize("verb", ["train", "resume", "sample", "evaluate", "reproduce"])
def test_help_says_what_each_field_is(call, verb):
    code, out, _ = call(verb, "--help")
    assert code == 0
    expected = {
        "train": ["--preset", "--learning-rate", "(code: 100)", "--seed", "--devices", "--steps"],
        "resume": ["DIRECTORY", "newest whole checkpoint"],
        "sample": ["--count", "--label", "--seed", "--output"],
        "evaluate": ["DIRECTORY", "--seed", "evaluation.json"],
        "reproduce": ["DIRECTORY", "--output"],
    }
    for word in expected[verb]:
        assert word in out


def test_verbs_are_those_that_the_experiment_can_do(call):
    code, out, _ = call("--help")
    assert code == 0
    moving = "interpolate,arithmetic,traverse,project,explore,evaluate,compare,report"
    assert f"{{train,resume,sample,{moving},reproduce,export,restore,prepare}}" in out


def test_help_keeps_examples_apart(call):
    _, out, _ = call("--help")
    examples = [line for line in gan.__doc__.splitlines() if line.startswith("python ")]
    assert len(examples) == 3
    for example in examples:
        assert f"\n  {example}\n" in out


def test_presets_are_the_defaults(call):
    def told(*arguments):
        return " ".join(call("train", *arguments, "--help")[1].replace("│", "").split())

    small, paper = told(), told("--preset", "paper")
    assert "(default: digits)" in small
    assert "(default: mnist)" in paper
    assert paper == told("--preset=paper")


def test_paper_presets_are_the_papers():
    paper = dcgan.DCGAN()
    assert (paper.batch_size, paper.latent_size, paper.learning_rate) == (128, 100, 2e-4)
    assert (paper.beta1, paper.width, paper.images.image_size) == (0.5, 128, 64)
    small, same = gan.SMALL, gan.GAN()
    assert dataclasses.replace(small, images=same.images, schedule=same.schedule) != small


def test_train_then_sample(call, done):
    code, out, _ = call("sample", done, "--count", 3, "--seed", 5)
    folder = done / "generated" / "seed_5"
    assert code == 0
    assert str(folder / "grid.png") in out
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["00000.png", "00001.png", "00002.png", "grid.png", "latents.npy"]
    with Image.open(folder / "00000.png") as image:
        assert (image.size, image.mode) == ((28, 28), "L")
    code, _, error = call("sample", done, "--seed", 5)
    assert code == 2
    assert "already holds something" in error
    call("sample", done, "--count", 5, "--seed", 5, "--output", done / "more")
    for name in names[:3]:
        assert (done / "more" / name).read_bytes() == (folder / name).read_bytes()


def test_reproduce_says_identical(call, done):
    code, out, error = call("reproduce", done)
    assert code == 0, error
    assert "identical: 3 states and 2 lines of metrics" in out
    assert (done.parent / "run-reproduced" / "manifest.json").exists()


def test_reproduce_names_the_first_difference(call, done):
    manifest = json.loads((done / "manifest.json").read_text())
    manifest["seed"] = 1
    manifest["environment"]["packages"]["flax"] = "0.0.1"
    (done / "manifest.json").write_text(json.dumps(sealed(manifest)))
    code, out, _ = call("reproduce", done)
    assert code == 1
    assert "different, first at step 0: " in out
    assert "generator/parameters" in out or "discriminator/parameters" in out
    assert "packages.flax: '0.0.1' then" in out


def test_runs_get_directories_of_their_own(call, short, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert call("train", *short, 1)[0] == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["gan-001", "gan-002"]


def test_resume_of_a_complete_run_changes_nothing(call, done):
    before = (done / "metrics.jsonl").read_text()
    code, out, _ = call("resume", done)
    assert code == 0
    assert "is complete: 2 steps" in out
    assert (done / "metrics.jsonl").read_text() == before


def refused(result, *sentences):
    """One sentence, the exit code of a refusal, and no traceback."""
    code, _, error = result
    assert code == 2
    line = error.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert "Traceback" not in error
    for sentence in sentences:
        assert sentence in line


def test_taken_directory(call, done, short):
    refused(call("train", "--directory", done, *short, 1), str(done), "not overwritten")


def test_what_is_no_run(call, tmp_path):
    for verb in ("resume", "sample", "evaluate", "reproduce"):
        refused(call(verb, tmp_path), "is no run")


def test_run_of_another_experiment(call, done, monkeypatch):
    monkeypatch.setattr(sys, "argv", [dcgan.__file__])
    sentence = f"{done} is a run of gan, not of dcgan: use {gan.__file__}"
    refused(call("resume", done, experiment=dcgan), sentence)


def test_manifest_that_names_what_was_renamed(call, done):
    manifest = json.loads((done / "manifest.json").read_text())
    manifest["configuration"]["generator_hands"] = 2
    (done / "manifest.json").write_text(json.dumps(sealed(manifest)))
    for verb in ("resume", "sample", "reproduce"):
        refused(call(verb, done), "generator_hands = 2 means nothing to GAN as it is now")


def test_manifest_that_lacks_what_is_needed(call, done):
    (done / "manifest.json").write_text('{"format": 1, "experiment": "gan"}')
    refused(call("resume", done), "manifest.json cannot be used: it lacks configuration")


def test_run_of_a_newer_format(call, done):
    manifest = json.loads((done / "manifest.json").read_text())
    (done / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    refused(call("resume", done), "format 99")


@pytest.mark.parametrize(
    "field", ["steps", "batch-size", "learning-rate", "latent-size", "n-critic"]
)
@pytest.mark.parametrize("value", [0, -1])
def test_what_is_not_positive(call, tmp_path, field, value):
    result = call("train", "--directory", tmp_path / "run", f"--{field}", value)
    refused(result, f"{field.replace('-', '_')} = {value}", f"greater than 0 (--{field})")
    assert not (tmp_path / "run").exists()


def test_data_that_cannot_be_had(call, tmp_path, digits_folder):
    common = ("train", "--directory", tmp_path / "run", "--data-dir", digits_folder)
    refused(call(*common, "--dataset", "digit"), "did you mean digits")
    refused(call(*common, "--image-size", 0), "0")
    refused(call(*common, "--folder", tmp_path / "nowhere"), "nowhere")
    refused(call(*common, "--batch-size", 4001), "4001", "4000")
    refused(call(*common, "--devices", 3), "shared evenly by 3 devices", "99 or 102")
    refused(call(*common, "--devices", 9), "9 devices were asked for")
    assert not (tmp_path / "run").exists()


def test_size_that_a_network_cannot_make(call, tmp_path, digits_folder):
    result = call(
        *("train", "--directory", tmp_path / "run", "--data-dir", digits_folder),
        *("--architecture", "dcgan", "--image-size", 30),
        experiment=dcgan,
    )
    refused(result, "30", "take 32", "28, 32, 40, 48, 64")
    assert not (tmp_path / "run").exists()


def test_nothing_to_draw(call, done):
    refused(call("sample", done, "--count", 0), "--count must be 1 or more")


def test_checkpoint_that_was_cut_short(call, done, tmp_path):
    for path in (done / "checkpoints").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(call("sample", done), "no checkpoint in", "is whole")


def test_word_that_is_no_verb(call):
    code, _, error = call("trian")
    assert code == 2
    assert "trian" in error
