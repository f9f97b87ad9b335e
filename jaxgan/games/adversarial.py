"""The adversarial game: a generator against a discriminator or critic."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.game import (
    Batch,
    Game,
    Info,
    Player,
    array,
    deal,
    enter,
    improve,
    perform,
    prefixed,
    present,
    stream,
    variables,
)
from jaxgan.games.terms import Auxiliary, Penalties, Terms, no_penalties, settled, weighed
from jaxgan.losses import AdversarialLoss, combine, lecam
from jaxgan.updates import AverageState, average_weights


class AdversarialState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: the player G.
        discriminator: the player D.
        average: moving average of G's variables; None where none is kept.
        round: how many rounds have been played, [] int32.
        anchors: moving averages of D's mean scores, `real_anchor` and `fake_anchor`; None where
            LeCam's term is not played with.
    """

    generator: Player
    discriminator: Player
    average: AverageState | None
    round: jax.Array
    anchors: AverageState | None = None


def adversarial(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    latent: Callable[[jax.Array, int], jax.Array],
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    penalties: Penalties = no_penalties,
    penalty_interval: int = 1,
    lecam_weight: float | optax.Schedule | None = None,
    augment: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    augment_probability: float | optax.Schedule = 1.0,
    real: str = "image",
    condition: str | None = None,
    auxiliary: Auxiliary | None = None,
    n_critic: int = 1,
    generator_hands: int = 1,
    generator_plays: Callable[[jax.Array], jax.Array] | None = None,
    average_decay: float | None = 0.999,
) -> Game:
    """Generator against discriminator: Algorithm 1 of Goodfellow et al. (2014).

        repeat n_critic times:
            z ~ p(z), (x, y) ~ p(data), fresh
            D descends  mean L_D(D(x, y), D(G(z, y), y)) + penalties
        z ~ p(z), fresh
        G descends  mean L_G(D(x, y), D(G(z, y), y))

    Reals and fakes are separate batches of D. A player's collections (batch statistics, power
    iterations) move in its own updates only. The condition y, and where the loss of G looks at
    reals (relativistic) these too, are in G's update those of the last updates of D.

    Args:
        generator: `(latent [B, Z], [y,] train) -> [B, H, W, C]` in [-1, 1].
        discriminator: `(images [B, H, W, C], [y,] train) -> scores [B]`, or `[B, ...]` of patches;
            with `auxiliary`, `(images, train) -> (scores, heads)`.
        latent: p(z): `(key, count) -> [count, Z]`.
        loss: what both players minimise.
        generator_optimiser: any optax transformation.
        discriminator_optimiser: any optax transformation; ends in `clip_weights` for WGAN.
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`.
        penalty_interval: 1 adds the penalties to D's loss. k > 1 is lazy: each k-th round ends
            D's updates with one more, of k times the penalties alone; then D's optimiser should be
            `updates.lazy_adam(..., every=k * n_critic)`.
        lecam_weight: of `losses.lecam` in D's loss (paper: lambda), or its schedule; its anchors
            are averages of decay 0.99, begun at 0 and soon free of it. None plays without.
        augment: `(key, images) -> images`, differentiable; in front of D for reals and fakes alike.
        augment_probability: share of the images that are augmented, in [0, 1], or its schedule.
        real: name of the array of the batch that G learns to make.
        condition: name of the array of the batch that is y; None plays without.
        auxiliary: D is not shown y, but asked for what its heads should tell.
        n_critic: updates of D in a round; the batch of a round holds so many minibatches.
        generator_hands: G's minibatch is as large as so many of D's together; 1 to `n_critic`.
        generator_plays: `(round) -> bool`: whether G is updated in a round; always where None.
        average_decay: of the moving average of G's weights that `generate` uses; None keeps none,
            and `generate` uses the weights of the moment.

    Returns:
        A game. Batches: `{real: [n_critic * B, H, W, C]}`, and `condition`; inputs of `generate`:
        `{"latent": [N, Z]}`, and `condition`.

    Raises:
        ValueError: where a count is not positive, or (by `init`) where an array is missing, a
            network cannot be called so, the generator makes images of another shape than the
            data's, or a critic under a penalty has batch norm.
    """
    _check_counts(n_critic=n_critic, penalty_interval=penalty_interval)
    if not 1 <= generator_hands <= n_critic:
        raise ValueError(f"generator_hands must be in 1 to n_critic={n_critic}: {generator_hands}")
    averaging = None if average_decay is None else average_weights(average_decay)
    anchoring = average_weights(0.99)

    def means_of(real: Any, fake: Any) -> dict[str, jax.Array]:
        return {"real_anchor": jnp.float32(real), "fake_anchor": jnp.float32(fake)}

    def condition_of(batch: Batch) -> Any:
        return None if condition is None else array(batch, condition)

    def make(key: jax.Array, parameters: Any, collections: Any, z: jax.Array, y: Any) -> Any:
        given = () if condition is None else (y,)
        return perform(key, generator, parameters, collections, z, *given)

    def in_front(key: jax.Array, x: jax.Array, played: jax.Array) -> jax.Array:
        if augment is None:
            return x
        share = settled(augment_probability, played)
        chosen = jax.random.bernoulli(stream(key, "choice"), share, x.shape[:1])
        chosen = chosen.reshape(-1, *(1,) * (x.ndim - 1))
        return jnp.where(chosen, augment(stream(key, "augment"), x), x)

    def judge(
        key: jax.Array, d: tuple[Any, Any], x: jax.Array, y: Any, played: jax.Array
    ) -> tuple[jax.Array, Any, Any]:
        parameters, collections = d
        x = in_front(key, x, played)
        shown = () if condition is None or auxiliary is not None else (y,)
        outputs, collections = perform(
            stream(key, "discriminator"), discriminator, parameters, collections, x, *shown
        )
        scores, heads = (outputs, None) if auxiliary is None else outputs
        return scores, heads, collections

    def init(key: jax.Array, batch: Batch) -> AdversarialState:
        hand = deal(batch, n_critic)[0]
        x, y = array(hand, real), condition_of(hand)
        z = latent(stream(key, "latent"), len(x))
        given = () if condition is None else (y,)
        shown = () if auxiliary is not None else given
        g = enter(stream(key, "generator"), generator, generator_optimiser, z, *given)
        d = enter(stream(key, "discriminator"), discriminator, discriminator_optimiser, x, *shown)
        made = present(stream(key, "sample"), generator, variables(g), z, *given)
        if made.shape != x.shape:
            raise ValueError(
                f"the generator makes {real}s of shape {made.shape[1:]}, but the data's are of "
                f"shape {x.shape[1:]}: make the two agree"
            )
        if penalties is not no_penalties and "batch_stats" in d.collections:
            raise ValueError(
                f"{type(discriminator).__name__} has batch norm and is under a penalty: batch norm "
                "mixes the examples of a batch, so no score has a gradient of its own; leave it "
                "out (batch_norm=False) or take the penalty away"
            )
        average = None if averaging is None else averaging.init(variables(g))
        anchors = None if lecam_weight is None else anchoring.init(means_of(0.0, 0.0))
        return AdversarialState(g, d, average, jnp.int32(0), anchors)

    def update(
        key: jax.Array, state: AdversarialState, batch: Batch
    ) -> tuple[AdversarialState, Info]:
        g, d, average, played, anchors = state
        d_info: Info = {}
        hands = deal(batch, n_critic)
        for k, hand in enumerate(hands):  # unrolled: convolutions in a loop are slow on the CPU
            key_critic = jax.random.fold_in(stream(key, "discriminator"), k)
            d, anchors, d_info = update_discriminator(key_critic, d, anchors, g, hand, played)
        if penalty_interval > 1:
            key_lazy = stream(key, "lazy")
            d = jax.lax.cond(
                played % penalty_interval == 0,
                lambda d: regularise(key_lazy, d, g, hands[-1], played),
                lambda d: d,
                d,
            )
        last = {
            name: jnp.concatenate([hand[name] for hand in hands[-generator_hands:]])
            for name in hands[-1]
        }
        moved, g_info = update_generator(stream(key, "generator"), g, d, last, played)
        if generator_plays is not None:
            moved = jax.tree.map(partial(jnp.where, generator_plays(played)), moved, g)
        if averaging is not None and average is not None:
            average = averaging.update(variables(moved), average)
        info = prefixed("discriminator", d_info) | prefixed("generator", g_info)
        return AdversarialState(moved, d, average, played + 1, anchors), info

    def update_discriminator(
        key: jax.Array,
        d: Player,
        anchors: AverageState | None,
        g: Player,
        hand: Batch,
        played: jax.Array,
    ) -> tuple[Player, AverageState | None, Info]:
        x, y = hand[real], condition_of(hand)
        z = latent(stream(key, "latent"), len(x))
        fake, _ = make(stream(key, "generator"), g.parameters, g.collections, z, y)

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            real_scores, heads, seen = judge(
                stream(key, "real"), (parameters, d.collections), x, y, played
            )
            terms: dict[str, Any] = {}
            if auxiliary is not None:
                terms |= prefixed("real", auxiliary.real(heads, y))
            fake_scores, heads, seen = judge(
                stream(key, "fake"), (parameters, seen), fake, y, played
            )
            if auxiliary is not None:
                terms |= prefixed("fake", auxiliary.fake(heads, z, y))
            terms["adversarial"] = (1.0, loss.discriminator(real_scores, fake_scores))
            if anchors is not None:
                terms["lecam"] = (lecam_weight, lecam(real_scores, fake_scores, **anchors.mean))
            if penalty_interval == 1:
                terms |= penalise(key, (parameters, seen), x, fake, y, played)
            total, info = combine(weighed(terms, played))
            scores = {"real_score": jnp.mean(real_scores), "fake_score": jnp.mean(fake_scores)}
            return total, (info | scores, seen)

        gradients, (info, collections) = jax.grad(objective, has_aux=True)(d.parameters)
        info["gradient_norm"] = optax.tree.norm(gradients)
        if anchors is not None:
            anchors = anchoring.update(means_of(info["real_score"], info["fake_score"]), anchors)
        return improve(d, discriminator_optimiser, gradients, collections), anchors, info

    def regularise(key: jax.Array, d: Player, g: Player, hand: Batch, played: jax.Array) -> Player:
        x, y = hand[real], condition_of(hand)
        z = latent(stream(key, "latent"), len(x))
        fake, _ = make(stream(key, "generator"), g.parameters, g.collections, z, y)

        def objective(parameters: Any) -> jax.Array:
            terms = penalise(key, (parameters, d.collections), x, fake, y, played)
            return penalty_interval * combine(weighed(terms, played))[0]

        gradients = jax.grad(objective)(d.parameters)
        return improve(d, discriminator_optimiser, gradients, d.collections)

    def penalise(
        key: jax.Array, d: tuple[Any, Any], x: jax.Array, fake: jax.Array, y: Any, played: jax.Array
    ) -> Terms:
        def critic(images: jax.Array) -> jax.Array:
            return judge(stream(key, "critic"), d, images, y, played)[0]

        return penalties(stream(key, "penalty"), critic, x, fake)

    def update_generator(
        key: jax.Array, g: Player, d: Player, hand: Batch, played: jax.Array
    ) -> tuple[Player, Info]:
        x, y = hand[real], condition_of(hand)
        z = latent(stream(key, "latent"), len(x))
        fixed = d.parameters, d.collections

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            fake, collections = make(stream(key, "generator"), parameters, g.collections, z, y)
            real_scores, _, _ = judge(stream(key, "real"), fixed, x, y, played)
            fake_scores, heads, _ = judge(stream(key, "fake"), fixed, fake, y, played)
            terms: dict[str, Any] = {"adversarial": (1.0, loss.generator(real_scores, fake_scores))}
            if auxiliary is not None:
                terms |= auxiliary.fake(heads, z, y)
            total, info = combine(weighed(terms, played))
            return total, (info, collections)

        gradients, (info, collections) = jax.grad(objective, has_aux=True)(g.parameters)
        info["gradient_norm"] = optax.tree.norm(gradients)
        return improve(g, generator_optimiser, gradients, collections), info

    def generate(key: jax.Array, state: AdversarialState, inputs: Batch) -> jax.Array:
        average = state.average
        learnt = variables(state.generator) if average is None else average.mean
        given = () if condition is None else (array(inputs, condition),)
        return present(key, generator, learnt, array(inputs, "latent"), *given)

    return Game(init, update, generate)


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count <= 0:
            raise ValueError(f"{name} must be 1 or more, not {count}")
