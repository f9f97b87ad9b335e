"""Images slanted, scaled and shifted at random, each by an affine map of its own."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates

_SLANT, _RISE, _SCALE, _SHIFT = 0.4, 0.15, 0.2, 0.05
"""At strength 1: columns for a row, rows for a column, of a side, and of a side again."""


def random_affine(key: jax.Array, images: jax.Array, strength: float = 1.0) -> jax.Array:
    r"""Slant, scale and shift images as handwriting is: what is drawn stays what it is.

    The point (y, x), measured from the centre, shows what was at

    $$(1 + 0.2 a) y + 0.15 b x + 0.05 H e, \quad 0.4 c y + (1 + 0.2 d) x + 0.05 W f$$

    with $a, ..., f ~ U(-strength, strength)$ of each image; between pixels bilinearly, and beyond
    the edges mirrored. Linear in the images.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats.
        strength: how far; with 0 images stay as they are.

    Returns:
        `[B, H, W, C]`, of the images' dtype.

    Raises:
        AssertionError: where the images are not floats of rank 4.

    >>> images = jax.random.normal(jax.random.key(0), (16, 28, 28, 1))
    >>> random_affine(jax.random.key(1), images).shape
    (16, 28, 28, 1)
    """
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
    count, height, width, _ = images.shape
    a, b, c, d, e, f = strength * jax.random.uniform(key, (6, count, 1, 1), minval=-1, maxval=1)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    y = jnp.arange(height)[None, :, None] - middle_y
    x = jnp.arange(width)[None, None, :] - middle_x
    rows = (1 + _SCALE * a) * y + _RISE * b * x + _SHIFT * height * e + middle_y
    columns = _SLANT * c * y + (1 + _SCALE * d) * x + _SHIFT * width * f + middle_x
    sample = partial(map_coordinates, order=1, mode="mirror")
    of_channels = jax.vmap(sample, in_axes=(2, None), out_axes=2)
    return jax.vmap(of_channels)(images, [rows, columns])
