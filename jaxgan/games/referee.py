"""A discriminator of images that others make: what games of translation do with theirs.

Where a latent becomes an image, generator and discriminator share one game (`adversarial.py`).
Here an image, or one drawn from a pool, is handed over ready.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.game import Info, Player, improve, perform, stream
from jaxgan.losses import AdversarialLoss, combine


def scores(
    key: jax.Array, discriminator: nn.Module, player: Player, x: jax.Array, *condition: jax.Array
) -> jax.Array:
    """What the discriminator of the moment says of images, in a generator's update."""
    said, _ = perform(key, discriminator, player.parameters, player.collections, x, *condition)
    return said


def teach(
    key: jax.Array,
    discriminator: nn.Module,
    player: Player,
    optimiser: optax.GradientTransformation,
    loss: AdversarialLoss,
    real: jax.Array,
    fake: jax.Array,
    *condition: jax.Array,
    weight: float,
) -> tuple[Player, Info]:
    """One update of a discriminator on reals and fakes, which are separate batches of it.

        D descends  weight * mean L_D(D(real, y), D(fake, y))

    Args:
        key: for its own random numbers.
        discriminator: `(images [B, H, W, C], *condition, train) -> scores [B, ...]`.
        player: its weights.
        optimiser: of these weights.
        loss: what it minimises.
        real: `[B, H, W, C]`.
        fake: `[B, H, W, C]`, as it comes: no gradient goes on from here.
        *condition: y, shown with both.
        weight: of the loss (pix2pix and CycleGAN: a half, to slow D down).

    Returns:
        The player after the update, and a report of scalars.
    """

    def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
        real_scores, seen = perform(
            stream(key, "real"), discriminator, parameters, player.collections, real, *condition
        )
        fake_scores, seen = perform(
            stream(key, "fake"), discriminator, parameters, seen, fake, *condition
        )
        adversarial = loss.discriminator(real_scores, fake_scores)
        total, info = combine({"adversarial": (weight, adversarial)})
        said = {"real_score": jnp.mean(real_scores), "fake_score": jnp.mean(fake_scores)}
        return total, (info | said, seen)

    gradients, (info, collections) = jax.grad(objective, has_aux=True)(player.parameters)
    info["gradient_norm"] = optax.tree.norm(gradients)
    return improve(player, optimiser, gradients, collections), info
