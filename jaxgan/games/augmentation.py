"""Augmentation in front of the discriminator, of reals and fakes alike."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxgan.games.game import stream
from jaxgan.games.terms import value_at


class Augmentation(NamedTuple):
    """What happens to images before a discriminator sees them, and to how many of them.

    Attributes:
        augment: `(key, images [B, H, W, C]) -> images`, differentiable, each image by itself.
        probability: share of the images that are augmented, in [0, 1], or its schedule.
    """

    augment: Callable[[jax.Array, jax.Array], jax.Array]
    probability: float | jax.Array | optax.Schedule = 1.0


def augmented(
    key: jax.Array, images: jax.Array, augmentation: Augmentation | None, *, played: jax.Array
) -> jax.Array:
    """The images as the discriminator sees them; as they are where there is no augmentation.

    Args:
        key: typed key, [].
        images: `[B, ...]`.
        augmentation: None leaves all images alone.
        played: how many rounds have been played, [].
    """
    if augmentation is None:
        return images
    share = jnp.float32(value_at(augmentation.probability, played))
    chosen = jax.random.bernoulli(stream(key, "choice"), share, images.shape[:1])
    chosen = chosen.reshape(-1, *(1,) * (images.ndim - 1))
    return jnp.where(chosen, augmentation.augment(stream(key, "augment"), images), images)
