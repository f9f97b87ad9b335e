"""The discriminator of StyleGAN (2018), which is that of "Progressive Growing of GANs" with a blur.

Its parameters' names stand in `jaxgan.networks.stylegan`.
"""

import itertools

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.layers import (
    EqualisedConv,
    EqualisedDense,
    check_label,
    label_vectors,
    mean_pool,
    minibatch_deviation,
)
from jaxgan.networks.sizes import Size, check_image_size, doublings, stage_widths
from jaxgan.networks.stylegan_layers import (
    GAIN,
    HalvingConv,
    blended,
    blur,
    checked_stage,
    rectify,
)


class StyleGANDiscriminator(nn.Module):
    """Images to scores: halvings to the base, the minibatch's deviation, and two dense layers.

    Attributes:
        image_size: height and width of the images, or one number for both: the base's times the
            same power of two.
        base: height and width of the last features.
        channel_base: as in the generator.
        channel_max: as in the generator.
        classes: how many labels there are, or the length of labels that are vectors; None plays
            without.
        group_size: images that the minibatch's deviation is taken over; it divides the batch, or
            the batch is smaller.
    """

    image_size: Size = 1024
    base: tuple[int, int] = (4, 4)
    channel_base: int = 16384
    channel_max: int = 512
    classes: int | None = None
    group_size: int = 4

    @nn.compact
    def __call__(
        self,
        images: jax.Array,
        label: jax.Array | None = None,
        *,
        train: bool,
        stage: int | None = None,
        fade: jax.Array | float = 1.0,
    ) -> jax.Array:
        """Images `[B, H, W, C]` of the stage's size, and labels, to scores `[B]`.

        Args:
            images: H and W the base's times $2^{stage}$.
            label: `[B]` integers or `[B, L]` where there are classes.
            train: the same in both.
            stage: how often the base is doubled; None takes full images.
            fade: in [0, 1], how much of the stage's first halving is faded in: at 0 the scores are
                those of the images' halves at the stage before.

        Raises:
            ValueError: where there is no such stage, images have another size, or a label is
                missing, unasked for or out of range.
        """
        del train
        last = doublings(self.image_size, self.base)
        stage = checked_stage(stage, last)
        channels = stage_widths(last, self.channel_base, self.channel_max)
        check_label(label, self.classes)
        chex.assert_rank(images, 4)
        size = self.base[0] << stage, self.base[1] << stage
        check_image_size(images, size, "a discriminator")
        outputs = 1 if self.classes is None else self.classes
        blocks = [_LastBlock(channels[0], outputs, self.group_size, name="b4")] + [
            _Block(width, narrow, name=f"b{8 << n}")
            for n, (narrow, width) in enumerate(itertools.pairwise(channels))
        ]
        x = images
        for n in range(stage, -1, -1):
            # Of smaller images only the first are used, but all have weights from the first call.
            colours = blocks[n].features(images)
            x = colours if n == stage else blended(colours, x, fade) if n == stage - 1 else x
            x = blocks[n](x)
            images = mean_pool(images) if n else images
        return x[:, 0] if label is None else jnp.sum(x * label_vectors(label, outputs), 1)


class _Block(nn.Module):
    """A convolution, a blur, and a convolution that halves the size."""

    width: int
    narrow: int

    def setup(self) -> None:
        self.fromrgb = EqualisedConv(self.width, taps=1, gain=GAIN)
        self.conv0 = EqualisedConv(self.width, gain=GAIN)
        self.conv1 = HalvingConv(self.narrow)

    def features(self, images: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to the block's features, `[B, H, W, width]`."""
        return rectify(self.fromrgb(images))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Features to `[B, H / 2, W / 2, narrow]`."""
        return rectify(self.conv1(blur(rectify(self.conv0(x)))))


class _LastBlock(nn.Module):
    """The minibatch's deviation, a convolution and two dense layers."""

    width: int
    outputs: int
    group_size: int

    def setup(self) -> None:
        self.fromrgb = EqualisedConv(self.width, taps=1, gain=GAIN)
        self.conv = EqualisedConv(self.width, gain=GAIN)
        self.fc = EqualisedDense(self.width, gain=GAIN)
        self.out = EqualisedDense(self.outputs)

    def features(self, images: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to the block's features, `[B, H, W, width]`."""
        return rectify(self.fromrgb(images))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Features to `[B, outputs]`."""
        x = rectify(self.conv(minibatch_deviation(x, self.group_size)))
        return self.out(rectify(self.fc(x.reshape(len(x), -1))))
