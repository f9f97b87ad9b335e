"""What a game makes of more inputs than fit in one call."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np


def generate_chunks(
    generate: Callable[[jax.Array, Any, Any], Any],
    key: jax.Array,
    state: Any,
    inputs: Mapping[str, jax.Array | np.ndarray],
    *,
    size: int,
) -> Iterator[Any]:
    """What `generate` makes of so many inputs at a time, one chunk after the other.

    What it makes of an input is a function of that input, whichever others are made with it, but
    for a network's own noise (dropout): chunk c draws it from `fold_in(key, c)`.

    Args:
        generate: a game's, jitted: every call has inputs of one shape, so it is compiled once.
        key: typed key, [].
        state: the game's.
        inputs: arrays `[N, ...]`.
        size: of a chunk, 1 or more; no larger than a training batch, it needs no more memory.

    Yields:
        What is made of the next `size` inputs, or of those that are left, as NumPy arrays.
    """
    count = len(next(iter(inputs.values())))
    size = min(size, count)
    for number, start in enumerate(range(0, count, size)):
        # The last chunk begins again at the first input: one shape.
        rows = np.arange(start, start + size) % count
        part = {name: np.asarray(array)[rows] for name, array in inputs.items()}
        made = jax.device_get(generate(jax.random.fold_in(key, number), state, part))
        yield jax.tree.map(lambda leaf, left=count - start: leaf[:left], made)
