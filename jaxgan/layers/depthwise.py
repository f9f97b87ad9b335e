"""Depthwise convolutions: each channel has a kernel of its own.

On the CPU, XLA's grouped convolutions take ten times as long as what they are, a sum over the taps
of the kernel, and the gradients of strided ones thirty times. So they are written as that sum, and
the gradient of the images too: automatic differentiation would add up padded images, at three times
the cost. Like `jaxgan.layers.convolution`, it can be differentiated in reverse mode only.
"""

from collections.abc import Iterator
from functools import partial, reduce
from operator import add

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype, Initializer
from jax import lax

from jaxgan.layers.initialisers import normal


def depthwise_convolution(y: jax.Array, w: jax.Array, *, stride: int = 1) -> jax.Array:
    """A convolution of each channel alone, with the margins that TensorFlow calls SAME.

    $$x[b, i, j, c] = Σ_{k, l} y[b, s i + k - p, s j + l - q, c] w[k, l, 0, c]$$

    Images are zero beyond their edges. What the margins have together is as little as the size that
    comes out needs; where it is odd, the lower and right margins have the one more.

    Args:
        y: images, `[B, H, W, C]` floating point.
        w: kernels, `[K, L, 1, C]`, of the images' dtype.
        stride: s, positive.

    Returns:
        `[B, ceil(H / s), ceil(W / s), C]`, of the images' dtype.

    Raises:
        ValueError: where `stride` is not positive.

    >>> depthwise_convolution(jnp.ones((1, 7, 8, 3)), jnp.ones((3, 3, 1, 3)), stride=2).shape
    (1, 4, 4, 3)
    """
    chex.assert_rank([y, w], 4)
    chex.assert_shape(w, (None, None, 1, y.shape[3]))
    chex.assert_equal(y.dtype, w.dtype)
    if stride <= 0:
        raise ValueError(f"stride must be 1 or more, not {stride}")
    edges = []
    for size, taps in zip(y.shape[1:3], w.shape[:2], strict=True):
        missing = max(0, stride * (-(-size // stride) - 1) + taps - size)
        edges.append((missing // 2, missing - missing // 2))
    return _convolution(jnp.pad(y, ((0, 0), *edges, (0, 0))), w, stride)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolution(y: jax.Array, w: jax.Array, stride: int) -> jax.Array:
    """Without margins."""
    kernels = w.reshape(-1, 1, 1, 1, w.shape[3])
    return reduce(add, (x * k for x, k in zip(_seen(y, w.shape, stride), kernels, strict=True)))


def _seen(y: jax.Array, kernel: tuple[int, ...], stride: int) -> Iterator[jax.Array]:
    """What each tap of a kernel sees of images."""
    height, width = (
        stride * ((size - taps) // stride) + 1
        for size, taps in zip(y.shape[1:3], kernel, strict=False)
    )
    for k in range(kernel[0]):
        for m in range(kernel[1]):
            yield y[:, k : k + height : stride, m : m + width : stride]


def _cotangents(
    stride: int, operands: tuple[jax.Array, jax.Array], x: jax.Array
) -> tuple[jax.Array, jax.Array]:
    y, w = operands
    apart = [(0, 0, 0)]
    for taps, size in zip(w.shape[:2], y.shape[1:3], strict=True):
        apart.append((taps - 1, taps - 1 + (size - taps) % stride, stride - 1))
    spread = lax.pad(x, jnp.zeros((), x.dtype), [*apart, (0, 0, 0)])
    kernel = jnp.stack([(part * x).sum((0, 1, 2)) for part in _seen(y, w.shape, stride)])
    return _convolution(spread, w[::-1, ::-1], 1), kernel.reshape(w.shape)


_convolution.defvjp(lambda y, w, stride: (_convolution(y, w, stride), (y, w)), _cotangents)


class DepthwiseConv(nn.Module):
    """Depthwise convolution with a learnt kernel and no bias.

    Parameter, float32: `kernel` `[K, L, 1, C]`.

    Attributes:
        kernel_size: K and L.
        strides: s, the same in both directions.
        dtype: of the computation and the result.
        kernel_init: of the kernel; N(0, 0.02), as in `Conv`.
    """

    kernel_size: tuple[int, int] = (3, 3)
    strides: int = 1
    dtype: Dtype = jnp.float32
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H', W', C]`; see `depthwise_convolution`."""
        shape = (*self.kernel_size, 1, x.shape[-1])
        kernel = self.param("kernel", self.kernel_init, shape)
        x, kernel = promote_dtype(x, kernel, dtype=self.dtype)
        return depthwise_convolution(x, kernel, stride=self.strides)
