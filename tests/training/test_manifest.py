import json

import pytest

from jaxgan.training import Run, RunError
from tests.training.conftest import MANIFEST


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", MANIFEST)


def write(run, manifest):
    (run.directory / "manifest.json").write_text(json.dumps(manifest))


def test_create_and_open(run):
    assert Run.open(run.directory) == run
    assert MANIFEST.items() <= run.manifest.items()
    assert run.manifest["format"] == 2


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"format": null}', "\x00", "[" * 10**5])
def test_what_is_no_run(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RunError, match="is no run"):
        Run.open(tmp_path)


def test_what_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file is no run: it is no folder"):
        Run.open(tmp_path / "file")
    with pytest.raises(RunError, match="nowhere is no run: there is nothing of that name"):
        Run.open(tmp_path / "nowhere")
    (tmp_path / "run" / "manifest.json").mkdir(parents=True)
    with pytest.raises(RunError, match=r"manifest\.json cannot be read"):
        Run.open(tmp_path / "run")


def test_newer_format(run):
    write(run, run.manifest | {"format": 3})
    with pytest.raises(RunError, match=r"format 3.*use a newer jaxgan"):
        Run.open(run.directory)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": "3"}, r"seed = '3' will not do, it should be a valid integer"),
        ({"seed": None}, "seed = None will not do"),
        ({"seed": True}, "seed = True will not do"),
        ({"seed": -1}, "seed = -1 will not do, it should be greater than or equal to 0"),
        ({"devices": 0}, "devices = 0 will not do"),
        ({"experiment": None}, "experiment = None will not do"),
        ({"configuration": []}, r"configuration = \[\] will not do"),
        ({"batch": {"image": {"shape": [1]}}}, "it lacks batch.image.dtype"),
        ({"batch": {"image": {"shape": ["x"], "dtype": "f4"}}}, "batch.image.shape.0 = 'x'"),
        ({"data": 5}, "data = 5 will not do"),
        ({"environment": "here"}, "environment = 'here' will not do"),
        ({"classes": "cats"}, "classes = 'cats' will not do"),
        ({"parent": {"step": 5}}, "it lacks parent.directory"),
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_values_that_will_not_do(run, change, sentence, number):
    write(run, run.manifest | change | {"format": number})
    with pytest.raises(RunError, match=f"cannot be used: {sentence}"):
        Run.open(run.directory)


def test_what_is_missing(run):
    for name in MANIFEST:
        write(run, {key: value for key, value in run.manifest.items() if key != name})
        with pytest.raises(RunError, match=f"it lacks {name}"):
            Run.open(run.directory)


def test_a_manifest_that_was_edited_is_known(run):
    for change in ({"seed": 4}, {"digest": "sha256:0"}, {"more": 1}, {"devices": 2}):
        write(run, run.manifest | change)
        with pytest.raises(RunError, match="was changed after the run wrote it"):
            Run.open(run.directory)
    write(run, {key: value for key, value in run.manifest.items() if key != "digest"})
    with pytest.raises(RunError, match="was changed"):
        Run.open(run.directory)


def test_a_manifest_of_before_has_no_digest(run):
    before = {"format": 1} | MANIFEST
    write(run, before)
    assert Run.open(run.directory).manifest == before
