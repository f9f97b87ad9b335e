"""Exponential moving averages of weights."""

from collections.abc import Callable
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import optax


class AverageState(NamedTuple):
    """A running average: how many rounds it has seen (`[]` int32), and the averaged tree."""

    count: jax.Array
    mean: Any


class Averaging(NamedTuple):
    """A moving average as two pure functions: `init(tree)` and `update(tree, state)`.

    The state is None where no average is kept.
    """

    init: Callable[[Any], AverageState | None]
    update: Callable[[Any, AverageState | None], AverageState | None]


def average_weights(decay: float | None) -> Averaging:
    r"""Average weights over rounds, so that the first rounds are soon forgotten.

    $$mean ← d_t mean + (1 - d_t) tree, \quad d_t = min(decay, (1 + t) / (10 + t))$$

    where t counts the rounds before this one. `init` starts the mean at the given tree; `update`
    takes the tree that the round has made. Any tree of arrays will do: parameters, or parameters
    and batch statistics. Each leaf keeps its dtype; what is no float is copied from the newest
    tree.

    Args:
        decay: what the average keeps in a round, in the long run; in [0, 1). None keeps no
            average.

    Returns:
        The two functions; both return an `AverageState` of arrays of its own, or None.

    Raises:
        ValueError: where `decay` is outside [0, 1).
        AssertionError: from `update`, where the tree does not match the state.

    The average of generators is that of Karras et al., Progressive Growing of GANs, 2018.

    >>> averaging = average_weights(0.999)
    >>> state = averaging.init(jnp.array(0.0))
    >>> state = averaging.update(jnp.array(1.0), state)
    >>> round(float(state.mean), 6), int(state.count)
    (0.9, 1)
    """
    if decay is None:
        return Averaging(lambda tree: None, lambda tree, state: None)
    if not 0 <= decay < 1:
        raise ValueError(f"a decay of {decay} does not average: give one in [0, 1)")

    def init(tree: chex.ArrayTree) -> AverageState:
        return AverageState(jnp.zeros((), jnp.int32), jax.tree.map(jnp.copy, tree))

    def update(tree: chex.ArrayTree, state: AverageState | None) -> AverageState:
        assert state is not None, "give the state that init made"
        chex.assert_trees_all_equal_shapes_and_dtypes(tree, state.mean)
        # 1 - d_t, not d_t: near a decay of one it keeps four more digits in float32.
        rate = jnp.maximum(1 - decay, 9 / (10 + state.count))

        def average(new: jax.Array, mean: jax.Array) -> jax.Array:
            if not jnp.issubdtype(mean.dtype, jnp.inexact):
                return jnp.copy(new)
            return (mean + rate * (new - mean)).astype(mean.dtype)

        count = jnp.asarray(optax.safe_increment(state.count))
        return AverageState(count, jax.tree.map(average, tree, state.mean))

    return Averaging(init, update)


def averaged(state: AverageState | None, tree: Any) -> Any:
    """The averaged tree; the tree itself where no average is kept."""
    return tree if state is None else state.mean
