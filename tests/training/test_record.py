"""What a run writes for people can be missing; the run goes on."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import masked_crc32c

from jaxgan import games
from jaxgan.training import Run
from jaxgan.training.pictures import to_bytes
from jaxgan.training.placement import Placed
from jaxgan.training.record import SAMPLES, Record
from tests.training.conftest import contents, no_room


def events_of(run):
    """Every event, in the order that TensorBoard reads them: files by name, each to its end."""
    for path in sorted(run.events.iterdir()):
        file = io.BytesIO(path.read_bytes())
        while length := file.read(8):
            assert struct.unpack("<I", file.read(4)) == (masked_crc32c(length),)
            data = file.read(struct.unpack("<Q", length)[0])
            assert struct.unpack("<I", file.read(4)) == (masked_crc32c(data),)
            yield Event.FromString(data)


def shown(run):
    """The steps of the curve and of the pictures that TensorBoard keeps."""
    kept = []
    for event in events_of(run):
        if event.session_log.status == SessionLog.START:
            kept = [other for other in kept if other.step < event.step]
        elif event.summary.value:
            kept.append(event)
    curve = [e.step for e in kept if e.summary.value[0].tag != "samples"]
    return curve, [e.step for e in kept if e.summary.value[0].tag == "samples"]


def written(run):
    return {path: data for path, (_, data) in contents(run.directory).items()}


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", {})


@pytest.fixture
def calls():
    return []


@pytest.fixture
def record(run, tiny, key, calls):
    def generate(key, state, inputs):
        latent = inputs["latent"]
        calls.append(len(latent))
        return np.tanh(state / 100 + np.repeat(latent[:, :1], 16, axis=1)).reshape(-1, 4, 4, 1)

    placed = Placed(init=None, advance=None, generate=generate, stride=1)

    def record(start=0, end=100, **options):
        return Record(run, tiny, placed, key, start, end, batch_size=8, **options)

    return record


def play(record, steps):
    for step in steps:
        record.show(step, {"loss": np.float32(step)}, line=True)
        record.digest(step, {"weight": np.full(2, step, np.float32)})
        record.sample(step, np.float32(step))


def said(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("step ")]


def test_a_full_disk_is_said_once_and_room_again_too(run, record, capsys):
    with record() as recording:
        play(recording, range(1, 3))
        assert said(capsys) == []
        before = written(run)
        with no_room():
            play(recording, range(3, 15))  # far more than any queue holds
        assert written(run) == before
        lines = said(capsys)
        for what, path in {
            "metrics": "metrics.jsonl",
            "TensorBoard's events": "events",
            "digests": "digests.jsonl",
            "pictures": "step_0000003.png",
        }.items():
            (line,) = [line for line in lines if line.startswith(f"{what} could not be written")]
            assert str(run.directory) in line
            assert path in line
            assert "(File too large): training goes on, and they are written again" in line
        assert len(lines) == 4
        play(recording, [15, 16])
        assert sorted(said(capsys)) == [
            "TensorBoard's events are written again",
            "digests are written again",
            "metrics are written again",
            "pictures are written again",
        ]
        recording.finish()
    for lines in (run.metrics(), run.digests()):
        assert [line["step"] for line in lines] == [1, 2, 15, 16]
    assert list(run.pictures()) == [1, 2, 15, 16]
    assert shown(run) == ([1, 2, 15, 16], [1, 2, 15, 16])
    assert not list(run.directory.rglob("*.part"))


def test_room_for_a_part_of_a_line(run, record):
    with record() as recording:
        play(recording, [1])
        sizes = {path: path.stat().st_size for path in run.directory.rglob("*") if path.is_file()}
        with no_room(max(sizes.values()) + 20):  # the events' file is the largest
            play(recording, [2, 3])
        play(recording, [4])
    assert shown(run)[0][0] == 1
    assert shown(run)[0][-1] == 4
    assert not any(path.with_suffix(".damaged.jsonl").exists() for path in sizes)


def test_a_run_that_was_moved_meanwhile_is_not_begun_again_where_it_was(run, record, capsys):
    with record() as recording:
        play(recording, [1])
        run.directory.rename(run.directory.with_name("moved"))
        play(recording, [2])
        recording.finish()
    assert not run.directory.exists()
    assert "metrics could not be written" in capsys.readouterr().out


def test_tensorboard_keeps_the_point_where_a_run_goes_on(run, record):
    with record() as recording:
        play(recording, [10, 20, 30])
    with record(start=20) as recording:
        assert shown(run) == ([10, 20, 30], [10, 20, 30])
        play(recording, [30, 40])
    assert shown(run) == ([10, 20, 30, 40], [10, 20, 30, 40])
    assert [line["step"] for line in run.metrics()] == [10, 20, 30, 40]
    with record(start=0) as recording:
        play(recording, [10])
    assert shown(run) == ([10], [10])


def test_a_complete_run_stays_as_it_is(run, record):
    with record() as recording:
        play(recording, [50, 100])
        recording.finish()
    before = contents(run.directory)
    with record(start=100) as recording:
        recording.finish()
    assert contents(run.directory) == before
    (run.samples / "training.gif").unlink()  # it was killed before
    with record(start=100) as recording:
        recording.finish()
    assert written(run) == {path: data for path, (_, data) in before.items()}


def test_samples_need_no_more_room_than_a_training_batch(run, record, calls, tiny, key):
    with record() as recording:
        play(recording, [1])
    assert calls == [8] * 13
    with Image.open(run.pictures()[1]) as sheet:
        drawn = np.asarray(sheet)[8:-8:6, 8:-8:6]
    latent = tiny.inputs(games.stream(key, "inputs"), SAMPLES)["latent"]
    expected = to_bytes(np.tanh(0.01 + np.asarray(latent)[:, 0]))
    assert set(expected) <= set(np.unique(drawn))


def test_stray_and_damaged_pictures_stop_nothing(run, record, capsys):
    with record() as recording:
        play(recording, [10, 20, 30])
    for name in ("step_best.png", "step_.png", "step_1e3.png", "step_-5.png", "mine.png"):
        (run.samples / name).write_text("precious")
    (run.samples / "step_0000040.png").mkdir()
    (run.samples / "step_0000010.png").write_bytes(b"\x89PNG cut")
    Image.new("RGB", (3, 3)).save(run.samples / "step_0000015.png")
    with record(start=20) as recording:
        play(recording, [30])
        recording.finish()
    assert list(run.pictures()) == [10, 15, 20, 30]
    assert (run.samples / "step_best.png").read_text() == "precious"
    output = capsys.readouterr().out
    assert "they are damaged or of another size: step_0000010.png, step_0000015.png\n" in output
    with Image.open(run.samples / "training.gif") as animation:
        assert animation.n_frames == 2


def test_a_run_without_pictures_ends_well(run, record, capsys):
    with record() as recording:
        recording.finish()
    assert capsys.readouterr().out.splitlines() == [f"the run is in {run.directory}"]


def test_damaged_lines_are_said_where_a_run_goes_on(run, record, capsys):
    with record() as recording:
        play(recording, [10, 20])
    for name in ("metrics", "digests"):
        path = run.directory / f"{name}.jsonl"
        path.write_text(path.read_text().replace('{"step": 10', '{"stop": 10'))
    capsys.readouterr()
    with record(start=20):
        lines = said(capsys)
    assert [line.split(" could")[0] for line in lines] == [
        f"1 line of {run.directory / name}.jsonl" for name in ("metrics", "digests")
    ]
    assert [line["step"] for line in run.digests()] == [20]
