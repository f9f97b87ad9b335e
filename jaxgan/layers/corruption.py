"""What spoils images: bands of frequencies amplified, noise, and a rectangle cut out."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxgan.layers.mirror import mirrored
from jaxgan.layers.operations import Draw, Operations
from jaxgan.layers.wavelets import SYM2

BANDS = 4
_POWER = np.array([10.0, 1.0, 1.0, 1.0]) / 13
"""Expected power of the bands, from the lowest: that of images falls as 1 / f."""


def amplify_bands(
    draws: dict[str, Draw],
    images: jax.Array,
    probability: jax.Array | float,
    operations: Operations,
) -> jax.Array:
    """Filter rows and columns with a sum of bands, each with a gain of its own: `filter`.

    Edges are mirrored.

    Args:
        draws: of `draw_all`.
        images: `[B, H, W, C]`, floats.
        probability: [] or `[B]`.
        operations: `filter` is its multiplier.

    Returns:
        `[B, H, W, C]`, of the images' dtype; images without a draw exactly as they were.
    """
    if not operations.filter:
        return images
    gains, drawn = band_gains(draws, operations.filter * probability)
    x = images.astype(jnp.promote_types(images.dtype, jnp.float32))
    product = functools.partial(jnp.einsum, precision=lax.Precision.HIGHEST)
    rows, columns = (
        product("bn,nij->bij", gains, jnp.asarray(_band_matrices(side), x.dtype))
        for side in images.shape[1:3]
    )
    x = product("bij,bjwc->biwc", rows, x)
    x = product("bij,bhjc->bhic", columns, x)
    return jnp.where(drawn[:, None, None, None], x.astype(images.dtype), images)


def band_gains(
    draws: dict[str, Draw], probability: jax.Array | float
) -> tuple[jax.Array, jax.Array]:
    """Every image's gains of the four bands.

    One band after the other is amplified by 2^N(0, 1), and all are then scaled so that an image of
    the expected spectrum keeps its power.

    Returns:
        `[B, 4]`, and whether an image has had any draw, `[B]` bool.
    """
    count = len(draws["filter_0"].choice)
    gains, touched = jnp.ones((count, BANDS)), jnp.zeros(count, bool)
    for band in range(BANDS):
        draw = draws[f"filter_{band}"]
        drawn, gain = draw.choice < probability, jnp.exp2(draw.normal[0])
        changed = jnp.ones((count, BANDS)).at[:, band].set(jnp.where(drawn, gain, 1.0))
        changed /= jnp.sqrt((_POWER[None] * changed**2).sum(axis=1, keepdims=True))
        gains = jnp.where(drawn[:, None], gains * changed, gains)
        touched |= drawn
    return gains, touched


def add_noise(
    key: jax.Array,
    draws: dict[str, Draw],
    images: jax.Array,
    probability: jax.Array | float,
    operations: Operations,
) -> jax.Array:
    """Add Gaussian noise of a half normal strength: `noise`.

    Args:
        key: of the noise, a typed key.
        draws: of `draw_all`.
        images: `[B, H, W, C]`, floats.
        probability: [] or `[B]`.
        operations: `noise` is its multiplier.

    Returns:
        `[B, H, W, C]`, of the images' dtype.
    """
    if not operations.noise:
        return images
    draw = draws["noise"]
    drawn = draw.choice < operations.noise * probability
    strength = jnp.where(drawn, 0.1 * jnp.abs(draw.normal[0]), 0.0)
    noise = jax.random.normal(key, images.shape) * strength[:, None, None, None]
    return images + noise.astype(images.dtype)


def cut_out(
    draws: dict[str, Draw],
    images: jax.Array,
    probability: jax.Array | float,
    operations: Operations,
) -> jax.Array:
    """Set a rectangle of half the sides, centred anywhere in the image, to zero: `cutout`.

    Args:
        draws: of `draw_all`.
        images: `[B, H, W, C]`, floats.
        probability: [] or `[B]`.
        operations: `cutout` is its multiplier.

    Returns:
        `[B, H, W, C]`, of the images' dtype.
    """
    if not operations.cutout:
        return images
    draw = draws["cutout"]
    drawn = draw.choice < operations.cutout * probability

    def covered(side: int, centre: jax.Array) -> jax.Array:
        return jnp.abs((jnp.arange(side)[None] + 0.5) / side - centre[:, None]) < 0.25

    _, height, width, _ = images.shape
    rows, columns = covered(height, draw.uniform[0]), covered(width, draw.uniform[1])
    gone = drawn[:, None, None] & rows[:, :, None] & columns[:, None, :]
    return jnp.where(gone[..., None], 0, images)


def band_filters() -> np.ndarray:
    """The four bands' filters, `[4, 43]` float64, symmetric about their middle; they add up to δ.

    From the low-pass filter H of sym2, with $H H' = H(z) H(1 / z) / 2$ and the high-pass filter
    $H(-z)$ likewise: each step doubles the distances of the taps so far, filters what has come of
    them by $H H'$, and gives what that leaves out to the next band.
    """
    low = np.convolve(SYM2, SYM2[::-1]) / 2
    high = low * (-1.0) ** (np.arange(len(low)) - len(low) // 2)
    filters = np.eye(BANDS, 1)
    for band in range(1, BANDS):
        spread = np.zeros((BANDS, 2 * filters.shape[1] - 1))
        spread[:, ::2] = filters
        filters = np.stack([np.convolve(row, low) for row in spread])
        start = (filters.shape[1] - len(high)) // 2
        filters[band, start : start + len(high)] += high
    return filters


@functools.cache
def _band_matrices(side: int) -> np.ndarray:
    """The bands as matrices on a mirrored axis, `[4, side, side]`."""
    filters = band_filters()
    reach = filters.shape[1] // 2
    sources = mirrored(np.arange(side)[:, None] + np.arange(-reach, reach + 1), side)
    matrices = np.zeros((BANDS, side, side))
    for band in range(BANDS):
        np.add.at(matrices[band], (np.arange(side)[:, None], sources), filters[band])
    return matrices
