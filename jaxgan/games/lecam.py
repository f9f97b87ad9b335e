"""LeCam's regularisation: scores are kept near those that the other kind of images had before."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxgan.games.terms import Terms
from jaxgan.losses import lecam
from jaxgan.updates import AverageState, average_weights


class LeCam(NamedTuple):
    """The term of Tseng et al. (2021), and the moving averages that it needs.

    Attributes:
        weight: of `losses.lecam` in the discriminator's loss (paper: lambda), or its schedule.
        decay: of the moving averages, begun at 0 and soon free of it (paper: 0.99).
    """

    weight: float | optax.Schedule
    decay: float = 0.99

    def init(self) -> AverageState | None:
        """The anchors before the first round.

        Raises:
            ValueError: where the decay is not in [0, 1).
        """
        if self.decay is None:
            raise ValueError("LeCam's term needs its averages: give a decay in [0, 1), not None")
        return average_weights(self.decay).init(_anchors(0.0, 0.0))

    def terms(self, real: jax.Array, fake: jax.Array, anchors: AverageState) -> Terms:
        """Of scores of reals and of fakes, `[B, ...]`."""
        return {"lecam": (self.weight, lecam(real, fake, **anchors.mean))}

    def update(
        self, real: jax.Array, fake: jax.Array, anchors: AverageState
    ) -> AverageState | None:
        """The anchors after mean scores of reals and of fakes, `[]`."""
        return average_weights(self.decay).update(_anchors(real, fake), anchors)


def _anchors(real: Any, fake: Any) -> dict[str, jax.Array]:
    return {"real_anchor": jnp.float32(real), "fake_anchor": jnp.float32(fake)}
