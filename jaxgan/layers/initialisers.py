"""How weights start."""

import math

import jax
import jax.numpy as jnp
from flax.typing import Dtype, Initializer


def normal(standard_deviation: float, *, mean: float = 0.0) -> Initializer:
    """Weights from a normal distribution: $w ~ N(mean, deviation^2)$.

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


def glorot(*, gain: float = 1.0) -> Initializer:
    r"""Weights from $U(-a, a)$, as in Glorot and Bengio (2010).

    $$a = gain \sqrt{6 / (inputs + outputs)}$$

    Inputs and outputs are those of one number that comes out and in: the last two axes, times the
    taps of a kernel. Drawn as one row, as in `normal`.

    Args:
        gain: not negative; $\sqrt{2}$ for layers behind a rectifier.

    Returns:
        An initialiser, `(key, shape, dtype) -> weights`.

    >>> float(glorot()(jax.random.key(0), (3, 3, 4, 8)).max()) < (6 / (9 * 12)) ** 0.5
    True
    """

    def initialise(key: jax.Array, shape: tuple[int, ...], dtype: Dtype = jnp.float32) -> jax.Array:
        *taps, inputs, outputs = shape
        largest = gain * math.sqrt(6 / (math.prod(taps) * (inputs + outputs)))
        row = jax.random.uniform(key, (math.prod(shape),), dtype, -largest, largest)
        return row.reshape(shape)

    return initialise


def fan_in_normal(*, gain: float = 1.0) -> Initializer:
    r"""Weights from $N(0, gain^2 / n)$, where n numbers are summed to make one: He et al. (2015).

    n is the product of all axes but the last. Drawn as one row, as in `normal`.

    Args:
        gain: not negative; $\sqrt{2}$ for layers behind a rectifier, 0 for weights that
            are all zero.

    Returns:
        An initialiser, `(key, shape, dtype) -> weights`.

    >>> fan_in_normal()(jax.random.key(0), (3, 3, 16, 32)).shape
    (3, 3, 16, 32)
    """

    def initialise(key: jax.Array, shape: tuple[int, ...], dtype: Dtype = jnp.float32) -> jax.Array:
        return normal(gain / math.sqrt(math.prod(shape[:-1])))(key, shape, dtype)

    return initialise
