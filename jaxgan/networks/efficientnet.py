"""EfficientNet-Lite0: what is in photographs, and features by which pictures are compared.

EfficientNet-B0 of Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural
networks" (2019), as its authors simplified it for small devices in 2020: ReLU6 in the place of
swish, and no squeeze-and-excitation.
"""

from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, DepthwiseConv, Pointwise

_STAGES = (
    # Expansion, channels, blocks, stride of the first, kernel.
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_STEM, _HEAD = 32, 1280


class Lite0Outputs(NamedTuple):
    """What EfficientNet-Lite0 makes of images; under `jit`, what is not used costs nothing.

    Attributes:
        maps: the last of each size, `[N, H / s, W / s, C]`, sizes rounded up, for the strides s of
            2, 4, 8, 16 and 32 with C of 16, 24, 40, 112 and 320.
        features: means of the last layer's maps, `[N, 1280]`, from 0 to 6.
        logits: `[N, classes]`.
    """

    maps: tuple[jax.Array, ...]
    features: jax.Array
    logits: jax.Array


class EfficientNetLite0(nn.Module):
    """A trained network's layers, with its batch statistics as they are: it is not trained here.

    Convolutions have the margins that TensorFlow calls SAME, so images may have any size; 224x224
    is what the authors trained with.

    Attributes:
        classes: how many; those of ImageNet.
        dtype: of the computation; parameters and batch statistics are float32.

    >>> network = EfficientNetLite0()
    >>> images = jnp.ones((1, 32, 48, 3))
    >>> outputs = jax.eval_shape(network.init_with_output, jax.random.key(0), images)[0]
    >>> [x.shape for x in (*outputs.maps[-2:], outputs.features, outputs.logits)]
    [(1, 2, 3, 112), (1, 1, 2, 320), (1, 1280), (1, 1000)]
    """

    classes: int = 1000
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array) -> Lite0Outputs:
        """Images `[N, H, W, 3]`, as (pixel - 127) / 128 of pixels from 0 to 255, to all outputs.

        Outputs are float32.
        """
        chex.assert_shape(images, (None, None, None, 3))
        _, height, width, _ = images.shape
        x = jnp.pad(images, ((0, 0), (height % 2, 1), (width % 2, 1), (0, 0)))
        x = Conv(_STEM, (3, 3), strides=2, use_bias=False, dtype=self.dtype, name="stem")(x)
        x = nn.relu6(_batch_norm(self.dtype, "stem_norm")(x))
        maps, block = [], 0
        for expansion, channels, repeats, stride, kernel in _STAGES:
            if stride > 1:
                maps.append(x)
            for repeat in range(repeats):
                layer = _Block(
                    expansion,
                    channels,
                    stride if repeat == 0 else 1,
                    kernel,
                    self.dtype,
                    name=f"block_{block}",
                )
                x = layer(x)
                block += 1
        maps.append(x)
        x = Pointwise(_HEAD, use_bias=False, dtype=self.dtype, name="head")(x)
        x = nn.relu6(_batch_norm(self.dtype, "head_norm")(x))
        features = x.astype(jnp.float32).mean((1, 2))
        logits = nn.Dense(self.classes, name="classifier")(features)
        return Lite0Outputs(tuple(x.astype(jnp.float32) for x in maps), features, logits)


class _Block(nn.Module):
    """Inverted residual: more channels, a depthwise convolution, fewer; added where shapes allow.

    Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks" (2018).
    """

    expansion: int
    channels: int
    stride: int
    kernel: int
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        y = x
        if self.expansion > 1:
            y = self._pointwise(self.expansion * x.shape[-1], "expand")(y)
            y = nn.relu6(_batch_norm(self.dtype, "expand_norm")(y))
        size = (self.kernel, self.kernel)
        y = DepthwiseConv(size, self.stride, self.dtype, name="depthwise")(y)
        y = nn.relu6(_batch_norm(self.dtype, "depthwise_norm")(y))
        y = self._pointwise(self.channels, "project")(y)
        y = _batch_norm(self.dtype, "project_norm")(y)
        return x + y if self.stride == 1 and x.shape == y.shape else y

    def _pointwise(self, features: int, name: str) -> Pointwise:
        return Pointwise(features, use_bias=False, dtype=self.dtype, name=name)


def _batch_norm(dtype: Dtype, name: str) -> nn.BatchNorm:
    return nn.BatchNorm(use_running_average=True, epsilon=1e-3, dtype=dtype, name=name)
