"""Images of twice and half the size, without stairs: the filter [1, 3, 3, 1] in both directions.

The two are each other's adjoint, to a factor of 4. Beyond the edges the images are zero.
"""

import chex
import jax
import jax.numpy as jnp


def bilinear_upsample(x: jax.Array) -> jax.Array:
    r"""Twice the size by bilinear interpolation.

    $$y[2i] = (x[i - 1] + 3 x[i]) / 4, \quad y[2i + 1] = (3 x[i] + x[i + 1]) / 4$$

    along the height, and then the same along the width.

    Args:
        x: images, `[B, H, W, C]` floating point.

    Returns:
        `[B, 2H, 2W, C]`, of the images' dtype.

    >>> bilinear_upsample(jnp.ones((1, 2, 1, 1)))[0, :, 0, 0].tolist()  # twice 3/4, at the edges
    [0.5625, 0.75, 0.75, 0.5625]
    """
    chex.assert_rank(x, 4)
    for axis in (1, 2):
        before, after = _neighbours(x, x, axis)
        pairs = jnp.stack([(before + 3 * x) / 4, (3 * x + after) / 4], axis=axis + 1)
        x = pairs.reshape(*x.shape[:axis], -1, *x.shape[axis + 1 :])
    return x


def bilinear_downsample(x: jax.Array) -> jax.Array:
    """Half the size: the mean of the filter [1, 3, 3, 1] over each pair of pixels.

    $$y[i] = (x[2i - 1] + 3 x[2i] + 3 x[2i + 1] + x[2i + 2]) / 8$$

    along the height, and then the same along the width.

    Args:
        x: images, `[B, H, W, C]` floating point, H and W even.

    Returns:
        `[B, H / 2, W / 2, C]`, of the images' dtype.

    Raises:
        ValueError: where H or W is odd.

    >>> bilinear_downsample(jnp.ones((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """
    chex.assert_rank(x, 4)
    if x.shape[1] % 2 or x.shape[2] % 2:
        raise ValueError(f"images of {x.shape[1]}x{x.shape[2]} have no half: take even sizes")
    for axis in (1, 2):
        pairs = x.reshape(*x.shape[:axis], x.shape[axis] // 2, 2, *x.shape[axis + 1 :])
        left, right = (jnp.take(pairs, side, axis=axis + 1) for side in (0, 1))
        before, after = _neighbours(right, left, axis)
        x = (before + 3 * left + 3 * right + after) / 8
    return x


def _neighbours(left: jax.Array, right: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    """What stands before each place, of `left`, and after it, of `right`."""

    def shifted(x: jax.Array, edges: tuple[int, int], kept: slice) -> jax.Array:
        widths = [(0, 0)] * x.ndim
        widths[axis] = edges
        return jnp.pad(x, widths)[(slice(None),) * axis + (kept,)]

    return shifted(left, (1, 0), slice(None, -1)), shifted(right, (0, 1), slice(1, None))
