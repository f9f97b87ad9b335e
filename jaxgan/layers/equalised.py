"""Layers whose weights all learn at one rate: stored at a scale of one, scaled where they are used.

Adam moves every weight by about its rate, whatever the weight's scale. So weights are kept as
$N(0, 1) / m$, and multiplied at run time by $m / sqrt(fan_in)$, He's constant; the multiplier m is
how much slower than others the layer learns.

Karras et al., Progressive Growing of GANs, 2018, section 4.1.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.typing import Dtype

from jaxgan.layers.convolution import convolution
from jaxgan.layers.fir import BINOMIAL, Filter, resample
from jaxgan.layers.initialisers import normal
from jaxgan.layers.pointwise import product


def rectify(x: jax.Array, *, gain: float = 1.0, clamp: float | None = None) -> jax.Array:
    r"""The leaky rectifier of StyleGAN2: $\sqrt 2 gain max(x, x / 5)$, which keeps the variance.

    Args:
        x: any floats.
        gain: of what comes out.
        clamp: the largest absolute value, before the gain; None has no bound.

    Returns:
        Of the shape and type of x.

    >>> [round(number, 4) for number in rectify(jnp.array([-5.0, 1.0])).tolist()]
    [-1.4142, 1.4142]
    """
    return clamped(jax.nn.leaky_relu(x, 0.2) * (math.sqrt(2) * gain), gain=gain, clamp=clamp)


def clamped(x: jax.Array, *, gain: float = 1.0, clamp: float | None = None) -> jax.Array:
    """No absolute value above `gain * clamp`; x itself where `clamp` is None."""
    return x if clamp is None else jnp.clip(x, -clamp * gain, clamp * gain)


class EqualisedDense(nn.Module):
    """A fully connected layer with an equalised rate.

    Parameters, float32: `kernel` `[C, features]`, stored as $N(0, 1) / m$; `bias` `[features]`,
    stored over m.

    Attributes:
        features: numbers that come out.
        multiplier: m, of the rate.
        use_bias: whether a bias is added.
        bias_init: what the biases are at first, at run time.
        gain: of the weights, not of the bias.
    """

    features: int
    multiplier: float = 1.0
    use_bias: bool = True
    bias_init: float = 0.0
    gain: float = 1.0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """`[B, C]` to `[B, features]`, float32."""
        m = self.multiplier
        kernel = self.param("kernel", normal(1 / m), (x.shape[-1], self.features))
        x = product(x, kernel * (self.gain * m / math.sqrt(x.shape[-1])))
        if not self.use_bias:
            return x
        initialise = nn.initializers.constant(self.bias_init / m)
        return x + m * self.param("bias", initialise, (self.features,))[None]


class EqualisedConv(nn.Module):
    """A convolution with an equalised rate, that keeps the size of images or halves it.

    What is to be halved is filtered first. Parameters, float32: `kernel` `[K, K, C, features]`,
    `bias` `[features]`.

    Attributes:
        features: channels that come out.
        taps: K, odd.
        down: whether the size is halved.
        use_bias: whether a bias is added.
        filter: of the halving.
        dtype: of the computation and the result.
        gain: of the kernel, not of the bias.
    """

    features: int
    taps: int = 3
    down: bool = False
    use_bias: bool = True
    filter: Filter = BINOMIAL
    dtype: Dtype = jnp.float32
    gain: float = 1.0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H, W, features]`, or of half the size."""
        shape = (self.taps, self.taps, x.shape[-1], self.features)
        scale = self.gain / math.sqrt(math.prod(shape[:3]))
        kernel = self.param("kernel", normal(1.0), shape) * scale
        x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
        padding, extra = self.taps // 2, max(np.shape(self.filter)) - 1
        if self.down:
            # So that what comes out lies in the middle of what it is made of.
            edges = (padding + extra // 2, padding + (extra - 1) // 2)
            x = resample(x, self.filter, down=2 if self.taps == 1 else 1, padding=edges)
        if self.taps == 1:
            flat = product(x.reshape(-1, x.shape[-1]), kernel[0, 0])
            x = flat.reshape(*x.shape[:3], self.features)
        elif self.down:
            x = convolution(x, kernel, stride=2)
        else:
            x = convolution(x, kernel, padding=padding)
        if not self.use_bias:
            return x
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return x + bias.astype(x.dtype)[None, None, None]
