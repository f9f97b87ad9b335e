"""The last stretch of both pipelines, on the device: flips, and from bytes to [-1, 1]."""

import functools
import zlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

_FLIP = zlib.crc32(b"flip")

Raw = Mapping[str, np.ndarray | jax.Array]
"""A batch as it is stored: images `[B, H, W, C]` uint8, labels `[B]` int32, others as they are."""

Batch = dict[str, jax.Array]
"""A batch as games take it: images `[B, H, W, C]` float32 in [-1, 1], labels `[B]` int32, others as
they are."""


@functools.partial(jax.jit, static_argnames=("seed", "batch_size", "first", "flip"))
def finish_batch(
    raw: Raw, step: int | jax.Array, *, seed: int, batch_size: int, first: int, flip: bool
) -> Batch:
    """Flip half of the images from left to right and scale them: x <- (2 x - 255) / 255.

    Which ones are flipped is a function of (seed, step) and of the place in the batch; arrays of
    images under other names are flipped along. All else passes unchanged.

    Args:
        raw: Arrays `[n, ...]`: rows `first` to `first + n - 1` of the batch.
        step: Of the run; int32.
        seed: Of the run, in [0, 2^32).
        batch_size: B, examples in the whole batch.
        first: The first row that `raw` holds.
        flip: Whether to flip at all.

    Returns:
        The same names and shapes; images are float32 in [-1, 1].
    """
    key_flip = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), step), _FLIP)
    flipped = jax.random.bernoulli(key_flip, shape=(batch_size,))

    def finish(array: np.ndarray | jax.Array) -> jax.Array:
        if array.dtype != np.uint8 or array.ndim != 4:
            return jnp.asarray(array)
        # 2 x - 255 is exact, so one rounding is all there is: fusion cannot change a bit.
        image = (2.0 * jnp.asarray(array, jnp.float32) - 255.0) / 255.0
        if not flip:
            return image
        rows = flipped[first : first + len(array), None, None, None]
        return jnp.where(rows, image[:, :, ::-1], image)

    return {name: finish(array) for name, array in raw.items()}
