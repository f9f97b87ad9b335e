"""VGG16: features for precision and recall, and LPIPS, the perceptual distance of two images.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition" (2014),
as torchvision has it: without batch norm.
"""

from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.layers import Conv, corner_bilinear, resize
from jaxgan.networks.inception_inputs import as_floats, as_rgb

_STAGES = (((0, 2), 1), ((5, 7), 2), ((10, 12, 14), 4), ((17, 19, 21), 8), ((24, 26, 28), 8))
"""The convolutions' numbers in torchvision's file, and their channels over the width."""
_SIZE = 224
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels in [0, 1]."""
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""The same of pixels in [-1, 1], as LPIPS rounds them."""
_NEGLIGIBLE = 1e-10


class VGG16Outputs(NamedTuple):
    """What VGG16 makes of images; under `jit`, what is not used costs nothing.

    Attributes:
        maps: as `VGG16Maps` gives them.
        fc1: `[N, hidden]`, after its ReLU.
        fc2: the same of the next layer: the features of improved precision and recall.
        logits: `[N, classes]`.
    """

    maps: tuple[jax.Array, ...]
    fc1: jax.Array
    fc2: jax.Array
    logits: jax.Array


class VGG16Maps(nn.Module):
    """The convolutions of VGG16.

    Attributes:
        width: channels of the first.
    """

    width: int = 64

    @nn.compact
    def __call__(self, images: jax.Array) -> tuple[jax.Array, ...]:
        """Images `[N, H, W, 3]`, as of `vgg16_input`, of 16 or more in height and width.

        Returns:
            The last of each of five sizes, `[N, H / s, W / s, width * k]`, sizes rounded down, for
            the strides s of 1, 2, 4, 8 and 16 with k of 1, 2, 4, 8 and 8; 0 or more.
        """
        chex.assert_shape(images, (None, None, None, 3))
        x, maps = images, []
        for numbers, channels in _STAGES:
            x = _halved(x) if maps else x
            for number in numbers:
                layer = Conv(channels * self.width, (3, 3), padding=1, name=f"features_{number}")
                x = nn.relu(layer(x))
            maps.append(x)
        return tuple(maps)


class VGG16(nn.Module):
    """A trained network's layers, without dropout: it is not trained here.

    Attributes:
        width: channels of the first convolution.
        hidden: features of the last layers but one.
        classes: how many; those of ImageNet.

    >>> network = VGG16(width=2, hidden=5)
    >>> images = jnp.ones((1, 224, 224, 3))
    >>> outputs, _ = jax.eval_shape(network.init_with_output, jax.random.key(0), images)
    >>> outputs.maps[-1].shape, outputs.fc2.shape, outputs.logits.shape
    ((1, 14, 14, 16), (1, 5), (1, 1000))
    """

    width: int = 64
    hidden: int = 4096
    classes: int = 1000

    @nn.compact
    def __call__(self, images: jax.Array) -> VGG16Outputs:
        """Images `[N, 224, 224, 3]`, as of `vgg16_input`, to all outputs."""
        chex.assert_shape(images, (None, _SIZE, _SIZE, 3))
        maps = VGG16Maps(self.width, name="maps")(images)
        x = _halved(maps[-1]).reshape(len(images), -1)
        fc1 = nn.relu(nn.Dense(self.hidden, name="fc1")(x))
        fc2 = nn.relu(nn.Dense(self.hidden, name="fc2")(fc1))
        return VGG16Outputs(maps, fc1, fc2, nn.Dense(self.classes, name="logits")(fc2))


class LPIPS(nn.Module):
    r"""How different two images look, by VGG16's maps and weights learnt from people's judgements.

    $$d(a, b) = Σ_l mean_{xy} Σ_c w_{lc} (\hat m_{lc}(a) - \hat m_{lc}(b))^2$$

    with $\hat m$ a map over its length at each position. Distances have gradients, at the same
    image too.

    Attributes:
        width: channels of VGG16's first convolution.

    Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric" (2018),
    equation 1; version 0.1 of their package, with its net `vgg`.

    >>> images = jnp.zeros((2, 32, 32, 3))
    >>> init = LPIPS(width=2).init_with_output
    >>> jax.eval_shape(init, jax.random.key(0), images, images)[0].shape
    (2,)
    """

    width: int = 64

    @nn.compact
    def __call__(self, images: jax.Array, others: jax.Array) -> jax.Array:
        """Two times images `[N, H, W, 3]` float32 in [-1, 1] to distances `[N]`, 0 or more."""
        chex.assert_equal_shape([images, others])
        chex.assert_type([images, others], jnp.float32)
        shift, scale = (jnp.asarray(x).reshape(1, 1, 1, 3) for x in (_SHIFT, _SCALE))
        both = (jnp.concatenate([images, others]) - shift) / scale
        total = jnp.zeros(len(images))
        for level, maps in enumerate(VGG16Maps(self.width, name="maps")(both)):
            head = self.param(f"head_{level}", nn.initializers.ones, maps.shape[3:])
            one, other = jnp.split(_directions(maps), 2)
            total += ((one - other) ** 2 @ head).mean((1, 2))
        return total


def vgg16_input(pictures: jax.Array) -> jax.Array:
    """Pictures as VGG16 takes them, by torch-fidelity's way.

    `corner_bilinear` to 224x224, and ImageNet's mean and deviation.

    Args:
        pictures: `[N, H, W, C]` uint8, grey (C = 1) or RGB (C = 3).

    Returns:
        `[N, 224, 224, 3]` float32.

    Raises:
        ValueError: where they are something else; says what.
    """
    mean, deviation = (jnp.asarray(x).reshape(1, 1, 1, 3) for x in (_MEAN, _DEVIATION))
    x = as_rgb(resize(as_floats(pictures), (_SIZE, _SIZE), corner_bilinear))
    return (x - 255 * mean) / (255 * deviation)


def _halved(x: jax.Array) -> jax.Array:
    """The largest of each 2x2 pixels; without the last row and column where they are odd."""
    return nn.max_pool(x, (2, 2), (2, 2))


def _directions(x: jax.Array) -> jax.Array:
    """Maps over their lengths; 0 where a map is 0, with a gradient there."""
    squares = (x**2).sum(3, keepdims=True)
    return x / (jnp.sqrt(squares + _NEGLIGIBLE**3) + _NEGLIGIBLE)
