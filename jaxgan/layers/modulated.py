"""Convolutions whose kernels an image's style scales: the layers of StyleGAN2's generator."""

import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.typing import Dtype
from jax import lax

from jaxgan.layers.convolution import convolution, transposed_convolution
from jaxgan.layers.equalised import EqualisedDense, clamped, rectify
from jaxgan.layers.fir import BINOMIAL, Filter, resample
from jaxgan.layers.initialisers import normal
from jaxgan.layers.pointwise import product

_EPSILON = 1e-8


def modulated_convolution(
    x: jax.Array,
    kernel: jax.Array,
    style: jax.Array,
    *,
    up: bool = False,
    filter: Filter = BINOMIAL,
    demodulate: bool = True,
    normalise: bool = False,
) -> jax.Array:
    r"""A convolution whose kernel each image's style scales, to a sum of squares of one.

    $$w'_{klio} = s_i w_{klio} / \sqrt{\sum_{kli} (s_i w_{klio})^2 + ε}, \quad ε = 10^{-8}$$

    Every image has a style and so a kernel of its own, but none is ever made: images are scaled,
    convolved with one kernel for all, and scaled again, by
    $d_o = 1 / \sqrt{\sum_i s_i^2 \sum_{kl} w_{klio}^2 + ε}$.

    Args:
        x: images, `[B, H, W, C]` floating point.
        kernel: w, `[K, K, C, O]`; of a convolution that doubles, that of the transposed
            convolution, which spreads each pixel: $y[2 i + k] = x[i] w[k]$.
        style: s, `[B, C]`.
        up: whether the size is doubled, and filtered.
        filter: of the doubling.
        demodulate: False leaves d out.
        normalise: whether kernel and styles are divided by their largest numbers, which
            demodulation makes up for, so that half precision does not overflow.

    Returns:
        `[B, H, W, O]`, or twice the size, of the type of x.

    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, section 2.2.
    """
    chex.assert_rank([x, kernel, style], [4, 4, 2])
    chex.assert_equal([x.shape[0], x.shape[3]], list(style.shape))
    chex.assert_equal(x.shape[3], kernel.shape[2])
    if normalise and demodulate:
        largest = jnp.max(jnp.abs(kernel), axis=(0, 1, 2), keepdims=True)
        kernel = kernel / (largest * math.sqrt(math.prod(kernel.shape[:3])))
        style = style / jnp.max(jnp.abs(style), axis=1, keepdims=True)
    weights, taps = kernel.astype(x.dtype), kernel.shape[0]
    x = x * style.astype(x.dtype)[:, None, None]
    if up:
        # Each side of what comes out, 2 H + 1, is cut by what the filter leaves.
        extra = max(np.shape(filter)) - 1
        x = transposed_convolution(x, weights.swapaxes(2, 3), stride=2)
        cut = taps // 2 - taps
        edges = (cut + (extra + 2) // 2 + 1, cut + (extra - 1) // 2 + 2)
        x = resample(x, filter, padding=edges, gain=4.0)
    elif taps == 1:
        flat = product(x.reshape(-1, x.shape[3]), weights[0, 0])
        x = flat.reshape(*x.shape[:3], -1)
    else:
        x = convolution(x, weights, padding=taps // 2)
    if demodulate:
        # A small product, of which every result depends: in full, not in a GPU's TF32.
        squares = jnp.sum(kernel**2, axis=(0, 1))
        energy = jnp.matmul(style**2, squares, precision=lax.Precision.HIGHEST)
        x = x * lax.rsqrt(energy + _EPSILON).astype(x.dtype)[:, None, None]
    return x


def noise_of(layer: nn.Module, x: jax.Array, *, train: bool) -> jax.Array:
    """Noise for a layer's features: N(0, 1), one number for all channels of a pixel.

    Args:
        layer: keeps a constant noise in its collection `noise`, as `noise` `[H, W]`; in its place
            may lie one for each image, `[B, H, W]`.
        x: `[B, H, W, C]`.
        train: whether noise is drawn for each image, from the stream `noise`; or else it is the
            constant one, and an image a function of what it is made of.

    Returns:
        `[B, H, W, 1]` or `[1, H, W, 1]`, float32.
    """
    batch, height, width, _ = x.shape
    constant = layer.variable(
        "noise", "noise", lambda: normal(1.0)(layer.make_rng("params"), (height, width))
    )
    if train:
        return normal(1.0)(layer.make_rng("noise"), (batch, height, width, 1))
    noise = constant.value
    return (noise if noise.ndim == 3 else noise[None])[..., None]


class StyledConv(nn.Module):
    """A modulated convolution, noise (or none), bias and rectifier.

    Parameters, float32: `affine`, from w to the style (its bias is 1 at first); `kernel`
    `[3, 3, C, features]`; `noise_strength` [], 0 at first; `bias` `[features]`. Collection `noise`:
    `noise` `[H, W]`, N(0, 1), for images that are a function of their w.

    Attributes:
        features: channels that come out.
        up: whether the size is doubled.
        filter: of the doubling.
        dtype: of the computation; in half precision, kernel and style are normalised.
        clamp: of the rectifier.
        noise: False leaves noise out, with its strength and its constant.
    """

    features: int
    up: bool = False
    filter: Filter = BINOMIAL
    dtype: Dtype = jnp.float32
    clamp: float | None = None
    noise: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` and w `[B, W]` to images; noise is drawn in training alone."""
        style = EqualisedDense(x.shape[-1], bias_init=1.0, name="affine")(w)
        kernel = self.param("kernel", normal(1.0), (3, 3, x.shape[-1], self.features))
        x = modulated_convolution(
            x.astype(self.dtype),
            kernel,
            style,
            up=self.up,
            filter=self.filter,
            normalise=self.dtype != jnp.float32,
        )
        if self.noise:
            strength = self.param("noise_strength", nn.initializers.zeros, ())
            x = x + (strength * noise_of(self, x, train=train)).astype(x.dtype)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return rectify(x + bias.astype(x.dtype)[None, None, None], clamp=self.clamp)


class ToRGB(nn.Module):
    """A modulated convolution of 1x1 to an image's colours, without demodulation.

    Parameters, float32: `affine`, `kernel` `[1, 1, C, channels]`, `bias` `[channels]`.

    Attributes:
        channels: of the image.
        dtype: of the computation.
        clamp: the largest absolute value.
    """

    channels: int
    dtype: Dtype = jnp.float32
    clamp: float | None = None

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array) -> jax.Array:
        """Features `[B, H, W, C]` and w `[B, W]` to `[B, H, W, channels]`, float32."""
        inputs = x.shape[-1]
        style = EqualisedDense(inputs, bias_init=1.0, name="affine")(w) / math.sqrt(inputs)
        kernel = self.param("kernel", normal(1.0), (1, 1, inputs, self.channels))
        x = modulated_convolution(x.astype(self.dtype), kernel, style, demodulate=False)
        bias = self.param("bias", nn.initializers.zeros, (self.channels,))
        x = x + bias.astype(x.dtype)[None, None, None]
        return clamped(x, clamp=self.clamp).astype(jnp.float32)
