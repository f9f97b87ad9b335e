"""What the benchmarks play: the games, each as one row of the table."""

import dataclasses
from typing import TypeAlias

import jax
import jax.numpy as jnp
import optax

from jaxgan import games, latents, losses, penalties
from jaxgan.layers import InstanceNorm
from jaxgan.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    FullyConnectedDiscriminator,
    FullyConnectedGenerator,
    PatchGAN,
    ResNetTranslator,
    UNetGenerator,
)

LATENT_SIZE = 100
PENALTY_WEIGHT = 10.0
RECONSTRUCTION_WEIGHT = 100.0
CYCLE_WEIGHT = 10.0
IDENTITY_WEIGHT = 5.0
POOL_SIZE = 50


@dataclasses.dataclass(frozen=True)
class LatentRow:
    """One game of images from latents, at one size.

    Attributes:
        image_size: height and width.
        channels: of the images.
        width: channels next to the images; None for the fully connected networks.
        n_critic: updates of the discriminator in a round.
        penalised: WGAN-GP, without batch norm in the critic; otherwise non-saturating.
        batch_size: images in a minibatch, where no other number is asked for.
    """

    image_size: int
    channels: int
    width: int | None
    n_critic: int = 1
    penalised: bool = False
    batch_size: int = 64

    @property
    def compiles(self) -> bool:
        """Whether PyTorch can compile it: not what needs second derivatives."""
        return not self.penalised

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

    def batch(self, size: int) -> games.Batch:
        """Random images for a round of minibatches of `size`."""
        return {"image": _images(1, self.n_critic * size, self.image_size, self.channels)}


@dataclasses.dataclass(frozen=True)
class Pix2PixRow:
    """pix2pix at one size, with the settings of `experiments/pix2pix.py`.

    Attributes:
        image_size: height and width, a power of two.
        width: channels next to the images and of the discriminator's first layer.
        dropout: of the middle blocks of the decoder.
        batch_size: pairs in a minibatch, where no other number is asked for.
    """

    image_size: int
    width: int = 64
    dropout: float = 0.5
    batch_size: int = 1
    compiles = True

    def networks(self, dtype: jnp.dtype) -> tuple[UNetGenerator, PatchGAN]:
        """Generator and discriminator that compute in `dtype`."""
        return (
            UNetGenerator(self.image_size, 3, self.width, self.dropout, dtype=dtype),
            PatchGAN(self.width, dtype=dtype),
        )

    def game(self, dtype: jnp.dtype) -> games.Game:
        """The row in jaxgan."""
        return games.translation(
            *self.networks(dtype),
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(2e-4, b1=0.5, eps=1e-8),
            discriminator_optimiser=optax.adam(2e-4, b1=0.5, eps=1e-8),
            reconstruction_weight=RECONSTRUCTION_WEIGHT,
        )

    def batch(self, size: int) -> games.Batch:
        """Random images of both sides."""
        return {side: _images(seed, size, self.image_size, 3) for seed, side in enumerate("ab")}


@dataclasses.dataclass(frozen=True)
class CycleGANRow:
    """CycleGAN at one size, with the settings of `experiments/cyclegan.py`.

    Attributes:
        image_size: height and width, a multiple of 4.
        blocks: residual blocks of a generator.
        width: channels next to the images and of the discriminators' first layers.
        batch_size: images of each side in a minibatch, where no other number is asked for.
    """

    image_size: int
    blocks: int
    width: int = 64
    batch_size: int = 1
    compiles = True

    def networks(self, dtype: jnp.dtype) -> tuple[ResNetTranslator, PatchGAN]:
        """A generator and a discriminator, of either side, that compute in `dtype`."""
        return (
            ResNetTranslator(3, self.width, self.blocks, dtype=dtype),
            PatchGAN(self.width, norm=InstanceNorm, dtype=dtype),
        )

    def game(self, dtype: jnp.dtype) -> games.Game:
        """The row in jaxgan."""
        generator, discriminator = self.networks(dtype)
        return games.cycle(
            generator,
            generator,
            discriminator,
            discriminator,
            loss=losses.least_squares,
            generator_optimiser=optax.adam(2e-4, b1=0.5, eps=1e-8),
            discriminator_optimiser=optax.adam(2e-4, b1=0.5, eps=1e-8),
            # Least squares here have halves that the paper's have not.
            adversarial_weight=2.0,
            discriminator_weight=1.0,
            cycle_weight=CYCLE_WEIGHT,
            identity_weight=IDENTITY_WEIGHT,
            pool_size=POOL_SIZE,
        )

    def batch(self, size: int) -> games.Batch:
        """Random images of both sides."""
        return {side: _images(seed, size, self.image_size, 3) for seed, side in enumerate("ab")}


TranslationRow: TypeAlias = Pix2PixRow | CycleGANRow
Row: TypeAlias = LatentRow | TranslationRow

ROWS: dict[str, Row] = {
    "fully-connected-28": LatentRow(28, 1, None),
    "dcgan-28": LatentRow(28, 1, 128),
    "dcgan-64": LatentRow(64, 3, 128),
    "wgan-gp-28": LatentRow(28, 1, 128, n_critic=5, penalised=True),
    "pix2pix-128": Pix2PixRow(128),
    "cyclegan-128": CycleGANRow(128, blocks=6),
    "pix2pix-256": Pix2PixRow(256),
    "cyclegan-256": CycleGANRow(256, blocks=9),
}

CPU_ROWS = tuple(name for name in ROWS if not name.endswith("-256"))
"""Those whose rounds take seconds at most without an accelerator."""


def _images(seed: int, count: int, size: int, channels: int) -> jax.Array:
    return jax.random.uniform(jax.random.key(seed), (count, size, size, channels), minval=-1.0)


def _penalties(
    key: jax.Array, critic: penalties.gradient.Critic, real: jax.Array, fake: jax.Array
) -> dict[str, tuple[float, jax.Array]]:
    penalty = penalties.gradient_penalty(key, critic, real, fake)
    return {"gradient_penalty": (PENALTY_WEIGHT, penalty)}
