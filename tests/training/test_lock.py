import json
import os
import shutil
import subprocess
import sys

import pytest

from jaxgan.training import Run, RunError
from jaxgan.training.lock import LOCK, Lock

HOLDS = """
import sys, time
from pathlib import Path
from jaxgan.training.lock import Lock

with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_at_a_time(tmp_path):
    with Lock(tmp_path), pytest.raises(RunError, match=rf"process {os.getpid()} on .*since"):
        Lock(tmp_path)
    with Lock(tmp_path):
        pass


@pytest.mark.slow
def test_a_dead_process_holds_nothing(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(RunError, match=f"is being trained by process {other.pid}"):
        Lock(tmp_path)
    other.kill()
    other.communicate()
    with Lock(tmp_path):
        pass


@pytest.mark.parametrize(("process", "refused"), [(os.getppid(), True), (2**22 + 1, False)])
def test_where_there_are_no_locks_the_living_count(tmp_path, monkeypatch, process, refused):
    def flock(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", flock)
    host = os.uname().nodename
    (tmp_path / LOCK).write_text(json.dumps({"process": process, "host": host, "since": "noon"}))
    if refused:
        with pytest.raises(RunError, match=f"by process {process}"):
            Lock(tmp_path)
    else:
        with Lock(tmp_path):
            pass


def test_a_directory_that_moves_is_noticed(tmp_path):
    (tmp_path / "here").mkdir()
    with Lock(tmp_path / "here") as lock:
        lock.check()
        (tmp_path / "here").rename(tmp_path / "there")
        with pytest.raises(RunError, match=r"here was moved or removed .*\(it is now .*there\)"):
            lock.check()
        shutil.rmtree(tmp_path / "there")
        with pytest.raises(RunError, match="was moved or removed while it was trained: it is"):
            lock.check()


def test_a_claim_that_comes_to_nothing_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), Run.claim(tmp_path / "runs" / "one"):
        raise ZeroDivisionError
    assert not (tmp_path / "runs" / "one").exists()


def test_what_a_killed_beginning_left_is_begun_again(tmp_path):
    (tmp_path / LOCK).write_text("")
    for name in ("manifest.part", ".manifest.json.123.part"):
        (tmp_path / name).write_text('{"format"')
    with pytest.raises(RunError, match=r"no run yet: it was stopped before .*train it again"):
        Run.open(tmp_path)
    with (
        Run.claim(tmp_path),
        pytest.raises(RunError, match="is being trained"),
        Run.claim(tmp_path),
    ):
        pass


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunError, match="file/run cannot be made"),
        Run.claim(tmp_path / "file" / "run"),
    ):
        pass


def test_half_a_checkpoint_where_a_run_was_goes(tmp_path):
    (tmp_path / "here").mkdir()
    with Lock(tmp_path / "here"):
        (tmp_path / "here").rename(tmp_path / "there")
        (tmp_path / "here" / "checkpoints" / "400.orbax-checkpoint-tmp" / "d").mkdir(parents=True)
    assert not (tmp_path / "here").exists()
    with Lock(tmp_path / "there"):
        (tmp_path / "there").rename(tmp_path / "here")
        (tmp_path / "there" / "checkpoints" / "400").mkdir(parents=True)
    assert (tmp_path / "there" / "checkpoints" / "400").exists()
