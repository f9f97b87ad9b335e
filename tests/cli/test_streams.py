import errno
import io
import os
import sys

import pytest

from jaxgan.cli.streams import losable_output


def test_a_reader_that_ends_ends_nothing(monkeypatch):
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stdout", stream)
    os.close(reading)
    with losable_output():
        for _ in range(3):
            print("to nobody", flush=True)
        os.write(writing, b"what libraries write goes nowhere too")
    assert sys.stdout is stream
    stream.close()


def test_a_full_disk_is_tried_again(monkeypatch):
    class Full(io.StringIO):
        full = True

        def write(self, text):
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(text)

    monkeypatch.setattr(sys, "stdout", Full())
    with losable_output():
        print("lost")
        Full.full = False
        print("said")
    assert sys.stdout.getvalue() == "said\n"


def test_errors_of_programs_are_none_of_ours(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(ZeroDivisionError), losable_output():
        raise ZeroDivisionError
    sys.stdout.close()
    with losable_output():
        print("closed")
