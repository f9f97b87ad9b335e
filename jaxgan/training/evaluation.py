"""Figures of a generator, each with its sampling error and its protocol, and the files of them."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jaxgan.training.errors import RunError
from jaxgan.training.lines import write_whole

FORMAT = 1
"""Of the files. A newer one is refused."""

Value: TypeAlias = str | int | float | bool | None
"""Of a protocol."""

_OF_THE_SUBJECT = {"seed", "weights"}
"""What of a protocol may differ: another draw, and what was evaluated; averaged weights beside the
last are a fair comparison."""
_SAME = ("step", "weights", "seed")
"""What figures of one subject share."""


@dataclass(frozen=True)
class Figure:
    """A number that says how good pictures are.

    Attributes:
        name: with what it was made by, as in "FD (EfficientNet-Lite0)".
        value: the number.
        error: its standard error, from one draw of the pictures to another; None where it is not
            known.
        better: which way; None where neither is.
        protocol: all that another figure of this name must share to be compared with it.
    """

    name: str
    value: float
    error: float | None = None
    better: Literal["lower", "higher"] | None = None
    protocol: Mapping[str, Value] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """Figures of a run's checkpoint, or of a folder.

    Attributes:
        subject: what was evaluated, in plain values, with its `directory`.
        figures: of it.
        left_out: of a file, how many figures of it are no finite numbers, and not here.
    """

    subject: Mapping[str, Any]
    figures: Sequence[Figure]
    left_out: int = 0

    def write(self, path: Path) -> None:
        """Write it as JSON, which knows finite numbers alone: others are null."""
        figures = [dataclasses.asdict(figure) for figure in self.figures]
        plain = {
            "format": FORMAT,
            "subject": dict(self.subject),
            "figures": [
                figure | {key: _finite(figure[key]) for key in ("value", "error")}
                for figure in figures
            ],
        }
        write_whole(path, json.dumps(plain, indent=2) + "\n")

    def beside(self, path: Path) -> "Evaluation":
        """With those figures of a file that are of the same step, weights and seed, and not here.

        Args:
            path: of an earlier evaluation; none has to be there.
        """
        try:
            earlier = Evaluation.read(path)
        except RunError:
            return self
        if any(earlier.subject.get(key) != self.subject.get(key) for key in _SAME):
            return self
        here = {figure.name for figure in self.figures}
        others = [figure for figure in earlier.figures if figure.name not in here]
        return Evaluation(self.subject, [*self.figures, *others])

    @classmethod
    def read(cls, path: Path) -> "Evaluation":
        """Read what `write` wrote, or the names and values that earlier versions did.

        Raises:
            RunError: where it is no such file, or a newer one.
        """
        try:
            plain = json.loads(path.read_text("utf-8", "replace"))
        except OSError as error:
            raise RunError(
                f"{path} cannot be read ({error.strerror}): name a run that was evaluated, or a "
                "file that evaluate wrote"
            ) from error
        except (ValueError, RecursionError):
            plain = None
        told = plain.get("figures") if isinstance(plain, dict) else None
        if plain is None or not isinstance(told, list | dict):
            raise RunError(
                f"{path} is no evaluation: give a file that evaluate wrote, such as evaluation.json"
            )
        if plain.get("format", FORMAT) != FORMAT:
            raise RunError(f"{path} is of a newer format, which a newer jaxgan reads: use that")
        subject = plain.get("subject")
        if isinstance(told, dict):
            told = [{"name": name, "value": value} for name, value in told.items()]
            subject = {name: plain[name] for name in ("step", "seed") if name in plain}
        figures = [figure for figure in map(_figure, told) if figure is not None]
        return cls(subject if isinstance(subject, dict) else {}, figures, len(told) - len(figures))


def differing(protocols: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """What differs between protocols, with the value of each; seeds and weights may.

    Args:
        protocols: of one figure.

    >>> differing([{"k": 3, "seed": 0}, {"k": 5, "seed": 1}])
    {'k': [3, 5]}
    """
    names = dict.fromkeys(name for protocol in protocols for name in protocol)
    values = {name: [protocol.get(name) for protocol in protocols] for name in names}
    return {
        name: found
        for name, found in values.items()
        if name not in _OF_THE_SUBJECT and any(value != found[0] for value in found)
    }


def _finite(value: Any) -> float | None:
    """A value as a finite number; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _figure(told: Any) -> Figure | None:
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        return None
    value, better, protocol = _finite(told.get("value")), told.get("better"), told.get("protocol")
    if value is None:
        return None
    return Figure(
        told["name"],
        value,
        _finite(told.get("error")),
        better if better in ("lower", "higher") else None,
        protocol if isinstance(protocol, dict) else {},
    )
