"""States on disk: which are believed, and that nothing whole is lost."""

import contextlib
import json
import shutil
import sys
import threading
import time
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.training import Checkpoints, Run, RunError, digest
from tests.training.conftest import MANIFEST, contents, no_room

ONE = jax.sharding.SingleDeviceSharding(jax.devices()[0])


def state(step):
    weights = np.random.default_rng(step).normal(size=(50, 1000))
    return {"weights": jnp.asarray(weights, jnp.float32), "rounds": jnp.int32(step)}


SHAPES = jax.eval_shape(lambda: state(0))


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", MANIFEST)


def save(run, *steps, keep=3, **options):
    with Checkpoints(run, keep=keep, **options) as checkpoints:
        for step in steps:
            leaves = digest(state(step))
            with contextlib.suppress(OSError):
                run.add_digest({"step": step, "leaves": leaves})
            checkpoints.save(step, state(step), leaves)


def restored(run, *, keep=None, **options):
    """The step that is restored, with the right bits, and what is said."""
    said = []
    with Checkpoints(run, keep=keep) as checkpoints:
        found = checkpoints.restore(SHAPES, ONE, say=said.append, **options)
    if found is None:
        return None, said
    step, values = found
    assert digest(values) == digest(state(step))
    return step, said


def steps_on_disk(run):
    return sorted(int(path.name) for path in run.checkpoints.iterdir() if path.name.isdigit())


def metadata(run, step):
    return run.checkpoints / str(step) / "_CHECKPOINT_METADATA"


def without_digest(run, step):
    """As an older version wrote it."""
    values = json.loads(metadata(run, step).read_text())
    assert values["custom_metadata"] == {"leaves": digest(state(step))}
    metadata(run, step).write_text(json.dumps(values | {"custom_metadata": {}}))


def cut(run, step):
    for path in (run.checkpoints / str(step) / "default" / "d").iterdir():
        path.write_bytes(path.read_bytes()[:10])


def put_another(run, step, other):
    """The arrays of another step, beside the digest that was there."""
    arrays = run.checkpoints / str(step) / "default"
    shutil.rmtree(arrays)
    shutil.copytree(run.checkpoints / str(other) / "default", arrays)


def test_a_digest_is_inside_its_checkpoint(run):
    save(run, 10, 20)
    lines = run.directory / "digests.jsonl"
    for damage in ("{", '{"step": 20, "leaves": {}}', '{"step": 20, "leaves": {"rounds": "0"}}'):
        lines.write_text(damage + "\n")
        assert restored(run) == (20, [])
    lines.unlink()
    assert restored(run) == (20, [])


def test_checkpoints_of_older_versions_are_believed_by_the_lines(run):
    save(run, 10, 20)
    without_digest(run, 10)
    without_digest(run, 20)
    assert restored(run) == (20, [])
    cut(run, 20)
    step, (note,) = restored(run)
    assert step == 10
    assert "that of step 20 cannot be read" in note


def test_a_whole_checkpoint_without_any_digest_is_the_last_resort(run):
    save(run, 10, 20)
    (run.directory / "digests.jsonl").unlink()
    without_digest(run, 20)
    step, (note,) = restored(run)
    assert (step, note) == (
        10,
        "a checkpoint is passed over: that of step 20 has no digest any more",
    )
    without_digest(run, 10)
    sentence = "the checkpoint of step 20 is believed unchecked: its digest is lost"
    assert restored(run) == (20, [sentence])


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00", None])
def test_damaged_metadata_hide_no_other_checkpoint(run, text):
    """Nor their own: the line of the digests is believed."""
    save(run, 10, 20)
    metadata(run, 10).unlink() if text is None else metadata(run, 10).write_text(text)
    assert restored(run) == (20, [])
    assert restored(run, step=10) == (10, [])


def test_what_is_passed_over_is_moved_and_not_deleted(run):
    save(run, 10, 20, 30)
    put_another(run, 30, 10)
    cut(run, 20)
    before = {
        path.relative_to(run.checkpoints): data for path, data in contents(run.checkpoints).items()
    }
    step, notes = restored(run)
    assert step == 10
    assert [note[:47] for note in notes] == [
        "a checkpoint is passed over: that of step 30 is",
        "a checkpoint is passed over: that of step 20 ca",
    ]
    assert steps_on_disk(run) == [10, 20, 30]
    with Checkpoints(run, keep=3) as checkpoints:
        notes = checkpoints.set_aside_after(10)
        assert notes == [
            f"the checkpoint of step {step} was moved to {run.directory}/damaged/checkpoint_{step}"
            for step in (20, 30)
        ]
        assert checkpoints.newest() == 10
        checkpoints.save(20, state(20), digest(state(20)))
    for path, data in before.items():
        moved = run.directory / "damaged" / f"checkpoint_{path}"
        assert (
            contents(run.directory)[run.checkpoints / path if path.parts[0] == "10" else moved]
            == data
        )
    assert restored(run) == (20, [])
    cut(run, 20)
    with Checkpoints(run, keep=3) as checkpoints:
        (note,) = checkpoints.set_aside_after(10)
    assert note.endswith("damaged/checkpoint_20_1")


def test_a_reader_writes_nothing(run):
    assert restored(run) == (None, [])
    assert not run.checkpoints.exists()
    save(run, 10)
    before = contents(run.directory)
    restored(run)
    with Checkpoints(run, keep=1) as checkpoints:
        assert checkpoints.set_aside_after(10) == []
    assert contents(run.directory) == before


def test_how_many_stay(run):
    save(run, *range(1, 10), keep=2, keep_every=3)
    assert steps_on_disk(run) == [3, 6, 8, 9]
    save(run, 10, keep=1)
    assert steps_on_disk(run) == [10]


def test_a_named_step(run):
    save(run, 10, 20, 30)
    assert restored(run, step=20) == (20, [])
    with pytest.raises(RunError, match=r"has no checkpoint of step 15: .* of steps 10, 20, 30$"):
        restored(run, step=15)
    cut(run, 10)
    with pytest.raises(RunError, match=r"\(that of step 10 cannot be read.*steps 10, 20, 30$"):
        restored(run, step=10)
    put_another(run, 30, 20)
    with pytest.raises(RunError, match="that of step 30 is not what was saved: its digest differs"):
        restored(run, step=30)
    shutil.rmtree(run.checkpoints)
    with pytest.raises(RunError, match=r"no checkpoint of step 20: .* of steps none$"):
        restored(run, step=20)


def test_reads_that_end_after_one_has_failed_are_not_told(run, monkeypatch):
    """TensorStore's threads may come back when the loop that waited for them is closed."""
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    save(run, 10, 20)
    assert restored(run) == (20, [])
    assert sys.unraisablehook == told.append
    cut(run, 20)
    assert restored(run)[0] == 10
    sys.unraisablehook(types.SimpleNamespace(exc_value=RuntimeError("Event loop is closed")))
    assert not told
    sys.unraisablehook(other := types.SimpleNamespace(exc_value=RuntimeError("another")))
    assert told == [other]


def test_double_precision_is_no_other_version(run):
    save(run, 10)
    wide = {
        name: jax.ShapeDtypeStruct(x.shape, f"{x.dtype}".replace("32", "64"))
        for name, x in SHAPES.items()
    }
    with (
        Checkpoints(run) as checkpoints,
        pytest.raises(
            RunError,
            match=r"JAX_ENABLE_X64=0: rounds is int32\[\] in it and int64\[\] as it is set",
        ),
    ):
        checkpoints.restore(wide, ONE, say=print)
    mixed = wide | {"rounds": jax.ShapeDtypeStruct((3,), "int64")}
    with Checkpoints(run) as checkpoints, pytest.raises(RunError, match="of another jaxgan"):
        checkpoints.restore(mixed, ONE, say=print)


def test_a_full_disk(run, capfd, caplog):
    """Before, in the middle of and after the arrays: one sentence, and nothing of Orbax's."""
    save(run, 10)
    for size in (0, 100, 1000, 100_000):
        with no_room(size), pytest.raises(RunError) as raised:
            save(run, 20, 30, keep=1)
        assert str(raised.value) == (
            f"the checkpoint of step 20 could not be written to {run.checkpoints} (File too "
            "large); that of step 10 is whole: mend that and resume the run"
        )
        assert restored(run) == (10, [])
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
    save(run, 20, keep=1)
    assert [path.name for path in run.checkpoints.iterdir()] == ["20"]  # and no draft


def test_a_full_disk_says_how_much_room_is_needed(run, monkeypatch):
    def full(*_, **__):
        raise ValueError("RESOURCE_EXHAUSTED: Error writing [os_error_code='28']\nand more")

    with Checkpoints(run, keep=1) as checkpoints:
        monkeypatch.setattr(checkpoints._manager, "save", full)
        with pytest.raises(
            RunError,
            match=r"\(No space left on device\); no other is there: make room \(.* about 1 MB\)",
        ):
            checkpoints.save(20, state(20), {})


def test_an_error_after_another_is_not_hidden(run):
    def fail():
        with Checkpoints(run, keep=1) as checkpoints:
            checkpoints.save(20, state(20), {})
            raise KeyError("the first")

    with no_room(), pytest.raises(KeyError, match="the first"):
        fail()


def test_a_file_where_the_checkpoints_should_be(run):
    run.checkpoints.write_text("mine")
    for keep in (None, 3):
        with pytest.raises(RunError, match=r"checkpoints is a file, and should be the folder"):
            Checkpoints(run, keep=keep)
    assert run.checkpoints.read_text() == "mine"


def test_a_save_that_fails_leaves_no_thread_behind(run, monkeypatch):
    """Else the interpreter waits for it at its end."""

    def fail():
        with Checkpoints(run, keep=3) as checkpoints:
            run.checkpoints.rmdir()
            run.checkpoints.write_text("")
            checkpoints.save(10, state(10), {})

    before = set(threading.enumerate())
    monkeypatch.setattr(Checkpoints, "_refuse_file", lambda self: None)
    with pytest.raises(RunError, match="step 10 could not be written"):
        fail()
    deadline = time.monotonic() + 10
    while left := {t.name for t in set(threading.enumerate()) - before if "metadata" not in t.name}:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def test_checkpoints_removed_meanwhile(run):
    with Checkpoints(run, keep=3) as checkpoints:
        checkpoints.save(10, state(10), digest(state(10)))
        assert checkpoints.newest() == 10
        shutil.rmtree(run.checkpoints)
        assert checkpoints.newest() is None
        checkpoints.save(20, state(20), digest(state(20)))
        assert checkpoints.newest() == 20
        checkpoints.wait()
        shutil.rmtree(run.checkpoints)
        run.checkpoints.write_text("")
        with pytest.raises(RunError, match="is a file"):
            checkpoints.save(30, state(30), digest(state(30)))


def test_a_run_moved_meanwhile_is_not_begun_again_where_it_was(run):
    with Checkpoints(run, keep=3) as checkpoints:
        checkpoints.save(10, state(10), digest(state(10)))
        checkpoints.wait()
        run.directory.rename(run.directory.with_name("moved"))
        with pytest.raises(RunError, match=r"run was moved or removed while the run went on"):
            checkpoints.save(20, state(20), digest(state(20)))
    assert not run.directory.exists()
    assert restored(Run.open(run.directory.with_name("moved"))) == (10, [])


def test_other_files_among_the_checkpoints(run):
    save(run, 10)
    (run.checkpoints / "20").write_text("a file")
    (run.checkpoints / "notes").mkdir()
    assert restored(run) == (10, [])
    (run.checkpoints / "30").mkdir()
    step, (note,) = restored(run)
    assert step == 10
    assert "that of step 30 cannot be read" in note
