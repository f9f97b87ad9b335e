"""What was found of a generator, printed, and put together over several."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxgan.data import to_path
from jaxgan.training import Evaluation, RunError, differing


def refuse_twice(paths: Sequence[Path]) -> None:
    """Refuse what is named twice, under whatever names.

    Raises:
        RunError: names it.
    """
    whole = [to_path(path).resolve() for path in paths]
    for number, path in enumerate(paths):
        if whole[number] in whole[:number]:
            raise RunError(f"{path} is there twice: name it once")


def print_figures(evaluation: Evaluation) -> None:
    """One line a figure."""
    for figure in evaluation.figures:
        error = "" if figure.error is None else f" ± {figure.error:.2g}"
        better = "" if figure.better is None else f" ({figure.better} is better)"
        print(f"{figure.name}: {figure.value:.4g}{error}{better}")


def print_spread(evaluations: Sequence[Evaluation]) -> None:
    """Mean and standard deviation of each figure over several runs, of those that all have.

    There is none of figures that were measured in different ways: what differs is said.
    """
    tables = [{figure.name: figure for figure in e.figures} for e in evaluations]
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    if not shared:
        print("no figure is of all of these: there is no mean")
        return
    print(f"mean ± standard deviation of {len(tables)}:")
    for name in shared:
        apart = differing([table[name].protocol for table in tables])
        if apart:
            told = [f"{key} {', '.join(map(str, values))}" for key, values in apart.items()]
            print(f"{name}: no mean, for the protocols differ: {'; '.join(told)}")
            continue
        values = np.array([table[name].value for table in tables])
        print(f"{name}: {values.mean():.4g} ± {values.std(ddof=1):.2g}")
