"""Images with a margin."""

import chex
import jax
import jax.numpy as jnp


def reflection_padding(x: jax.Array, padding: int) -> jax.Array:
    """Images with a margin that mirrors them; the pixels of the edge stand once.

    Args:
        x: images, `[B, H, W, C]`.
        padding: width of the margin on all four sides, not negative and below H and W.

    Returns:
        `[B, H + 2 padding, W + 2 padding, C]`, of the images' dtype.

    Raises:
        ValueError: where the margin is out of range.

    >>> reflection_padding(jnp.arange(3).reshape(1, 1, 3, 1).repeat(3, axis=1), 2)[0, 0, :, 0]
    Array([2, 1, 0, 1, 2, 1, 0], dtype=int32)
    """
    chex.assert_rank(x, 4)
    if not 0 <= padding < min(x.shape[1:3]):
        raise ValueError(
            f"images of {x.shape[1]}x{x.shape[2]} have no mirror image of {padding} pixels: take "
            "larger images, or a margin of 0 or more that is narrower than they are"
        )
    return jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="reflect")
