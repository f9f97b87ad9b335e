"""Augmentation in front of the discriminator, of reals and fakes alike."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax

from jaxgan.games.game import stream
from jaxgan.games.terms import value_at

Augment: TypeAlias = Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
"""`(key, images [B, H, W, C], probability []) -> images`, differentiable, each image by itself.
With probability 0 all images stay as they are; above 1 it means 1."""


class Adaptive(NamedTuple):
    r"""A probability that grows while the discriminator overfits, and falls while it does not.

    At the end of each `every`-th round,

    $$r = mean sign(D(x)), \quad p ← max(0, p + sign(r - target) n / images)$$

    with the reals x, and their number n, of the rounds since the last time. Karras et al., Training
    GANs with Limited Data, 2020, section 3.1. Their code counts the scores of the lazy R1 pass
    too; a game that has them says so (`observe_signs`). p has no upper bound there, nor here.

    Attributes:
        target: of r, in (-1, 1) (paper: 0.6).
        images: reals in which p goes from 0 to 1 at the fastest (paper: 500,000; to continue a
            trained network, their code takes 100,000).
        every: rounds from one change to the next; 1 or more (paper: 4).
        initial: p before the first round; 0 or more.
    """

    target: float = 0.6
    images: float = 500_000
    every: int = 4
    initial: float = 0.0


class Augmentation(NamedTuple):
    """What happens to images before a discriminator sees them, and how often.

    Attributes:
        augment: as `Augment` says. `whole_images` makes one of a function that knows no
            probability.
        probability: of what augment does; a number of 0 or more, its schedule, or `Adaptive`.
    """

    augment: Augment
    probability: float | jax.Array | optax.Schedule | Adaptive = 1.0


class AugmentationState(NamedTuple):
    """What an adaptive probability is made of; a game's state has None where it is not adaptive.

    Attributes:
        probability: p, [] float32.
        sign_sum: sum of sign(D(x)) since p was last changed, [] float32.
        sign_count: of how many reals, [] float32.
    """

    probability: jax.Array
    sign_sum: jax.Array
    sign_count: jax.Array


def whole_images(augment: Callable[[jax.Array, jax.Array], jax.Array]) -> Augment:
    """Each image is augmented as a whole with the probability, or else left as it is.

    Args:
        augment: `(key, images [B, ...]) -> images`, as `layers.differentiable_augmentation`.
    """

    def chosen(key: jax.Array, images: jax.Array, probability: jax.Array) -> jax.Array:
        choice = jax.random.bernoulli(stream(key, "choice"), probability, images.shape[:1])
        choice = choice.reshape(-1, *(1,) * (images.ndim - 1))
        return jnp.where(choice, augment(stream(key, "augment"), images), images)

    return chosen


def init_augmentation(augmentation: Augmentation | None) -> AugmentationState | None:
    """The state before the first round; None where the probability is not adaptive.

    Raises:
        ValueError: where one of the numbers of `Adaptive` is out of its range.
    """
    if augmentation is None or not isinstance(augmentation.probability, Adaptive):
        return None
    target, images, every, initial = augmentation.probability
    if not -1 < target < 1:
        raise ValueError(f"mean signs are never beyond a target of {target}: give one in (-1, 1)")
    if not images > 0:
        raise ValueError(f"a probability cannot grow within {images} images: give more than 0")
    if every < 1:
        raise ValueError(f"a probability cannot change every {every} rounds: give 1 or more")
    if not initial >= 0:
        raise ValueError(f"a probability cannot begin at {initial}: give 0 or more")
    return AugmentationState(jnp.float32(initial), jnp.float32(0), jnp.float32(0))


def probability_at(
    augmentation: Augmentation | None, state: AugmentationState | None, played: jax.Array
) -> jax.Array | None:
    """The probability of the moment, [] float32; None where there is no augmentation.

    Args:
        augmentation: None leaves all images alone.
        state: None where the probability is not adaptive.
        played: how many rounds have been played, [].
    """
    if augmentation is None:
        return None
    if isinstance(augmentation.probability, Adaptive):
        assert state is not None, "give the state that init_augmentation made"
        return state.probability
    return jnp.float32(value_at(augmentation.probability, played))


def observe_signs(
    state: AugmentationState | None, mean_sign: jax.Array, count: int
) -> AugmentationState | None:
    """The state after the discriminator has scored so many reals.

    Args:
        state: None stays None.
        mean_sign: mean of sign(D(x)) over them, [].
        count: how many.
    """
    if state is None:
        return None
    return state._replace(
        sign_sum=state.sign_sum + count * mean_sign, sign_count=state.sign_count + count
    )


def adapted(
    augmentation: Augmentation | None,
    state: AugmentationState | None,
    *,
    images: int | jax.Array,
    played: jax.Array,
) -> AugmentationState | None:
    """The state after a round: each `every`-th changes the probability and counts signs anew.

    Args:
        augmentation: as the game has it.
        state: None, where the probability is not adaptive, stays None.
        images: how many reals a round has.
        played: how many rounds have been played before this one, [].
    """
    if augmentation is None or state is None:
        return None
    adaptive = augmentation.probability
    assert isinstance(adaptive, Adaptive), "a state is of an adaptive probability only"
    mean_sign = state.sign_sum / jnp.maximum(state.sign_count, 1)
    step = jnp.sign(mean_sign - adaptive.target) * (images * adaptive.every / adaptive.images)
    zero = jnp.float32(0)
    moved = AugmentationState(jnp.maximum(state.probability + step, 0), zero, zero)
    now = (played + 1) % adaptive.every == 0
    return jax.tree.map(lambda new, old: jnp.where(now, new, old), moved, state)


def augmented(
    key: jax.Array,
    images: jax.Array,
    augmentation: Augmentation | None,
    probability: jax.Array | None,
) -> jax.Array:
    """The images as the discriminator sees them; as they are where there is no augmentation.

    Args:
        key: typed key, [].
        images: `[B, H, W, C]`.
        augmentation: None leaves all images alone.
        probability: as `probability_at` has it.
    """
    if augmentation is None:
        return images
    assert probability is not None, "give what probability_at says"
    # The same key serves a condition's images: for the same draws. Others are folds of it.
    return augmentation.augment(jax.random.clone(key), images, probability)
