"""Exponential moving averages of weights."""

from collections.abc import Callable
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import optax


class AverageState(NamedTuple):
    """A running average: how many rounds (or images) it has seen, `[]` int32; the averaged tree."""

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


def half_life_average(
    half_life: float | optax.Schedule | None,
    *,
    batch_size: int | jax.Array,
    ramp: float | None = None,
) -> Averaging:
    r"""Average a network's variables over images, with a half life that counts these.

    $$mean ← β mean + (1 - β) parameters, \quad β = 2^{-batch / h}, \quad
    h = min(half life, ramp · images)$$

    where images counts those before this round: with a ramp the first round is copied. The trees
    are those of `games.variables`: `params` are averaged, in their own dtypes; all other
    collections, as the mean of w or constant noise, are copied from the newest tree.

    Args:
        half_life: h, in images; positive, or its schedule over the images before this round, whose
            0 copies. None keeps no average.
        batch_size: images of the round that `update` follows, [].
        ramp: how much of all images seen so far the half life may be at most; positive. None does
            without.

    Returns:
        The two functions; `AverageState.count` counts images.

    Raises:
        ValueError: where `half_life` or `ramp` is not positive.
        AssertionError: from `update`, where the tree does not match the state.

    Karras et al., StyleGAN, 2019, appendix C; the ramp is that of StyleGAN2-ADA's code.

    >>> averaging = half_life_average(10_000, batch_size=10_000)
    >>> state = averaging.init({"params": jnp.array(0.0), "noise": jnp.array(0.0)})
    >>> state = averaging.update({"params": jnp.array(1.0), "noise": jnp.array(1.0)}, state)
    >>> int(state.count), float(state.mean["params"]), float(state.mean["noise"])
    (10000, 0.5, 1.0)
    """
    if half_life is None:
        return average_weights(None)
    for name, value in {"half life": half_life, "ramp": ramp}.items():
        if value is not None and not callable(value) and not value > 0:
            raise ValueError(f"a {name} of {value} does not average: give one above 0")

    def init(tree: chex.ArrayTree) -> AverageState:
        return AverageState(jnp.zeros((), jnp.int32), jax.tree.map(jnp.copy, tree))

    def update(tree: Any, state: AverageState | None) -> AverageState:
        assert state is not None, "give the state that init made"
        chex.assert_trees_all_equal_shapes_and_dtypes(tree, state.mean)
        half = jnp.float32(half_life(state.count) if callable(half_life) else half_life)
        if ramp is not None:
            half = jnp.minimum(half, ramp * state.count)
        # 1 - β to all its digits: of a β near 1 float32 would keep few.
        rate = -jnp.expm1(-jnp.log(2.0) * batch_size / jnp.maximum(half, 1e-8))

        def average(new: jax.Array, mean: jax.Array) -> jax.Array:
            return (mean + rate * (new - mean)).astype(mean.dtype)

        parameters = jax.tree.map(average, tree["params"], state.mean["params"])
        mean = jax.tree.map(jnp.copy, tree) | {"params": parameters}
        return AverageState(state.count + jnp.int32(batch_size), mean)

    return Averaging(init, update)


def averaged(state: AverageState | None, tree: Any) -> Any:
    """The averaged tree; the tree itself where no average is kept."""
    return tree if state is None else state.mean
