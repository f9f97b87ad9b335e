"""SNGAN (Miyato et al., 2018): a discriminator whose weights have spectral norm one.

python experiments/sngan.py train                   digits, about 12 minutes of one old CPU core
python experiments/sngan.py train --preset paper    CIFAR-10, residual networks
python experiments/sngan.py train --preset paper --architecture cnn         the paper's others
"""

import dataclasses
from typing import Literal

import flax.linen as nn
import optax

from jaxgan import cli, games, latents, losses, networks, recipes
from jaxgan.data import Images
from jaxgan.layers import SpectralNorm
from jaxgan.training import Fraction, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class SNGAN(recipes.FromLatents):
    """Defaults are the paper's for residual networks on CIFAR-10: section 4 and Table 4."""

    images: Images = Images(dataset="cifar10", image_size=32, channels=3, dequantise=True)
    """The pictures; their bytes are made continuous by noise (code)."""
    schedule: Schedule = Schedule(steps=50_000, sample_every=1000, checkpoint_every=5000)
    """Rounds of n_critic updates of D and one of G (code: 50,000)."""
    architecture: Literal["resnet", "cnn", "dcgan", "infogan"] = "resnet"
    """The networks: the paper's residual ones (Table 4) or its CNN (Table 3); or DCGAN's or
    InfoGAN's, without batch norm in D."""
    batch_size: PositiveInt = 64
    """Images in a minibatch of D (paper: 64)."""
    generator_batches: PositiveInt = 2
    """G's minibatch, in minibatches of D (code: 2)."""
    latent_size: PositiveInt = 128
    """Z, numbers in a latent, drawn from N(0, I) (paper: 128)."""
    generator_width: PositiveInt | None = None
    """Channels of G; of networks that are not residual, those next to the image. Where not given,
    256 of residual networks and 64 of others (paper: the same)."""
    discriminator_width: PositiveInt | None = None
    """Channels of D, likewise; where not given, 128 and 64 (paper: the same)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, both players, falling to 0 over the run in a straight line (paper: 2e-4)."""
    beta1: Fraction = 0.0
    """First moment's decay of Adam (paper: 0 of residual networks, 0.5 of its CNN)."""
    beta2: Fraction = 0.9
    """Second moment's decay of Adam (paper: 0.9 of residual networks, 0.999 of its CNN)."""
    n_critic: PositiveInt = 5
    """Updates of D for one of G (paper: 5)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    @property
    def minibatches(self) -> int:
        """One for each update of D."""
        return self.n_critic

    def players(self) -> tuple[nn.Module, nn.Module]:
        """Spectral norm stands in every layer of D."""
        size, channels = self.images.image_size, self.images.channels
        usual, d_usual = (256, 128) if self.architecture == "resnet" else (64, 64)
        width, d_width = self.generator_width or usual, self.discriminator_width or d_usual
        if self.architecture == "resnet":
            generator = networks.ResNetGenerator(size, channels, width=width)
            discriminator = networks.ResNetDiscriminator(size, width=d_width)
        elif self.architecture == "cnn":
            generator = networks.SNGANGenerator(size, channels, width=width)
            discriminator = networks.SNGANDiscriminator(size, width=d_width)
        else:
            generator, discriminator = recipes.convolutional_networks(
                *(self.architecture, self.images, width),
                discriminator_width=d_width,
                batch_norm=False,
            )
        return generator, SpectralNorm(discriminator)

    def game(self) -> games.Game:
        """Hinge losses (paper: equations 16 and 17)."""
        g_rate, d_rate = self.rates(self.learning_rate, n_critic=self.n_critic)
        return games.adversarial(
            *self.players(),
            latent=self.latent,
            loss=losses.hinge,
            generator_optimiser=optax.adam(g_rate, b1=self.beta1, b2=self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, b1=self.beta1, b2=self.beta2, eps=1e-8),
            n_critic=self.n_critic,
            generator_minibatches=self.generator_batches,
            average_decay=self.average_decay,
        )


SMALL = SNGAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=3600, log_every=100, sample_every=180, checkpoint_every=1800),
    architecture="infogan",
    batch_size=32,
    generator_batches=1,
    generator_width=32,
    discriminator_width=32,
    learning_rate=4e-3,
    n_critic=1,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(SNGAN(), small=SMALL)
