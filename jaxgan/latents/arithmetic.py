"""Arithmetic: what one group of images has and another has not, added to a third."""

import chex
import jax
import jax.numpy as jnp


def arithmetic(start: jax.Array, minus: jax.Array, plus: jax.Array) -> jax.Array:
    """Man with glasses - man + woman: the mean latent of each group, subtracted and added.

    $$mean(start) - mean(minus) + mean(plus)$$

    The means, of three latents in the paper, are steadier than single latents. Means of latents are
    shorter than latents: of n from N(0, I), by the root of n.

    Args:
        start: `[N, ..., D]` floats: those that the result is to be like.
        minus: `[M, ..., D]`: what they have in common is taken away.
        plus: `[K, ..., D]`: what they have in common is added.

    Returns:
        `[..., D]`.

    Raises:
        ValueError: where a group is empty, or latents differ in shape.

    Radford, Metz and Chintala, DCGAN, 2016, section 6.3.2 and figure 7.

    >>> arithmetic(jnp.array([[1.0], [3.0]]), jnp.array([[1.0]]), jnp.array([[5.0]])).tolist()
    [6.0]
    """
    groups = {"start": start, "minus": minus, "plus": plus}
    for name, group in groups.items():
        chex.assert_type(group, float)
        if group.ndim < 2 or not len(group):
            raise ValueError(
                f"the group {name!r}, of shape {list(group.shape)}, has no mean: give a latent or "
                "more, each a row"
            )
        if group.shape[1:] != start.shape[1:]:
            raise ValueError(
                f"latents of shape {list(group.shape[1:])} (the group {name!r}) and "
                f"{list(start.shape[1:])} ('start') do not add up: give latents of one generator"
            )
    return jnp.mean(start, 0) - jnp.mean(minus, 0) + jnp.mean(plus, 0)
