"""Signals that go on beyond their ends, mirrored, for ever; the ends stand once."""

from typing import TypeVar

import jax
import numpy as np

Index = TypeVar("Index", jax.Array, np.ndarray)


def mirrored(index: Index, side: int) -> Index:
    """Where in a signal the value stands that its mirrored continuation has at an index.

    Args:
        index: integers of any shape and sign.
        side: length of the signal, 1 or more.

    Returns:
        Integers in [0, side).

    >>> mirrored(np.arange(-2, 6), 4)
    array([2, 1, 0, 1, 2, 3, 2, 1])
    """
    last = side - 1
    return abs((index + last) % max(2 * last, 1) - last)
