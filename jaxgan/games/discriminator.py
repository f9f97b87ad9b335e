"""A discriminator in a game: how it is called, and how it is updated on reals and fakes."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import (
    Augmentation,
    AugmentationState,
    adapted,
    augmented,
    observe_signs,
    probability_at,
)
from jaxgan.games.game import (
    Info,
    Player,
    apply_train,
    descend,
    init_player,
    stream,
)
from jaxgan.games.terms import Critic, Terms, weights_at
from jaxgan.losses import AdversarialLoss, combine


class Moment(NamedTuple):
    """When in a game a discriminator is asked.

    Attributes:
        played: how many rounds have been played, [], for weights on a schedule.
        probability: of its augmentation, as `probability_at` has it; None where it has none.
    """

    played: Any = 0
    probability: jax.Array | None = None


NOW = Moment()
"""In a game without schedules and augmentation, every moment."""


class Scored(NamedTuple):
    """What a discriminator says of images.

    Attributes:
        scores: `[B]`, or `[B, ...]` of patches.
        heads: what it says besides; None of a discriminator without heads.
    """

    scores: jax.Array
    heads: Any = None


ScoredTerms: TypeAlias = Callable[[Scored, Scored, Critic], Terms]
"""`(real, fake, critic) -> terms` of a discriminator's loss."""


def adversarial_term(loss: AdversarialLoss, weight: float = 1.0) -> ScoredTerms:
    """The adversarial loss alone: weight * mean L_D(D(real), D(fake))."""
    return lambda real, fake, critic: {
        "adversarial": (weight, loss.discriminator(real.scores, fake.scores))
    }


class Discriminator(NamedTuple):
    """A discriminator or critic, with all that does not change through a game.

    Attributes:
        network: `(images [B, H, W, C], *condition, train) -> scores [B, ...]`; with heads,
            `(images, train) -> (scores, heads)`: what it is to say, it is not shown.
        optimiser: of its parameters.
        augmentation: what happens to images before it sees them.
        has_heads: whether it says more than a score.
        view: `(key, images) -> images`, under which its heads are asked of fakes once more.
        mend: what is done to its gradients first, as in `descend`.
    """

    network: nn.Module
    optimiser: optax.GradientTransformation
    augmentation: Augmentation | None = None
    has_heads: bool = False
    view: Callable[[jax.Array, jax.Array], jax.Array] | None = None
    mend: Callable[[Any], Any] | None = None

    def init(self, key: jax.Array, images: jax.Array, *condition: jax.Array) -> Player:
        """The player before the first round."""
        return init_player(key, self.network, self.optimiser, images, *self._shown(condition))

    def moment(self, played: jax.Array | None, state: AugmentationState | None) -> Moment:
        """The moment after so many rounds; None where the game does not count them."""
        if played is None:
            return NOW
        return Moment(played, probability_at(self.augmentation, state, played))

    def adapted(
        self, state: AugmentationState | None, info: Info, moment: Moment, *, images: int
    ) -> AugmentationState | None:
        """The augmentation's state after a round with one update, `info`, on so many reals."""
        if state is None:
            return None
        state = observe_signs(state, info["real_sign"], images)
        return adapted(self.augmentation, state, images=images, played=moment.played)

    def score(
        self,
        key: jax.Array,
        parameters: Any,
        collections: Any,
        images: jax.Array,
        *condition: jax.Array,
        moment: Moment = NOW,
    ) -> tuple[Scored, Any]:
        """What it says of images in training, and its collections afterwards.

        Args:
            key: for the augmentation and the network's own random numbers.
            parameters: `Player.parameters`.
            collections: `Player.collections`.
            images: `[B, H, W, C]`.
            *condition: y, where the game has one. Images `[B, H, W, C']` among them are augmented
                with the same draws as the images that they belong to.
            moment: of the game, in which images are augmented.

        Raises:
            ValueError: where the network has heads and the game no use for them, or the other way
                round.
        """

        def seen(x: jax.Array) -> jax.Array:
            return augmented(key, x, self.augmentation, moment.probability)

        shown = tuple(seen(y) if y.ndim == 4 else y for y in self._shown(condition))
        outputs, collections = apply_train(
            stream(key, "discriminator"),
            self.network,
            parameters,
            collections,
            seen(images),
            *shown,
        )
        if isinstance(outputs, tuple) != self.has_heads:
            said = "more than a score" if isinstance(outputs, tuple) else "a score alone"
            raise ValueError(
                f"{type(self.network).__name__} says {said}, and the game asks for the other: give "
                "a game `auxiliary` where its discriminator has such a head, and only there"
            )
        return (Scored(*outputs) if self.has_heads else Scored(outputs)), collections

    def score_fakes(
        self,
        key: jax.Array,
        parameters: Any,
        collections: Any,
        fakes: jax.Array,
        *condition: jax.Array,
        moment: Moment = NOW,
    ) -> tuple[Scored, Any]:
        """`score` of fakes; under a view its heads are two, `(heads, heads of the view)`.

        The view leaves the collections as they are.
        """
        learnt = parameters, collections
        key_fake = stream(key, "fake")
        scored, seen = self.score(key_fake, *learnt, fakes, *condition, moment=moment)
        if self.view is None:
            return scored, seen
        viewed = self.view(stream(key, "view"), fakes)
        key_viewed = stream(key, "viewed")
        of_view, _ = self.score(key_viewed, *learnt, viewed, *condition, moment=moment)
        return Scored(scored.scores, (scored.heads, of_view.heads)), seen

    def scores(
        self,
        key: jax.Array,
        player: Player,
        images: jax.Array,
        *condition: jax.Array,
        moment: Moment = NOW,
    ) -> jax.Array:
        """What the player of the moment says of images, in a generator's update; no heads."""
        learnt = player.parameters, player.collections
        return self.score(key, *learnt, images, *condition, moment=moment)[0].scores

    def critic(
        self,
        key: jax.Array,
        parameters: Any,
        collections: Any,
        *condition: jax.Array,
        moment: Moment = NOW,
    ) -> Critic:
        """The function of images that a penalty looks at: scores alone."""

        def critic(images: jax.Array) -> jax.Array:
            key_critic = stream(key, "critic")
            return self.score(
                key_critic, parameters, collections, images, *condition, moment=moment
            )[0].scores

        return critic

    def update(
        self,
        key: jax.Array,
        player: Player,
        real: jax.Array,
        fake: jax.Array,
        *condition: jax.Array,
        terms: ScoredTerms,
        moment: Moment = NOW,
    ) -> tuple[Player, Info]:
        """One update on reals and fakes, which are separate batches of it.

        Args:
            key: for what `score` draws.
            player: before the update.
            real: `[B, H, W, C]`.
            fake: `[B, H, W, C]`, as it comes: no gradient goes on from here.
            *condition: y, shown with both.
            terms: `(real, fake, critic) -> terms` of the loss.
            moment: of the game, in which images are augmented.

        Returns:
            The player after the update, and a report of scalars; where images are augmented, with
            that probability and the mean sign of the reals' scores.
        """

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            learnt = parameters, player.collections
            key_real = stream(key, "real")
            of_real, seen = self.score(key_real, *learnt, real, *condition, moment=moment)
            of_fake, seen = self.score_fakes(
                *(key, parameters, seen, fake, *condition), moment=moment
            )
            critic = self.critic(key, parameters, seen, *condition, moment=moment)
            loss, info = combine(weights_at(terms(of_real, of_fake, critic), moment.played))
            means = {
                "real_score": jnp.mean(of_real.scores),
                "fake_score": jnp.mean(of_fake.scores),
            }
            if moment.probability is not None:
                means["real_sign"] = jnp.mean(jnp.sign(of_real.scores))
                means["augmentation_probability"] = moment.probability
            return loss, (info | means, seen)

        return descend(player, self.optimiser, objective, mend=self.mend)

    def regularise(
        self,
        key: jax.Array,
        player: Player,
        *condition: jax.Array,
        terms: Callable[[Critic], Terms],
        weight: float,
        moment: Moment = NOW,
    ) -> Player:
        """One update of `weight` times penalties alone; collections stay as they are."""

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            critic = self.critic(key, parameters, player.collections, *condition, moment=moment)
            loss = weight * combine(weights_at(terms(critic), moment.played))[0]
            return loss, ({}, player.collections)

        return descend(player, self.optimiser, objective, mend=self.mend)[0]

    def _shown(self, condition: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        return () if self.has_heads else condition
