"""Distributions that latent vectors are drawn from."""

from collections.abc import Callable
from typing import TypeAlias

import jax

Prior: TypeAlias = Callable[[jax.Array, int], jax.Array]
"""`(key, count) -> latents`: `count` latent vectors, `[count, Z]` float32."""


def normal(size: int) -> Prior:
    """Latents from the standard normal distribution: $z ~ N(0, I)$.

    Args:
        size: Z, how many numbers a latent has; positive.

    Returns:
        A prior: `(key, count) -> [count, Z]` float32.

    Raises:
        ValueError: where `size` is not positive.

    >>> normal(100)(jax.random.key(0), 16).shape
    (16, 100)
    """
    _check(size)
    return lambda key, count: jax.random.normal(key, (count, size))


def uniform(size: int) -> Prior:
    """Latents from the cube: $z ~ U(-1, 1)^Z$, as in the papers of GAN and DCGAN.

    Args:
        size: Z, how many numbers a latent has; positive.

    Returns:
        A prior: `(key, count) -> [count, Z]` float32 in [-1, 1).

    Raises:
        ValueError: where `size` is not positive.
    """
    _check(size)
    return lambda key, count: jax.random.uniform(key, (count, size), minval=-1.0, maxval=1.0)


def _check(size: int) -> None:
    if size <= 0:
        raise ValueError(f"a latent of {size} numbers cannot be drawn: give a size of 1 or more")
