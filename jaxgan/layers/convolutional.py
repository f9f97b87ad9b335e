"""Convolutions with kernels and biases that are learnt."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype, Initializer

from jaxgan.layers.convolution import convolution, transposed_convolution
from jaxgan.layers.initialisers import normal


class Conv(nn.Module):
    """Convolution with a learnt kernel and bias.

    Parameters, float32: `kernel` `[K, L, C, features]`, `bias` `[features]`.

    Attributes:
        features: channels that come out.
        kernel_size: K and L.
        strides: s, the same in both directions.
        padding: zeros on each of the four sides.
        use_bias: whether a bias is added.
        dtype: of the computation and the result.
        kernel_init: of the kernel; N(0, 0.02), as GANs have it since DCGAN.
    """

    features: int
    kernel_size: tuple[int, int] = (4, 4)
    strides: int = 1
    padding: int = 0
    use_bias: bool = True
    dtype: Dtype = jnp.float32
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H', W', features]`; see `convolution`."""
        shape = (*self.kernel_size, x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        x, kernel = promote_dtype(x, kernel, dtype=self.dtype)
        x = convolution(x, kernel, stride=self.strides, padding=self.padding)
        return _with_bias(self, x) if self.use_bias else x


class ConvTranspose(nn.Module):
    """Transposed convolution with a learnt kernel and bias.

    Parameters, float32: `kernel` `[K, L, features, C]`, `bias` `[features]`. The kernel ends in the
    channels that come in, as that of the convolution that this is the adjoint of.

    Attributes:
        features: channels that come out.
        kernel_size: K and L.
        strides: s, the same in both directions.
        padding: p of the convolution that this is the adjoint of: what is cut off the four sides.
        use_bias: whether a bias is added.
        dtype: of the computation and the result.
        kernel_init: of the kernel; N(0, 0.02), as GANs have it since DCGAN.
        output_padding: rows and columns more at the lower and right edges, below the stride.
    """

    features: int
    kernel_size: tuple[int, int] = (4, 4)
    strides: int = 1
    padding: int = 0
    use_bias: bool = True
    dtype: Dtype = jnp.float32
    kernel_init: Initializer = normal(0.02)
    output_padding: int = 0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H', W', features]`; see `transposed_convolution`."""
        shape = (*self.kernel_size, self.features, x.shape[-1])
        kernel = self.param("kernel", self.kernel_init, shape)
        x, kernel = promote_dtype(x, kernel, dtype=self.dtype)
        enlarge = partial(transposed_convolution, stride=self.strides, padding=self.padding)
        x = enlarge(x, kernel, output_padding=self.output_padding)
        return _with_bias(self, x) if self.use_bias else x


def _with_bias(layer: Conv | ConvTranspose, x: jax.Array) -> jax.Array:
    bias = layer.param("bias", nn.initializers.zeros, (layer.features,))
    return x + bias.astype(x.dtype).reshape(1, 1, 1, -1)
