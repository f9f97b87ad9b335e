"""Depthwise convolutions: each channel has a kernel of its own."""

from functools import reduce
from operator import add

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype, Initializer

from jaxgan.layers.initialisers import normal


def depthwise_convolution(y: jax.Array, w: jax.Array, *, stride: int = 1) -> jax.Array:
    """A convolution of each channel alone, with the margins that TensorFlow calls SAME.

    $$x[b, i, j, c] = Σ_{k, l} y[b, s i + k - p, s j + l - q, c] w[k, l, 0, c]$$

    Images are zero beyond their edges. What the margins have together is as little as the size that
    comes out needs; where it is odd, the lower and right margins have the one more.

    It is written as that sum, not as a grouped convolution: on the CPU, XLA's takes ten times as
    long or more, and so do its gradients.

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
    taps = w.shape[:2]
    spans = [stride * (-(-size // stride) - 1) + 1 for size in y.shape[1:3]]
    missing = [
        max(0, span - 1 + count - size)
        for span, count, size in zip(spans, taps, y.shape[1:3], strict=True)
    ]
    y = jnp.pad(y, ((0, 0), *((less // 2, less - less // 2) for less in missing), (0, 0)))
    return reduce(
        add,
        (
            y[:, k : k + spans[0] : stride, m : m + spans[1] : stride] * w[None, None, k, m]
            for k in range(taps[0])
            for m in range(taps[1])
        ),
    )


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
