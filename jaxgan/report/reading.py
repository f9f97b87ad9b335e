"""What a run's directory holds for its page: what is damaged is left out, and said."""

import dataclasses
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jaxgan.training import Evaluation, Run, RunError

_LARGEST = 1e100
"""What is beyond this is no number that a page can draw."""
_LAST_STEP = 2**53
"""What is beyond this is no step that a page can tell from its neighbours."""


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a page takes from a run.

    Attributes:
        run: it.
        name: of its directory.
        reached: the step that it is at.
        total: the step that it goes to; None where its configuration does not tell.
        seconds: of training, by the speed in its metrics.
        terms: by their steps, the terms of its metrics, with "speed/steps per second".
        pictures: of the fixed samples, by their steps.
        last: the evaluation of its newest checkpoint, or of the one that was asked for.
        best: that of its best checkpoint.
        during: by their steps, figures of evaluations during training.
        neighbours: sheets of nearest neighbours, of the last state and of the best: those that are
            there.
        notes: sentences about what is left out.
    """

    run: Run
    name: str
    reached: int
    total: int | None
    seconds: float
    terms: dict[int, dict[str, Any]]
    pictures: dict[int, Path]
    last: Evaluation | None
    best: Evaluation | None
    during: dict[int, dict[str, Any]]
    neighbours: dict[str, Path]
    notes: list[str]


def finite(value: Any) -> float | None:
    """A value as a number that can be drawn; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < _LARGEST else None  # NaN is not


def read_run(run: Run) -> Reading:
    """All that a page takes from a run; nothing in its directory makes it fail."""
    notes: list[str] = []
    directory = run.directory
    metrics = _lines(directory / "metrics.jsonl", "terms", notes)
    pictures = run.pictures()
    begun = (run.manifest.get("parent") or {}).get("step", 0)
    seconds, before = 0.0, begun
    for step, line in metrics.items():
        rate = finite(line.get("steps_per_second"))
        if rate is not None and rate > 0:
            seconds += max(step - before, 0) / rate
        before = step
    sheets = {
        "last": directory / "neighbours.png",
        "best": directory / "neighbours-best.png",
    }
    during = _lines(directory / "evaluations.jsonl", "figures", notes)
    return Reading(
        run=run,
        name=os.path.basename(os.path.abspath(directory)),
        reached=max([begun, *metrics, *pictures, *_digest_steps(run)]),
        total=_total(run.manifest["configuration"]),
        seconds=seconds,
        terms={step: _with_speed(line) for step, line in metrics.items()},
        pictures=pictures,
        last=_evaluation(directory / "evaluation.json", notes),
        best=_evaluation(directory / "evaluation-best.json", notes),
        during={step: line["figures"] for step, line in during.items()},
        neighbours={which: path for which, path in sheets.items() if path.is_file()},
        notes=notes,
    )


def _with_speed(line: Mapping[str, Any]) -> dict[str, Any]:
    return line["terms"] | {"speed/steps per second": line.get("steps_per_second")}


def _total(configuration: Mapping[str, Any]) -> int | None:
    schedule = configuration.get("schedule")
    steps = schedule.get("steps") if isinstance(schedule, dict) else None
    return steps if type(steps) is int else None


def _digest_steps(run: Run) -> Iterator[int]:
    try:
        yield from (line["step"] for line in run.digests() if line["step"] < _LAST_STEP)
    except OSError:
        return


def _text(path: Path, notes: list[str]) -> str | None:
    """What a file holds; None where it is not there."""
    try:
        return path.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        notes.append(f"{path} cannot be read ({error.strerror}) and is left out.")
        return None


def _parsed(text: str) -> Any:
    """What a text says in JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _lines(path: Path, holds: str, notes: list[str]) -> dict[int, dict[str, Any]]:
    """The whole lines of a file, in the order of their steps: of two of one step, the later one."""
    text = _text(path, notes)
    if text is None:
        return {}
    damaged, by_step = 0, {}
    for raw in filter(str.strip, text.split("\n")):
        line = _parsed(raw)
        step = line.get("step") if isinstance(line, dict) else None
        if type(step) is int and 0 <= step < _LAST_STEP and isinstance(line.get(holds), dict):
            by_step[step] = line
        else:
            damaged += 1
    if damaged:
        lines = "1 line" if damaged == 1 else f"{damaged} lines"
        notes.append(f"{lines} of {path} cannot be read and {_are(damaged)} left out.")
    return dict(sorted(by_step.items()))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _evaluation(path: Path, notes: list[str]) -> Evaluation | None:
    if not os.path.lexists(path):
        return None
    try:
        found = Evaluation.read(path)
    except RunError as error:
        notes.append(f"Left out: {error}.")
        return None
    if found.left_out:
        count = "1 figure" if found.left_out == 1 else f"{found.left_out} figures"
        are = _are(found.left_out)
        notes.append(f"{count} of {path} {are} no finite number and {are} left out.")
    return found


def duration(seconds: float) -> str:
    """How long something took, for people.

    >>> duration(452), duration(4.2), duration(7500)
    ('7 min 32 s', '4 s', '2 h 5 min')
    """
    minutes, left = divmod(math.floor(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {left} s" if minutes else f"{left} s"
