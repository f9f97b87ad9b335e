"""Lazy regularisation: a penalty that is costly and changes slowly is taken every k-th round."""

from collections.abc import Callable
from typing import NamedTuple

import jax

from jaxgan.games.game import Player
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


def every_so_often(
    every: int, played: jax.Array, update: Callable[[Player], Player], player: Player
) -> Player:
    """The player after `update` in rounds 0, every, 2 every, ...; the player itself in others.

    Rounds without the update do not pay for it.

    Args:
        every: 1 or more.
        played: how many rounds have been played, [].
        update: one more update of the player.
        player: before it.
    """
    return jax.lax.cond(played % every == 0, update, lambda player: player, player)
