"""The adversarial game: a generator against a discriminator or critic."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import (
    Augmentation,
    AugmentationState,
    adapted,
    init_augmentation,
    observe_signs,
    probability_at,
)
from jaxgan.games.discriminator import Discriminator, Moment, Scored
from jaxgan.games.game import (
    Batch,
    Game,
    Info,
    Player,
    apply_eval,
    apply_train,
    array,
    conditions,
    descend,
    in_turn,
    init_player,
    prefixed,
    split_minibatches,
    stream,
    variables,
)
from jaxgan.games.lazy import LazyPenalties, every_so_often
from jaxgan.games.lecam import LeCam
from jaxgan.games.terms import (
    Auxiliary,
    Critic,
    Penalties,
    Terms,
    merged,
    no_penalties,
    weights_at,
)
from jaxgan.losses import AdversarialLoss, combine
from jaxgan.updates import AverageState, Averaging, average_weights, averaged


class AdversarialState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: the player G.
        discriminator: the player D.
        average: moving average of G's variables; None where none is kept.
        round: how many rounds have been played, [] int32.
        anchors: moving averages of D's mean scores, `real_anchor` and `fake_anchor`; None where
            LeCam's term is not played with.
        augmentation: of an adaptive probability; None where it is not adaptive.
    """

    generator: Player
    discriminator: Player
    average: AverageState | None
    round: jax.Array
    anchors: AverageState | None = None
    augmentation: AugmentationState | None = None


def adversarial(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    latent: Callable[[jax.Array, int], jax.Array],
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    penalties: Penalties | LazyPenalties = no_penalties,
    lecam: LeCam | None = None,
    augment: Augmentation | None = None,
    real: str = "image",
    condition: str | None = None,
    auxiliary: Auxiliary | None = None,
    n_critic: int = 1,
    generator_minibatches: int = 1,
    generator_plays: Callable[[jax.Array], jax.Array] | None = None,
    average_decay: float | None = 0.999,
    averaging: Averaging | None = None,
) -> Game:
    """Generator against discriminator: Algorithm 1 of Goodfellow et al. (2014).

    - `n_critic` times, each with fresh $z ~ p(z)$ and $(x, y) ~ p(data)$:
      D descends $mean L_D(D(x, y), D(G(z, y), y)) + penalties$
    - with fresh $z ~ p(z)$, G descends $mean L_G(D(x, y), D(G(z, y), y))$

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
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`, added to D's
            loss; or `LazyPenalties`, which have updates of their own.
        lecam: LeCam's term in D's loss; None plays without.
        augment: what happens to reals and fakes in front of D, and how often; None leaves them
            alone. An adaptive probability looks at the scores of D's own updates, not at those of
            lazy penalties.
        real: name of the array of the batch that G learns to make.
        condition: name of the array of the batch that is y; None plays without.
        auxiliary: terms of D's heads; D is not shown y, and may have to say it.
        n_critic: updates of D in a round; the batch of a round holds so many minibatches.
        generator_minibatches: G's minibatch is as large as so many of D's together; 1 to
            `n_critic`.
        generator_plays: `(round) -> bool`: whether G is updated in a round; always where None.
        average_decay: of the moving average of G's weights that `generate` uses; None keeps none,
            and `generate` uses the weights of the moment.
        averaging: another average in its place, as `updates.half_life_average`.

    Returns:
        A game. Batches: `{real: [n_critic * B, H, W, C]}`, and `condition`; inputs of `generate`:
        `{"latent": [N, Z]}`, and `condition`.

    Raises:
        ValueError: where a count is not positive, or (by `init`) where an array is missing, a
            network cannot be called so, the generator makes images of another shape than the
            data's, or a critic under a penalty has batch norm.
    """
    every = penalties.every if isinstance(penalties, LazyPenalties) else 1
    _check(n_critic, generator_minibatches, every)
    adversary = Discriminator(
        *(discriminator, discriminator_optimiser, augment),
        has_heads=auxiliary is not None,
        view=None if auxiliary is None else auxiliary.view,
    )
    averaging = average_weights(average_decay) if averaging is None else averaging

    def play_discriminator(
        key: jax.Array, state: AdversarialState, batch: Batch
    ) -> tuple[AdversarialState, Info]:
        g, d, _, _, anchors, adaptation = state
        moment, info = moment_of(state), {}
        for k, minibatch in enumerate(split_minibatches(batch, n_critic)):  # no slow loop on a CPU
            key_critic = jax.random.fold_in(stream(key, "discriminator"), k)
            d, anchors, info = update_discriminator(key_critic, d, anchors, g, minibatch, moment)
            if augment is not None:
                adaptation = observe_signs(adaptation, info["real_sign"], len(minibatch[real]))
        state = state._replace(discriminator=d, anchors=anchors, augmentation=adaptation)
        return state, prefixed("discriminator", info)

    def play_generator(
        key: jax.Array, state: AdversarialState, batch: Batch
    ) -> tuple[AdversarialState, Info]:
        g, d, average, played, _, adaptation = state
        minibatches = split_minibatches(batch, n_critic)
        joined = join(minibatches[-generator_minibatches:])
        moved, info = update_generator(stream(key, "generator"), g, d, joined, moment_of(state))
        if generator_plays is not None:
            moved = jax.tree.map(partial(jnp.where, generator_plays(played)), moved, g)
        state = state._replace(
            generator=moved,
            average=averaging.update(variables(moved), average),
            augmentation=adapted(augment, adaptation, images=len(batch[real]), played=played),
            round=played + 1,
        )
        return state, prefixed("generator", info)

    def moment_of(state: AdversarialState) -> Moment:
        return Moment(state.round, probability_at(augment, state.augmentation, state.round))

    def update_discriminator(
        key: jax.Array,
        d: Player,
        anchors: AverageState | None,
        g: Player,
        minibatch: Batch,
        moment: Moment,
    ) -> tuple[Player, AverageState | None, Info]:
        x, y = minibatch[real], conditions(minibatch, condition)
        z, fake = make(key, g, len(x), *y)

        def terms(of_real: Scored, of_fake: Scored, critic: Critic) -> Terms:
            parts: list[Terms] = []
            if auxiliary is not None:
                parts.append(prefixed("real", auxiliary.real(of_real.heads, *y)))
                parts.append(prefixed("fake", auxiliary.fake(of_fake.heads, z, *y)))
            adversarial = loss.discriminator(of_real.scores, of_fake.scores)
            parts.append({"adversarial": (1.0, adversarial)})
            if lecam is not None and anchors is not None:
                parts.append(lecam.terms(of_real.scores, of_fake.scores, anchors))
            if not isinstance(penalties, LazyPenalties):
                parts.append(penalties(stream(key, "penalty"), critic, x, fake))
            return merged(*parts)

        d, info = adversary.update(key, d, x, fake, *y, terms=terms, moment=moment)
        if lecam is not None and anchors is not None:
            anchors = lecam.update(info["real_score"], info["fake_score"], anchors)
        return d, anchors, info

    def regularise_discriminator(
        lazy: LazyPenalties, key: jax.Array, state: AdversarialState, batch: Batch
    ) -> tuple[AdversarialState, Info]:
        key, minibatch = stream(key, "lazy"), split_minibatches(batch, n_critic)[-1]
        x, y = minibatch[real], conditions(minibatch, condition)
        _, fake = make(key, state.generator, len(x), *y)

        def terms(critic: Critic) -> Terms:
            return lazy.penalties(stream(key, "penalty"), critic, x, fake)

        d = adversary.regularise(
            *(key, state.discriminator, *y),
            terms=terms,
            weight=lazy.every,
            moment=moment_of(state),
        )
        return state._replace(discriminator=d), {}

    def update_generator(
        key: jax.Array, g: Player, d: Player, minibatch: Batch, moment: Moment
    ) -> tuple[Player, Info]:
        x, y = minibatch[real], conditions(minibatch, condition)
        z = latent(stream(key, "latent"), len(x))

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            key_generator = stream(key, "generator")
            fake, seen = apply_train(key_generator, generator, parameters, g.collections, z, *y)
            fixed = d.parameters, d.collections
            of_real, _ = adversary.score(stream(key, "real"), *fixed, x, *y, moment=moment)
            of_fake, _ = adversary.score_fakes(key, *fixed, fake, *y, moment=moment)
            adversarial = loss.generator(of_real.scores, of_fake.scores)
            of_heads = {} if auxiliary is None else auxiliary.fake(of_fake.heads, z, *y)
            terms = merged({"adversarial": (1.0, adversarial)}, of_heads)
            total, info = combine(weights_at(terms, moment.played))
            return total, (info, seen)

        return descend(g, generator_optimiser, objective)

    def make(key: jax.Array, g: Player, count: int, *y: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Latents, and what G makes of them in the discriminator's updates."""
        z = latent(stream(key, "latent"), count)
        key_generator = stream(key, "generator")
        return z, apply_train(key_generator, generator, g.parameters, g.collections, z, *y)[0]

    def init(key: jax.Array, batch: Batch) -> AdversarialState:
        minibatch = split_minibatches(batch, n_critic)[0]
        x, y = array(minibatch, real), conditions(minibatch, condition)
        z = latent(stream(key, "latent"), len(x))
        g = init_player(stream(key, "generator"), generator, generator_optimiser, z, *y)
        d = adversary.init(stream(key, "discriminator"), x, *y)
        made = apply_eval(stream(key, "sample"), generator, variables(g), z, *y)
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
        anchors = None if lecam is None else lecam.init()
        average, adaptation = averaging.init(variables(g)), init_augmentation(augment)
        return AdversarialState(g, d, average, jnp.int32(0), anchors, adaptation)

    def generate(key: jax.Array, state: AdversarialState, inputs: Batch) -> jax.Array:
        learnt = averaged(state.average, variables(state.generator))
        y = conditions(inputs, condition)
        return apply_eval(key, generator, learnt, array(inputs, "latent"), *y)

    if not isinstance(penalties, LazyPenalties):
        return Game(init, in_turn((play_discriminator, play_generator)), generate)
    regularise = every_so_often(penalties.every, partial(regularise_discriminator, penalties))
    phases = play_discriminator, regularise, play_generator
    return Game(init, in_turn(phases), generate, phases)


def join(minibatches: list[Batch]) -> Batch:
    """One minibatch of several."""
    return {
        name: jnp.concatenate([minibatch[name] for minibatch in minibatches])
        for name in minibatches[0]
    }


def _check(n_critic: int, generator_minibatches: int, every: int) -> None:
    for name, count in {"n_critic": n_critic, "LazyPenalties.every": every}.items():
        if count <= 0:
            raise ValueError(f"{name} must be 1 or more, not {count}")
    if not 1 <= generator_minibatches <= n_critic:
        raise ValueError(
            f"G's minibatch is as large as {generator_minibatches} of D's, and a round has "
            f"{n_critic}: give 1 to n_critic={n_critic} (generator_minibatches; in experiments, "
            "--generator-batches)"
        )
