"""A small classifier: what says what samples are, and gives features of pictures."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv

_SMALLEST = 4
"""Pixels on a side of the map, at most, from which on it is not halved again."""
_WIDEST = 4
"""How many times `width` channels there are at most."""


class SmallClassifier(nn.Module):
    """Convolutions that halve the map and double the channels down to 4x4, then one hidden layer.

    At 28x28 the maps are 14x14, 7x7 and 4x4, at 64x64 they are 32x32, 16x16, 8x8 and 4x4. Batch
    norm and ReLU follow every convolution and the hidden layer.

    Attributes:
        classes: how many; 2 or more.
        width: channels of the first convolution; they double up to four times that.
        features: F, of the hidden layer.
        dtype: of the computation; parameters, batch statistics and outputs are float32.

    >>> classifier = SmallClassifier(classes=10, width=8)
    >>> images = jnp.ones((2, 28, 28, 1))
    >>> (logits, features), _ = classifier.init_with_output(jax.random.key(0), images, train=True)
    >>> logits.shape, features.shape
    ((2, 10), (2, 128))
    """

    classes: int
    width: int = 32
    features: int = 128
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> tuple[jax.Array, jax.Array]:
        """Images `[B, H, W, C]` in [-1, 1] to logits `[B, classes]` and features `[B, F]`.

        Both are float32; the features are not negative.

        Raises:
            ValueError: where there are fewer than two classes.
        """
        chex.assert_rank(images, 4)
        if self.classes < 2:
            raise ValueError(f"{self.classes} classes leave nothing to tell apart: give 2 or more")
        x = images
        width = self.width
        while max(x.shape[1:3]) > _SMALLEST:
            x = Conv(width, (3, 3), strides=2, padding=1, use_bias=False, dtype=self.dtype)(x)
            x = nn.relu(_batch_norm(train, self.dtype)(x))
            width = min(2 * width, _WIDEST * self.width)
        x = nn.Dense(self.features, use_bias=False, dtype=self.dtype)(x.reshape(len(x), -1))
        features = nn.relu(_batch_norm(train, self.dtype)(x)).astype(jnp.float32)
        return nn.Dense(self.classes)(features), features


def _batch_norm(train: bool, dtype: Dtype) -> nn.BatchNorm:
    return nn.BatchNorm(use_running_average=not train, momentum=0.9, epsilon=1e-5, dtype=dtype)
