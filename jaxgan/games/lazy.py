"""Lazy regularisation: a penalty that is costly and changes slowly is taken every k-th round."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.games.game import Play, Switch, leave_alone
from jaxgan.games.terms import Penalties


class LazyPenalties(NamedTuple):
    """Penalties that are left out of the discriminator's loss and have updates of their own.

    Each `every`-th round ends the discriminator's updates with one more, of `every` times the
    penalties alone. Its optimiser should be `updates.lazy_adam(..., every=every * n_critic)`. They
    are not reported, as most rounds have none.

    Karras et al., StyleGAN2, 2020, appendix B.

    Attributes:
        penalties: `(key, critic, real, fake) -> {name: (weight, per example [B])}`.
        every: rounds from one such update to the next; 1 or more.
    """

    penalties: Penalties
    every: int = 16


def every_so_often(every: int, play: Play) -> Switch:
    """A phase that is played in rounds 0, every, 2 every, ..., and reports nothing.

    Other rounds do not pay for it.

    Args:
        every: 1 or more.
        play: a phase of a game whose state has `round`, how many have been played.
    """
    plays = play.plays if isinstance(play, Switch) else (play,)

    def choice(state: Any) -> jax.Array:
        which = play.choice(state) if isinstance(play, Switch) else 0
        return jnp.where(state.round % every == 0, 1 + which, 0)

    return Switch(choice, (leave_alone, *plays))
