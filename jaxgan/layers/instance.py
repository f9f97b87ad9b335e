"""Normalisations that keep no running statistics: over each image alone, or over a minibatch."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype
from jax import lax

from jaxgan.layers.initialisers import normal


class InstanceNorm(nn.Module):
    r"""Each channel of each image to mean 0 and variance 1; nothing is learnt.

    $$(x - mean) / \sqrt{variance + 10^{-5}}$$

    with mean and variance over the image's pixels.

    Ulyanov, Vedaldi and Lempitsky, "Instance normalization" (2016).

    Attributes:
        dtype: of the result; statistics are float32.
    """

    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to images of the same shape, alike in training and outside."""
        del train
        chex.assert_rank(x, 4)
        return _standardise(x, (1, 2)).astype(self.dtype)


class MinibatchNorm(nn.Module):
    r"""Batch norm that keeps no running statistics.

    $$scale (x - mean) / \sqrt{variance + 10^{-5}} + bias$$

    Mean and variance of a channel are those of the minibatch in training, and those of each image
    alone outside: what batch norm in training is for a single image, as pix2pix is tested
    (Isola et al. (2017), section 3.4).

    Parameters, float32: `scale` `[C]`, N(1, 0.02) at first; `bias` `[C]`, zeros at first.

    Attributes:
        dtype: of the result; statistics are float32.
    """

    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to images of the same shape."""
        chex.assert_rank(x, 4)
        channels = (x.shape[-1],)
        scale = self.param("scale", normal(0.02, mean=1.0), channels)
        bias = self.param("bias", nn.initializers.zeros, channels)
        x = _standardise(x, (0, 1, 2) if train else (1, 2))
        return (x * scale.reshape(1, 1, 1, -1) + bias.reshape(1, 1, 1, -1)).astype(self.dtype)


def _standardise(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    centred = x - jnp.mean(x, axes, keepdims=True)
    return centred * lax.rsqrt(jnp.mean(centred**2, axes, keepdims=True) + 1e-5)
