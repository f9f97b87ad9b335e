"""Runs that belong together, and the curves of their terms, thinned."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from jaxgan.report.reading import Reading, finite
from jaxgan.training import flat

_POINTS = 500
"""Of a curve, at the most."""
_NUMBERS = 120_000
"""Of all curves of a page together, about."""

Setting: TypeAlias = tuple[str, str]


class Group(NamedTuple):
    """Runs that differ in their seeds alone.

    Attributes:
        name: what tells it from the other groups; "" where there is one alone.
        readings: its runs.
        settings: of all of them, by name.
    """

    name: str
    readings: list[Reading]
    settings: dict[str, str]


class Curves(NamedTuple):
    """What is drawn over steps.

    Attributes:
        each: how many logged steps a point is the mean of, by group.
        steps: of the points, by group.
        values: by the term's name, of each group, of each of its runs, a number a point; None where
            there is no finite one.
    """

    each: list[int]
    steps: list[list[int]]
    values: dict[str, list[list[list[float | None]]]]


def groups_of(readings: Sequence[Reading]) -> list[Group]:
    """The runs in groups, in the order in which they were named."""
    found: dict[tuple[Setting, ...], list[Reading]] = {}
    for reading in readings:
        found.setdefault(tuple(sorted(_settings(reading).items())), []).append(reading)
    groups = [Group("", members, _settings(members[0])) for members in found.values()]
    differing = different([group.settings for group in groups])
    return [group._replace(name=_name(group.settings, differing)) for group in groups]


def different(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """The names of those that are not the same in all."""
    names = dict.fromkeys(name for several in settings for name in several)
    return [name for name in names if len({several.get(name) for several in settings}) > 1]


def word(value: Any) -> str:
    """A value of a configuration, for people.

    >>> word(None), word(True), word([96, 128]), word(0.0002)
    ('none', 'yes', '96 128', '0.0002')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(word, value))
    return str(value)


def _settings(reading: Reading) -> dict[str, str]:
    manifest = reading.run.manifest
    settings = {name: word(value) for name, value in flat(manifest["configuration"]).items()}
    settings["data"] = manifest["data"]
    if parent := manifest.get("parent"):
        settings["begins with"] = f"{word(parent['taken'])} of step {parent['step']} of a run"
    return settings


def _name(settings: Mapping[str, str], differing: Sequence[str]) -> str:
    told = [f"{name.rpartition('.')[2]} {settings.get(name, 'unknown')}" for name in differing[:3]]
    more = len(differing) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def thinned(groups: Sequence[Sequence[Mapping[int, Mapping[str, Any]]]]) -> Curves:
    """Curves of a few hundred points at most, each the mean of finite values.

    Args:
        groups: of each group, of each run, values by step and name.
    """
    names = dict.fromkeys(
        name for runs in groups for run in runs for line in run.values() for name in line
    )
    curves = max(1, len(names) * sum(len(runs) for runs in groups))
    most = max(20, min(_POINTS, _NUMBERS // curves))
    made = Curves([], [], {name: [] for name in names})
    for runs in groups:
        steps = sorted({step for run in runs for step in run})
        each = max(1, -(-len(steps) // most))
        bins = [steps[first : first + each] for first in range(0, len(steps), each)]
        made.each.append(each)
        made.steps.append([several[-1] for several in bins])
        for name, values in made.values.items():
            values.append([[_mean(run, name, several) for several in bins] for run in runs])
    return made


def _mean(run: Mapping[int, Mapping[str, Any]], name: str, steps: Sequence[int]) -> float | None:
    found = [finite(run[step].get(name)) for step in steps if step in run]
    numbers = [number for number in found if number is not None]
    return float(f"{sum(numbers) / len(numbers):.5g}") if numbers else None
