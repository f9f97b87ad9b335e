"""What the losses on scores have in common."""

import chex
import jax
import jax.numpy as jnp


def checked(*scores: jax.Array) -> list[jax.Array]:
    """Scores of one shape, `[B, ...]`, in one dtype of 32 bits or more.

    Raises:
        AssertionError: where the shapes differ, a score is not a float, or has no batch axis.
    """
    chex.assert_equal_shape(scores)
    chex.assert_shape(scores, (None, ...))
    chex.assert_type(scores, float)
    dtype = jnp.promote_types(jnp.result_type(*scores), jnp.float32)
    return [jnp.asarray(score, dtype) for score in scores]


def per_example(losses: jax.Array) -> jax.Array:
    """The mean over the patches of each example, `[B, ...]` to `[B]`."""
    return losses.mean(axis=tuple(range(1, losses.ndim)))
