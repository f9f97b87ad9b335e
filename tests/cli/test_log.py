"""`--log`: what a run is logged to, chosen and remembered."""

import functools
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
        self.begun, self.groups, self.steps, self.ended, self.terms = [], [], [], [], {}

    Settings = Image = staticmethod(lambda *args, **options: None)

    def init(self, **options):
        assert options["reinit"] == "create_new"  # else one run would end the one before
        self.begun.append({name: options[name] for name in ("id", "name", "resume")})
        self.groups.append(options["group"])
        identity = options["id"] or f"id-{len(self.begun)}"
        log = functools.partial(self.log, identity)
        return types.SimpleNamespace(id=identity, log=log, finish=self.finish)

    def log(self, identity, terms, *, step):
        if "samples" not in terms:
            self.steps.append(step)
            self.terms.setdefault(identity, []).append((step, terms["generator/loss"]))

    def finish(self, *, exit_code):
        self.ended.append(exit_code)


class Client(types.ModuleType):
    """A package `mlflow`, and its client, that note what they are told."""

    tracking_uri = "somewhere"
    entities = types.SimpleNamespace(
        Param=lambda name, value: (name, value),
        Metric=lambda name, value, time, step: (name, value, step),
    )

    def __init__(self):
        super().__init__("mlflow")
        self.names, self.terms, self.ended = [], {}, {}

    def MlflowClient(self, uri):  # noqa: N802
        return self

    def get_experiment_by_name(self, name):
        return types.SimpleNamespace(experiment_id=name)

    def create_run(self, experiment, *, run_name):
        self.names.append(run_name)
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=f"id-{len(self.names)}"))

    def log_batch(self, identity, *, params=(), metrics=()):
        for name, value, step in metrics:
            if name == "generator/loss":
                self.terms.setdefault(identity, []).append((step, value))

    def log_image(self, identity, picture, *, key, step):
        pass

    def set_terminated(self, identity, status):
        self.ended[identity] = status


@pytest.fixture
def wandb(monkeypatch):
    module = Module()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.fixture
def mlflow(monkeypatch):
    module = Client()
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
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
    assert wandb.begun[1:] == [{"id": "id-1", "name": "run", "resume": "allow"}]
    assert wandb.steps == [5, 10, 15, 20]
    assert wandb.ended == [0, 0]
    line.done(TINY, "resume", run, "--steps", "25")
    assert wandb.begun[2:] == [{"id": None, "name": "conftest-001", "resume": None}]
    assert wandb.steps[4:] == [25]
    assert wandb.groups == [None] * 3
    assert logged(Run.open(run)) == {"wandb": {"id": "id-1"}}


def test_each_of_several_seeds_is_a_run_of_its_own(line, wandb, mlflow, tmp_path):
    folder = tmp_path / "several"
    words = ["--seeds", 4, 7, "--directory", folder, "--devices", 1]
    out = line.done(TINY, "train", *words, "--log", "wandb", "--log", "mlflow")
    assert f"seed 7: the run is in {folder / 'seed-7'}" in out
    names = ["several/seed-4", "several/seed-7"]
    assert [begun["name"] for begun in wandb.begun] == names
    assert wandb.groups == ["several"] * 2
    assert mlflow.names == names
    runs = [Run.open(folder / f"seed-{seed}") for seed in (4, 7)]
    for identity, run in zip(["id-1", "id-2"], runs, strict=True):
        terms = [(line["step"], line["terms"]["generator/loss"]) for line in run.metrics()]
        assert wandb.terms[identity] == mlflow.terms[identity] == terms
        assert logged(run) == {
            "wandb": {"id": identity},
            "mlflow": {"uri": "somewhere", "id": identity},
        }
    assert wandb.ended == [0, 0]
    assert mlflow.ended == {"id-1": "FINISHED", "id-2": "FINISHED"}
    wandb.begun.clear()
    shutil.rmtree(runs[1].checkpoints / "20")
    mlflow.update_run = lambda identity, status: mlflow.names.append((identity, status))
    line.done(TINY, "resume", runs[1].directory)
    assert [begun["id"] for begun in wandb.begun] == ["id-2"]
    assert mlflow.names[2:] == [("id-2", "RUNNING")]


@pytest.mark.parametrize("package", ["wandb", "mlflow"])
@pytest.mark.parametrize("words", [[], ["--seeds", 0, 1]], ids=["one", "several"])
def test_a_package_that_is_not_installed(line, absent, tmp_path, monkeypatch, package, words):
    absent(package)
    monkeypatch.chdir(tmp_path)
    code, _, error = line.call(TINY, "train", "--log", package, *words)
    assert code == 2
    assert f"pip install 'jaxgan[{package}]'" in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())
