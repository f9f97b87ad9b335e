"""Figures through training: of a real run of a few rounds, and what cannot be drawn."""

import dataclasses
import json

import pytest

from experiments import figures, toy
from jaxgan.cli.comparing import PLAIN
from jaxgan.cli.evaluate import evaluate_run
from jaxgan.cli.runs import open_run
from jaxgan.training import Run, RunError, Schedule, train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    schedule = Schedule(steps=4, log_every=2, sample_every=4, checkpoint_every=2)
    experiment = dataclasses.replace(toy.SMALL, width=8, depth=2, batch_size=16, schedule=schedule)
    return train(experiment, tmp_path_factory.mktemp("runs") / "toy-0").directory


def test_every_checkpoint_that_was_kept(run, tmp_path, capsys):
    output = tmp_path / "modes.png"
    figures.main((run,), figure="modes", output=output)
    found = json.loads(output.with_suffix(".json").read_text())["toy-0"]
    assert list(found) == ["2", "4"]
    assert output.read_bytes().startswith(b"\x89PNG")
    assert f"toy-0: modes {found['4']['modes']:.4g} after 4 rounds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nobody", "a run of nobody.py, which is not beside me"), ("estimate", "have no figures")],
)
def test_runs_without_figures(run, name, sentence):
    opened = Run.open(run)
    other = dataclasses.replace(opened, manifest={**opened.manifest, "experiment": name})
    with pytest.raises(RunError, match=sentence):
        figures.kind_of(other)


def test_what_is_no_run_or_no_figure(run, tmp_path):
    with pytest.raises(SystemExit, match=r"error: .*elsewhere"):
        figures.main((tmp_path / "elsewhere",), output=tmp_path / "a.png")
    with pytest.raises(SystemExit, match="toy-0 has no figure 'distance', but modes"):
        figures.main((run,), figure="distance", output=tmp_path / "a.png")
    with pytest.raises(SystemExit, match=r"there is no folder .*/nowhere: make it"):
        figures.main((run,), output=tmp_path / "nowhere/a.png")
    with pytest.raises(SystemExit, match="two runs are called toy-0"):
        figures.main((run, run), output=tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_the_verb_says_the_same(run, tmp_path):
    output = tmp_path / "modes.png"
    figures.main((run,), figure="modes", output=output)
    found = json.loads(output.with_suffix(".json").read_text())["toy-0"]["4"]
    run_of, experiment = open_run(run, type(toy.SMALL), "toy")
    evaluate_run(run_of, experiment, PLAIN, step=None, seed=0)
    kept = json.loads((run / "evaluation.json").read_text())["figures"]
    assert {figure["name"]: figure["value"] for figure in kept} == found
