"""What else writes a run down, and how it stops no run."""

import json
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from jaxgan.training.errors import RunError
from jaxgan.training.lines import write_whole
from jaxgan.training.pictures import Picture, on_white, shrunk
from jaxgan.training.run import Run


class Logger(Protocol):
    """Writes a run down where people look at it. Whatever it raises, the run goes on.

    One belongs to one run.
    """

    @property
    def name(self) -> str:
        """What it writes, as in "MLflow's records could not be written"."""
        ...

    def begin(self, run: Run, *, start: int, written: int) -> None:
        """Called first, and again where it failed.

        Args:
            run: what is logged.
            start: the step that the run goes on from.
            written: the last step of which there are metrics, which may be after `start`, where the
                run was ended in between: its steps up to there come again, and are the same.
        """
        ...

    def add_terms(self, step: int, terms: Mapping[str, float]) -> None:
        """Numbers of a step by their names, as in "generator/loss"."""
        ...

    def add_picture(self, step: int, picture: Picture) -> None:
        """The picture of a step, without transparency."""
        ...

    def finish(self, *, complete: bool) -> None:
        """Called last, if it has begun: the run has come to its end, or was stopped before."""
        ...


class Loggers:
    """The loggers of a run. What one of them cannot write is given up, which is said once.

    It is tried again when the next is due. Where it took more than a second to fail, ten times as
    long passes first: a server that does not answer costs a run a tenth of its time at most.
    """

    def __init__(
        self,
        loggers: Sequence[Logger],
        run: Run,
        *,
        start: int,
        written: int,
        say: Callable[[str], None],
    ) -> None:
        """Nothing is begun yet.

        Args:
            loggers: any number.
            run: as for `Logger.begin`.
            start: as for `Logger.begin`.
            written: as for `Logger.begin`.
            say: tells a person a sentence.
        """
        begins = [partial(logger.begin, run, start=start, written=written) for logger in loggers]
        self._guards = [
            _Guard(logger, begin, say) for logger, begin in zip(loggers, begins, strict=True)
        ]

    def begin(self) -> None:
        """Begin now, not with the first thing that is written."""
        for guard in self._guards:
            guard.attempt("begin", lambda logger: None)

    def add_terms(self, step: int, terms: Mapping[str, float]) -> None:
        """See `Logger.add_terms`."""
        for guard in self._guards:
            guard.attempt("terms", lambda logger: logger.add_terms(step, terms))

    def add_picture(self, step: int, picture: Picture) -> None:
        """See `Logger.add_picture`; what is transparent comes on white."""
        picture = on_white(shrunk(picture))
        for guard in self._guards:
            guard.attempt("picture", lambda logger: logger.add_picture(step, picture))

    def finish(self, *, complete: bool) -> None:
        """See `Logger.finish`."""
        for guard in self._guards:
            if guard.begun:
                guard.attempt("finish", lambda logger: logger.finish(complete=complete))


class _Guard:
    """One logger, which raises nothing."""

    def __init__(
        self, logger: Logger, begin: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self.begun = False
        self._logger, self._begin, self._say = logger, begin, say
        self._failing: set[str] = set()
        self._again = 0.0

    def attempt(self, what: str, write: Callable[[Logger], None]) -> None:
        before = time.monotonic()
        if before < self._again:
            return
        failing = bool(self._failing)
        try:
            if not self.begun:
                self._begin()
                self.begun = True
                self._failing.discard("begin")
            write(self._logger)
        except Exception as error:  # other people's code, and networks
            self._failing.add(what if self.begun else "begin")
            now = time.monotonic()
            if now - before > 1:
                self._again = now + 10 * (now - before)
            if not failing:
                self._say(
                    f"{self._logger.name} could not be written{_reason(error)}: training goes on, "
                    "and they are written again as soon as they can be"
                )
        else:
            self._failing.discard(what)
            if failing and not self._failing:
                self._say(f"{self._logger.name} are written again")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f" to {error.filename}" if error.filename else ""
        return f"{where} ({error.strerror})"
    return f" ({textwrap.shorten(str(error), 300) or type(error).__name__})"


def logged(run: Run) -> dict[str, dict[str, str]]:
    """What each logger of a run needs to go on with it, by the logger's short name.

    Raises:
        RunError: where that was written and cannot be read.
    """
    path = _memory(run)
    try:
        memory = json.loads(path.read_text())
        if isinstance(memory, dict) and all(isinstance(value, dict) for value in memory.values()):
            return memory
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        pass
    raise RunError(f"{path} cannot be read: remove it; what the run logs to is named anew (--log)")


def remember(run: Run, name: str, memory: Mapping[str, str]) -> None:
    """Write down what a logger needs to go on with a run; see `logged`.

    Raises:
        OSError: where it cannot be written.
        RunError: where what was written before cannot be read.
    """
    write_whole(_memory(run), json.dumps(logged(run) | {name: dict(memory)}, indent=2) + "\n")


def _memory(run: Run) -> Path:
    return run.directory / "loggers.json"
