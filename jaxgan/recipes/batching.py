"""Pictures through a network, in batches of one size."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxgan.networks import check_pictures


def in_batches(
    network: Callable[[np.ndarray], Any], pictures: np.ndarray, *, batch_size: int
) -> Any:
    """What a compiled network makes of pictures, so that it is compiled for one shape.

    Args:
        network: of `[batch_size, H, W, C]` to arrays whose first axis is the batch.
        pictures: `[N, H, W, C]` uint8, grey (C = 1) or RGB (C = 3), of one size; N is 1 or more.
        batch_size: 1 or more. The last batch is filled up and cut.

    Returns:
        The same tree of arrays of NumPy, in the order of the pictures.

    Raises:
        ValueError: where the pictures are others, or there are none, or the batch size is below 1.

    >>> in_batches(lambda x: x.sum((1, 2, 3)), np.ones((3, 2, 2, 1), np.uint8), batch_size=2)
    array([4, 4, 4], dtype=uint64)
    """
    check_pictures(pictures)
    if batch_size < 1 or not len(pictures):
        raise ValueError(
            f"{len(pictures)} pictures in batches of {batch_size} have no features: give 1 picture "
            "or more, and a batch size of 1 or more"
        )
    found: list[Any] = []
    for first in range(0, len(pictures), batch_size):
        batch = pictures[first : first + batch_size]
        missing = batch_size - len(batch)
        found.append(network(np.pad(batch, [(0, missing), *[(0, 0)] * 3])))
        # The one before is fetched while the device computes this one.
        found[-2:-1] = jax.device_get(found[-2:-1])
    found[-1] = jax.device_get(found[-1])
    return jax.tree.map(lambda *parts: np.concatenate(parts)[: len(pictures)], *found)
