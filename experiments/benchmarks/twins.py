"""The rows in PyTorch."""

from collections.abc import Callable

from experiments.benchmarks import latent_twins, translation_twins
from experiments.benchmarks.players import Execution
from experiments.benchmarks.rows import LatentRow, Row


def update(row: Row, execution: Execution) -> Callable[[], None]:
    """A function that plays one round, on a fixed batch of random images."""
    if isinstance(row, LatentRow):
        return latent_twins.update(row, execution)
    return translation_twins.update(row, execution)


def difference(row: Row) -> float:
    """The largest difference between the two sides' outputs, both networks, on carried weights."""
    if isinstance(row, LatentRow):
        return latent_twins.difference(row)
    return translation_twins.difference(row)
