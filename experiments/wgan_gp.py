"""WGAN-GP (Gulrajani et al., 2017): a critic whose gradient is held at norm one.

python experiments/wgan_gp.py train                    digits, about 17 minutes of one old CPU core
python experiments/wgan_gp.py train --preset paper     CIFAR-10, residual networks
python experiments/estimate.py runs/wgan_gp-001        how far the critic holds the two apart
"""

import dataclasses
from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan import cli, games, latents, losses, networks, penalties, recipes
from jaxgan.data import Images
from jaxgan.training import Fraction, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class WGANGP(recipes.FromLatents):
    """Defaults are the paper's for CIFAR-10: Algorithm 1 and its appendix."""

    images: Images = Images(dataset="cifar10", image_size=32, channels=3, dequantise=True)
    """The pictures; their bytes are made continuous by noise (code)."""
    schedule: Schedule = Schedule(steps=100_000, sample_every=1000, checkpoint_every=5000)
    """Rounds of n_critic updates of the critic and one of G (paper: 100,000)."""
    architecture: Literal["resnet", "dcgan", "infogan"] = "resnet"
    """The networks (paper: residual for its CIFAR-10 figures, DCGAN's among many others)."""
    batch_size: PositiveInt = 64
    """m: images in a minibatch of the critic (paper: 64)."""
    generator_batches: PositiveInt = 2
    """G's minibatch, in minibatches of the critic (code: 2, which makes 128)."""
    latent_size: PositiveInt = 128
    """Z, numbers in a latent, drawn from N(0, I) (paper: 128)."""
    width: PositiveInt = 128
    """Channels of residual networks; of the others, those next to the image (paper: 128)."""
    penalty: PositiveFloat = 10.0
    """lambda, of the gradient penalty (paper: 10)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, both players, falling to 0 over the run in a straight line (code: 2e-4)."""
    beta1: Fraction = 0.0
    """First moment's decay of Adam (paper: 0; code for MNIST: 0.5)."""
    beta2: Fraction = 0.9
    """Second moment's decay of Adam (paper: 0.9)."""
    n_critic: PositiveInt = 5
    """Updates of the critic for one of G (paper: 5)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    @property
    def minibatches(self) -> int:
        """One for each update of the critic."""
        return self.n_critic

    def players(self) -> tuple[nn.Module, nn.Module]:
        """No batch norm in the critic: every example has a gradient of its own.

        So its weights start as He et al. (2015) have it (code), or what passes through would fade.
        """
        if self.architecture != "resnet":
            return recipes.convolutional_networks(
                *(self.architecture, self.images, self.width),
                batch_norm=False,
                kernel_init=nn.initializers.he_normal(),
            )
        size, channels = self.images.image_size, self.images.channels
        return (
            networks.ResNetGenerator(size, channels, width=self.width),
            networks.ResNetDiscriminator(size, width=self.width, pool=jnp.mean),
        )

    def game(self) -> games.Game:
        """Algorithm 1."""

        def terms(key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array):
            penalty = penalties.gradient_penalty(key, critic, real, fake)
            return {"gradient_penalty": (self.penalty, penalty)}

        g_rate, d_rate = self.rates(self.learning_rate, n_critic=self.n_critic)
        return games.adversarial(
            *self.players(),
            latent=self.latent,
            loss=losses.wasserstein,
            penalties=terms,
            generator_optimiser=optax.adam(g_rate, b1=self.beta1, b2=self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, b1=self.beta1, b2=self.beta2, eps=1e-8),
            n_critic=self.n_critic,
            generator_minibatches=self.generator_batches,
            average_decay=self.average_decay,
        )


SMALL = WGANGP(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=2900, log_every=50, sample_every=145, checkpoint_every=1450),
    architecture="infogan",
    batch_size=64,
    generator_batches=1,
    width=32,
    learning_rate=1.5e-3,
    n_critic=1,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(WGANGP(), small=SMALL)
