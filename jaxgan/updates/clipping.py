"""Weights that are kept in a box."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax


def clip_weights(limit: float) -> optax.GradientTransformation:
    """Change updates so that every weight lies in [-limit, limit] once they are applied.

    $$-limit ≤ w + u ≤ limit$$

    exactly, in the arithmetic of `optax.apply_updates`. Goes last in a chain. An update
    that keeps its weight inside passes unchanged.

    Args:
        limit: half the width of the box; positive. The paper's c, 0.01 there.

    Returns:
        A transformation without state, whose `update` needs the parameters.

    Raises:
        ValueError: where `limit` is not positive; from `update`, where parameters are missing.

    Arjovsky et al., Wasserstein GAN, 2017, Algorithm 1, line 7.

    >>> optimiser = optax.chain(optax.sgd(1.0), clip_weights(0.5))
    >>> weights = jnp.array([0.0, 0.0])
    >>> updates, _ = optimiser.update(jnp.array([0.25, 8.0]), optimiser.init(weights), weights)
    >>> optax.apply_updates(weights, updates).tolist()
    [-0.25, -0.5]
    """
    if not limit > 0:
        raise ValueError(f"weights cannot be clipped to a limit of {limit}: give one above 0")

    def keep_inside(update: jax.Array, weight: jax.Array) -> jax.Array:
        chex.assert_equal_shape([update, weight])
        chex.assert_type([update, weight], float)
        bound = _round_towards_zero(limit, weight.dtype)
        largest, smallest = bound - weight, -bound - weight
        # Both are rounded, and weight + largest can pass the bound by a rounding. One number
        # further in cannot; and since rounding is monotone, no smaller update can either.
        largest = jnp.where(weight + largest > bound, jnp.nextafter(largest, -jnp.inf), largest)
        smallest = jnp.where(weight + smallest < -bound, jnp.nextafter(smallest, jnp.inf), smallest)
        return jnp.clip(update, smallest, largest)

    def update(
        updates: optax.Updates, state: optax.OptState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, optax.OptState]:
        if params is None:
            raise ValueError("clip_weights clips weights, not updates: give params to update")
        return jax.tree.map(keep_inside, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _round_towards_zero(limit: float, dtype: jnp.dtype) -> np.ndarray:
    """The largest number of `dtype` that does not exceed `limit`."""
    nearest = np.asarray(limit, dtype)
    return nearest if float(nearest) <= limit else np.nextafter(nearest, np.zeros_like(nearest))
