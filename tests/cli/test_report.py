"""The verb `report`, and the page that `train` and `resume` leave."""

import dataclasses
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from jaxgan import games
from jaxgan.cli import report
from jaxgan.data import ArraySource
from jaxgan.training import Run, Schedule
from tests.report.runs import played, written

NAME = Path(__file__).stem


@dataclasses.dataclass(frozen=True)
class Grey:
    """Images that are grey."""

    schedule: Schedule = Schedule(steps=2, log_every=1, sample_every=1, checkpoint_every=1)

    def game(self):
        return games.Game(
            init=lambda key, batch: {"rounds": jnp.float32(0)},
            update=lambda key, state, batch: (
                {"rounds": state["rounds"] + 1},
                {"loss": jnp.zeros(())},
            ),
            generate=lambda key, state, inputs: jnp.zeros((len(inputs["latent"]), 4, 4, 1)),
        )

    def data(self, pipeline):
        image = np.zeros((8, 4, 4, 1), np.uint8)
        return pipeline(ArraySource({"image": image}), batch_size=4, flip=False)

    def inputs(self, key, count):
        return {"latent": jnp.zeros((count, 1))}


GREY = Grey()


def test_one_run_keeps_its_page_and_makes_it_anew(line, tmp_path):
    run = played(tmp_path / "run", last=200, experiment=NAME)
    page = run.directory / "report.html"
    assert str(page) in line.done(GREY, "report", run.directory)
    assert "step 200 of 300" in page.read_text()
    run.add_metrics({"step": 300, "steps_per_second": 1.0, "terms": {}})
    for words in ((), ("--output", page)):
        line.done(GREY, "report", run.directory, *words)
        assert "300 steps" in page.read_text()


def test_several_runs_are_beside_the_first_under_a_new_name(line, tmp_path):
    runs = [played(tmp_path / name, experiment=NAME).directory for name in ("a", "b")]
    for name in ("report.html", "report-2.html"):
        assert str(tmp_path / name) in line.done(GREY, "report", *runs)
        assert "2 runs" in (tmp_path / name).read_text()
    line.done(GREY, "report", *runs, "--output", tmp_path / "deep" / "page.html")
    assert "2 runs" in (tmp_path / "deep" / "page.html").read_text()


def test_refusals(line, tmp_path):
    run = written(tmp_path / "run", experiment=NAME).directory
    other = written(tmp_path / "other", experiment="wgan").directory
    (taken := tmp_path / "taken.html").write_text("mine")
    (tmp_path / "file").touch()
    line.refused(GREY, "report", other, says=f"is a run of wgan, not of {NAME}")
    line.refused(
        GREY, "report", run, other, says=f"{other} one of wgan: a report is of runs of one"
    )
    line.refused(GREY, "report", run, run, says="is there twice")
    line.refused(GREY, "report", tmp_path / "none", says="is no run")
    line.refused(GREY, "report", run, "--output", taken, says="is there already")
    line.refused(GREY, "report", run, "--output", tmp_path / "page.png", says="a file of HTML")
    nowhere = tmp_path / "file" / "page.html"
    line.refused(GREY, "report", run, "--output", nowhere, says="could not be written")
    assert taken.read_text() == "mine"
    code, _, error = line.call(GREY, "report")
    assert code == 2
    assert "give one or more" in error


def test_train_and_resume_leave_a_page(line, tmp_path):
    page = tmp_path / "run" / "report.html"
    assert f"its page: {page}" in line.done(GREY, "train", "--directory", tmp_path / "run")
    assert "2 steps" in page.read_text()
    page.unlink()
    assert f"its page: {page}" in line.done(GREY, "resume", tmp_path / "run")
    assert "2 steps" in page.read_text()


def test_a_page_that_cannot_be_written_costs_nothing_of_training(line, tmp_path, monkeypatch):
    def faulty(runs):
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(report, "run_report", faulty)
        out = line.done(GREY, "train", "--directory", tmp_path / "run")
    assert "its page could not be written (KeyError); try again with: " in out
    assert Run.open(tmp_path / "run").metrics()[-1]["step"] == 2
    (tmp_path / "run" / "report.html").mkdir()  # where the page should be
    assert "its page could not be written (" in line.done(GREY, "resume", tmp_path / "run")


def test_only_the_first_process_writes_one(tmp_path, monkeypatch, capsys):
    run = played(tmp_path / "run")
    monkeypatch.setattr("jax.process_index", lambda: 1)
    report.report_trained(run.directory)
    assert not (run.directory / "report.html").exists()
    assert capsys.readouterr().out == ""
