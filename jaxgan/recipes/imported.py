"""Networks of authors' files in the states of games from latents."""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from jaxgan.games import AdversarialState, Player, variables
from jaxgan.weights import R3GANNetworks, StyleNetworks, laid_over

State = TypeVar("State", bound=AdversarialState)


def with_networks(state: State, networks: StyleNetworks | R3GANNetworks) -> State:
    """The state of a game with the networks of a file; its optimisers begin anew.

    The generator's moving average, which pictures are made with, is the file's; where the game
    keeps none, the generator itself is. A discriminator that the file lacks begins anew.

    Args:
        state: the game's, at its beginning.
        networks: of the options that the game's networks have.

    Raises:
        ValueError: where they are not those of the game's networks; names what differs.
    """
    weights = networks.average if networks.generator is None else networks.generator
    if state.average is None:
        weights = networks.average
    else:
        mean = _laid(networks.average, state.average.mean, "the average of its generator")
        state = state._replace(average=state.average._replace(mean=mean))
    state = state._replace(generator=_with_player(state.generator, weights, "its generator"))
    if networks.discriminator is None:
        return state
    player = _with_player(state.discriminator, networks.discriminator, "its discriminator")
    return state._replace(discriminator=player)


def notes_of(networks: StyleNetworks | R3GANNetworks, licence: str) -> tuple[str, ...]:
    """What to say of networks that are imported: what is not there, and the licence."""
    missing = [
        sentence
        for sentence, there in (
            (
                "it has the average of the generator alone, which is taken for both",
                networks.generator,
            ),
            ("it has no discriminator: that begins anew", networks.discriminator),
        )
        if there is None
    ]
    return *missing, licence


def _with_player(player: Player, weights: Any, what: str) -> Player:
    collections = player.collections
    laid = _laid(weights, variables(player), what)
    return player._replace(
        parameters=laid["params"], collections={name: laid[name] for name in collections}
    )


def _laid(weights: Any, own: Any, what: str) -> Any:
    """Arrays of JAX, each its own."""
    return jax.tree.map(jnp.array, laid_over(weights, own, what))
