"""The verbs, and nothing else."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def _plainly_interrupted() -> Iterator[None]:
    """In here, Ctrl-C ends the process as it ends any other, without a trace.

    While libraries are imported there is nothing to save, and some of them lose a KeyboardInterrupt
    in a callback.
    """
    theirs = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread()
    if not (ours and theirs is signal.default_int_handler):
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, theirs)


with _plainly_interrupted():
    from jaxgan.cli.main import main as main
