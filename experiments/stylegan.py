"""StyleGAN (Karras, Laine and Aila, 2019): styles by AdaIN, and networks that grow.

python experiments/stylegan.py train                    faces at 32x32, two CPU cores
python experiments/stylegan.py train --preset paper     FFHQ at 1024x1024
python experiments/stylegan.py sample runs/stylegan-001 --truncation 0.7 --truncation-cutoff 8
python experiments/stylegan.py mix runs/stylegan-001
python experiments/stylegan.py truncate runs/stylegan-001
python experiments/stylegan.py import karras2019stylegan-ffhq-1024x1024.pkl     NVIDIA's weights
"""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import jax
import optax
from annotated_types import Ge

from jaxgan import cli, games, networks, penalties, recipes
from jaxgan.data import Images
from jaxgan.networks import doublings
from jaxgan.training import FoundNetworks, NonNegativeFloat, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class StyleGAN(recipes.FromStyles):
    """Defaults are those of the paper for FFHQ, 25 million images, on eight devices.

    Networks begin with images of `first_size`. Those twice as large are faded in, and stay, until
    the images are whole. The optimisers forget what they know of smaller networks.
    """

    images: Images = Images(dataset="ffhq", image_size=1024, channels=3, flip=True)
    schedule: Schedule = Schedule(steps=717_969, sample_every=2000, checkpoint_every=10_000)
    """How long (paper: 25 million images)."""
    first_size: PositiveInt = 8
    """Height of the smallest images, the base's or more (paper: 8)."""
    stable: Annotated[int, Ge(0)] = 600_000
    """Images for which a size stays as it is (code: 600,000)."""
    fade: Annotated[int, Ge(0)] = 600_000
    """Images over which a size is faded in (code: 600,000)."""
    batch_size: PositiveInt | None = 256
    """Images in a batch, of which each minibatch is a part (code: 256)."""
    minibatches: tuple[PositiveInt, ...] = (256, 128, 64, 32)
    """Images in a minibatch, of each size; the last of them for all that follow (code: 256, 128,
    64, then 32)."""
    group_size: PositiveInt | None = 4
    """Images of which D sees the deviation together (code: 4); None: as many, if they fit."""
    channel_base: PositiveInt | None = 16384
    """At a resolution r there are channel_base / r channels (code: 16,384); None: from the size of
    images."""
    gamma: NonNegativeFloat | None = 10.0
    """Of gamma / 2 |grad D(x)|^2 (paper: 10); None: from the size of images and the batch."""
    learning_rate: PositiveFloat | None = 0.001
    """Of Adam, both players (paper: 0.001); None: from the size of images."""
    rates: tuple[PositiveFloat, ...] = (1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 3.0)
    """The learning rate of each size, in learning_rate; the last of them for all that follow (code:
    0.0015 at 128, 0.002 at 256, 0.003 from 512 on)."""
    half_life: PositiveFloat | None = 10_000
    """Of the moving average of G that pictures are made with, in images (code: 10,000); None: from
    the batch."""

    def found_in(self, path: Path) -> FoundNetworks:
        """The StyleGAN of a pickle of NVIDIA's code of 2018."""
        return recipes.found_style(path, of_2018=True)

    def growing(self) -> games.Growing:
        """When the networks grow."""
        last = doublings(self.images.image_size, self.base)
        height = self.base[0]
        first = 0 if self.first_size == height else doublings(self.first_size, (height, height))
        stages = last - first + 1
        minibatches = (*self.minibatches, *self.minibatches[-1:] * stages)[:stages]
        rates = (*self.rates, *self.rates[-1:] * stages)[:stages]
        growing = games.Growing(last, first, self.stable, self.fade, minibatches, rates)
        for stage in growing.check().stages:
            growing.minibatch(stage, self.values().batch_size)
        return growing

    def generator(self) -> Any:
        """A mapping, and convolutions whose features have the mean and deviation of a style."""
        images = self.images
        return networks.StyleGANGenerator(
            images.image_size,
            images.channels,
            self.base,
            latent_size=self.latent_size,
            w_size=self.w_size,
            mapping_layers=self.mapping_layers,
            channel_base=self.values().channel_base,
            channel_max=self.channel_max,
            classes=self.classes,
            noise=self.noise,
        )

    def game(self) -> games.Game:
        """Non-saturating, with R1 in all rounds (paper: appendix C)."""
        values = self.values()

        def terms(key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array):
            return {"r1": (values.gamma, penalties.r1(critic, real))}

        adam = optax.adam(values.learning_rate, b1=0.0, b2=0.99, eps=1e-8)
        return games.style(
            self.generator(),
            networks.StyleGANDiscriminator(
                self.images.image_size,
                self.base,
                channel_base=values.channel_base,
                channel_max=self.channel_max,
                classes=self.classes,
                group_size=values.group_size,
            ),
            latent=self.latent,
            generator_optimiser=adam,
            discriminator_optimiser=self.of_discriminator(adam),
            mixing=self.mixing,
            penalties=terms,
            augment=self.augmentation(),
            growing=self.growing(),
            half_life=values.half_life,
            ramp=self.ramp,
            condition=self.condition,
        )


SMALL = StyleGAN(
    images=Images(dataset="faces/open_peeps_32", image_size=32, channels=3),
    schedule=Schedule(steps=8000, log_every=100, sample_every=400, checkpoint_every=2000),
    stable=5_000,
    fade=3_000,
    batch_size=4,
    minibatches=(4,),
    latent_size=64,
    w_size=64,
    mapping_layers=2,
    noise=False,  # drawings have none
    mixing=0.5,
    channel_base=512,
    channel_max=64,
    gamma=1.0,
    learning_rate=0.005,
    rates=(1.0,),
    half_life=2000,
    ramp=0.05,
)

if __name__ == "__main__":
    cli.main(StyleGAN(), small=SMALL)
