"""The adversarial game: a generator against a discriminator or critic."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.game import (
    Batch,
    Game,
    Info,
    Player,
    deal,
    enter,
    improve,
    perform,
    prefixed,
    present,
    stream,
    variables,
)
from jaxgan.losses import AdversarialLoss, combine
from jaxgan.updates import AverageState, average_weights

Critic: TypeAlias = Callable[[jax.Array], jax.Array]
"""`[B, ...] -> [B]`: the discriminator with its parameters of the moment."""

Terms: TypeAlias = Mapping[str, tuple[float | jax.Array, jax.Array]]
"""`{name: (weight, per example [B])}`; see `jaxgan.losses.combine`."""

Penalties: TypeAlias = Callable[[jax.Array, Critic, jax.Array, jax.Array], Terms]
"""`(key, critic, real, fake) -> terms` that are added to the discriminator's loss."""


class AdversarialState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: the player G.
        discriminator: the player D.
        average: moving average of G's variables; None where none is kept.
    """

    generator: Player
    discriminator: Player
    average: AverageState | None


def no_penalties(key: jax.Array, critic: Critic, real: jax.Array, fake: jax.Array) -> Terms:
    """Adds nothing to the discriminator's loss."""
    del key, critic, real, fake
    return {}


def adversarial(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    latent: Callable[[jax.Array, int], jax.Array],
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    penalties: Penalties = no_penalties,
    n_critic: int = 1,
    average_decay: float | None = 0.999,
) -> Game:
    """Generator against discriminator: Algorithm 1 of Goodfellow et al. (2014).

        repeat n_critic times:
            z ~ p(z), x ~ p(data), fresh
            D descends  mean L_D(D(x), D(G(z))) + penalties
        z ~ p(z), fresh
        G descends  mean L_G(D(x), D(G(z)))

    Reals and fakes are separate batches of D. A player's collections (batch statistics, power
    iterations) move in its own updates only. Where the loss of G looks at reals (relativistic), it
    takes those of the last update of D.

    Args:
        generator: `(latent [B, Z], train) -> [B, H, W, C]` in [-1, 1].
        discriminator: `(images [B, H, W, C], train) -> scores [B]`, or `[B, ...]` of patches.
        latent: p(z): `(key, count) -> [count, Z]`.
        loss: what both players minimise.
        generator_optimiser: any optax transformation.
        discriminator_optimiser: any optax transformation; ends in `clip_weights` for WGAN.
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`.
        n_critic: updates of D in a round; the batch of a round holds so many minibatches.
        average_decay: of the moving average of G's weights that `generate` uses; None keeps none,
            and `generate` uses the weights of the moment.

    Returns:
        A game. Batches: `{"image": [n_critic * B, H, W, C]}`; inputs of `generate`:
        `{"latent": [N, Z]}`.

    Raises:
        ValueError: where `n_critic` is not positive, or (by `init`) where the generator makes
            images of another shape than the data's.
    """
    if n_critic <= 0:
        raise ValueError(f"n_critic must be 1 or more, not {n_critic}")
    averaging = None if average_decay is None else average_weights(average_decay)

    def init(key: jax.Array, batch: Batch) -> AdversarialState:
        real = deal(batch, n_critic)[0]["image"]
        z = latent(stream(key, "latent"), len(real))
        g = enter(stream(key, "generator"), generator, generator_optimiser, z)
        d = enter(stream(key, "discriminator"), discriminator, discriminator_optimiser, real)
        made = present(stream(key, "sample"), generator, variables(g), z)
        if made.shape != real.shape:
            raise ValueError(
                f"the generator makes images of shape {made.shape[1:]}, but the data's are of "
                f"shape {real.shape[1:]}: make the two agree"
            )
        average = None if averaging is None else averaging.init(variables(g))
        return AdversarialState(g, d, average)

    def update(
        key: jax.Array, state: AdversarialState, batch: Batch
    ) -> tuple[AdversarialState, Info]:
        g, d, average = state
        d_info: Info = {}
        hands = deal(batch, n_critic)
        for k, hand in enumerate(hands):  # unrolled: convolutions in a loop are slow on the CPU
            key_critic = jax.random.fold_in(stream(key, "discriminator"), k)
            d, d_info = update_discriminator(key_critic, d, g, hand["image"])
        g, g_info = update_generator(stream(key, "generator"), g, d, hands[-1]["image"])
        if averaging is not None and average is not None:
            average = averaging.update(variables(g), average)
        info = prefixed("discriminator", d_info) | prefixed("generator", g_info)
        return AdversarialState(g, d, average), info

    def update_discriminator(
        key: jax.Array, d: Player, g: Player, real: jax.Array
    ) -> tuple[Player, Info]:
        z = latent(stream(key, "latent"), len(real))
        fake, _ = perform(stream(key, "generator"), generator, g.parameters, g.collections, z)

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            def score(name: str, x: jax.Array, collections: Any) -> tuple[jax.Array, Any]:
                return perform(stream(key, name), discriminator, parameters, collections, x)

            real_scores, collections = score("real", real, d.collections)
            fake_scores, collections = score("fake", fake, collections)
            key_penalty = stream(key, "penalty")
            terms = {
                "adversarial": (1.0, loss.discriminator(real_scores, fake_scores)),
                **penalties(key_penalty, lambda x: score("critic", x, collections)[0], real, fake),
            }
            total, info = combine(terms)
            scores = {"real_score": jnp.mean(real_scores), "fake_score": jnp.mean(fake_scores)}
            return total, (info | scores, collections)

        gradients, (info, collections) = jax.grad(objective, has_aux=True)(d.parameters)
        info["gradient_norm"] = optax.tree.norm(gradients)
        return improve(d, discriminator_optimiser, gradients, collections), info

    def update_generator(
        key: jax.Array, g: Player, d: Player, real: jax.Array
    ) -> tuple[Player, Info]:
        z = latent(stream(key, "latent"), len(real))

        def score(name: str, x: jax.Array) -> jax.Array:
            return perform(stream(key, name), discriminator, d.parameters, d.collections, x)[0]

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            fake, collections = perform(
                stream(key, "generator"), generator, parameters, g.collections, z
            )
            scores = score("real", real), score("fake", fake)
            total, info = combine({"adversarial": (1.0, loss.generator(*scores))})
            return total, (info, collections)

        gradients, (info, collections) = jax.grad(objective, has_aux=True)(g.parameters)
        info["gradient_norm"] = optax.tree.norm(gradients)
        return improve(g, generator_optimiser, gradients, collections), info

    def generate(key: jax.Array, state: AdversarialState, inputs: Batch) -> jax.Array:
        average = state.average
        learnt = variables(state.generator) if average is None else average.mean
        return present(key, generator, learnt, inputs["latent"])

    return Game(init, update, generate)
