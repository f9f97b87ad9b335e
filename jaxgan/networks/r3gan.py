"""R3GAN: Huang, Gokaslan, Kuleshov and Tompkin, "The GAN is dead; long live the GAN!" (2024).

The modern baseline of section 4, configuration E: residual networks with neither normalisation nor
style, whose blocks widen to a grouped convolution and narrow again, and which start as identities.
What the paper leaves open (filters, initial weights, the place of biases) is as the authors'
published code has it.
"""

import math
from collections.abc import Sequence
from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import (
    GroupedConv,
    LabelEmbedding,
    Pointwise,
    bilinear_downsample,
    bilinear_upsample,
    check_label,
    fan_in_normal,
    normal,
)
from jaxgan.networks.heads import Score
from jaxgan.networks.sizes import Size, check_image_size, height_and_width, in_words

_SLOPE = 0.2
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))
"""What keeps the variance through a leaky rectifier."""


class R3GANProjection(nn.Module):
    """The head of the conditional discriminator: a score for each label, through its vector.

    $$v_y · W f$$

    Attributes:
        classes: how many there are.
    """

    classes: int

    @nn.compact
    def __call__(self, features: jax.Array, label: jax.Array, *, train: bool) -> jax.Array:
        """Features `[B, F]` and labels `[B]`, integers in {0..classes - 1}, to scores `[B]`.

        Raises:
            ValueError: where a label can be looked at and is out of range.
        """
        del train  # the same in both
        size = features.shape[-1]
        vector = LabelEmbedding(self.classes, size, fan_in_normal(gain=size**-0.5))(label)
        project = nn.Dense(size, False, jnp.float32, kernel_init=fan_in_normal())
        return jnp.sum(project(features) * vector, axis=-1)


class R3GANGenerator(nn.Module):
    """Latents to images: a learnt image of 4x4 (to 7x7), blocks, then doublings and blocks.

    The defaults are the paper's for CIFAR-10. The paper's cardinality, the count of groups, is
    `expansion * width / group_width`: groups have 16 channels, those for ImageNet, which are twice
    as wide, 32.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times $2^{stages - 1}$, and the other a multiple of that power.
        channels: of the images.
        widths: channels of the stages, from the latent to the images.
        blocks: residual blocks in a stage.
        group_width: channels of a group of the grouped convolutions.
        expansion: how much wider a block is inside.
        classes: how many labels there are; None plays without.
        dtype: of the computation; parameters and images are float32.

    >>> generator = R3GANGenerator(image_size=14, channels=1, widths=(16, 8), blocks=1)
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 64)), train=True)
    >>> images.shape
    (2, 14, 14, 1)
    """

    image_size: Size = 32
    channels: int = 3
    widths: Sequence[int] = (768, 768, 768, 768)
    blocks: int = 2
    group_width: int = 16
    expansion: int = 2
    classes: int | None = None
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels `[B]` where there are classes, to images `[B, H, W, C]`.

        The images are float32 and not bounded: what lies in [-1, 1] is learnt.

        Raises:
            ValueError: where images of that size cannot be made of those stages, the groups do not
                divide a width, or a label is missing, unasked for or out of range.
        """
        del train  # the same in both
        chex.assert_rank(latent, 2)
        smallest = _smallest(self.image_size, self.widths)
        latent = self._with_label(latent, label).astype(self.dtype)
        basis = self.param("basis", normal(1.0), (*smallest, self.widths[0]))
        depth = self.blocks * len(self.widths)
        strengths = _linear(self.widths[0], self.dtype)(latent)
        x = basis.astype(self.dtype)[None] * strengths[:, None, None]
        for stage, width in enumerate(self.widths):
            if stage:
                x = bilinear_upsample(_resized(x, width, self.dtype))
            for _ in range(self.blocks):
                x = ResidualBlock(self.group_width, self.expansion, depth, self.dtype)(x)
        return _linear(self.channels, self.dtype)(x).astype(jnp.float32)

    def _with_label(self, latent: jax.Array, label: jax.Array | None) -> jax.Array:
        check_label(label, self.classes)
        if self.classes is None or label is None:
            return latent
        vector = LabelEmbedding(self.classes, latent.shape[-1], fan_in_normal())(label)
        return jnp.concatenate([latent, vector], axis=-1)


class R3GANDiscriminator(nn.Module):
    """Images to scores: blocks and halvings to 4x4 (to 7x7), blocks, then a sum of each channel.

    The mirror image of `R3GANGenerator`. Conditional: `head=R3GANProjection(classes)`.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times $2^{stages - 1}$, and the other a multiple of that power.
        widths: channels of the stages, from the score to the images, as in the generator.
        blocks: residual blocks in a stage.
        group_width: channels of a group of the grouped convolutions.
        expansion: how much wider a block is inside.
        head: what is asked of the features; a score (the paper's has no bias: the relativistic loss
            does not see it).
        dtype: of the computation; parameters and scores are float32.
    """

    image_size: Size = 32
    widths: Sequence[int] = (768, 768, 768, 768)
    blocks: int = 2
    group_width: int = 16
    expansion: int = 2
    head: nn.Module = Score(fan_in_normal())
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> Any:
        """Images `[B, H, W, C]`, and the head's condition, to what it returns: scores `[B]`.

        Raises:
            ValueError: where there is no discriminator of that size and those stages, the groups do
                not divide a width, or the images have another size.
        """
        chex.assert_rank(images, 4)
        smallest = _smallest(self.image_size, self.widths)
        check_image_size(images, self.image_size, "a discriminator")
        x = _linear(self.widths[-1], self.dtype)(images.astype(self.dtype))
        depth = self.blocks * len(self.widths)
        for stage, width in reversed(list(enumerate(self.widths))):
            x = _resized(x, width, self.dtype)
            for _ in range(self.blocks):
                x = ResidualBlock(self.group_width, self.expansion, depth, self.dtype)(x)
            if stage:
                x = bilinear_downsample(x)
        basis = self.param("basis", fan_in_normal(), (*smallest, self.widths[0]))
        features = jnp.sum(x * basis.astype(self.dtype)[None], axis=(1, 2))
        return self.head(features, *condition, train=train)


class ResidualBlock(nn.Module):
    """Wider, a grouped convolution, narrower, and the sum with what came in.

    $$x + C(a(B(a(A x + a_0)) + b_0))$$

    with a the leaky rectifier of slope 0.2. A and C are convolutions of 1x1, B of 3x3 in
    groups. C starts at zero, so the block as the identity, and the others at a gain lower by
    $depth^{-1/4}$: Zhang, Dauphin and Ma, "Fixup initialization" (2019), section 3, with m = 3
    layers in a block.

    Attributes:
        group_width: channels of a group of B.
        expansion: how much wider the block is inside.
        depth: residual blocks of the network.
        dtype: of the computation and the result.
    """

    group_width: int
    expansion: int
    depth: int
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to the same shape."""
        width = x.shape[-1]
        inside = self.expansion * width
        if self.group_width <= 0 or inside % self.group_width:
            raise ValueError(
                f"group_width={self.group_width} does not divide the {inside} channels inside a "
                f"block of width {width} and expansion {self.expansion}: take one that does"
            )
        groups = inside // self.group_width
        initialise = fan_in_normal(gain=_GAIN * self.depth**-0.25)
        y = Pointwise(inside, dtype=self.dtype, kernel_init=initialise)(x)
        y = nn.leaky_relu(y, _SLOPE)
        y = GroupedConv(inside, groups, dtype=self.dtype, kernel_init=initialise)(y)
        y = nn.leaky_relu(y, _SLOPE)
        return x + _linear(width, self.dtype, gain=0.0)(y)


def _linear(features: int, dtype: Dtype, gain: float = 1.0) -> Pointwise:
    return Pointwise(features, use_bias=False, dtype=dtype, kernel_init=fan_in_normal(gain=gain))


def _resized(x: jax.Array, width: int, dtype: Dtype) -> jax.Array:
    return x if x.shape[-1] == width else _linear(width, dtype)(x)


def _smallest(image_size: Size, widths: Sequence[int]) -> tuple[int, int]:
    """Height and width of the smallest feature maps."""
    if not widths:
        raise ValueError("widths is empty: give the channels of each stage, from 4x4 to the images")
    doublings = len(widths) - 1
    sides = height_and_width(image_size)
    height, width = (side >> doublings for side in sides)
    if not 4 <= min(height, width) <= 7 or (height << doublings, width << doublings) != sides:
        raise ValueError(
            f"{len(widths)} stages do not make images of size {in_words(image_size)}: give as many "
            "widths as there are sizes of the smaller side, each twice the last, from 4 (to 7) to "
            "the images'"
        )
    return height, width
