"""XGAN: two domains that share an embedding, and translation through it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import Augmentation, AugmentationState, init_augmentation
from jaxgan.games.discriminator import Discriminator, Moment, Scored, ScoredTerms
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
from jaxgan.games.terms import Critic, Penalties, Terms, merged, no_penalties
from jaxgan.losses import AdversarialLoss, combine, domain_confusion, l1
from jaxgan.updates import AverageState, average_weights, averaged


class XGANWeights(NamedTuple):
    """How much each term counts in the autoencoders' loss.

    Attributes:
        reconstruction: of each domain, l1(d1(e1(a)), a).
        domain: of the classifier that tells the domains by their embeddings.
        semantic: of what a translation keeps, l1(e2(g12(a)), e1(a)).
        adversarial: of each translation.
        teacher: of what the embedding of a has in common with the teacher's.
    """

    reconstruction: float = 1.0
    domain: float = 1.0
    semantic: float = 1.0
    adversarial: float = 1.0
    teacher: float = 1.0


class XGANOutputs(Protocol):
    """What the network of the two autoencoders makes of a minibatch of each domain.

    Embeddings are `[B, E]`, images `[B, H, W, C]`, the classifier's logits `[B]`: a's is to be 0,
    b's 1, and their gradients are reversed on the way to the embeddings.
    """

    embedding_a: jax.Array
    embedding_b: jax.Array
    reconstruction_a: jax.Array
    reconstruction_b: jax.Array
    a_to_b: jax.Array
    b_to_a: jax.Array
    embedding_a_to_b: jax.Array
    embedding_b_to_a: jax.Array
    domain_a: jax.Array
    domain_b: jax.Array


class XGANState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: both autoencoders and the classifier of domains.
        discriminator_a: D_1, of images of domain a.
        discriminator_b: D_2, of images of domain b.
        average: moving average of the autoencoders' variables; None where none is kept.
        round: how many rounds have been played, [] int32; None where nothing is augmented.
        augmentation_a: of an adaptive probability of D_1; None where it is not adaptive.
        augmentation_b: of D_2.
    """

    generator: Player
    discriminator_a: Player
    discriminator_b: Player
    average: AverageState | None
    round: jax.Array | None = None
    augmentation_a: AugmentationState | None = None
    augmentation_b: AugmentationState | None = None


def xgan(
    network: nn.Module,
    discriminator_a: nn.Module,
    discriminator_b: nn.Module,
    *,
    loss: AdversarialLoss,
    generator_optimiser: optax.GradientTransformation,
    discriminator_optimiser: optax.GradientTransformation,
    weights: XGANWeights,
    teacher: Callable[[jax.Array], jax.Array] | None = None,
    discriminator_weight: float = 1.0,
    penalties: Penalties = no_penalties,
    augment: Augmentation | None = None,
    begin: Callable[[Any], Any] | None = None,
    average_decay: float | None = None,
) -> Game:
    """Cross-domain autoencoders with one embedding: Royer et al., 2017, section 3.

        e, d descend  w_rec (L_rec,1 + L_rec,2) + w_dom L_dann + w_sem (L_sem,1 + L_sem,2)
                      + w_gan (L_gan,1->2 + L_gan,2->1) + w_teach L_teach
        D_1, D_2 descend  mean L_D on images of their domain, and translations into it

    Discriminators are updated first, on the translations that the autoencoders are then updated
    with. The distances are l1's means.

    Args:
        network: `(a [B, H, W, C], b [B, H, W, C], train) -> XGANOutputs`; its methods
            `translate_a` and `translate_b`, `(images, train) -> images`, are what is used in the
            end.
        discriminator_a: `(images [B, H, W, C], train) -> scores [B, ...]`.
        discriminator_b: likewise.
        loss: what the players minimise.
        generator_optimiser: of the autoencoders and the classifier of domains.
        discriminator_optimiser: of each discriminator.
        weights: of the terms.
        teacher: `(images of a) -> [B, E]`, a fixed embedding that a's is drawn to; None without.
        discriminator_weight: of a discriminator's adversarial loss.
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`, added to the
            loss of each discriminator (paper: none).
        augment: what happens to images in front of the discriminators, and how often; an adaptive
            probability is each discriminator's own. None leaves them alone (paper: none).
        begin: `(parameters of the network) -> those that the game begins with`; None leaves them.
        average_decay: of the moving average of the autoencoders' weights that `generate` uses;
            None keeps none.

    Returns:
        A game. Batches: `{"a": [B, H, W, C], "b": [B, H, W, C]}`; no row belongs to another.
        Inputs of `generate`: `{"a": [N, H, W, C]}` for images of domain b, `{"b": ...}` for a's;
        with both it gives `XGANOutputs`.

    Raises:
        ValueError: by `init`, where a side is missing or the sides are of different shapes.
    """
    adversary_a = Discriminator(discriminator_a, discriminator_optimiser, augment)
    adversary_b = Discriminator(discriminator_b, discriminator_optimiser, augment)
    averaging = average_weights(average_decay)

    def init(key: jax.Array, batch: Batch) -> XGANState:
        a, b = array(batch, "a"), array(batch, "b")
        if a.shape != b.shape:
            raise ValueError(
                f"domain a has images of shape {a.shape[1:]} and domain b of shape {b.shape[1:]}: "
                "a shared embedding needs one size and the same channels on both sides"
            )
        g = init_player(stream(key, "generator"), network, generator_optimiser, a, b)
        if begin is not None:
            parameters = begin(g.parameters)
            g = Player(parameters, g.collections, generator_optimiser.init(parameters))
        d_a = adversary_a.init(stream(key, "a"), a)
        d_b = adversary_b.init(stream(key, "b"), b)
        return XGANState(
            *(g, d_a, d_b, averaging.init(variables(g))),
            round=None if augment is None else jnp.int32(0),
            augmentation_a=init_augmentation(augment),
            augmentation_b=init_augmentation(augment),
        )

    def terms_of(key: jax.Array, x: jax.Array, fake: jax.Array) -> ScoredTerms:
        def terms(of_real: Scored, of_fake: Scored, critic: Critic) -> Terms:
            adversarial = loss.discriminator(of_real.scores, of_fake.scores)
            return merged(
                {"adversarial": (discriminator_weight, adversarial)},
                penalties(stream(key, "penalty"), critic, x, fake),
            )

        return terms

    def update(key: jax.Array, state: XGANState, batch: Batch) -> tuple[XGANState, Info]:
        (g, d_a, d_b, average, played, of_a, of_b), a, b = state, batch["a"], batch["b"]
        moment_a, moment_b = adversary_a.moment(played, of_a), adversary_b.moment(played, of_b)

        def make(parameters: Any) -> tuple[XGANOutputs, Any]:
            key_make = stream(key, "generator")
            return apply_train(key_make, network, parameters, g.collections, a, b)

        made, pull_back, collections = jax.vjp(make, g.parameters, has_aux=True)

        key_a, key_b = stream(key, "discriminator_a"), stream(key, "discriminator_b")
        terms_a, terms_b = terms_of(key_a, a, made.b_to_a), terms_of(key_b, b, made.a_to_b)
        d_a, a_info = adversary_a.update(key_a, d_a, a, made.b_to_a, terms=terms_a, moment=moment_a)
        d_b, b_info = adversary_b.update(key_b, d_b, b, made.a_to_b, terms=terms_b, moment=moment_b)
        of_a = adversary_a.adapted(of_a, a_info, moment_a, images=len(a))
        of_b = adversary_b.adapted(of_b, b_info, moment_b, images=len(b))

        def objective(made: XGANOutputs) -> tuple[jax.Array, Info]:
            def adversarial(
                name: str,
                adversary: Discriminator,
                player: Player,
                moment: Moment,
                images: tuple[jax.Array, jax.Array],
            ) -> tuple[float, jax.Array]:
                key_score = stream(key, name)
                scores = [adversary.scores(key_score, player, x, moment=moment) for x in images]
                return weights.adversarial, loss.generator(*scores)

            terms = {
                "reconstruction_a": (weights.reconstruction, l1(made.reconstruction_a, a)),
                "reconstruction_b": (weights.reconstruction, l1(made.reconstruction_b, b)),
                "domain_a": (weights.domain, domain_confusion(made.domain_a, jnp.array(0.0))),
                "domain_b": (weights.domain, domain_confusion(made.domain_b, jnp.array(1.0))),
                "semantic_a": (weights.semantic, l1(made.embedding_a_to_b, made.embedding_a)),
                "semantic_b": (weights.semantic, l1(made.embedding_b_to_a, made.embedding_b)),
                "adversarial_a": adversarial("a", adversary_a, d_a, moment_a, (a, made.b_to_a)),
                "adversarial_b": adversarial("b", adversary_b, d_b, moment_b, (b, made.a_to_b)),
            }
            if teacher is not None:
                terms["teacher"] = weights.teacher, l1(made.embedding_a, teacher(a))
            return combine(terms)

        output_gradients, g_info = jax.grad(objective, has_aux=True)(made)
        (gradients,) = pull_back(output_gradients)
        g_info["gradient_norm"] = optax.tree.norm(gradients)
        g = update_player(g, generator_optimiser, gradients, collections)
        average = averaging.update(variables(g), average)
        info = (
            prefixed("generator", g_info)
            | prefixed("discriminator_a", a_info)
            | prefixed("discriminator_b", b_info)
        )
        played = None if played is None else played + 1
        return XGANState(g, d_a, d_b, average, played, of_a, of_b), info

    def generate(key: jax.Array, state: XGANState, inputs: Batch) -> Any:
        learnt = averaged(state.average, variables(state.generator))
        if "a" in inputs and "b" in inputs:
            return apply_eval(key, network, learnt, inputs["a"], inputs["b"])
        side = "b" if "b" in inputs else "a"
        return network.apply(
            learnt, array(inputs, side), train=False, rngs=key, method=f"translate_{side}"
        )

    return Game(init, update, generate)
