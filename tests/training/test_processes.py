"""Runs as people start them: real processes, that are killed, resumed, repeated and spread out."""

import contextlib
import os
import pty
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from experiments.dcgan import DCGAN
from jaxgan.training import Run, from_plain, load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# For three rounds, all is compiling: as tests do it.
QUICKLY = " ".join(
    flag
    for flag in os.environ["XLA_FLAGS"].split()
    if flag.startswith(("--xla_backend_optimization_level=", "--xla_cpu_use_fusion_emitters="))
)
SHORT = [
    *("--steps", "160", "--log-every", "20", "--sample-every", "80"),
    *("--checkpoint-every", "20", "--batch-size", "16"),
]
FEW = ["--split", "train[:400]"]


def command(*words, experiment="gan", devices=1, flags="", **variables):
    """The words of a process on so many virtual devices, and its environment."""
    environment = os.environ | {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} {flags}",
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    script = str(ROOT / "experiments" / f"{experiment}.py")
    return [sys.executable, script, *map(str, words)], environment


def run(*words, code=0, **options):
    line, environment = command(*words, **options)
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def start(*words, **options):
    line, environment = command(*words, **options)
    return subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def digests(directory):
    return {line["step"]: line["leaves"] for line in Run.open(directory).digests()}


def metrics(directory):
    return {line["step"]: line["terms"] for line in Run.open(directory).metrics()}


def wait_until(process, condition):
    """Look every millisecond until it is so; the process must not end before."""
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.001)


def reached(directory, step):
    return any((directory / "checkpoints" / str(later)).exists() for later in range(step, 161, 20))


def saving(directory):
    return any((directory / "checkpoints").glob("*tmp*"))


@pytest.fixture(scope="module")
def shown(digits_folder, tmp_path_factory):
    """A run that nothing disturbed, and what it showed on a terminal."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    line, environment = command(
        *("train", "--directory", directory, "--data-dir", digits_folder, *FEW, *SHORT),
        TERM="xterm",
        COLUMNS="100",
    )
    terminal, other = pty.openpty()
    process = subprocess.Popen(line, env=environment, stdout=other, stderr=other)
    os.close(other)
    output = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
        while piece := os.read(terminal, 4096):
            output += piece
    os.close(terminal)
    assert process.wait() == 0, output.decode()
    return directory, output.decode()


@pytest.fixture(scope="module")
def whole(shown):
    return shown[0]


def test_killed_twice_it_ends_in_the_same_bits(whole, digits_folder, tmp_path):
    chance = random.Random(0)
    directory = tmp_path / "run"
    process = start("train", "--directory", directory, "--data-dir", digits_folder, *FEW, *SHORT)
    moments = sorted(chance.sample(range(20, 160, 20), 2))
    for number, step in enumerate(moments):
        wait_until(process, lambda step=step: reached(directory, step))
        if number == 1:
            wait_until(process, lambda: saving(directory))  # while a checkpoint is written
        else:
            time.sleep(chance.random() / 10)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        if number == 1:
            assert saving(directory)
        process = start("resume", directory)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "goes on after step" in output
    assert digests(directory) == digests(whole)
    assert metrics(directory) == metrics(whole)
    names = [path.name for path in sorted((whole / "samples").iterdir())]
    assert names == [path.name for path in sorted((directory / "samples").iterdir())]
    for name in names:
        assert (directory / "samples" / name).read_bytes() == (
            whole / "samples" / name
        ).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_says_how_to_go_on(whole, digits_folder, tmp_path, number):
    directory = tmp_path / "run"
    process = start("train", "--directory", directory, "--data-dir", digits_folder, *FEW, *SHORT)
    wait_until(process, lambda: reached(directory, 40))
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 75, output
    last = output.strip().splitlines()[-1]
    assert "its state is saved" in last
    way_on = shlex.join([sys.executable, str(ROOT / "experiments" / "gan.py"), "resume"])
    assert last.endswith(f"go on with: {way_on} {directory}")
    assert max(digests(directory)) < 160
    if number == signal.SIGTERM:  # either way the same state was saved
        run("resume", directory)
        assert digests(directory)[160] == digests(whole)[160]
        assert metrics(directory) == metrics(whole)


def test_a_terminal_shows_a_live_display(shown):
    _, text = shown
    for word in ("160/160", "steps/s", "left", "generator/gradient_norm", "training.gif"):
        assert word in text
    assert "\x1b[" in text  # the display is drawn again in its place


def dcgan(directory, digits_folder):
    """Three updates of the DCGAN at the paper's learning rate.

    It is small and they are few: of a hundred thousand units a round, one comes to stand so near to
    the corner of its ReLU that rounding decides its slope, and differences jump from 1e-7 to 1e-3.
    """
    return [
        *("train", "--directory", directory, "--data-dir", digits_folder, *FEW, "--width", 4),
        *("--steps", 3, "--log-every", 1, "--checkpoint-every", 3, "--batch-size", 8),
        *("--average-decay", 0.9, "--learning-rate", 2e-4, "--no-decay"),
    ]


def parameters(directory):
    run_ = Run.open(directory)
    _, state = load(run_, from_plain(DCGAN, run_.manifest["configuration"]))
    return jax.device_get([state.generator.parameters, state.discriminator.parameters])


def assert_close(one, other):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.linalg.norm(a - b) <= 1e-4 * np.linalg.norm(a)


@pytest.fixture(scope="module")
def one_device(digits_folder, tmp_path_factory):
    directory = tmp_path_factory.mktemp("one") / "run"
    run(*dcgan(directory, digits_folder), experiment="dcgan", flags=QUICKLY)
    return directory


def test_two_processes_are_as_one(one_device, digits_folder, tmp_path):
    directory = tmp_path / "run"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [
        start(
            *dcgan(directory, digits_folder),
            *("--distributed", "--coordinator", address, "--processes", 2, "--process", index),
            experiment="dcgan",
            devices=2,
            flags=QUICKLY,
        )
        for index in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert "samples: " in outputs[0]
    assert "step" not in outputs[1]  # only the first process writes what is for people
    assert Run.open(directory).manifest["devices"] == 4
    assert_close(parameters(one_device), parameters(directory))
    for step, terms in metrics(one_device).items():
        for name, value in terms.items():
            assert metrics(directory)[step][name] == pytest.approx(value, rel=1e-3, abs=1e-4)
