"""What was found of a generator: kept beside it, printed, and put together over several."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan import recipes
from jaxgan.training import RunError, write_whole

FORMAT = 1
"""Of the files. A newer one is refused."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of a run's checkpoint, or of a folder.

    Attributes:
        subject: what was evaluated, in plain values, with its `directory`.
        figures: of it.
    """

    subject: Mapping[str, Any]
    figures: Sequence[recipes.Figure]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        plain = {
            "format": FORMAT,
            "subject": dict(self.subject),
            "figures": [figure.plain() for figure in self.figures],
        }
        write_whole(path, json.dumps(plain, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Evaluation":
        """Read what `write` wrote.

        Raises:
            RunError: where it is no such file, or a newer one.
        """
        try:
            plain = json.loads(path.read_text())
            if plain["format"] > FORMAT:
                raise RunError(f"{path} was written by a newer jaxgan: use that")
            figures = [recipes.Figure.of_plain(figure) for figure in plain["figures"]]
            return cls(plain["subject"], figures)
        except OSError as error:
            raise RunError(f"{path} cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RunError(
                f"{path} has no figures: give a file that evaluate wrote, such as evaluation.json"
            ) from None


def print_figures(evaluation: Evaluation) -> None:
    """One line a figure."""
    for figure in evaluation.figures:
        error = "" if figure.error is None else f" ± {figure.error:.2g}"
        better = "" if figure.better is None else f" ({figure.better} is better)"
        print(f"{figure.name}: {figure.value:.4g}{error}{better}")


def print_spread(evaluations: Sequence[Evaluation]) -> None:
    """Mean and standard deviation of each figure over several runs, of those that all have."""
    tables = [{figure.name: figure.value for figure in e.figures} for e in evaluations]
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    print(f"mean ± standard deviation of {len(tables)}:")
    for name in shared:
        values = np.array([table[name] for table in tables])
        print(f"{name}: {values.mean():.4g} ± {values.std(ddof=1):.2g}")
