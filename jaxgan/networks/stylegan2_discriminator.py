"""The discriminator of StyleGAN2; its parameters are told in `jaxgan.networks.stylegan2`."""

import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import (
    BINOMIAL,
    EqualisedConv,
    EqualisedDense,
    Filter,
    check_label,
    minibatch_deviation,
    rectify,
)
from jaxgan.networks.mapping import Mapping
from jaxgan.networks.sizes import Size, check_image_size, doublings, stage_widths

_HALF = math.sqrt(0.5)
"""Of both branches of a residual block, so that their sum keeps the variance."""


class StyleGAN2Discriminator(nn.Module):
    """Images to scores: residual blocks that halve, the minibatch's deviation, two dense layers.

    Attributes:
        image_size: as of the generator.
        base: height and width of the last features.
        channel_base: as of the generator.
        channel_max: as of the generator.
        classes: how many labels there are, or the length of labels that are vectors: the score is
            then a product with a vector that the label is mapped to.
        mapping_layers: of labels to that vector.
        group_size: images that the minibatch's deviation is taken over; it divides the batch, or
            the batch is smaller.
        original: whether blocks have no shortcut, as in the authors' networks for CIFAR-10.
        filter: of what is reduced.
        bfloat16_resolutions: how many of the largest resolutions are computed in bfloat16.
        clamp: the largest absolute value of features.
    """

    image_size: Size = 1024
    base: tuple[int, int] = (4, 4)
    channel_base: int = 32768
    channel_max: int = 512
    classes: int | None = None
    mapping_layers: int = 8
    group_size: int = 4
    original: bool = False
    filter: Filter = BINOMIAL
    bfloat16_resolutions: int = 0
    clamp: float | None = None

    @nn.compact
    def __call__(
        self, images: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Images `[B, H, W, C]`, and labels `[B]` or `[B, L]`, to scores `[B]`.

        Raises:
            ValueError: where images have another size, groups do not fit the batch, or a label is
                missing, unasked for or out of range.
        """
        check_label(label, self.classes)
        chex.assert_rank(images, 4)
        check_image_size(images, self.image_size, "a discriminator")
        last = doublings(self.image_size, self.base)
        widths = stage_widths(last, self.channel_base, self.channel_max)
        x = images
        for n in range(last, 0, -1):
            half = last - n < self.bfloat16_resolutions
            block = _Block(
                *(widths[n], widths[n - 1], n == last, self.original, self.filter),
                *(jnp.bfloat16 if half else jnp.float32, self.clamp),
                name=f"b{4 << n}",
            )
            x = block(x)
        outputs = 1 if self.classes is None else widths[0]
        x = _LastBlock(widths[0], outputs, self.group_size, self.clamp, name="b4")(
            x.astype(jnp.float32)
        )
        if label is None:
            return x[:, 0]
        mapping = Mapping(
            widths[0], self.mapping_layers, self.classes, mean_decay=None, name="mapping"
        )
        return jnp.sum(x * mapping(None, label, train=train), axis=1) / math.sqrt(widths[0])


class _Block(nn.Module):
    """A convolution and one that halves the size, beside a shortcut; in front, of images."""

    width: int
    narrow: int
    first: bool
    original: bool
    filter: Filter
    dtype: Dtype
    clamp: float | None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images, or `[B, H, W, width]`, to `[B, H / 2, W / 2, narrow]`."""

        def conv(features: int, name: str, *, taps: int = 3, down: bool = False) -> EqualisedConv:
            return EqualisedConv(
                features, taps, down, name != "skip", self.filter, self.dtype, name=name
            )

        if self.first:
            x = rectify(conv(self.width, "fromrgb", taps=1)(x), clamp=self.clamp)
        gain = 1.0 if self.original else _HALF
        y = rectify(conv(self.width, "conv0")(x), clamp=self.clamp)
        y = rectify(conv(self.narrow, "conv1", down=True)(y), gain=gain, clamp=self.clamp)
        if self.original:
            return y
        return conv(self.narrow, "skip", taps=1, down=True)(x) * gain + y  # which nothing clamps


class _LastBlock(nn.Module):
    """The minibatch's deviation, a convolution and two dense layers."""

    width: int
    outputs: int
    group_size: int
    clamp: float | None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Features to `[B, outputs]`."""
        x = minibatch_deviation(x, self.group_size)
        x = rectify(EqualisedConv(self.width, name="conv")(x), clamp=self.clamp)
        x = rectify(EqualisedDense(self.width, name="fc")(x.reshape(len(x), -1)))
        return EqualisedDense(self.outputs, name="out")(x)
