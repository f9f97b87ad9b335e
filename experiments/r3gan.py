"""R3GAN (Huang et al., 2024): relativistic pairing, R1 + R2, and nothing else.

python experiments/r3gan.py train                   digits, about thirteen minutes of one CPU core
python experiments/r3gan.py train --preset faces    colour faces at 32x32, a quarter of an hour
python experiments/r3gan.py train --preset paper    CIFAR-10
python experiments/r3gan.py train --dataset stacked_digits --channels 3     a thousand modes
python experiments/r3gan.py evaluate runs/r3gan-001
python experiments/r3gan.py import ffhq-64.pkl      the authors' weights, to sample from
"""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jax
import optax

from jaxgan import (
    cli,
    games,
    latents,
    layers,
    losses,
    networks,
    penalties,
    recipes,
    updates,
    weights,
)
from jaxgan.data import Images
from jaxgan.training import (
    FoundNetworks,
    Fraction,
    PositiveFloat,
    PositiveInt,
    Schedule,
)


@dataclasses.dataclass(frozen=True)
class R3GAN(recipes.FromLatents):
    """Defaults are the authors' for CIFAR-10, without its labels.

    Schedules go from the first value to the second in half a cosine. Two of the authors' values
    stand in `PAPER`, as older runs had others: how images are augmented, and the half life of G's
    average.
    """

    images: Images = Images(dataset="cifar10", image_size=32, channels=3, flip=True)
    schedule: Schedule = Schedule(steps=390_000, sample_every=2000, checkpoint_every=10_000)
    """How long (paper: 200 million images)."""
    burn_in: Fraction = 0.1
    """Part of the run in which the schedules play (code: 20 million images)."""
    batch_size: PositiveInt = 512
    """Images in a minibatch (paper: 512)."""
    latent_size: PositiveInt = 64
    """Z, numbers in a latent, drawn from N(0, I) (paper: 64)."""
    widths: tuple[PositiveInt, ...] = (768, 768, 768, 768)
    """Channels of the stages of both networks, from the latent to the image (code: 768)."""
    blocks: PositiveInt = 2
    """Residual blocks in a stage (code: 2)."""
    gamma: tuple[PositiveFloat, PositiveFloat] = (0.05, 0.005)
    """Of gamma / 2 (|grad D(x)|^2 + |grad D(G(z))|^2) (code: 0.05 to 0.005)."""
    learning_rate: tuple[PositiveFloat, PositiveFloat] = (2e-4, 5e-5)
    """Of Adam, both players (code: 2e-4 to 5e-5)."""
    beta2: tuple[Fraction, Fraction] = (0.9, 0.99)
    """Second moment's decay of Adam; the first moment's is 0 (code: 0.9 to 0.99)."""
    augment: tuple[Fraction, Fraction] = (0.0, 0.55)
    """Probability of the augmentation in front of D (code: 0 to 0.55)."""
    augment_with: Literal["diffaugment", "bgc"] = "diffaugment"
    """What it does: DiffAugment to whole images, or the operations of StyleGAN2-ADA, each for
    itself: bgc with its colours half as often, and cutout (code: bgc)."""
    average_decay: Fraction | None = 0.9999
    """Of the moving average of G's weights that pictures are made with."""
    half_life: PositiveFloat | None = None
    """Of that average instead, in images, grown from 0 (code: 5 million)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    def found_in(self, path: Path) -> FoundNetworks:
        """The networks of a pickle of the authors' code, without labels."""
        return recipes.found_r3gan(path)

    def with_networks(self, state: Any, networks: weights.R3GANNetworks) -> Any:
        """The state with what was found."""
        return recipes.with_networks(state, networks)

    def game(self) -> games.Game:
        """L_D + gamma / 2 (R1 + R2), at every update (paper: equation 2 and section 3)."""
        steps = max(1, round(self.burn_in * self.schedule.steps))
        gamma, rate, beta2, share = (
            updates.cosine(*ends, steps=steps)
            for ends in (self.gamma, self.learning_rate, self.beta2, self.augment)
        )

        def terms(key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array):
            r1, r2 = penalties.r1(critic, real), penalties.r2(critic, fake)
            return {"r1": (gamma, r1), "r2": (gamma, r2)}

        size, channels = self.images.image_size, self.images.channels
        operations = layers.BGC._replace(
            brightness=0.5, contrast=0.5, luma_flip=0.5, hue=0.5, saturation=0.5, cutout=1.0
        )
        augment = {
            "diffaugment": games.whole_images(layers.differentiable_augmentation),
            "bgc": partial(layers.adaptive_augmentation, operations=operations),
        }[self.augment_with]
        averaging = None
        if self.half_life is not None:
            images = steps * self.batch_size
            growing = updates.cosine(0.0, self.half_life, steps=images)
            averaging = updates.half_life_average(growing, batch_size=self.batch_size)
        adam = optax.inject_hyperparams(optax.adam)(rate, b1=0.0, b2=beta2, eps=1e-8)
        return games.adversarial(
            networks.R3GANGenerator(size, channels, self.widths, self.blocks),
            networks.R3GANDiscriminator(size, self.widths, self.blocks),
            latent=self.latent,
            loss=losses.relativistic,
            penalties=terms,
            augment=games.Augmentation(augment, share) if any(self.augment) else None,
            generator_optimiser=adam,
            discriminator_optimiser=adam,
            average_decay=self.average_decay,
            averaging=averaging,
        )


PAPER = R3GAN(augment_with="bgc", half_life=5_000_000)

SMALL = R3GAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=3000, log_every=50, sample_every=150, checkpoint_every=1500),
    burn_in=0.9,
    batch_size=32,
    widths=(64, 32, 16),
    blocks=1,
    gamma=(1.0, 0.2),
    learning_rate=(2e-3, 2e-4),
    augment=(0.0, 0.0),
    average_decay=0.995,
)

FACES = R3GAN(
    images=Images(dataset="faces/open_peeps_32", image_size=32, channels=3),
    schedule=Schedule(steps=3000, log_every=50, sample_every=150, checkpoint_every=750),
    burn_in=0.9,
    batch_size=16,
    widths=(128, 64, 32, 16),
    blocks=1,
    gamma=(1.0, 0.2),
    learning_rate=(2e-3, 2e-4),
    augment=(0.0, 0.0),
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(PAPER, small=SMALL, presets={"faces": FACES})
