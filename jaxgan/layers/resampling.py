"""Images of twice and of half the size."""

import chex
import jax
import jax.numpy as jnp


def upsample(x: jax.Array) -> jax.Array:
    """Every pixel four times: nearest neighbour.

    Args:
        x: [B, H, W, C].

    Returns:
        [B, 2H, 2W, C], of the same dtype.
    """
    chex.assert_rank(x, 4)
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


def mean_pool(x: jax.Array) -> jax.Array:
    """The mean of each 2x2 pixels.

    Args:
        x: [B, H, W, C] floating point, H and W even.

    Returns:
        [B, H / 2, W / 2, C], of the same dtype.

    Raises:
        ValueError: where H or W is odd.
    """
    return jnp.mean(_squares(x), axis=(2, 4))


def max_pool(x: jax.Array) -> jax.Array:
    """The largest of each 2x2 pixels.

    Args:
        x: [B, H, W, C], H and W even.

    Returns:
        [B, H / 2, W / 2, C], of the same dtype.

    Raises:
        ValueError: where H or W is odd.
    """
    return jnp.max(_squares(x), axis=(2, 4))


def _squares(x: jax.Array) -> jax.Array:
    # Reduced as an array, not by a moving window: that is fast on the CPU, in every derivative.
    chex.assert_rank(x, 4)
    batch, height, width, channels = x.shape
    if height % 2 or width % 2:
        raise ValueError(f"images of {height}x{width} cannot be halved: give even sizes")
    return x.reshape(batch, height // 2, 2, width // 2, 2, channels)
