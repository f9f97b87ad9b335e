"""The game of StyleGAN and StyleGAN2."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import Augmentation, init_augmentation
from jaxgan.games.discriminator import Discriminator
from jaxgan.games.game import (
    Batch,
    Game,
    Switch,
    apply_eval,
    array,
    conditions,
    in_turn,
    init_player,
    stream,
    variables,
)
from jaxgan.games.growing import AtStage, Growing, enlarge
from jaxgan.games.lazy import LazyPenalties
from jaxgan.games.style_phases import Phases, Playing
from jaxgan.games.style_state import PathLength, StyleState
from jaxgan.games.styles import Styled, StyleGenerator, draw_noise, truncate_styles
from jaxgan.games.terms import Penalties, no_penalties
from jaxgan.losses import AdversarialLoss, non_saturating
from jaxgan.updates import averaged, finite_gradients, half_life_average


def style(
    generator: StyleGenerator,
    discriminator: nn.Module,
    *,
    latent: Callable[[jax.Array, int], jax.Array],
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    loss: AdversarialLoss = non_saturating,
    mixing: float = 0.9,
    path_length: PathLength | None = None,
    penalties: Penalties | LazyPenalties = no_penalties,
    augment: Augmentation | None = None,
    growing: Growing | None = None,
    half_life: float | None = 10_000,
    ramp: float | None = None,
    real: str = "image",
    condition: str | None = None,
) -> Game:
    """A generator with styles against a discriminator: Karras et al., 2019 and 2020.

    A round, each part with z of its own and the same reals (x, y):

    1. G descends $mean L_G(D(G(z, y), y))$
    2. every so often, G descends the path-length penalty
    3. D descends $mean L_D(D(x, y), D(G(z, y), y)) + penalties$
    4. every so often, D descends its lazy penalties: R1 of the reals as they are *before* any
       augmentation, through it
    5. the average of G moves

    in the order of StyleGAN2-ADA's code, with an optimiser's step each. In all of them G mixes two
    latents' w with probability `mixing`, and the mean of w moves with the first of the two (not in
    4, where the sources do not call G; StyleGAN3's code moves it in 3 alone). Of gradients that are
    not finite see `updates.finite_gradients`. Where networks grow, Adam and whatever else the
    optimisers know is forgotten when a stage begins to fade in and when it has, as in the code of
    2018; D sees reals of the stage's size, as much faded.

    A minibatch is the whole batch, wherever its examples lie, and so are the groups of minibatch
    standard deviation: devices do not matter, and groups of four are of one whole batch on each
    device of the sources, but of the batch of all devices here.

    Args:
        generator: see `StyleGenerator`.
        discriminator: `(images [B, H, W, C], [y,] train) -> scores [B]`; where networks grow, also
            `stage` and `fade`, and images of the stage's size.
        latent: p(z): `(key, count) -> [count, Z]`.
        generator_optimiser: any optax transformation.
        discriminator_optimiser: any optax transformation.
        loss: what both players minimise.
        mixing: probability that two latents share an image; 0 for never.
        path_length: G's lazy penalty; None plays without.
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`, added to D's
            loss; or `LazyPenalties`, which have updates of their own.
        augment: what happens to reals and fakes in front of D; None leaves them alone.
        growing: when the networks grow; None plays with whole ones.
        half_life: of the average of G that `generate` uses, in images; None keeps none.
        ramp: see `updates.half_life_average`.
        real: name of the array of the batch that G learns to make.
        condition: name of the array of the batch that is y; None plays without.

    Returns:
        A game. Batches: `{real: [B, H, W, C]}`, and `condition`. Inputs of `generate`:
        `{"latent": [N, Z]}` and `condition`, optionally "truncation", `[N]` float32, about the mean
        of w and with it "cutoff", `[N]` int32, the layers that are truncated; or `{"w": [N, L, W]}`
        in their place. With "noise", `[N]` uint32, seeds, each image's noise is its own, and not
        the constant one. Images are clipped to [-1, 1], and as large as those of the whole network.

    Raises:
        ValueError: where a number is out of its range, or (by `init`) where an array is missing, a
            network cannot be called so, or the generator makes images of another shape than the
            data's, or a minibatch cannot be split off the batch.
    """
    growing = None if growing is None else growing.check()
    _check(mixing, path_length, penalties)
    half_life_average(half_life, batch_size=1, ramp=ramp)  # says what is wrong with them
    network = cast(nn.Module, generator)
    adversary = Discriminator(
        discriminator, discriminator_optimiser, augment, mend=finite_gradients
    )
    styled = Styled(network, latent, mixing, generator.num_ws)
    phases = Phases(
        Playing(styled, generator_optimiser, adversary),
        loss,
        *(penalties, path_length, growing, half_life, ramp, real, condition),
    )

    def init(key: jax.Array, batch: Batch) -> StyleState:
        x, y = array(batch, real), conditions(batch, condition)
        z = latent(stream(key, "latent"), len(x))
        g = init_player(stream(key, "generator"), network, generator_optimiser, z, *y)
        d = adversary.init(stream(key, "discriminator"), x, *y)
        made = apply_eval(stream(key, "sample"), network, variables(g), z, *y)
        if made.shape != x.shape:
            raise ValueError(
                f"the generator makes {real}s of shape {made.shape[1:]}, but the data's are of "
                f"shape {x.shape[1:]}: make the two agree"
            )
        average = half_life_average(half_life, batch_size=len(x), ramp=ramp).init(variables(g))
        zero, growth = jnp.int32(0), None
        if growing is not None:
            growth = growing.at(zero)
            for stage in growing.stages:
                growing.minibatch(stage, len(x))  # says what is wrong with it
        augmentation = init_augmentation(augment)
        return StyleState(g, d, average, jnp.float32(0), zero, zero, augmentation, growth)

    def generate_at(stage: int, key: jax.Array, state: StyleState, inputs: Batch) -> jax.Array:
        learnt: Any = averaged(state.average, variables(state.generator))
        played, factor = network, 1
        if growing is not None and state.growth is not None:
            played = AtStage(network, stage, state.growth.fade)
            factor = 2 ** (growing.last - stage)
        if "w" in inputs:
            w = inputs["w"]
        else:
            y, z = conditions(inputs, condition), array(inputs, "latent")
            w = map_latents(generator, state, z, *y)
            if "truncation" in inputs:
                psi, cutoff = inputs["truncation"], inputs.get("cutoff")
                w = truncate_styles(w, latent_mean(state), psi, cutoff)
        if "noise" in inputs and "noise" in learnt:
            learnt = learnt | {"noise": draw_noise(inputs["noise"], learnt["noise"])}
        images = apply_eval(key, played, learnt, w, method="synthesise")
        return jnp.clip(enlarge(images, factor), -1, 1).astype(jnp.float32)

    plays = tuple(partial(generate_at, stage) for stage in phases.stages)
    generate = plays[0] if len(plays) == 1 else Switch(phases.place_of, plays)
    return Game(init, in_turn(phases.all()), generate, phases.all())


def map_latents(
    generator: StyleGenerator, state: StyleState, latent: jax.Array, *y: jax.Array
) -> jax.Array:
    """The w of latents, by the averaged weights that `generate` uses; not truncated.

    Args:
        generator: the game's.
        state: of the game.
        latent: `[N, Z]`.
        *y: the condition, where the game has one.

    Returns:
        `[N, L, W]`: what `generate` takes as "w", mixed or moved as one likes.
    """
    learnt = averaged(state.average, variables(state.generator))
    return generator.apply(learnt, latent, *y, train=False, method="map_latents")


def latent_mean(state: StyleState) -> jax.Array:
    """The mean of w that `generate` truncates about, `[W]`."""
    learnt: Any = averaged(state.average, variables(state.generator))
    return learnt["latent_mean"]["mapping"]["mean"]


def _check(mixing: float, path: PathLength | None, penalties: Penalties | LazyPenalties) -> None:
    if not 0 <= mixing <= 1:
        raise ValueError(f"a mixing probability of {mixing} is none: give one in [0, 1]")
    counts = {}
    if path is not None:
        counts |= {"PathLength.every": path.every, "PathLength.shrink": path.shrink}
    if isinstance(penalties, LazyPenalties):
        counts |= {"LazyPenalties.every": penalties.every}
    for name, count in counts.items():
        if count <= 0:
            raise ValueError(f"{name} must be 1 or more, not {count}")
