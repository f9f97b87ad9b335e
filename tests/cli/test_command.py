"""What people type: paths, the way that a script was called, and where they have no home."""

import dataclasses
import os
import pwd
import subprocess
import sys
from pathlib import Path

import jax
import pytest
import tyro

from experiments import gan
from jaxgan import cli, training
from jaxgan.cli.command import PATHS, script_of, way_on
from jaxgan.cli.devices import device_trouble, prepare_jax
from jaxgan.training.reproduce import Comparison
from tests.training.conftest import MANIFEST

ROOT = Path(__file__).parents[2]


@pytest.fixture
def _no_home(monkeypatch):
    """A user id that the machine does not know, and an environment that says nothing."""

    def unknown(_):
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(pwd, "getpwnam", unknown)


@pytest.fixture
def call(capfd, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])

    def call(*words, **presets):
        presets = presets or {"small": gan.SMALL}
        with pytest.raises(SystemExit) as stop:
            cli.main(gan.GAN(), **presets, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            ["python", "experiments/gan.py", "train", "--seed", "3"],
            "python experiments/gan.py resume runs/gan-001",
        ),
        (
            [".venv/bin/python", "-X", "dev", "my gan.py", "train"],
            ".venv/bin/python -X dev 'my gan.py' resume runs/gan-001",
        ),
        (["python", "-m", "my.gan", "train"], "python -m my.gan resume runs/gan-001"),
        (["python", "my_gan"], "python my_gan resume runs/gan-001"),
    ],
)
def test_the_way_on_is_the_way_that_was_taken(monkeypatch, typed, expected):
    scripts = ("experiments/gan.py", "my gan.py", "my.gan", "my_gan")
    place = next(i for i, word in enumerate(typed) if word in scripts)
    monkeypatch.setattr(sys, "orig_argv", typed)
    monkeypatch.setattr(sys, "argv", ["/the/script.py", *typed[place + 1 :]])
    assert way_on("resume", Path("runs/gan-001")) == expected


def test_the_way_on_where_arguments_were_replaced(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "tool.py", "--all"])
    monkeypatch.setattr(sys, "argv", ["my gan.py", "train"])
    assert way_on("resume", "a run") == "python 'my gan.py' resume 'a run'"


def test_scripts_of_other_experiments(monkeypatch, tmp_path):
    (tmp_path / "gan.py").touch()
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "dcgan.py"), "resume"])
    assert script_of("gan") == str(tmp_path / "gan.py")
    assert script_of("wgan") == "the script of wgan"
    assert script_of("a\0b") == "the script of a\0b"


@dataclasses.dataclass(frozen=True)
class Places:
    one: Path = Path("x")
    maybe: Path | None = None
    some: tuple[Path, ...] = ()


def test_every_kind_of_path_begins_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["--one=~/a", "--maybe=~/b", "--some", "~/c", "d"]
    made = tyro.cli(Places, args=words, registry=PATHS)
    expected = tmp_path / "a", tmp_path / "b", (tmp_path / "c", Path("d"))
    assert dataclasses.astuple(made) == expected
    assert tyro.cli(Places, args=["--maybe", "None"], registry=PATHS) == Places()


@pytest.fixture
def original(tmp_path):
    """A run of which there is no more than the manifest."""
    configuration = training.to_plain(gan.SMALL)
    about = MANIFEST | {"experiment": "gan", "configuration": configuration}
    return training.Run.create(tmp_path / "run", about).directory


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "~/run", "--output=~/taken"),
        ("train", "--directory=~/taken"),
        ("train", "--folder=~/taken/file"),
        ("sample", "~/taken"),
        ("resume", "~/taken"),
        ("reproduce", "~/taken"),
    ],
)
def test_verbs_take_tildes(call, monkeypatch, tmp_path, original, words):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    code, _, error = call(*words)
    assert code == 2
    assert error.startswith("error: ")
    assert str(tmp_path / "taken") in error
    assert {path.name for path in tmp_path.iterdir()} == {original.name, "taken"}


def test_paths_that_are_none(call, monkeypatch, tmp_path, request):
    monkeypatch.chdir(tmp_path)
    code, _, error = call("train", "--directory=")
    assert (code, error.count("\n")) == (2, 1)
    assert "an empty text is no path" in error
    request.getfixturevalue("_no_home")
    code, _, error = call("resume", "~/run")
    assert (code, error.count("\n")) == (2, 1)
    assert "~/run has no home folder to begin with" in error


@pytest.mark.parametrize("place", [".", "..", "../run"])
def test_a_repetition_stands_beside_its_run_from_inside_too(call, monkeypatch, original, place):
    (original / "samples").mkdir()
    monkeypatch.chdir(original if place != ".." else original / "samples")
    outputs = []

    def repeat(run, experiment, output):
        outputs.append(output)
        return run, Comparison(1, 1, None, {})

    monkeypatch.setattr("jaxgan.cli.verbs.reproduce", repeat)
    code, _, error = call("reproduce", place)
    assert code == 0, error
    assert outputs == [original.parent / "run-reproduced"]


@pytest.mark.parametrize(("verb", "other"), [("train", "--learning-rate"), ("prepare", "--pad")])
def test_one_preset_has_no_flag_to_choose_it(call, verb, other):
    code, out, _ = call(verb, "--help", small=None)
    assert code == 0
    assert "--preset" not in out
    assert other in out
    assert "--preset" in call(verb, "--help")[1]


def test_presets_of_any_names(call):
    wide = dataclasses.replace(gan.SMALL, batch_size=77)
    presets = {"presets": {"wide": wide}, "small": gan.SMALL}
    _, out, _ = call("train", "--help", **presets)
    assert "--preset {small,wide,paper}" in out
    assert "(default: 77)" not in out
    for verb in ("train", "prepare"):
        code, out, _ = call(verb, "--help", "--preset", "wide", **presets)
        assert code == 0
        assert ("(default: 77)" in out) == (verb == "train")
    code, _, error = call("train", "--preset", "large", **presets)
    assert code == 2
    assert all(word in error for word in ("large", "small", "wide", "paper"))


def test_presets_alone_and_none():
    with pytest.raises(ValueError, match="needs an experiment"):
        cli.main(arguments=[])


def test_without_a_home_there_is_no_cache_of_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])
    monkeypatch.chdir(tmp_path)
    settings = {}
    monkeypatch.setattr(jax.config, "update", settings.__setitem__)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    prepare_jax()
    expected = {"jax_compilation_cache_dir": str(tmp_path / ".cache" / "jaxgan" / "xla")}
    assert settings == expected
    settings.clear()
    monkeypatch.setattr("jaxgan.cli.devices.cache_folder", lambda: None)
    prepare_jax()
    assert settings == {}


def process(*words, **variables):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": ""} | variables
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
@pytest.mark.parametrize("named", ["nonsense", "cpu,nonsense"])
def test_a_platform_that_is_not_there(original, named):
    done = process(ROOT / "experiments" / "gan.py", "sample", original, JAX_PLATFORMS=named)
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"error: JAX_PLATFORMS is '{named}', and JAX can start no such device")
    assert "(Unable to initialize backend 'nonsense': Backend 'nonsense' is not in the list" in last
    assert last.endswith("): leave it out, or name another, as in JAX_PLATFORMS=cpu")
    assert "Traceback" not in done.stderr


def test_devices_that_cannot_be_started(call, monkeypatch, original):
    """As JAX does it where its plugin is not installed: an assertion without a word."""

    def fail(*_, **__):
        raise AssertionError

    fault = ZeroDivisionError("of the program's own")
    assert device_trouble(fault) is None
    with monkeypatch.context() as patch:
        patch.setattr("jaxgan.cli.sample.load", fail)
        with pytest.raises(AssertionError):  # the devices are there: a fault of the program
            call("sample", original)
        patch.setattr(jax, "devices", fail)
        patch.delenv("JAX_PLATFORMS")
        code, _, error = call("sample", original)
        assert (code, error) == (2, "error: JAX can start no device\n")
        patch.setenv("JAX_PLATFORMS", "cuda")
        code, _, error = call("sample", original)
    assert code == 2
    assert error.startswith("error: JAX_PLATFORMS is 'cuda', and JAX can start no such device here")
    assert error.count("\n") == 1


def test_processes_that_cannot_be_joined(call, monkeypatch, tmp_path):
    def fail(*_):
        raise RuntimeError("DEADLINE_EXCEEDED: Barrier timed out\nand more")

    monkeypatch.setattr(jax.distributed, "initialize", fail)
    code, _, error = call("train", "--distributed", "--directory", tmp_path / "run")
    assert code == 2
    assert "could not join the others (DEADLINE_EXCEEDED: Barrier timed out): see" in error
    assert error.count("\n") == 1


HOMELESS = """
import os, pwd, sys

def unknown(_):
    raise KeyError("uid not found")

os.environ.pop("HOME", None)
pwd.getpwuid = pwd.getpwnam = unknown

import matplotlib.figure
from jaxgan import cli, data
from tests.training.conftest import Tiny

print(len(data.Images(data_dir=sys.argv.pop()).source()), "digits")
cli.main(Tiny())
"""


@pytest.mark.usefixtures("_no_home")
@pytest.mark.parametrize("place", ["", "~/tensorflow_datasets"])
def test_a_user_without_a_home_names_a_place_for_data_sets(call, monkeypatch, tmp_path, place):
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", place)
    code, _, error = call("train", "--directory", tmp_path / "run")
    assert (code, error.count("\n")) == (2, 1)
    assert "there is no place for data sets, as ~/tensorflow_datasets has no home folder" in error
    assert error.endswith("(--data-dir)\n")


@pytest.mark.slow
def test_a_user_without_a_home_trains(digits_folder, tmp_path):
    """Every library that a run imports is asked."""
    directory = tmp_path / "run"
    words = ("-c", HOMELESS, "train", "--directory", directory, digits_folder)
    done = process(*words, XDG_CACHE_HOME="")
    assert done.returncode == 0, done.stderr
    assert "4000 digits" in done.stdout
    assert (directory / "samples" / "training.gif").exists()
