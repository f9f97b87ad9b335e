"""CycleGAN, and with one direction switched off the one-way GAN: images that have no partners."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import Augmentation, AugmentationState, init_augmentation
from jaxgan.games.discriminator import Discriminator, adversarial_term
from jaxgan.games.game import (
    Batch,
    Game,
    Info,
    Player,
    apply_eval,
    apply_train,
    array,
    init_player,
    prefixed,
    stream,
    update_player,
    variables,
)
from jaxgan.games.pool import Pool, empty_pool, exchange
from jaxgan.losses import AdversarialLoss, combine, l1
from jaxgan.updates import AverageState, average_weights, averaged


class PooledDiscriminator(NamedTuple):
    """A discriminator of one side, and the images that the generator into that side has made.

    Attributes:
        player: the discriminator.
        pool: of images, as they were before any augmentation.
        augmentation: of an adaptive probability; None where it is not adaptive.
    """

    player: Player
    pool: Pool
    augmentation: AugmentationState | None = None


class CycleState(NamedTuple):
    """All that the next round needs.

    Attributes:
        a_to_b: the generator G.
        b_to_a: the generator F.
        discriminator_a: D_A and its pool; None in the one-way game.
        discriminator_b: D_B and its pool.
        average: moving average of both generators' variables, (G's, F's); None where none is kept.
        round: how many rounds have been played, [] int32; None where nothing is augmented.
    """

    a_to_b: Player
    b_to_a: Player
    discriminator_a: PooledDiscriminator | None
    discriminator_b: PooledDiscriminator
    average: AverageState | None
    round: jax.Array | None = None


def cycle(
    a_to_b: nn.Module,
    b_to_a: nn.Module,
    discriminator_a: nn.Module | None,
    discriminator_b: nn.Module,
    *,
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    adversarial_weight: float = 1.0,
    cycle_weight: float = 10.0,
    identity_weight: float = 0.0,
    discriminator_weight: float = 0.5,
    pool_size: int = 50,
    augment: Augmentation | None = None,
    average_decay: float | None = None,
) -> Game:
    r"""Two generators, G from side a to b and F back, that undo each other.

    G and F descend the sum of three terms,

    $$λ_adversarial (mean L_G(D_B(b), D_B(G(a))) + mean L_G(D_A(a), D_A(F(b))))$$
    $$λ_cycle (mean |F(G(a)) - a| + mean |G(F(b)) - b|)$$
    $$λ_identity (mean |G(b) - b| + mean |F(a) - a|)$$

    and with images a' of the pool of F(b), b' of the pool of G(a), the two discriminators

    $$λ_discriminator mean L_D(D_B(b), D_B(b')), \quad λ_discriminator mean L_D(D_A(a), D_A(a'))$$

    Zhu et al., 2017, equations 1 to 3 and section 5.2. Generators are updated before
    discriminators, as in the authors' code. Without D_A the second direction is switched off, and
    of each line one half: in the one-way game G and F descend

    $$L_G(D_B(b), D_B(G(a))) + λ_cycle |F(G(a)) - a| + λ_identity |G(b) - b|$$

    Args:
        a_to_b: G, `(images [B, H, W, C], train) -> images [B, H, W, C']` in [-1, 1].
        b_to_a: F, likewise, from C' to C channels.
        discriminator_a: D_A, `(images [B, H, W, C], train) -> scores [B, ...]`; None plays one way.
        discriminator_b: D_B, likewise.
        loss: what both players minimise (paper: `least_squares`).
        generator_optimiser: of each generator.
        discriminator_optimiser: of each discriminator.
        adversarial_weight: of the generators' adversarial losses (paper: 1; `least_squares` has
            halves that the paper has not: 2 is the paper's there, and 1 the discriminators').
        cycle_weight: lambda (paper: 10).
        identity_weight: 0 plays without (paper: 0, and half of lambda for paintings).
        discriminator_weight: of a discriminator's loss (paper: a half).
        pool_size: images that are kept of each generator; 0 plays without pools (paper: 50).
        augment: what happens to images in front of the discriminators, and how often; an adaptive
            probability is each discriminator's own. None leaves them alone (paper: none).
        average_decay: of the moving average of the generators' weights that `generate` uses; None
            keeps none (paper: none).

    Returns:
        A game. Batches: `{"a": [B, H, W, C], "b": [B, H, W, C']}`; no row belongs to another.
        Inputs of `generate`: `{"a": [N, H, W, C]}` for G's images, `{"b": ...}` for F's.

    Raises:
        ValueError: by `init`, where a side is missing, the sides are of different sizes, a
            generator makes images of another shape than the other side's, or the channels differ
            and identity_weight is not 0; where the pool's size is negative.
    """
    adversary_b = Discriminator(discriminator_b, discriminator_optimiser, augment)
    adversary_a = None
    if discriminator_a is not None:
        adversary_a = Discriminator(discriminator_a, discriminator_optimiser, augment)
    averaging = average_weights(average_decay)

    def init(key: jax.Array, batch: Batch) -> CycleState:
        a, b = array(batch, "a"), array(batch, "b")
        if a.shape[:3] != b.shape[:3]:
            raise ValueError(
                f"side a has images of shape {a.shape[1:]} and side b of shape {b.shape[1:]}: a "
                "cycle needs one size on both sides"
            )
        if identity_weight and a.shape != b.shape:
            raise ValueError(
                f"side a has images of {a.shape[3]} channels and side b of {b.shape[3]}, of which "
                f"none is its own translation: identity_weight must be 0, not {identity_weight}"
            )
        g = init_player(stream(key, "a_to_b"), a_to_b, generator_optimiser, a)
        f = init_player(stream(key, "b_to_a"), b_to_a, generator_optimiser, b)
        for network, player, x, y in (a_to_b, g, a, b), (b_to_a, f, b, a):
            made = apply_eval(stream(key, "sample"), network, variables(player), x)
            if made.shape != y.shape:
                raise ValueError(
                    f"a generator makes images of shape {made.shape[1:]} of images of shape "
                    f"{x.shape[1:]}, and those of the other side are of shape {y.shape[1:]}: make "
                    "them agree"
                )

        def pooled(name: str, adversary: Discriminator, x: jax.Array) -> PooledDiscriminator:
            player, pool = adversary.init(stream(key, name), x), empty_pool(pool_size, x)
            return PooledDiscriminator(player, pool, init_augmentation(augment))

        d_a = None if adversary_a is None else pooled("discriminator_a", adversary_a, a)
        d_b = pooled("discriminator_b", adversary_b, b)
        average = averaging.init((variables(g), variables(f)))
        return CycleState(g, f, d_a, d_b, average, None if augment is None else jnp.int32(0))

    def update(key: jax.Array, state: CycleState, batch: Batch) -> tuple[CycleState, Info]:
        g, f, d_a, d_b, average, played = state
        a, b = batch["a"], batch["b"]
        (g, f), (fake_a, fake_b), info = update_generators(stream(key, "generator"), state, a, b)
        key_b = stream(key, "discriminator_b")
        d_b, b_info = update_discriminator(key_b, adversary_b, d_b, b, fake_b, played)
        info |= prefixed("discriminator_b", b_info)
        if adversary_a is not None and d_a is not None:
            key_a = stream(key, "discriminator_a")
            d_a, a_info = update_discriminator(key_a, adversary_a, d_a, a, fake_a, played)
            info |= prefixed("discriminator_a", a_info)
        average = averaging.update((variables(g), variables(f)), average)
        played = None if played is None else played + 1
        return CycleState(g, f, d_a, d_b, average, played), info

    def update_generators(
        key: jax.Array, state: CycleState, a: jax.Array, b: jax.Array
    ) -> tuple[tuple[Player, Player], tuple[Any, jax.Array], Info]:
        g, f, d_a, d_b, _, played = state

        def objective(parameters: tuple[Any, Any]) -> tuple[jax.Array, Any]:
            seen = [g.collections, f.collections]

            def make(which: int, use: str, x: jax.Array) -> jax.Array:
                network, learnt = (a_to_b, b_to_a)[which], parameters[which]
                made, seen[which] = apply_train(stream(key, use), network, learnt, seen[which], x)
                return made

            def one_way(
                which: int, adversary: Discriminator, d: PooledDiscriminator, x: Any, y: Any
            ) -> tuple[jax.Array, dict[str, tuple[float, jax.Array]]]:
                start, end = ("a", "b") if which == 0 else ("b", "a")
                fake = make(which, f"fake_{end}", x)
                moment = adversary.moment(played, d.augmentation)
                scores = [
                    adversary.scores(stream(key, end), d.player, z, moment=moment)
                    for z in (y, fake)
                ]
                terms = {
                    f"adversarial_{end}": (adversarial_weight, loss.generator(*scores)),
                    f"cycle_{start}": (
                        cycle_weight,
                        l1(make(1 - which, f"cycle_{start}", fake), x),
                    ),
                }
                if identity_weight:
                    kept = make(which, f"identity_{end}", y)
                    terms[f"identity_{end}"] = identity_weight, l1(kept, y)
                return fake, terms

            fake_b, terms = one_way(0, adversary_b, d_b, a, b)
            fake_a = None
            if adversary_a is not None and d_a is not None:
                fake_a, more = one_way(1, adversary_a, d_a, b, a)
                terms |= more
            total, info = combine(terms)
            return total, ((fake_a, fake_b), info, seen)

        parameters = g.parameters, f.parameters
        gradients, (fakes, info, seen) = jax.grad(objective, has_aux=True)(parameters)
        info["gradient_norm"] = optax.tree.norm(gradients)
        g = update_player(g, generator_optimiser, gradients[0], seen[0])
        f = update_player(f, generator_optimiser, gradients[1], seen[1])
        return (g, f), fakes, prefixed("generator", info)

    def update_discriminator(
        key: jax.Array,
        adversary: Discriminator,
        d: PooledDiscriminator,
        real: Any,
        fake: Any,
        played: jax.Array | None,
    ) -> tuple[PooledDiscriminator, Info]:
        pool, shown = exchange(stream(key, "pool"), d.pool, fake)
        terms = adversarial_term(loss, discriminator_weight)
        moment = adversary.moment(played, d.augmentation)
        player, info = adversary.update(key, d.player, real, shown, terms=terms, moment=moment)
        augmentation = adversary.adapted(d.augmentation, info, moment, images=len(real))
        return PooledDiscriminator(player, pool, augmentation), info

    def generate(key: jax.Array, state: CycleState, inputs: Batch) -> jax.Array:
        back = "a" not in inputs and "b" in inputs
        learnt = averaged(state.average, (variables(state.a_to_b), variables(state.b_to_a)))
        if back:
            return apply_eval(key, b_to_a, learnt[1], array(inputs, "b"))
        return apply_eval(key, a_to_b, learnt[0], array(inputs, "a"))

    return Game(init, update, generate)
