"""A discriminator in a game: how it is called, and how it is updated on reals and fakes."""

from collections.abc import Callable, Sequence
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
from jaxgan.games.terms import Auxiliary, Critic, Terms, weights_at
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


def views(auxiliary: Auxiliary | None, key: jax.Array, fakes: jax.Array) -> list[jax.Array]:
    """What a discriminator is asked of besides fakes: one view of them at the most."""
    if auxiliary is None or auxiliary.view is None:
        return []
    return [auxiliary.view(key, fakes)]


def of_heads(
    auxiliary: Auxiliary | None, scored: Sequence[Scored], latents: jax.Array, *y: jax.Array
) -> Terms:
    """Terms of the heads, of fakes and of their `views`; none without heads."""
    if auxiliary is None:
        return {}
    of_fakes, *of_views = (said.heads for said in scored)
    if not of_views:
        return auxiliary.fake(of_fakes, latents, *y)
    return auxiliary.fake(of_fakes, latents, *y, of_view=of_views[0])


ScoredTerms: TypeAlias = Callable[..., Terms]
"""`(real, fake, critic, *others) -> terms` of a discriminator's loss: what it says, `Scored`, of
reals, of fakes, and of other images that an update was given; and the `Critic`."""


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
        mend: what is done to its gradients first, as in `descend`.
    """

    network: nn.Module
    optimiser: optax.GradientTransformation
    augmentation: Augmentation | None = None
    has_heads: bool = False
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
        others: Sequence[jax.Array] = (),
    ) -> tuple[Player, Info]:
        """One update on reals and fakes, which are separate batches of it.

        Args:
            key: for what `score` draws.
            player: before the update.
            real: `[B, H, W, C]`.
            fake: `[B, H, W, C]`, as it comes: no gradient goes on from here.
            *condition: y, shown with both.
            terms: `(real, fake, critic, *others) -> terms` of the loss.
            moment: of the game, in which images are augmented.
            others: images besides that it is asked of, each `[B, H, W, C]`; they leave its
                collections as they are.

        Returns:
            The player after the update, and a report of scalars; where images are augmented, with
            that probability and the mean sign of the reals' scores.
        """

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            def score(name: str, collections: Any, images: jax.Array) -> tuple[Scored, Any]:
                key_score = stream(key, name)
                return self.score(
                    *(key_score, parameters, collections, images, *condition),
                    moment=moment,
                )

            of_real, seen = score("real", player.collections, real)
            of_fake, seen = score("fake", seen, fake)
            of_others = [score(f"other {n}", seen, images)[0] for n, images in enumerate(others)]
            critic = self.critic(key, parameters, seen, *condition, moment=moment)
            found = terms(of_real, of_fake, critic, *of_others)
            loss, info = combine(weights_at(found, moment.played))
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
