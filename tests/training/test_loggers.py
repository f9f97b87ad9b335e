"""Loggers are told all, once, and none of them stops a run."""

import contextlib
import io
import json
import shutil

import pytest
from PIL import Image

from jaxgan import training
from jaxgan.training import MLflow, Run, RunError, WandB, logged, remember, resume
from jaxgan.training.loggers import Loggers
from tests.training.conftest import MANIFEST, Tiny, contents

KINDS = ["begin", "terms", "picture", "finish"]


class Fake:
    """Notes what it is told; what is named in `broken` raises."""

    def __init__(self, *broken, error=None):
        self.broken, self.error = set(broken), error or TimeoutError("no answer")
        self.name = " ".join(broken) or "the fake's records"
        self.tried, self.told = [], []

    def _note(self, what, told):
        self.tried.append(what)
        if what in self.broken:
            raise self.error
        self.told.append((what, told))

    def begin(self, run, *, start, written):
        self._note("begin", (run.directory.name, start, written))

    def add_terms(self, step, terms):
        self._note("terms", (step, sorted(terms)))

    def add_picture(self, step, picture):
        self._note("picture", (step, picture.mode))

    def finish(self, *, complete):
        self._note("finish", complete)


def steps_of(fake, kind):
    return [told[0] for what, told in fake.told if what == kind]


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", MANIFEST)


@pytest.fixture
def said():
    return []


@pytest.fixture
def loggers(run, said):
    return lambda *fakes: Loggers(fakes, run, start=0, written=0, say=said.append)


def train(experiment, directory, *loggers, **options):
    return training.train(experiment, directory, name="tiny", devices=1, loggers=loggers, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run, what it said, and the loggers that it had: two that work, around four that do not."""
    broken = [Fake(what, error=RuntimeError("no\nsuch thing")) for what in KINDS]
    fakes = [Fake(), *broken, Fake()]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        run = train(Tiny(), tmp_path_factory.mktemp("loggers") / "run", *fakes)
    return run, output.getvalue(), fakes


@pytest.fixture
def again(trained, tmp_path):
    return Run.open(shutil.copytree(trained[0].directory, tmp_path / "run"))


def test_a_run_tells_its_loggers_what_it_writes(trained):
    run, _, (one, *_, other) = trained
    assert one.told == other.told
    assert one.told[0] == ("begin", ("run", 0, 0))
    assert one.told[-1] == ("finish", True)
    assert steps_of(one, "terms") == [line["step"] for line in run.metrics()] == [5, 10, 15, 20]
    assert steps_of(one, "picture") == [0, 10, 20]
    names = sorted(run.metrics()[0]["terms"])
    assert {tuple(told[1]) for what, told in one.told if what == "terms"} == {tuple(names)}


def test_a_broken_logger_stops_no_run(trained):
    run, output, (good, *broken, _) = trained
    assert [line["step"] for line in run.digests()] == [0, 10, 20]
    for kind, bad in zip(KINDS, broken, strict=True):
        sentence = f"{kind} could not be written (no such thing): training goes on, and they are"
        assert output.count(sentence) == 1
        expected = [] if kind == "begin" else [told for told in good.told if told[0] != kind]
        assert bad.told == expected
    assert "finish" not in broken[0].tried


def test_a_run_that_goes_on_says_what_was_written_already(tiny, again):
    shutil.rmtree(again.checkpoints / "20")  # as where it was killed before it was saved
    fake = Fake()
    resume(again, tiny, loggers=[fake])
    assert fake.told[0] == ("begin", ("run", 10, 20))
    assert steps_of(fake, "terms") == [15, 20]


def test_a_complete_run_begins_no_logger(tiny, again):
    before = contents(again.directory)
    fake = Fake()
    resume(again, tiny, loggers=[fake])
    assert fake.tried == []
    assert contents(again.directory) == before


def test_a_stopped_run_is_not_complete(tiny, tmp_path):
    fake = Fake("terms", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        train(tiny, tmp_path / "run", fake)
    assert fake.told[-1] == ("finish", False)


def test_a_logger_that_fails_is_said_once_and_tried_again(loggers, said):
    fake = Fake("begin")
    logs = loggers(fake)
    logs.begin()
    logs.add_terms(1, {})
    logs.add_terms(2, {})
    assert fake.tried == ["begin"] * 3
    assert len(said) == 1
    assert said[0].startswith("begin could not be written (no answer): training goes on")
    fake.broken.clear()
    logs.add_terms(3, {})
    assert said[1:] == ["begin are written again"]
    assert fake.told == [("begin", ("run", 0, 0)), ("terms", (3, []))]
    fake.broken.add("terms")
    logs.add_terms(4, {})
    logs.add_picture(4, Image.new("RGB", (4, 4)))  # which works
    logs.add_terms(5, {})
    assert said[2:] == said[:1]


def test_a_logger_that_keeps_a_run_waiting_is_left_alone(loggers, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    class Slow(Fake):
        def add_terms(self, step, terms):
            now[0] += 30
            super().add_terms(step, terms)

    slow, quick = Slow("terms"), Fake()
    logs = loggers(slow, quick)
    for step in range(1, 5):
        logs.add_terms(step, {})
    assert slow.tried == ["begin", "terms"]
    assert steps_of(quick, "terms") == [1, 2, 3, 4]
    now[0] += 299
    logs.add_terms(5, {})
    assert slow.tried == ["begin", "terms"]
    now[0] += 1
    logs.add_terms(6, {})
    assert slow.tried == ["begin", "terms", "terms"]


def test_pictures_come_without_transparency(loggers):
    fake = Fake()
    loggers(fake).add_picture(1, Image.new("RGBA", (4, 4)))
    assert fake.told[-1] == ("picture", (1, "RGB"))


def test_a_file_that_cannot_be_written_is_named(loggers, said):
    loggers(Fake("begin", error=PermissionError(13, "Permission denied", "/there"))).begin()
    assert "begin could not be written to /there (Permission denied)" in said[0]


def test_what_loggers_remember(run):
    assert logged(run) == {}
    remember(run, "one", {})
    remember(run, "other", {"id": "x"})
    remember(run, "one", {"id": "y"})
    assert logged(run) == {"one": {"id": "y"}, "other": {"id": "x"}}


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"wandb": "x"}), "[" * 100_000])
def test_memory_that_was_damaged(run, content):
    (run.directory / "loggers.json").write_text(content)
    with pytest.raises(RunError, match=r"loggers\.json cannot be read: remove it"):
        logged(run)


@pytest.mark.parametrize(("package", "service"), [("wandb", WandB), ("mlflow", MLflow)])
def test_a_package_that_is_not_installed(monkeypatch, package, service):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(RunError, match=rf"pip install 'jaxgan\[{package}\]'"):
        service()
