"""DCGAN (Radford, Metz and Chintala, 2016): a generator and a discriminator of convolutions alone.

python experiments/dcgan.py train                   digits, about seven minutes of one CPU core
python experiments/dcgan.py train --preset faces    colour faces at 32x32, about seven minutes
python experiments/dcgan.py train --preset paper    bedrooms at 64x64, five epochs of LSUN

The small preset plays with InfoGAN's networks, which have dense hidden layers besides and draw
better digits in the time; `--architecture dcgan` is the paper's own.
"""

import dataclasses

import optax

from jaxgan import cli, games, latents, losses, recipes
from jaxgan.data import Images
from jaxgan.training import Fraction, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class DCGAN(recipes.FromLatents):
    """Defaults are the paper's, section 4."""

    images: Images = Images(dataset="lsun/bedroom", image_size=64, channels=3)
    schedule: Schedule = Schedule(steps=118_479, sample_every=2000, checkpoint_every=5000)
    """Five epochs of 3,033,042 bedrooms (paper: Figure 3)."""
    architecture: recipes.Architecture = "dcgan"
    """The networks: the paper's, of convolutions alone; or InfoGAN's, with dense layers besides."""
    batch_size: PositiveInt = 128
    """Images in a minibatch (paper: 128)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from U(-1, 1) (paper: 100)."""
    width: PositiveInt = 128
    """Channels next to the image; they double towards the smallest map (paper: 128, Figure 1)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam (paper: 2e-4)."""
    discriminator_rate: PositiveFloat | None = None
    """Of D's Adam, where it is another than G's (paper: the same)."""
    decay: bool = False
    """Let the learning rate fall to 0 over the run, in a straight line (paper: no)."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam (paper: 0.5)."""
    beta2: Fraction = 0.999
    """Second moment's decay of Adam (paper: not given; Adam's own)."""
    bfloat16: bool = False
    """Compute in bfloat16; parameters stay float32."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.uniform(self.latent_size)

    def game(self) -> games.Game:
        """Non-saturating, one update of D for one of G."""
        g_rate, d_rate = self.rates(self.learning_rate, self.discriminator_rate, decay=self.decay)
        architecture, images, width = self.architecture, self.images, self.width
        return games.adversarial(
            *recipes.convolutional_networks(architecture, images, width, bfloat16=self.bfloat16),
            latent=self.latent,
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(g_rate, self.beta1, self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, self.beta1, self.beta2, eps=1e-8),
            average_decay=self.average_decay,
        )


SMALL = DCGAN(
    images=Images(dataset="digits", image_size=28, channels=1),
    schedule=Schedule(steps=3500, log_every=100, sample_every=140, checkpoint_every=700),
    architecture="infogan",
    batch_size=64,
    width=32,
    learning_rate=1e-3,
    discriminator_rate=5e-4,
    decay=True,
    beta2=0.99,
    average_decay=0.998,
)

FACES = DCGAN(
    images=Images(dataset="faces/open_peeps_32", image_size=32, channels=3),
    schedule=Schedule(steps=2500, log_every=100, sample_every=100, checkpoint_every=500),
    batch_size=64,
    width=32,
    learning_rate=5e-4,
    discriminator_rate=2.5e-4,
    decay=True,
    beta2=0.99,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(DCGAN(), small=SMALL, presets={"faces": FACES})
