import json

import pytest

from jaxgan.training import Run, RunError, differences
from tests.training.conftest import MANIFEST


def test_create_and_open(tmp_path):
    made = Run.create(tmp_path / "run", MANIFEST)
    found = Run.open(tmp_path / "run")
    assert found == made
    assert MANIFEST.items() <= found.manifest.items()


def test_a_taken_directory_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(RunError, match="already holds something"):
        Run.create(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="already holds something"):
        Run.create(tmp_path / "file", {})


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"format": null', "\x00"])
def test_what_is_no_run(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RunError, match="is no run"):
        Run.open(tmp_path)


def test_newer_format(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(RunError, match=r"format 99.*use a newer jaxgan"):
        Run.open(tmp_path)


def test_a_line_cut_short_is_passed_over(tmp_path):
    run = Run.create(tmp_path / "run", {})
    run.add_metrics({"step": 1, "terms": {"loss": 0.5}})
    with (run.directory / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "te')
    assert run.metrics() == [{"step": 1, "terms": {"loss": 0.5}}]


def test_rewind(tmp_path):
    run = Run.create(tmp_path / "run", {})
    run.samples.mkdir()
    for step in (0, 10, 20):
        run.add_metrics({"step": step, "terms": {}})
        run.add_digest({"step": step, "leaves": {}})
        (run.samples / f"step_{step:07}.png").touch()
    run.rewind(10)
    assert [line["step"] for line in run.metrics()] == [0, 10]
    assert [line["step"] for line in run.digests()] == [0, 10]
    assert sorted(path.name for path in run.samples.iterdir()) == [
        "step_0000000.png",
        "step_0000010.png",
    ]
    run.rewind(0)
    assert run.metrics() == run.digests() == []


def test_differences():
    before = {"python": "3.11", "packages": {"jax": "0.10", "flax": "0.12"}}
    after = {"python": "3.11", "packages": {"jax": "0.11", "flax": "0.12"}}
    assert differences(before, after) == ["packages.jax: '0.10' then, '0.11' now"]
    assert differences(before, before) == []
