"""What was found of a generator, printed, and put together over several."""

from collections.abc import Sequence

import numpy as np

from jaxgan.training import Evaluation


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
