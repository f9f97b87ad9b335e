"""Discriminators that score every patch of an image.

PatchGAN: Isola, Zhu, Zhou and Efros, "Image-to-image translation with conditional adversarial
networks" (2017), section 3.2.2 and appendix 6.1.2; in details those of the authors' later code.
"""

from collections.abc import Sequence

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, InstanceNorm, MinibatchNorm, Pointwise


class PatchGAN(nn.Module):
    """Images to a map of scores, one for each of the patches, which overlap.

    Convolutions of 4x4: so many `layers` that halve, then two of stride 1. 1 layer scores patches
    of 16x16, 3 of 70x70, 5 of 286x286.

    Attributes:
        width: channels of the first layer; they double up to eight times as many.
        layers: how many halve, 1 or more.
        norm: `MinibatchNorm`, `InstanceNorm` or None; neither in the first layer nor the last.
        dtype: of the computation; parameters and scores are float32.

    >>> PatchGAN().receptive_field
    70
    >>> network, images = PatchGAN(width=4), jnp.ones((2, 64, 64, 3))
    >>> scores = jax.eval_shape(
    ...     lambda key: network.init_with_output(key, images, train=True)[0], jax.random.key(0)
    ... )
    >>> scores.shape
    (2, 6, 6)
    """

    width: int = 64
    layers: int = 3
    norm: type[MinibatchNorm] | type[InstanceNorm] | None = MinibatchNorm
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to scores `[B, H', W']`, float32.

        Condition: images `[B, H, W, *]`, whose channels stand before those of the images.

        Raises:
            ValueError: where `layers` is below 1, or the images are too small for one score.
        """
        strides = self._strides()
        least = 3 << self.layers
        if min(images.shape[1:3]) < least:
            raise ValueError(
                f"images of {images.shape[1]}x{images.shape[2]} are too small for a PatchGAN of "
                f"layers={self.layers}: take {least}x{least} or larger, or fewer layers"
            )
        x = _stacked(images, condition)
        last = len(strides) - 1
        for layer, stride in enumerate(strides):
            width = 1 if layer == last else self.width << min(layer, 3)
            inner = 0 < layer < last
            # As in the authors' code: where batch norm could follow, it has its own biases.
            use_bias = not inner or self.norm is InstanceNorm
            x = Conv(width, (4, 4), stride, 1, use_bias, self.dtype, name=f"conv_{layer}")(x)
            if inner and self.norm is not None:
                x = self.norm(self.dtype, name=f"norm_{layer}")(x, train=train)
            if layer < last:
                x = nn.leaky_relu(x, 0.2)
        return x[..., 0].astype(jnp.float32)

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one score sees, where no normalisation sees more.

        Backwards through the layers, $f ← s (f - 1) + k$ for kernels of k x k and strides of s.
        """
        field = 1
        for stride in reversed(self._strides()):
            field = stride * (field - 1) + 4
        return field

    def _strides(self) -> Sequence[int]:
        if self.layers < 1:
            raise ValueError(f"there is no PatchGAN of layers={self.layers}: take 1 or more")
        return (*[2] * self.layers, 1, 1)


class PixelDiscriminator(nn.Module):
    """Images to a map of scores of the same size: every pixel is scored by its own colour.

    Attributes:
        width: channels of the first layer; the second has twice as many.
        norm: `MinibatchNorm`, `InstanceNorm` or None; of the second layer.
        dtype: of the computation; parameters and scores are float32.
    """

    width: int = 64
    norm: type[MinibatchNorm] | type[InstanceNorm] | None = MinibatchNorm
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to scores `[B, H, W]`, float32.

        Condition: images `[B, H, W, *]`, whose channels stand before those of the images.
        """
        x = _stacked(images, condition)
        use_bias = self.norm is InstanceNorm  # of the last layer too, as in the authors' code
        x = nn.leaky_relu(Pointwise(self.width, True, self.dtype, name="conv_0")(x), 0.2)
        x = Pointwise(2 * self.width, use_bias, self.dtype, name="conv_1")(x)
        if self.norm is not None:
            x = self.norm(self.dtype, name="norm_1")(x, train=train)
        x = Pointwise(1, use_bias, self.dtype, name="conv_2")(nn.leaky_relu(x, 0.2))
        return x[..., 0].astype(jnp.float32)

    @property
    def receptive_field(self) -> int:
        """Height and width of what one score sees."""
        return 1


def _stacked(images: jax.Array, condition: Sequence[jax.Array]) -> jax.Array:
    chex.assert_rank([images, *condition], 4)
    chex.assert_equal_shape_prefix([images, *condition], 3)
    return jnp.concatenate([*condition, images], axis=-1)
