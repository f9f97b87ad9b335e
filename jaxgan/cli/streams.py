"""What a program says may be lost: a reader that ends, or a terminal that goes, ends nothing."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

_GONE = {errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO}
"""Nobody will read there again; on a full disk, somebody may."""


class _Losable:
    """A stream of text on which nothing raises: what cannot be written is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or lose, a text."""
        with self._losing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Have it read, or lose it."""
        with self._losing():
            self._stream.flush()

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _GONE:
                # What is still held back, and what libraries write besides, goes nowhere too.
                with contextlib.suppress(OSError, ValueError):
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, self._stream.fileno())
                    os.close(nowhere)
        except ValueError:  # the stream was closed
            pass


@contextlib.contextmanager
def losable_output() -> Iterator[None]:
    """In here, what is written to stdout and stderr may be lost, and nothing is raised for it."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Losable(stream) for stream in before)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def printable(text: str) -> str:
    r"""A text in which nothing moves a terminal's cursor: what does is shown escaped.

    >>> printable("no run: a\nb")
    'no run: a\\nb'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "replace").decode()
        for letter in text
    )
