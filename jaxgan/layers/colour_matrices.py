"""Brightness, contrast, luma flip, hue and saturation of images by one matrix each."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxgan.layers.operations import Draw, Operations

_LUMA = np.array([1.0, 1.0, 1.0, 0.0]) / np.sqrt(3.0)
"""The axis of greys, of homogeneous colours (R, G, B, 1)."""
_ALONG = np.outer(_LUMA, _LUMA)
_COLOUR_FIELDS = ("brightness", "contrast", "luma_flip", "hue", "saturation")


def recolour(
    draws: dict[str, Draw],
    images: jax.Array,
    probability: jax.Array | float,
    operations: Operations,
) -> jax.Array:
    """The operations on colours, as one affine map of each pixel.

    Grey images (one channel) take the mean of the matrix's rows, and neither hue nor saturation.
    The fourth channel of four is opacity, and stays. Nothing is clipped.

    Args:
        draws: of `draw_all`.
        images: `[B, H, W, C]`, floats; C is 1, 3 or 4.
        probability: of each operation, [] or `[B]`.
        operations: their multipliers.

    Returns:
        `[B, H, W, C]`, of the images' dtype; images without a draw exactly as they were.
    """
    channels = images.shape[3]
    if channels == 1:
        operations = operations._replace(hue=0.0, saturation=0.0)
    if not any(getattr(operations, name) for name in _COLOUR_FIELDS):
        return images
    matrices, drawn = colour_matrices(draws, probability, operations)
    x = images.astype(jnp.promote_types(images.dtype, jnp.float32))
    if channels == 1:
        rows = matrices[:, :3].mean(axis=1)[:, None, None, :]
        x = x * rows[..., :3].sum(axis=3, keepdims=True) + rows[..., 3:]
    else:
        # Sums and not a product, whose float32 is not exact on every device.
        m = matrices[:, None, None]
        red, green, blue = x[..., 0:1], x[..., 1:2], x[..., 2:3]
        mixed = m[..., :3, 0] * red + m[..., :3, 1] * green + m[..., :3, 2] * blue + m[..., :3, 3]
        x = jnp.concatenate([mixed, x[..., 3:]], axis=3)
    return jnp.where(drawn[:, None, None, None], x.astype(images.dtype), images)


def colour_matrices(
    draws: dict[str, Draw], probability: jax.Array | float, operations: Operations
) -> tuple[jax.Array, jax.Array]:
    """Every image's matrix of (R, G, B, 1).

    Args:
        draws: of `draw_all`.
        probability: of each operation, [] or `[B]`.
        operations: their multipliers.

    Returns:
        `[B, 4, 4]`, and whether an image has had any draw, `[B]` bool.
    """
    count = len(draws["brightness"].choice)
    identity, along = jnp.eye(4)[None], jnp.asarray(_ALONG, jnp.float32)[None]
    matrices = jnp.tile(identity, (count, 1, 1))
    touched = jnp.zeros(count, bool)

    def each(values: jax.Array) -> jax.Array:
        return values[:, None, None]

    def apply(name: str, multiplier: float, map: jax.Array) -> tuple[jax.Array, jax.Array]:
        drawn = draws[name].choice < multiplier * probability
        if name == "luma_flip":
            drawn &= draws[name].uniform[0] < 0.5
        map = jnp.where(each(drawn), map, identity)
        return jnp.matmul(map, matrices, precision=lax.Precision.HIGHEST), touched | drawn

    if operations.brightness:
        shift = jnp.zeros((1, 4, 4)).at[:, :3, 3].set(1.0)
        map = identity + each(0.2 * draws["brightness"].normal[0]) * shift
        matrices, touched = apply("brightness", operations.brightness, map)
    if operations.contrast:
        last = jnp.zeros((1, 4, 4)).at[:, 3, 3].set(1.0)
        factor = jnp.exp2(0.5 * draws["contrast"].normal[0])
        matrices, touched = apply(
            "contrast", operations.contrast, each(factor) * (identity - last) + last
        )
    if operations.luma_flip:
        matrices, touched = apply("luma_flip", operations.luma_flip, identity - 2 * along)
    if operations.hue:
        angle = (2 * draws["hue"].uniform[0] - 1) * jnp.pi
        matrices, touched = apply("hue", operations.hue, _turn_about_luma(angle))
    if operations.saturation:
        factor = jnp.exp2(draws["saturation"].normal[0])
        across = jnp.diag(jnp.array([1.0, 1.0, 1.0, 0.0]))[None] - along
        matrices, touched = apply(
            "saturation", operations.saturation, identity + each(factor - 1) * across
        )
    return matrices, touched


def _turn_about_luma(angle: jax.Array) -> jax.Array:
    """Rodrigues' turn by `[B]` about the luma axis, `[B, 4, 4]`."""
    v = _LUMA[0]
    crossed = np.zeros((4, 4))
    crossed[:3, :3] = [[0, -v, v], [v, 0, -v], [-v, v, 0]]
    cosine, sine = jnp.cos(angle)[:, None, None], jnp.sin(angle)[:, None, None]
    across = np.diag([1.0, 1.0, 1.0, 0.0]) - _ALONG
    rest = _ALONG + np.diag([0.0, 0.0, 0.0, 1.0])
    return cosine * across[None] + sine * crossed[None] + rest[None]
