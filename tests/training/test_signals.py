"""Signals, in processes that do no more than wait for them."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from jaxgan.training import signals
from jaxgan.training.signals import counted_signals

SCRIPT = """
import runpy, sys, time

counted_signals = runpy.run_path(sys.argv[2])["counted_signals"]  # without all of JAX
with counted_signals(75) as signals:
    if sys.argv[1] == "starting":
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    else:
        with signals.playing():
            print("ready", flush=True)
            while sys.argv[1] == "deaf" or not signals.asked:
                time.sleep(0.01)
            print("saved", flush=True)
"""


def start(mode, command=()):
    process = subprocess.Popen(
        [*command, sys.executable, "-c", SCRIPT, mode, signals.__file__],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_saves_and_interrupts_only_a_start(number):
    for mode, word in (("starting", "interrupted"), ("playing", "saved")):
        process = start(mode)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        assert word in output
        assert ("its state is saved" in output) == (mode == "playing")


@pytest.mark.slow
def test_what_is_ignored_stays_ignored():
    """A run that was started with `nohup` outlives its terminal."""
    with start("playing", ["nohup"]) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert "SIGTERM: the run stops after this round" in output
    assert "SIGHUP" not in output


@pytest.mark.slow
def test_the_second_is_answered_and_the_third_ends_it():
    output = ""
    with start("deaf") as process:
        patience = threading.Timer(60, process.kill)
        patience.start()
        for word in ("is saved", "one more signal", "ended at once"):
            process.send_signal(signal.SIGINT)
            while word not in output:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line, output
                output += line
        assert process.wait() == 75
        patience.cancel()
    assert "Traceback" not in output


def test_a_program_of_ones_own_gets_its_third_signal(capfd):
    before = signal.getsignal(signal.SIGINT)
    with counted_signals() as counter, counter.playing():
        with counted_signals() as same:
            assert same is counter
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        assert counter.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "one more signal ends it at once" in capfd.readouterr().err


def test_other_threads_are_given_no_signals():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look():
        with counted_signals() as counter, counter.playing():
            seen.append((counter.asked, signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [(False, True)]
