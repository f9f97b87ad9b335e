"""What the libraries that write say of what fails, so that it can be told in one sentence."""

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

_LOGGERS = ("absl", "asyncio")
"""Orbax logs to the first; the second is told of the errors in its futures."""


class Quiet(logging.Filter):
    """Keeps away what Orbax's threads say of a failure: tracebacks, up to dozens of them."""

    def begin(self) -> None:
        """From now on."""
        self._before = sys.unraisablehook
        sys.unraisablehook = self._hook
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)

    def end(self) -> None:
        """No longer."""
        sys.unraisablehook = self._before
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is neither Orbax's nor of an error that nobody waits for any more."""
        orbax = "orbax" in Path(record.pathname).parts
        return not orbax and "exception was never retrieved" not in record.getMessage()

    def _hook(self, unraisable: Any) -> None:
        """One write has failed, and another one ends when nobody waits for it any more."""
        if str(unraisable.exc_value) != "Event loop is closed":
            self._before(unraisable)


def error_code(error: Exception) -> int | None:
    """The system's code of what went wrong, as in `errno`; TensorStore has it in its text.

    >>> error_code(ValueError("RESOURCE_EXHAUSTED: Failed to write [os_error_code='28']"))
    28
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    code = re.search(r"os_error_code='([0-9]+)'", str(error))
    return None if code is None else int(code[1])


def reason(error: Exception) -> str:
    r"""What went wrong, in the system's words where it has any, else the first line of a text.

    >>> reason(ValueError("it is cut\nhere"))
    'it is cut'
    """
    code = error_code(error)
    if code is not None:
        return os.strerror(code)
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
