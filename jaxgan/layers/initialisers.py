"""How weights start."""

import math

import jax
import jax.numpy as jnp
from flax.typing import Dtype, Initializer


def normal(standard_deviation: float, *, mean: float = 0.0) -> Initializer:
    """Weights from a normal distribution: w ~ N(mean, standard_deviation^2).

    The numbers are `mean + standard_deviation * jax.random.normal(key, shape)`, but drawn as one
    row: XLA compiles the generator of an array of four axes five to ten times slower than that of
    a row, a second or two for each weight of a network on the CPU.

    Args:
        standard_deviation: not negative.
        mean: 1 for the scales of a normalisation.

    Returns:
        An initialiser, `(key, shape, dtype) -> weights`.

    >>> normal(0.02)(jax.random.key(0), (4, 4, 3, 8)).shape
    (4, 4, 3, 8)
    """

    def initialise(key: jax.Array, shape: tuple[int, ...], dtype: Dtype = jnp.float32) -> jax.Array:
        row = jax.random.normal(key, (math.prod(shape),), dtype)
        return mean + standard_deviation * row.reshape(shape)

    return initialise
