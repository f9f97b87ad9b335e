"""Conditional GAN (Mirza and Osindero, 2014): digits or faces to order, in three ways.

python experiments/cgan.py train                                 digits, about four minutes
python experiments/cgan.py train --preset faces                  to four attributes, six minutes
python experiments/cgan.py train --conditioning multiply         the label's vector times the latent
python experiments/cgan.py train --conditioning projection       Miyato and Koyama (2018)
python experiments/cgan.py sample runs/cgan-001 --label 7        sevens
python experiments/cgan.py sample runs/cgan-002 --label glasses=sunglasses,beard=full
python experiments/cgan.py evaluate runs/cgan-001                are they what was ordered?
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
class CGAN(recipes.FromLabels):
    """The paper's game on MNIST, with DCGAN's networks for its fully connected ones."""

    images: Images = Images(dataset="mnist")
    schedule: Schedule = Schedule(steps=50_000, sample_every=1000, checkpoint_every=5000)
    """How long, and what is written when."""
    conditioning: Literal["append", "multiply", "projection"] = "append"
    """append: the label behind the noise. multiply: the label's vector times the noise. Both: the
    label's map as a channel of what D sees. projection: the class's own batch norm in G; in D
    spectral norm, and the product of features and the class's vector."""
    architecture: recipes.Architecture = "dcgan"
    """The networks of append and multiply: DCGAN's, or InfoGAN's, with dense layers besides."""
    classes: PositiveInt | tuple[PositiveInt, ...] = 10
    """How many labels there are; or of each attribute, where --label names several."""
    batch_size: PositiveInt = 100
    """Images in a minibatch (paper: 100)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from N(0, I) (paper: 100, uniform in the unit cube)."""
    width: PositiveInt = 64
    """Channels next to the image; they double towards the smallest map."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, falling to 0 over the run in a straight line."""
    discriminator_rate: PositiveFloat | None = None
    """Of D's Adam, where it is another than G's."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam."""
    beta2: Fraction = 0.999
    """Second moment's decay of Adam."""
    average_decay: Fraction | None = 0.999
    """Of the moving average of G's weights that pictures are made with."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.conditioning == "projection" and self.architecture != "dcgan":
            raise ValueError(
                f"--conditioning projection has no networks like {self.architecture}'s: give "
                "--architecture dcgan, or another --conditioning"
            )

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    def players(self) -> tuple[nn.Module, nn.Module]:
        """A generator and a discriminator that take a label, or a vector of labels."""
        size, channels, width = self.images.image_size, self.images.channels, self.width
        if self.conditioning == "projection":
            head = networks.Projection(self.classes)
            critic = networks.DCGANDiscriminator(size, width=width, batch_norm=False, head=head)
            return (
                networks.DCGANGenerator(size, channels, width=width, classes=self.classes),
                SpectralNorm(critic),
            )
        generator, discriminator = recipes.convolutional_networks(
            self.architecture, self.images, width
        )
        ways = {"append": networks.AppendLabel, "multiply": networks.MultiplyLabel}
        return (
            ways[self.conditioning](generator, self.classes),
            networks.LabelChannel(discriminator, self.classes),
        )

    def game(self) -> games.Game:
        """min_G max_D E log D(x|y) + E log(1 - D(G(z|y)|y)), non-saturating (paper: equation 2)."""
        g_rate, d_rate = self.rates(self.learning_rate, self.discriminator_rate)
        return games.adversarial(
            *self.players(),
            latent=self.latent,
            condition="label",
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(g_rate, self.beta1, self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, self.beta1, self.beta2, eps=1e-8),
            average_decay=self.average_decay,
        )


SMALL = CGAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=5000, log_every=100, sample_every=200, checkpoint_every=1000),
    batch_size=64,
    width=32,
    learning_rate=2e-3,
    average_decay=0.998,
)

FACES = CGAN(
    images=Images(
        dataset="faces/open_peeps_32",
        image_size=32,
        channels=3,
        label="glasses,beard,hair_colour,skin_colour",
    ),
    schedule=Schedule(steps=2000, log_every=100, sample_every=100, checkpoint_every=500),
    classes=(8, 11, 11, 5),
    usual=(0, 0, 1, 1),  # no glasses, no beard, black hair, light skin
    batch_size=64,
    width=32,
    learning_rate=1e-3,
    discriminator_rate=2.5e-4,
    beta2=0.99,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(CGAN(), small=SMALL, presets={"faces": FACES})
