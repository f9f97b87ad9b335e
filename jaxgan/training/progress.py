"""What a person sees while a run goes on."""

import base64
import contextlib
import html
import io
import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol, Self

from jaxgan.training.pictures import Picture


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

    def sample(self, sheet: Picture) -> None:
        """Show the newest picture of the fixed samples, where pictures can be shown."""
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

    def sample(self, sheet: Picture) -> None:
        """Shows no picture."""


class Lines:
    """Plain lines, for files and pipes. Where nobody reads them any more, they are lost."""

    def __init__(self, start: int, end: int, *, runs: int = 1) -> None:
        self._end, self._runs = end, runs
        self._pace = _Pace(start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def say(self, text: str) -> None:
        """A sentence of its own line."""
        with contextlib.suppress(OSError):
            print(text, flush=True)

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """A line where one is due."""
        if line:
            rate = self._pace.measure(step)
            left = self._pace.left(self._end - step)
            values = "  ".join(f"{name} {value:.4g}" for name, value in terms.items())
            where = f"step {step}/{self._end}{_of(self._runs)}"
            self.say(f"{where}  {rate:.2f} steps/s  {left} left  {values}")
        return self._pace.rate

    def sample(self, sheet: Picture) -> None:
        """Shows no picture."""


class Display:
    """A live display, for a terminal: a bar, and a table of every term."""

    def __init__(self, start: int, end: int, *, runs: int = 1) -> None:
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        self._end = end
        self._pace = _Pace(start)
        self._bar = Bar(
            TextColumn("step"),
            MofNCompleteColumn(),
            *([TextColumn(_of(runs).strip())] if runs > 1 else []),
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

    def sample(self, sheet: Picture) -> None:
        """Shows no picture."""


class Notebook:
    """The cell of a notebook: a bar, the newest samples and the curves of the loss, each in place.

    Args:
        start: the step that the run goes on after.
        end: its last.
        earlier: lines of metrics up to `start`, for the curves.
        runs: how many the terms are the mean of.
    """

    def __init__(
        self, start: int, end: int, earlier: Sequence[dict[str, Any]] = (), *, runs: int = 1
    ) -> None:
        self._step, self._end, self._runs = start, end, runs
        self._terms: dict[str, float] = {}
        self._lines = [(line["step"], line["terms"]) for line in earlier if line["step"] <= start]
        self._pace = _Pace(start)
        self._bar, self._sheet, self._curves = (_Place() for _ in range(3))
        self._shown = -1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._show_bar()
        self._show_curves()

    def say(self, text: str) -> None:
        """A sentence of its own line."""
        print(text, flush=True)

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """The bar, a few times a second."""
        self._step, self._terms = step, terms
        if line or not self._pace.rate:
            self._pace.measure(step)
        if line:
            self._lines.append((step, terms))
        if line or time.perf_counter() - self._shown > 0.25:
            self._show_bar()
        return self._pace.rate

    def sample(self, sheet: Picture) -> None:
        """The newest samples, and the curves up to them."""
        self._show_bar()  # it stands above them
        small = sheet.copy()
        small.thumbnail((800, 800))  # the notebook keeps it
        file = io.BytesIO()
        small.save(file, "PNG")
        self._sheet.show({"image/png": _base64(file), "text/plain": "the newest samples"})
        self._show_curves()

    def _show_bar(self) -> None:
        self._shown = time.perf_counter()
        left = self._pace.left(self._end - self._step)
        where = f"step {self._step}/{self._end}{_of(self._runs)}"
        text = f"{where}  {self._pace.rate:.2f} steps/s  {left} left"
        terms = "  ".join(f"{name} {value:.4g}" for name, value in self._terms.items())
        bar = f'<progress value="{self._step}" max="{self._end}"></progress>'
        rows = f"{bar} {text}<br><small>{html.escape(terms)}</small>"
        self._bar.show({"text/html": rows, "text/plain": f"{text}\n{terms}"})

    def _show_curves(self) -> None:
        if self._lines:
            file = io.BytesIO()
            draw_curves(self._lines).savefig(file, format="png", dpi=100)
            self._curves.show({"image/png": _base64(file), "text/plain": "the terms of the loss"})


class _Place:
    """A part of a cell's output, that what is shown later takes."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, data: dict[str, Any]) -> None:
        from IPython.display import DisplayHandle

        if self._handle is None:
            self._handle = DisplayHandle()
            self._handle.display(data, raw=True)
        else:
            self._handle.update(data, raw=True)


def _base64(file: io.BytesIO) -> str:
    return base64.b64encode(file.getvalue()).decode()


def draw_curves(lines: Sequence[tuple[int, dict[str, float]]]) -> Any:
    """Curves of the terms of the loss, a panel a player: a figure of matplotlib.

    Args:
        lines: one at least: steps, and terms by name, `player/term`. Scores and the norms of
            gradients are no terms of a loss; they are left out.
    """
    from matplotlib.figure import Figure

    lines = lines[:: -max(1, len(lines) // 1000)][::-1]  # more would take long; the last is there
    names = [name for name in lines[-1][1] if not name.endswith(("_score", "gradient_norm"))]
    players = list(dict.fromkeys(name.rpartition("/")[0] for name in names)) or [""]
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    panels = figure.subplots(1, len(players), squeeze=False)[0]
    steps = [step for step, _ in lines]
    for panel, player in zip(panels, players, strict=True):
        panel.set_title(player)
        panel.set_xlabel("step")
        for name in names:
            one, _, term = name.rpartition("/")
            if one == player:
                values = [terms.get(name, float("nan")) for _, terms in lines]
                panel.plot(steps, values, label=term, marker="." if len(lines) == 1 else None)
        if panel.lines:
            panel.legend(fontsize="small")
    return figure


def progress(
    start: int, end: int, earlier: Sequence[dict[str, Any]] = (), *, runs: int = 1
) -> Progress:
    """Pictures and curves in a notebook, a live display on a terminal, plain lines elsewhere.

    Args:
        start: the step that the run goes on after.
        end: its last.
        earlier: lines of metrics, as `Run.metrics` gives them, for the curves.
        runs: how many are played together; the terms are their mean.
    """
    # Of IPython nothing is imported where it does not run.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        return Notebook(start, end, earlier, runs=runs)
    return (Display if sys.stdout.isatty() else Lines)(start, end, runs=runs)


def _of(runs: int) -> str:
    return f" of {runs} runs" if runs > 1 else ""


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
