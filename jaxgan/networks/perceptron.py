"""Perceptrons: networks of points rather than of images."""

from collections.abc import Sequence

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import normal
from jaxgan.networks.heads import Score


class PerceptronGenerator(nn.Module):
    """Latents to points through layers of rectifiers; the last layer is linear.

    Attributes:
        size: D, numbers of a point.
        widths: of the hidden layers, from the latent to the point.
        dtype: of the computation; parameters and points are float32.

    >>> generator = PerceptronGenerator()
    >>> points, _ = generator.init_with_output(jax.random.key(0), jnp.ones((5, 16)), train=True)
    >>> points.shape
    (5, 2)
    """

    size: int = 2
    widths: Sequence[int] = (64, 64, 64, 64)
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, latent: jax.Array, *, train: bool) -> jax.Array:
        """Latents `[B, Z]` to points `[B, D]`, float32, unbounded."""
        del train  # the same in both
        chex.assert_rank(latent, 2)
        x = _hidden_layers(latent, self.widths, self.dtype)
        # N(0, 1 / inputs) keeps the variance of what passes through.
        last = nn.Dense(self.size, dtype=self.dtype, kernel_init=normal(x.shape[-1] ** -0.5))
        return last(x).astype(jnp.float32)


class PerceptronDiscriminator(nn.Module):
    """Points to scores through layers of rectifiers, and a head.

    Attributes:
        widths: of the hidden layers, from the point to the features.
        head: of the features; one score where it is not given.
        dtype: of the hidden layers' computation; parameters and scores are float32.
    """

    widths: Sequence[int] = (64, 64, 64, 64)
    head: nn.Module = Score()
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, points: jax.Array, *condition: jax.Array, train: bool) -> jax.Array:
        """Points `[B, D]` to scores `[B]`, float32, or to what the head gives."""
        chex.assert_rank(points, 2)
        features = _hidden_layers(points, self.widths, self.dtype)
        return self.head(features, *condition, train=train)


def _hidden_layers(x: jax.Array, widths: Sequence[int], dtype: Dtype) -> jax.Array:
    for width in widths:
        # N(0, 2 / inputs) keeps the variance of what passes through: rectifiers stop half of it.
        layer = nn.Dense(width, dtype=dtype, kernel_init=normal((2 / x.shape[-1]) ** 0.5))
        x = nn.relu(layer(x))
    return x
