"""`train --seeds`: several runs that are played together."""

import json

import pytest

from experiments import gan
from jaxgan.training import Run, to_plain
from tests.training.conftest import MANIFEST


@pytest.fixture
def small(digits_folder):
    return ["--data-dir", digits_folder, "--batch-size", 8, "--devices", 1, "--steps", 1]


def test_each_is_a_run_like_any_other(line, small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = line.done(gan.SMALL, "train", "--seeds", 0, 3, *small, "--log-every", 1)
    assert "runs/gan-001 begins: 2 runs, of seeds 0, 3" in out
    runs = tmp_path / "runs" / "gan-001"
    assert sorted(path.name for path in runs.iterdir()) == ["report.html", "seed-0", "seed-3"]
    assert (runs / "seed-3" / "report.html").exists()
    line.done(gan.SMALL, "sample", runs / "seed-3", "--count", 1)
    assert (runs / "seed-3" / "generated" / "seed_0" / "00000.png").exists()
    metrics = runs / "seed-3" / "metrics.jsonl"
    row = json.loads(metrics.read_text())
    row["terms"]["generator/loss"] *= 1.001
    metrics.write_text(json.dumps(row) + "\n")
    code, out, _ = line.call(gan.SMALL, "reproduce", runs / "seed-3")
    assert code == 1
    assert "seed-3 was played together with the runs of seeds 0 and is repeated alone" in out
    assert "at step 1, terms differ by up to 0.001 of their size" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", 0, 1, "--seed", 2], "leave it or --seed out"),
        (["--seeds", 0, 1, "--distributed", "--directory", "x"], "leave it or --distributed out"),
        (["--seeds", 0, 0], "the seed 0 is given twice: each run needs one of its own"),
        (["--seeds"], "there are no seeds: give one for each run, as in 0 1 2 3"),
    ],
)
def test_refused(line, small, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    code, _, error = line.call(gan.SMALL, "train", *small, *words)
    assert code == 2
    assert sentence in error.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_refused_with_the_state_of_another_run(line, tmp_path):
    plain = {"experiment": "gan", "configuration": to_plain(gan.SMALL)}
    run = Run.create(tmp_path / "run", MANIFEST | plain)
    code, _, error = line.call(gan.SMALL, "train", "--from", run.directory, "--seeds", 0, 1)
    assert code == 2
    assert "leave it or --from out" in error
