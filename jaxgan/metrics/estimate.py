"""A figure that comes with how far it varies."""

from typing import NamedTuple


class Estimate(NamedTuple):
    """A mean over parts of the samples, and its spread.

    Attributes:
        mean: over the parts.
        deviation: the standard deviation over them (divided by their number), not that of the mean.
    """

    mean: float
    deviation: float
