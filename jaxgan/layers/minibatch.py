"""What a discriminator learns of a whole minibatch."""

import chex
import jax
import jax.numpy as jnp

_EPSILON = 1e-8


def minibatch_deviation(x: jax.Array, group_size: int) -> jax.Array:
    r"""Features with one channel more: how much they differ within a group of images.

    $$d_g = \frac{1}{HWC} \sum_{hwc} \sqrt{var_{i \in g}(x_{ihwc}) + 10^{-8}}$$

    Groups are strided: of N images in groups of G, those of group j are j, j + N/G, j + 2 N/G, ...
    On a mesh of devices they are groups of the whole minibatch, as everywhere here.

    Args:
        x: `[B, H, W, C]` floating point.
        group_size: G; all of the minibatch where that is smaller.

    Returns:
        `[B, H, W, C + 1]`, of the type of x.

    Raises:
        ValueError: where G is not positive, or does not divide the minibatch.

    Karras et al., Progressive Growing of GANs, 2018, section 3.

    >>> minibatch_deviation(jnp.array([1.0, 3.0]).reshape(2, 1, 1, 1), 2)[:, 0, 0, 1].tolist()
    [1.0, 1.0]
    """
    chex.assert_rank(x, 4)
    batch, height, width, channels = x.shape
    group_size = min(group_size, batch)
    if group_size < 1 or batch % group_size:
        raise ValueError(
            f"a minibatch of {batch} cannot be split into groups of {group_size}: give a size that "
            "divides it (group_size; in experiments, --group-size)"
        )
    groups = x.astype(jnp.float32).reshape(group_size, -1, height * width * channels)
    centred = groups - groups.mean(axis=0, keepdims=True)
    deviation = jnp.sqrt(jnp.mean(centred**2, axis=0) + _EPSILON).mean(axis=1)
    channel = jnp.tile(deviation, group_size)[:, None, None, None].astype(x.dtype)
    return jnp.concatenate([x, jnp.broadcast_to(channel, (batch, height, width, 1))], axis=3)
