"""The phases that a round of the style game is made of."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxgan.games.augmentation import adapted, observe_signs, probability_at
from jaxgan.games.discriminator import Discriminator, Moment, Scored
from jaxgan.games.game import (
    Batch,
    Info,
    Play,
    Switch,
    array,
    conditions,
    descend,
    prefixed,
    split_minibatches,
    stream,
    variables,
)
from jaxgan.games.growing import AtStage, Growing, at_full_size, faded, shrink
from jaxgan.games.lazy import LazyPenalties, every_so_often
from jaxgan.games.style_state import PathLength, StyleState
from jaxgan.games.styles import Styled
from jaxgan.games.terms import Critic, Penalties, Terms, merged
from jaxgan.losses import AdversarialLoss, combine
from jaxgan.penalties import path_length as penalise
from jaxgan.updates import finite_gradients, half_life_average


class Playing(NamedTuple):
    """Who plays: both networks, with their optimisers."""

    styled: Styled
    optimiser: optax.GradientTransformation
    adversary: Discriminator

    def at(self, growing: Growing, stage: int, fade: jax.Array) -> "Playing":
        """The same players at a stage of their growth."""
        styled, adversary = self.styled, self.adversary
        return Playing(
            styled._replace(
                network=AtStage(styled.network, stage, fade),
                layers=styled.layers - 2 * (growing.last - stage),
            ),
            growing.paced(self.optimiser, stage),
            adversary._replace(
                network=AtStage(adversary.network, stage, fade),
                optimiser=growing.paced(adversary.optimiser, stage),
            ),
        )


class Phases(NamedTuple):
    """The rules of the style game, and its phases: `(stage, key, state, batch) -> (state, info)`.

    Attributes:
        players: the whole networks, with their optimisers.
        loss: what both players minimise.
        penalties: of D.
        path_length: of G.
        growing: when the networks grow.
        half_life: of the average of G, in images.
        ramp: of the same.
        real: name of the array of the batch that G learns to make.
        condition: name of the array of the batch that is y.
    """

    players: Playing
    loss: AdversarialLoss
    penalties: Penalties | LazyPenalties
    path_length: PathLength | None
    growing: Growing | None
    half_life: float | None
    ramp: float | None
    real: str
    condition: str | None

    @property
    def stages(self) -> range:
        """Of the networks; the one stage 0 where they do not grow."""
        return range(1) if self.growing is None else self.growing.stages

    def begin(
        self, stage: int, state: StyleState, batch: Batch
    ) -> tuple[Playing, jax.Array, tuple[jax.Array, ...]]:
        """What plays at a stage, and its minibatch: reals and condition."""
        array(batch, self.real)
        if self.growing is None or state.growth is None:
            return self.players, batch[self.real], conditions(batch, self.condition)
        count = len(batch[self.real]) // self.growing.minibatch(stage, len(batch[self.real]))
        batch = split_minibatches(batch, count)[0]
        x = shrink(batch[self.real], 2 ** (self.growing.last - stage))
        x = faded(x, state.growth.fade) if stage > self.growing.first else x
        return (
            self.players.at(self.growing, stage, state.growth.fade),
            x,
            conditions(batch, self.condition),
        )

    def penalised(self, penalties: Penalties, stage: int) -> Penalties:
        """Penalties of D at a stage."""
        growing = self.growing
        return penalties if growing is None else at_full_size(penalties, growing.last - stage)

    def moment(self, state: StyleState) -> Moment:
        """Of D's augmentation."""
        augmentation, played = self.players.adversary.augmentation, state.round
        return Moment(played, probability_at(augmentation, state.augmentation, played))

    def update_generator(
        self, stage: int, key: jax.Array, state: StyleState, batch: Batch
    ) -> tuple[StyleState, Info]:
        """G descends its adversarial loss."""
        playing, x, y = self.begin(stage, state, batch)
        key, g, d = stream(key, "generator"), state.generator, state.discriminator

        def score(name: str, images: jax.Array) -> jax.Array:
            key_score, fixed = stream(key, name), (d.parameters, d.collections)
            scored, _ = playing.adversary.score(
                key_score, *fixed, images, *y, moment=self.moment(state)
            )
            return scored.scores

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            fake, seen = playing.styled.make(key, parameters, g.collections, len(x), *y)
            adversarial = self.loss.generator(score("real", x), score("fake", fake))
            total, info = combine({"adversarial": (1.0, adversarial)})
            return total, (info, seen)

        g, info = descend(g, playing.optimiser, objective, mend=finite_gradients)
        return state._replace(generator=g), prefixed("generator", info)

    def regularise_generator(
        self, path: PathLength, stage: int, key: jax.Array, state: StyleState, batch: Batch
    ) -> tuple[StyleState, Info]:
        """G descends the path-length penalty alone, of a part of the batch, rounded up."""
        playing, x, y = self.begin(stage, state, batch)
        key, g = stream(key, "path_length"), state.generator
        count, y = -(-len(x) // path.shrink), tuple(leaf[:: path.shrink] for leaf in y)

        def objective(parameters: Any) -> tuple[jax.Array, tuple[Info, Any]]:
            w, seen = playing.styled.styles(key, parameters, g.collections, count, *y)
            penalty, mean = penalise(
                stream(key, "direction"),
                lambda w: playing.styled.synthesise(key, parameters, seen, w)[0],
                *(w, state.path_length_mean),
                decay=path.decay,
            )
            total, _ = combine({"path_length": (path.weight * path.every, penalty)})
            return total, ({"mean": mean}, seen)

        g, info = descend(g, playing.optimiser, objective, mend=finite_gradients)
        return state._replace(generator=g, path_length_mean=info["mean"]), {}

    def update_discriminator(
        self, stage: int, key: jax.Array, state: StyleState, batch: Batch
    ) -> tuple[StyleState, Info]:
        """D descends its adversarial loss, with penalties that are not lazy."""
        playing, x, y = self.begin(stage, state, batch)
        key, g = stream(key, "discriminator"), state.generator
        fake, seen = playing.styled.make(key, g.parameters, g.collections, len(x), *y)

        def terms(of_real: Scored, of_fake: Scored, critic: Critic) -> Terms:
            main = {"adversarial": (1.0, self.loss.discriminator(of_real.scores, of_fake.scores))}
            if isinstance(self.penalties, LazyPenalties):
                return main
            penalties = self.penalised(self.penalties, stage)
            return merged(main, penalties(stream(key, "penalty"), critic, x, fake))

        d, info = playing.adversary.update(
            *(key, state.discriminator, x, fake, *y), terms=terms, moment=self.moment(state)
        )
        state = state._replace(generator=g._replace(collections=seen), discriminator=d)
        if state.augmentation is not None:
            signs = observe_signs(state.augmentation, info["real_sign"], len(x))
            state = state._replace(augmentation=signs)
        return state, prefixed("discriminator", info)

    def regularise_discriminator(
        self, lazy: LazyPenalties, stage: int, key: jax.Array, state: StyleState, batch: Batch
    ) -> tuple[StyleState, Info]:
        """D descends its lazy penalties alone."""
        playing, x, y = self.begin(stage, state, batch)
        key, g = stream(key, "lazy"), state.generator
        fake, _ = playing.styled.make(key, g.parameters, g.collections, len(x), *y)

        def terms(critic: Critic) -> Terms:
            penalties = self.penalised(lazy.penalties, stage)
            return penalties(stream(key, "penalty"), critic, x, fake)

        d, moment = state.discriminator, self.moment(state)
        after = playing.adversary.regularise(
            *(key, d, *y), terms=terms, weight=lazy.every, moment=moment
        )
        if state.augmentation is not None:  # the scores that the critic gives x in R1
            asked = stream(key, "critic"), d.parameters, d.collections, x, *y
            scores = playing.adversary.score(*asked, moment=moment)[0].scores
            signs = observe_signs(state.augmentation, jnp.mean(jnp.sign(scores)), len(x))
            state = state._replace(augmentation=signs)
        return state._replace(discriminator=after), {}

    def finish(self, key: jax.Array, state: StyleState, batch: Batch) -> tuple[StyleState, Info]:
        """The average of G moves, and what a round counts is counted."""
        del key
        size, info = jnp.int32(len(batch[self.real])), {}
        if self.growing is not None and state.growth is not None:
            sizes = [self.growing.minibatch(stage, len(batch[self.real])) for stage in self.stages]
            size = jnp.array(sizes, jnp.int32)[self.place_of(state)]
            info["generator/stage"] = state.growth.stage + state.growth.fade - 1
        if self.path_length is not None:
            info["generator/path_length_mean"] = state.path_length_mean
        averaging = half_life_average(self.half_life, batch_size=size, ramp=self.ramp)
        return state._replace(
            average=averaging.update(variables(state.generator), state.average),
            augmentation=adapted(
                *(self.players.adversary.augmentation, state.augmentation),
                images=size,
                played=state.round,
            ),
            round=state.round + 1,
            images=state.images + size,
        ), info

    def grow(self, key: jax.Array, state: StyleState, batch: Batch) -> tuple[StyleState, Info]:
        """Networks that grow without changing their shape."""
        del key, batch
        growth = None if self.growing is None else self.growing.at(state.images)
        return state._replace(growth=growth), {}

    def change_shape(
        self, key: jax.Array, state: StyleState, batch: Batch
    ) -> tuple[StyleState, Info]:
        """Where networks change their shape, what optimisers know of the old one goes."""
        g, d, players = state.generator, state.discriminator, self.players
        g = g._replace(optimiser=players.optimiser.init(g.parameters))
        d = d._replace(optimiser=players.adversary.optimiser.init(d.parameters))
        return self.grow(key, state._replace(generator=g, discriminator=d), batch)

    def all(self) -> tuple[Play, ...]:
        """A round: all phases, in turn."""
        phases = [self._staged(self.update_generator)]
        if self.path_length is not None:
            path = self._staged(partial(self.regularise_generator, self.path_length))
            phases.append(every_so_often(self.path_length.every, path))
        phases.append(self._staged(self.update_discriminator))
        if isinstance(self.penalties, LazyPenalties):
            lazy = self._staged(partial(self.regularise_discriminator, self.penalties))
            phases.append(every_so_often(self.penalties.every, lazy))
        phases.append(self.finish)
        if self.growing is not None:
            turns = partial(_changes_shape, self.growing)
            phases.append(Switch(turns, (self.grow, self.change_shape)))
        return tuple(phases)

    def place_of(self, state: StyleState) -> jax.Array:
        """The place of the stage of the moment among all stages.

        The stage of another run, whose networks made larger images, may lie beyond: the nearest is
        played until the round has counted its images.
        """
        if state.growth is None:
            return jnp.int32(0)
        return jnp.clip(state.growth.stage - self.stages[0], 0, len(self.stages) - 1)

    def _staged(self, play: Callable[..., Any]) -> Play:
        """A phase at the stage of the moment."""
        plays: tuple[Play, ...] = tuple(partial(play, stage) for stage in self.stages)
        return plays[0] if len(plays) == 1 else Switch(self.place_of, plays)


def _changes_shape(growing: Growing, state: StyleState) -> jax.Array:
    """Whether a stage begins to fade in, or has: 0 or 1."""
    now, before = growing.at(state.images), state.growth
    assert before is not None
    return jnp.int32((now.stage != before.stage) | ((now.fade < 1) != (before.fade < 1)))
