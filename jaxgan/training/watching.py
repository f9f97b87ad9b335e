"""How good a generator is while it is trained, and which of its states was the best."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from jaxgan.training.experiment import Generate


class Measured(NamedTuple):
    """What was found of a state.

    Attributes:
        figures: by their names.
        rank: of the states of a run, the one with the least is the best; None where they cannot be
            ranked.
    """

    figures: Mapping[str, float]
    rank: float | None = None


Watch: TypeAlias = Callable[[Generate], Measured]
"""Measures the generator of a state; the same generator in the same way each time."""
