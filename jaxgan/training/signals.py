"""Signals that ask a process to stop: the first saves, a second is answered, a third ends it."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Signals:
    """Counts the signals of a process that ask it to stop.

    While a run is played, the first is noted, for the loop to stop and save; at any other time it
    is a KeyboardInterrupt. The second is told how to give up. The third ends the process at once,
    with an exit code, if one is given; else it does what it did before.
    """

    def __init__(self, exit_code: int | None = None) -> None:
        self._exit_code = exit_code
        self._noted = 0
        self._told = 0
        self._playing = False
        self._saves = False
        self._before: dict[int, object] = {}

    @property
    def asked(self) -> bool:
        """Whether a signal has asked the process to stop."""
        return self._noted > 0

    @contextlib.contextmanager
    def playing(self) -> Iterator[None]:
        """In here, a first signal interrupts nothing."""
        self._playing = True
        try:
            yield
        finally:
            self._playing = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """In here, signals are counted."""
        for number in STOPPING:
            # What is ignored stays so, as `nohup` has it; None is a handler that is not Python's.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._note)
        with contextlib.ExitStack() as stack:
            if self._exit_code is not None:
                # A handler of Python's waits until a compilation has ended; this thread does not.
                ours, theirs = socket.socketpair()
                stack.callback(theirs.close)
                ours.setblocking(False)
                before = signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
                listener = threading.Thread(target=self._listen, args=(theirs,), daemon=True)
                listener.start()
                stack.callback(listener.join, timeout=1)  # what came before the end is told
                stack.callback(ours.close)
                stack.callback(signal.set_wakeup_fd, before)
            try:
                yield
            finally:
                for number, handler in self._before.items():
                    signal.signal(number, handler)  # type: ignore[arg-type]

    def _listen(self, socket: socket.socket) -> None:
        with contextlib.suppress(OSError):  # how a socket says that it was closed
            while numbers := socket.recv(64):
                for number in numbers:
                    if number in self._before:
                        self._tell(number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted += 1
        self._saves |= self._playing
        if self._exit_code is None:
            self._tell(number)
            if self._told > 2:
                signal.signal(number, self._before[number])  # type: ignore[arg-type]
                signal.raise_signal(number)
        if self._noted == 1 and not self._playing:
            raise KeyboardInterrupt

    def _tell(self, number: int) -> None:
        self._told += 1
        name = signal.Signals(number).name
        match self._told:
            case 1 if self._playing or self._saves:
                _write(f"{name}: the run stops after this round, and its state is saved")
            case 1:
                pass  # what it interrupts says so
            case 2:
                doing = "the state is being saved" if self._playing else "the program is stopping"
                _write(f"{name}: {doing}; one more signal ends it at once, whatever is lost")
            case _ if self._exit_code is not None:
                _write(f"{name}: ended at once; the checkpoints that were there are whole")
                os._exit(self._exit_code)


_active: list[Signals] = []


@contextlib.contextmanager
def counted_signals(exit_code: int | None = None) -> Iterator[Signals]:
    """Count the signals of this process; where they are counted already, by the same counter.

    Outside the main thread, which alone is given signals, none is ever counted.

    Args:
        exit_code: with which a third signal ends the process; where None, as before.
    """
    if _active:
        yield _active[0]
        return
    signals = Signals(exit_code)
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    _active.append(signals)
    try:
        with signals.installed():
            yield signals
    finally:
        _active.clear()


def _write(text: str) -> None:
    """A line on the terminal: whatever else is being written, and whether or not it is there."""
    with contextlib.suppress(OSError):
        os.write(2, f"\n{text}\n".encode())
