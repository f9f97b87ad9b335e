"""What the benchmarks play: the games, each as one row of the table."""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from jaxgan import games, latents, losses, penalties
from jaxgan.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    FullyConnectedDiscriminator,
    FullyConnectedGenerator,
)

LATENT_SIZE = 100
PENALTY_WEIGHT = 10.0


@dataclasses.dataclass(frozen=True)
class Row:
    """One game at one size.

    Attributes:
        image_size: height and width.
        channels: of the images.
        width: channels next to the images; None for the fully connected networks.
        n_critic: updates of the discriminator in a round.
        penalised: WGAN-GP, without batch norm in the critic; otherwise non-saturating.
    """

    image_size: int
    channels: int
    width: int | None
    n_critic: int = 1
    penalised: bool = False

    @property
    def adam(self) -> tuple[float, float, float]:
        """Learning rate, b1 and b2, as in the row's paper."""
        return (1e-4, 0.0, 0.9) if self.penalised else (2e-4, 0.5, 0.999)

    def networks(
        self, dtype: jnp.dtype
    ) -> tuple[
        DCGANGenerator | FullyConnectedGenerator, DCGANDiscriminator | FullyConnectedDiscriminator
    ]:
        """Generator and discriminator that compute in `dtype`."""
        if self.width is None:
            shape = (self.image_size, self.image_size, self.channels)
            return FullyConnectedGenerator(shape, dtype=dtype), FullyConnectedDiscriminator(
                dtype=dtype
            )
        return (
            DCGANGenerator(self.image_size, self.channels, self.width, dtype),
            DCGANDiscriminator(self.image_size, self.width, not self.penalised, dtype),
        )

    def game(self, dtype: jnp.dtype) -> games.Game:
        """The row in jaxgan, without averaged weights."""
        generator, discriminator = self.networks(dtype)
        learning_rate, b1, b2 = self.adam
        return games.adversarial(
            generator,
            discriminator,
            latent=latents.normal(LATENT_SIZE),
            loss=losses.wasserstein if self.penalised else losses.non_saturating,
            generator_optimiser=optax.adam(learning_rate, b1, b2, eps=1e-8),
            discriminator_optimiser=optax.adam(learning_rate, b1, b2, eps=1e-8),
            penalties=_penalties if self.penalised else games.no_penalties,
            n_critic=self.n_critic,
            average_decay=None,
        )


ROWS = {
    "fully-connected-28": Row(28, 1, None),
    "dcgan-28": Row(28, 1, 128),
    "dcgan-64": Row(64, 3, 128),
    "wgan-gp-28": Row(28, 1, 128, n_critic=5, penalised=True),
}


def _penalties(
    key: jax.Array, critic: penalties.gradient.Critic, real: jax.Array, fake: jax.Array
) -> dict[str, tuple[float, jax.Array]]:
    penalty = penalties.gradient_penalty(key, critic, real, fake)
    return {"gradient_penalty": (PENALTY_WEIGHT, penalty)}
