"""`--log`: what a run is logged to, chosen and remembered."""

import shutil
import sys
import types

import pytest

from jaxgan.training import Run, logged
from tests.training.conftest import Tiny

TINY = Tiny()


class Module(types.ModuleType):
    """A package `wandb` that notes what it is told."""

    def __init__(self):
        super().__init__("wandb")
        self.begun, self.steps, self.ended = [], [], []

    Settings = Image = staticmethod(lambda *args, **options: None)

    def init(self, **options):
        self.begun.append({name: options[name] for name in ("id", "name", "resume")})
        return types.SimpleNamespace(id="abc", log=self.log, finish=self.finish)

    def log(self, terms, *, step):
        if "samples" not in terms:
            self.steps.append(step)

    def finish(self, *, exit_code):
        self.ended.append(exit_code)


@pytest.fixture
def wandb(monkeypatch):
    module = Module()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.fixture
def absent(monkeypatch):
    return lambda *names: [monkeypatch.setitem(sys.modules, name, None) for name in names]


def test_a_run_keeps_its_loggers(line, wandb, absent, tmp_path):
    run = tmp_path / "run"
    absent("mlflow")
    line.done(TINY, "train", "--directory", run, "--log", "wandb", "--devices", "1")
    assert wandb.begun == [{"id": None, "name": "run", "resume": None}]
    assert wandb.steps == [5, 10, 15, 20]
    assert "--log" not in str(Run.open(run).manifest["configuration"])
    # As where it was killed before it was saved.
    shutil.rmtree(Run.open(run).checkpoints / "20")
    line.refused(
        *(TINY, "resume", run, "--log", "mlflow"),
        says=["pip install 'jaxgan[mlflow]', or remove", "loggers.json, and the run goes on"],
    )
    line.done(TINY, "resume", run)
    assert wandb.begun[1:] == [{"id": "abc", "name": "run", "resume": "allow"}]
    assert wandb.steps == [5, 10, 15, 20]
    assert wandb.ended == [0, 0]
    line.done(TINY, "resume", run, "--steps", "25")
    assert wandb.begun[2:] == [{"id": None, "name": "conftest-001", "resume": None}]
    assert wandb.steps[4:] == [25]
    assert logged(Run.open(run)) == {"wandb": {"id": "abc"}}


@pytest.mark.parametrize("package", ["wandb", "mlflow"])
def test_a_package_that_is_not_installed(line, absent, tmp_path, monkeypatch, package):
    absent(package)
    monkeypatch.chdir(tmp_path)
    code, _, error = line.call(TINY, "train", "--log", package)
    assert code == 2
    assert f"pip install 'jaxgan[{package}]'" in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())
