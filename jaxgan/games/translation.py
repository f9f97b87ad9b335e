"""pix2pix: a generator of images from images, on pairs."""

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
from jaxgan.losses import AdversarialLoss, combine, l1
from jaxgan.updates import AverageState, average_weights, averaged


class TranslationState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: the player G.
        discriminator: the player D.
        average: moving average of G's variables; None where none is kept.
        round: how many rounds have been played, [] int32; None where nothing is augmented.
        augmentation: of an adaptive probability; None where it is not adaptive.
    """

    generator: Player
    discriminator: Player
    average: AverageState | None
    round: jax.Array | None = None
    augmentation: AugmentationState | None = None


def translation(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    reconstruction_weight: float = 100.0,
    discriminator_weight: float = 0.5,
    augment: Augmentation | None = None,
    average_decay: float | None = None,
) -> Game:
    """An image of side b from its partner of side a: Isola et al., pix2pix, 2017.

    - D descends $λ_discriminator mean L_D(D(b, a), D(G(a), a))$
    - G descends $mean L_G(D(b, a), D(G(a), a)) + λ mean |b - G(a)|$ (equations 3 and 4)

    D is updated first, on the image that G is then updated with, as in the authors' code. There is
    no latent: the generator's dropout is all that is random.

    Args:
        generator: `(images [B, H, W, C], train) -> images [B, H, W, C']` in [-1, 1].
        discriminator: `(b [B, H, W, C'], a [B, H, W, C], train) -> scores [B, ...]`.
        loss: what both players minimise (paper: `non_saturating`).
        generator_optimiser: any optax transformation.
        discriminator_optimiser: any optax transformation.
        reconstruction_weight: lambda (paper: 100).
        discriminator_weight: of D's loss (paper: a half).
        augment: what happens to b, G(a) and a in front of D, and how often; both of a pair with the
            same draws. None leaves them alone (paper: none).
        average_decay: of the moving average of G's weights that `generate` uses; None keeps none
            (paper: none).

    Returns:
        A game. Batches: `{"a": [B, H, W, C], "b": [B, H, W, C']}`, in pairs; inputs of `generate`:
        `{"a": [N, H, W, C]}`.

    Raises:
        ValueError: by `init`, where a side is missing, a network cannot take the images, or the
            generator makes images of another shape than side b's.
    """
    adversary = Discriminator(discriminator, discriminator_optimiser, augment)
    averaging = average_weights(average_decay)

    def init(key: jax.Array, batch: Batch) -> TranslationState:
        a, b = array(batch, "a"), array(batch, "b")
        g = init_player(stream(key, "generator"), generator, generator_optimiser, a)
        d = adversary.init(stream(key, "discriminator"), b, a)
        made = apply_eval(stream(key, "sample"), generator, variables(g), a)
        if made.shape != b.shape:
            raise ValueError(
                f"the generator makes images of shape {made.shape[1:]}, but those of side b are of "
                f"shape {b.shape[1:]}: make the two agree"
            )
        played = None if augment is None else jnp.int32(0)
        average, adaptation = averaging.init(variables(g)), init_augmentation(augment)
        return TranslationState(g, d, average, played, adaptation)

    def update(
        key: jax.Array, state: TranslationState, batch: Batch
    ) -> tuple[TranslationState, Info]:
        (g, d, average, played, adaptation), a, b = state, batch["a"], batch["b"]
        moment = adversary.moment(played, adaptation)

        def make(parameters: Any) -> tuple[jax.Array, Any]:
            return apply_train(stream(key, "generator"), generator, parameters, g.collections, a)

        fake, pull_back, collections = jax.vjp(make, g.parameters, has_aux=True)
        d, d_info = adversary.update(
            *(stream(key, "discriminator"), d, b, fake, a),
            terms=adversarial_term(loss, discriminator_weight),
            moment=moment,
        )

        def objective(fake: jax.Array) -> tuple[jax.Array, Info]:
            scores = [
                adversary.scores(stream(key, name), d, images, a, moment=moment)
                for name, images in (("real", b), ("fake", fake))
            ]
            return combine(
                {
                    "adversarial": (1.0, loss.generator(*scores)),
                    "reconstruction": (reconstruction_weight, l1(fake, b)),
                }
            )

        image_gradients, g_info = jax.grad(objective, has_aux=True)(fake)
        (gradients,) = pull_back(image_gradients)
        g_info["gradient_norm"] = optax.tree.norm(gradients)
        g = update_player(g, generator_optimiser, gradients, collections)
        average = averaging.update(variables(g), average)
        adaptation = adversary.adapted(adaptation, d_info, moment, images=len(b))
        played = None if played is None else played + 1
        info = prefixed("discriminator", d_info) | prefixed("generator", g_info)
        return TranslationState(g, d, average, played, adaptation), info

    def generate(key: jax.Array, state: TranslationState, inputs: Batch) -> jax.Array:
        learnt = averaged(state.average, variables(state.generator))
        return apply_eval(key, generator, learnt, array(inputs, "a"))

    return Game(init, update, generate)
