"""Residual networks: Gulrajani et al. (2017, WGAN-GP) and Miyato et al. (2018, SNGAN).

At 32x32 both papers have one architecture: three residual blocks that double the image in the
generator; two that halve it and two that do not in the discriminator; the same width everywhere.
What differs is an argument:

                                    WGAN-GP                     SNGAN
    generator's width               128                         256
    discriminator's width           128                         128
    its features                    `pool=jnp.mean`             `pool=jnp.sum`
    kept smooth by                  the gradient penalty        `SpectralNorm(discriminator)`
    normalisation in it             none, or `layer_norm=True`  none

Here the same rules make networks of other sizes. At 48x48 and more the papers' own networks grow
wider away from the images; these do not.
"""

import math
from collections.abc import Callable
from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import (
    ConditionalBatchNorm,
    Conv,
    SelfAttention,
    check_label,
    glorot,
    mean_pool,
    upsample,
)
from jaxgan.networks.heads import Score
from jaxgan.networks.sizes import Size, check_image_size, smallest_maps


class ResNetGenerator(nn.Module):
    """Latents to images: a projection to 4x4 (to 7x7), then residual blocks that double.

    SNGAN's Table 4 and WGAN-GP's appendix; with `classes`, the gains and shifts of the blocks'
    batch norm are the class's, as in Miyato and Koyama (2018).

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times a power of two, 8 or more, and the other a multiple of that power.
        channels: of the images.
        width: channels of all hidden layers.
        classes: how many there are, where images are made of a class; None without.
        attention: height of the feature maps after whose block self-attention stands; None without.
        dtype: of the computation; parameters, batch statistics and images are float32.

    >>> generator = ResNetGenerator(image_size=28, channels=1, width=8, classes=10)
    >>> latent, label = jnp.ones((2, 128)), jnp.array([3, 7])
    >>> images, _ = generator.init_with_output(jax.random.key(0), latent, label, train=True)
    >>> images.shape
    (2, 28, 28, 1)
    """

    image_size: Size = 32
    channels: int = 3
    width: int = 256
    classes: int | None = None
    attention: int | None = None
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels `[B]` as in `one_hot`, to images `[B, H, W, C]`.

        Images are float32 in [-1, 1].

        Raises:
            ValueError: where images of that size cannot be made, no feature maps are of the size
                that attends, or a label is missing, unasked for or out of range.
        """
        chex.assert_rank(latent, 2)
        check_label(label, self.classes)
        (height, breadth), doublings = smallest_maps(self.image_size, "a residual network")
        _check_attention(self.attention, [height << k for k in range(1, doublings + 1)])
        project = nn.Dense(height * breadth * self.width, dtype=self.dtype, kernel_init=glorot())
        x = project(latent).reshape(-1, height, breadth, self.width)
        for block in range(doublings):
            x = _Doubling(self.width, self.classes, self.dtype, name=f"block_{block}")(
                x, label, train=train
            )
            if x.shape[1] == self.attention:
                x = SelfAttention(self.dtype, name="attention")(x)
        x = nn.relu(_batch_norm(train, self.dtype)(x))
        x = _convolution(self.channels, self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class ResNetDiscriminator(nn.Module):
    """Images to scores: residual blocks, the first of which halve, then the head on pooled maps.

    SNGAN's Table 4 and WGAN-GP's appendix. Halvings go on while the maps stay 7x7 or larger (two at
    28 and 32); two blocks that keep the size follow. For SNGAN, wrap it: `SpectralNorm(...)`.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times a power of two, 8 or more, and the other a multiple of that power.
        width: channels of all hidden layers.
        layer_norm: layer norm in front of the rectifiers, over all of one example's numbers, in all
            blocks but the first. Unlike batch norm it leaves every example its own gradient.
        attention: height of the feature maps after whose block self-attention stands; None without.
        pool: of the last maps to features, over both axes: `jnp.sum`, or `jnp.mean`.
        head: what is asked of the features; one weighted sum.
        dtype: of the computation; parameters and scores are float32.
    """

    image_size: Size = 32
    width: int = 128
    layer_norm: bool = False
    attention: int | None = None
    pool: Callable[..., jax.Array] = jnp.sum
    head: nn.Module = Score(glorot())
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> Any:
        """Images `[B, H, W, C]` in [-1, 1] to what the head gives: scores `[B]`, float32.

        The condition is the head's affair.

        Raises:
            ValueError: where there is no discriminator of that size, the images have another, or no
                feature maps are of the size that attends.
        """
        smallest, doublings = smallest_maps(self.image_size, "a residual network")
        halvings = max(1, doublings if min(smallest) == 7 else doublings - 1)
        height = smallest[0] << doublings >> halvings
        _check_attention(self.attention, [height << k for k in range(halvings)])
        check_image_size(images, self.image_size, "a discriminator")
        x = _First(self.width, self.dtype, name="block_0")(images)
        for block in range(1, halvings + 2):
            if block <= halvings and x.shape[1] == self.attention:
                x = SelfAttention(self.dtype, name="attention")(x)
            layer = _Block(block < halvings, self.layer_norm, self.dtype, name=f"block_{block}")
            x = layer(x)
        features = self.pool(nn.relu(x).astype(jnp.float32), axis=(1, 2))
        return self.head(features, *condition, train=train)


class _Doubling(nn.Module):
    """A generator's residual block: twice the size."""

    width: int
    classes: int | None
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array, label: jax.Array | None, *, train: bool) -> jax.Array:
        def normalised(x: jax.Array) -> jax.Array:
            if label is None or self.classes is None:
                return nn.relu(_batch_norm(train, self.dtype)(x))
            return nn.relu(ConditionalBatchNorm(self.classes, self.dtype)(x, label, train=train))

        y = _convolution(self.width, self.dtype, rectified=True)(upsample(normalised(x)))
        y = _convolution(self.width, self.dtype, rectified=True)(normalised(y))
        # A 1x1 convolution and the doubling commute: this order is four times cheaper.
        return y + upsample(_shortcut(self.width, self.dtype)(x))


class _Block(nn.Module):
    """A discriminator's residual block: half the size, or the same."""

    halve: bool
    layer_norm: bool
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        def normalised(x: jax.Array) -> jax.Array:
            if not self.layer_norm:
                return nn.relu(x)
            layer = nn.LayerNorm(epsilon=1e-5, dtype=self.dtype, reduction_axes=(1, 2, 3))
            return nn.relu(layer(x))

        width = x.shape[-1]
        y = _convolution(width, self.dtype, rectified=True)(normalised(x))
        y = _convolution(width, self.dtype, rectified=True)(normalised(y))
        if not self.halve:
            return x + y
        return mean_pool(y) + _shortcut(width, self.dtype)(mean_pool(x))


class _First(nn.Module):
    """A discriminator's first residual block, on the images: no rectifier at its beginning."""

    width: int
    dtype: Dtype

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        y = _convolution(self.width, self.dtype, rectified=True)(images)
        y = _convolution(self.width, self.dtype, rectified=True)(nn.relu(y))
        return mean_pool(y) + _shortcut(self.width, self.dtype)(mean_pool(images))


def _convolution(width: int, dtype: Dtype, *, rectified: bool = False) -> Conv:
    # Within residual branches the papers' gain is sqrt(2), for the rectifiers.
    kernel_init = glorot(gain=math.sqrt(2) if rectified else 1.0)
    return Conv(width, (3, 3), padding=1, dtype=dtype, kernel_init=kernel_init)


def _shortcut(width: int, dtype: Dtype) -> Conv:
    return Conv(width, (1, 1), dtype=dtype, kernel_init=glorot(), name="shortcut")


def _batch_norm(train: bool, dtype: Dtype) -> nn.BatchNorm:
    return nn.BatchNorm(use_running_average=not train, momentum=0.9, epsilon=1e-5, dtype=dtype)


def _check_attention(size: int | None, sizes: list[int]) -> None:
    if size is not None and size not in sizes:
        there = ", ".join(str(size) for size in sorted(sizes))
        raise ValueError(f"no feature maps attend at size {size}: take one of {there}, or None")
