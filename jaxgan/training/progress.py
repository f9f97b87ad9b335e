"""What a person sees while a run goes on."""

import sys
import time
from typing import Any, Protocol, Self


class Progress(Protocol):
    """Tells a person how far a run is."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> None: ...

    def say(self, text: str) -> None:
        """A sentence of its own line."""
        ...

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """Show the terms of the last round, on a line of their own where one is due.

        Returns:
            Rounds a second since the last such line.
        """
        ...


class Silence:
    """For the processes that are not the first."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def say(self, text: str) -> None:
        """Says nothing."""

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """Shows nothing."""
        return 0.0


class Lines:
    """Plain lines, for files and pipes."""

    def __init__(self, start: int, end: int) -> None:
        self._end = end
        self._pace = _Pace(start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def say(self, text: str) -> None:
        """A sentence of its own line."""
        print(text, flush=True)

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """A line where one is due."""
        if line:
            rate = self._pace.measure(step)
            left = self._pace.left(self._end - step)
            values = "  ".join(f"{name} {value:.4g}" for name, value in terms.items())
            self.say(f"step {step}/{self._end}  {rate:.2f} steps/s  {left} left  {values}")
        return self._pace.rate


class Display:
    """A live display, for a terminal: a bar, and a table of every term."""

    def __init__(self, start: int, end: int) -> None:
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        self._end = end
        self._pace = _Pace(start)
        self._bar = Bar(
            TextColumn("step"),
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("{task.fields[rate]:.2f} steps/s  {task.fields[left]} left"),
        )
        self._task = self._bar.add_task("", total=end, completed=start, rate=0.0, left="?")
        self._live = Live(self._bar, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.__exit__(*error)

    def say(self, text: str) -> None:
        """A sentence above the display."""
        self._live.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """The bar and the table, as they are now."""
        from rich.console import Group
        from rich.table import Table

        if line or not self._pace.rate:
            self._pace.measure(step)
        left = self._pace.left(self._end - step)
        self._bar.update(self._task, completed=step, rate=self._pace.rate, left=left)
        table = Table.grid(padding=(0, 2))
        for name, value in terms.items():
            table.add_row(name, f"{value:.4g}")
        self._live.update(Group(self._bar, table))
        return self._pace.rate


def progress(start: int, end: int) -> Progress:
    """A live display on a terminal, plain lines elsewhere."""
    return Display(start, end) if sys.stdout.isatty() else Lines(start, end)


class _Pace:
    """How fast a run goes."""

    def __init__(self, step: int) -> None:
        self._step, self._time = step, time.perf_counter()
        self.rate = 0.0

    def measure(self, step: int) -> float:
        """Rounds a second since the last measure."""
        now = time.perf_counter()
        self.rate = (step - self._step) / max(now - self._time, 1e-9)
        self._step, self._time = step, now
        return self.rate

    def left(self, steps: int) -> str:
        """How long so many rounds take at the rate of the last measure."""
        if not self.rate:
            return "?"
        minutes, seconds = divmod(round(steps / self.rate), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"
