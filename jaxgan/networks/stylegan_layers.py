"""Layers of StyleGAN (2018) and ProGAN, whose gains are in their weights and not in rectifiers."""

import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.layers import (
    EqualisedDense,
    convolution,
    noise_of,
    normal,
    resample,
    transposed_convolution,
)

GAIN = math.sqrt(2)
"""Of weights in front of a rectifier."""
_EPSILON = 1e-8
_FUSED = 128
"""Resolution from which the authors' code doubles by a transposed convolution."""


class HalvingConv(nn.Module):
    """A convolution whose images are the means of each 2x2 pixels.

    Parameters, float32: `kernel` `[3, 3, C, features]`, stored as N(0, 1); `bias` `[features]`.

    Attributes:
        features: channels that come out.
    """

    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H / 2, W / 2, features]`."""
        kernel = scaled_kernel(self, x.shape[3], self.features)
        x = convolution(x, four_taps(kernel) / 4, stride=2, padding=1)
        return x + self.param("bias", nn.initializers.zeros, (self.features,))[None, None, None]


class StyledLayer(nn.Module):
    r"""A convolution (or none), noise (or none), bias, leaky rectifier, and a style.

    $$(1 + s) norm(a(x + strength * noise + b)) + t, \quad (s, t) = A w$$

    with `norm` as in `adaptive_instance_norm`.

    Parameters, float32: `kernel` `[3, 3, C, features]`, `noise_strength` `[features]`, `bias`
    `[features]`, `affine`. Collection `noise`, float32: `noise` `[H, W]`, N(0, 1), for all images
    outside training.

    Karras, Laine and Aila, StyleGAN, 2019, sections 2 and 3.2.

    Attributes:
        features: channels that come out; None convolves nothing.
        up: whether the convolution doubles the size, and a blur follows.
        noise: False leaves noise out, with its strength and its constant.
    """

    features: int | None
    up: bool = False
    noise: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` and `[B, W]` to `[B, H, W, features]`, or twice as large.

        In training noise is drawn from the stream `noise`, for each image its own.
        """
        if self.features is not None:
            kernel = scaled_kernel(self, x.shape[3], self.features)
            if self.up:
                # The authors' two ways of doubling hold their kernels upside down to each other.
                fused = 2 * min(x.shape[1:3]) >= _FUSED
                taps = four_taps(kernel if fused else kernel[::-1, ::-1])
                x = transposed_convolution(x, taps.swapaxes(2, 3), stride=2, padding=1)
                x = blur(x)
            else:
                x = convolution(x, kernel, padding=1)
        channels = x.shape[3]
        if self.noise:
            strength = self.param("noise_strength", nn.initializers.zeros, (channels,))
            x = x + noise_of(self, x, train=train) * strength[None, None, None]
        bias = self.param("bias", nn.initializers.zeros, (channels,))
        x = rectify(x + bias[None, None, None])
        style = EqualisedDense(2 * channels, name="affine")(w)
        scale, shift = jnp.split(style, 2, axis=1)
        return adaptive_instance_norm(x, 1 + scale, shift)


def adaptive_instance_norm(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
    r"""Each channel of each image to a mean and a deviation that are given.

    $$scale (x - mean) / \sqrt{variance + 10^{-8}} + shift$$

    Args:
        x: images, `[B, H, W, C]` floating point.
        scale: `[B, C]`.
        shift: `[B, C]`.

    Returns:
        `[B, H, W, C]`.

    Huang and Belongie, Arbitrary style transfer in real-time with AdaIN, 2017, equation 8; the
    epsilon is StyleGAN's.
    """
    chex.assert_rank([x, scale, shift], [4, 2, 2])
    x = x - jnp.mean(x, (1, 2), keepdims=True)
    x = x * lax.rsqrt(jnp.mean(x**2, (1, 2), keepdims=True) + _EPSILON)
    return x * scale[:, None, None] + shift[:, None, None]


def scaled_kernel(layer: nn.Module, inputs: int, outputs: int) -> jax.Array:
    """A layer's parameter `kernel`, `[3, 3, inputs, outputs]`, as it is used."""
    kernel = layer.param("kernel", normal(1.0), (3, 3, inputs, outputs))
    return kernel * (GAIN / math.sqrt(9 * inputs))


def four_taps(kernel: jax.Array) -> jax.Array:
    """A kernel of 3x3 and its copies a pixel on, summed to 4x4: what sees pixels by 2x2."""
    for axis in (0, 1):
        after, before = (
            [(0, 0)] * axis + [one] + [(0, 0)] * (3 - axis) for one in ((0, 1), (1, 0))
        )
        kernel = jnp.pad(kernel, after) + jnp.pad(kernel, before)
    return kernel


def blur(x: jax.Array) -> jax.Array:
    """The filter [1, 2, 1] / 4 along height and width, zeros beyond the edges."""
    return resample(x, (1.0, 2.0, 1.0), padding=(1, 1))


def rectify(x: jax.Array) -> jax.Array:
    """The leaky rectifier of slope 0.2."""
    return nn.leaky_relu(x, 0.2)


def checked_stage(stage: int | None, last: int) -> int:
    """A stage of growing; the last where none is given."""
    if stage is None:
        return last
    if not 0 <= stage <= last:
        raise ValueError(f"there is no stage {stage} of growing: take 0 (the base) to {last}")
    return stage


def blended(before: jax.Array, now: jax.Array, fade: jax.Array | float) -> jax.Array:
    """What is shown while something fades in."""
    if isinstance(fade, float) and fade == 1.0:
        return now  # what has faded out is not computed
    return fade * now + (1 - fade) * before
