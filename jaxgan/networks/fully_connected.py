"""Fully connected networks, as in the paper that began it all."""

import math
from collections.abc import Sequence

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import normal


class FullyConnectedGenerator(nn.Module):
    """Latents to images through fully connected layers (Goodfellow et al. 2014, section 5).

    Differs from the paper's: leaky rectifiers (0.2) throughout, for its mixture of rectifiers and
    sigmoids, and tanh at the end, for images in [-1, 1].

    Attributes:
        shape: of an image, (H, W, C).
        widths: of the hidden layers, from the latent to the image.
        dtype: of the computation; parameters and images are float32.

    >>> generator = FullyConnectedGenerator()
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 100)), train=True)
    >>> images.shape
    (2, 28, 28, 1)
    """

    shape: tuple[int, int, int] = (28, 28, 1)
    widths: Sequence[int] = (256, 512, 1024)
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, latent: jax.Array, *, train: bool) -> jax.Array:
        """Latents `[B, Z]` to images `[B, H, W, C]`, float32 in [-1, 1]."""
        del train  # the same in both
        chex.assert_rank(latent, 2)
        x = _hidden_layers(latent, self.widths, self.dtype)
        x = _dense(x, math.prod(self.shape), self.dtype)
        return jnp.tanh(x.astype(jnp.float32)).reshape(-1, *self.shape)


class FullyConnectedDiscriminator(nn.Module):
    """Images to logits through fully connected layers (Goodfellow et al. 2014, section 5).

    Differs from the paper's: leaky rectifiers (0.2) for its maxout units, and no dropout.

    Attributes:
        widths: of the hidden layers, from the image to the logit.
        dtype: of the computation; parameters and logits are float32.
    """

    widths: Sequence[int] = (512, 256)
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` in [-1, 1] to logits `[B]`, float32."""
        del train  # the same in both
        chex.assert_rank(images, 4)
        x = _hidden_layers(images.reshape(len(images), -1), self.widths, self.dtype)
        return _dense(x, 1, self.dtype).astype(jnp.float32)[:, 0]


def _hidden_layers(x: jax.Array, widths: Sequence[int], dtype: Dtype) -> jax.Array:
    for width in widths:
        x = nn.leaky_relu(_dense(x, width, dtype), 0.2)
    return x


def _dense(x: jax.Array, features: int, dtype: Dtype) -> jax.Array:
    # N(0, 1 / inputs) keeps the variance of what passes through.
    layer = nn.Dense(features, dtype=dtype, kernel_init=normal(x.shape[-1] ** -0.5))
    return layer(x)
