"""A run that lives through what machines do to runs, and ends as one that nothing happened to."""

import os
import resource
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from jaxgan.training import Run
from tests.training.test_processes import SHORT, digests, run, start, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits other processes"),
]


@pytest.fixture
def pictures(tmp_path):
    random = np.random.default_rng(0)
    for label in "ab":
        folder = tmp_path / "pictures" / label
        folder.mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "pictures"


def lines(directory):
    path = directory / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_what_machines_do(pictures, tmp_path):
    words = ["train", "--folder", pictures, "--image-size", 8, "--channels", 1, *SHORT[2:]]
    run(*words, "--steps", 400, "--directory", tmp_path / "whole", "--checkpoint-every", 400)

    directory = tmp_path / "run"
    process = start(
        *(*words, "--steps", 400, "--directory", directory),
        *("--log-every", 1, "--sample-every", 50, "--checkpoint-every", 400),
    )
    wait_until(process, lambda: lines(directory) > 10)

    # The disk is full: nothing can be written, and the run goes on; then there is room again.
    limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    assert process.stdout is not None
    said = ""
    while "could not be written" not in said:
        said = process.stdout.readline()
        assert process.poll() is None
    before = lines(directory)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    wait_until(process, lambda: lines(directory) > before + 10)

    # Another process wants it, and takes its time to say so: this one would come to its end.
    process.send_signal(signal.SIGSTOP)
    output = run("resume", directory, code=2)
    process.send_signal(signal.SIGCONT)
    assert f"is being trained by process {process.pid}" in output

    # Whoever read what it says reads no more; then the terminal goes.
    process.stdout.close()
    before = lines(directory)
    wait_until(process, lambda: lines(directory) > before + 10)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 75
    step = max(digests(directory))
    assert 0 < step < 400
    assert (directory / "checkpoints" / str(step)).is_dir()

    # The run and its data move, and what was started in another folder goes on in this one.
    pictures.rename(tmp_path / "moved_pictures")
    directory = directory.rename(tmp_path / "moved")
    refused = run("resume", directory, code=2)
    assert str(pictures) in refused
    here = os.path.relpath(tmp_path / "moved_pictures")
    output = run("resume", directory, "--folder", here)
    assert f"goes on after step {step}" in output
    assert digests(directory)[400] == digests(tmp_path / "whole")[400]
    assert Run.open(directory).manifest["configuration"]["images"]["folder"] == str(pictures)
