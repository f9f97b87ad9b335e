"""Grouped convolutions whose derivatives of every order are fast on every device.

On the CPU, XLA's own grouped convolution takes about four times as long as a row of ordinary ones
with the same numbers, and the gradient of its kernel seventy times and more. So there, a grouped
convolution is such a row, each over a block of groups; elsewhere it is XLA's own. Like
`jaxgan.layers.convolution`, whose family of bilinear maps this is for stride 1, it can be
differentiated in reverse mode only.
"""

from collections.abc import Callable
from functools import partial

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype, Initializer
from jax import lax

from jaxgan.layers.initialisers import normal

_Bilinear = Callable[[jax.Array, jax.Array], jax.Array]

_BLOCK = 32
"""Channels that come into a block, at least: on the CPU, the fastest for the convolution ..."""
_GRADIENT_BLOCK = 16
"""... and for the gradient of its kernel."""


def grouped_convolution(y: jax.Array, w: jax.Array, *, groups: int) -> jax.Array:
    """Convolutions side by side, each over channels of its own; the images keep their size.

    $$x[b, i, j, O g + o] = Σ_{k, l, c} y[b, i + k - p, j + l - q, C g + c] w[k, l, c, O g + o]$$

    for the groups g, of C channels that come in and O that come out; p = K // 2, q = L // 2, and
    beyond their edges the images are zero.

    Args:
        y: images, `[B, H, W, groups * C]` floating point.
        w: kernels, `[K, L, C, groups * O]`, K and L odd, of the images' dtype.
        groups: how many there are.

    Returns:
        `[B, H, W, groups * O]`, of the images' dtype.

    Raises:
        ValueError: where K or L is even, or `groups` does not divide the channels.

    >>> y, w = jnp.ones((1, 8, 8, 6)), jnp.ones((3, 3, 2, 9))
    >>> grouped_convolution(y, w, groups=3).shape
    (1, 8, 8, 9)
    """
    chex.assert_rank([y, w], 4)
    chex.assert_equal(y.dtype, w.dtype)
    if w.shape[0] % 2 == 0 or w.shape[1] % 2 == 0:
        raise ValueError(
            f"a kernel of {w.shape[0]}x{w.shape[1]} has no middle: take odd sizes, such as 3x3"
        )
    for channels in (y.shape[3], w.shape[3]):
        if groups <= 0 or channels % groups:
            raise ValueError(
                f"{channels} channels cannot be split into {groups} groups: "
                "take a count of groups that divides the channels"
            )
    chex.assert_equal(y.shape[3], groups * w.shape[2])
    return _convolution(y, w, groups)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@partial(jax.jit, static_argnums=2)  # one trace for all layers of one shape: rows are long to trace
def _convolution(y: jax.Array, w: jax.Array, groups: int) -> jax.Array:
    in_blocks = partial(_row_of_blocks, groups=groups, block=_BLOCK)
    return lax.platform_dependent(y, w, cpu=in_blocks, default=partial(_of_xla, groups=groups))


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
@partial(jax.jit, static_argnums=(2, 3))
def _kernel_gradient(y: jax.Array, x: jax.Array, groups: int, taps: tuple[int, int]) -> jax.Array:
    kernel = jax.ShapeDtypeStruct((*taps, y.shape[3] // groups, x.shape[3]), y.dtype)

    def transposed(convolve: _Bilinear) -> _Bilinear:
        return lambda y, x: jax.linear_transpose(lambda w: convolve(y, w), kernel)(x)[0]

    in_blocks = transposed(partial(_row_of_blocks, groups=groups, block=_GRADIENT_BLOCK))
    of_xla = transposed(partial(_of_xla, groups=groups))
    return lax.platform_dependent(y, x, cpu=in_blocks, default=of_xla)


def _of_xla(y: jax.Array, w: jax.Array, groups: int) -> jax.Array:
    return lax.conv_general_dilated(
        y,
        w,
        window_strides=(1, 1),
        padding=[(taps // 2, taps // 2) for taps in w.shape[:2]],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


def _row_of_blocks(y: jax.Array, w: jax.Array, groups: int, block: int) -> jax.Array:
    """Ordinary convolutions over blocks of groups, between which their kernels are zero."""
    channels = w.shape[2]
    together = next(
        count
        for count in range(1, groups + 1)
        if groups % count == 0 and (count * channels >= block or count == groups)
    )
    blocks = groups // together
    pairs = zip(jnp.split(y, blocks, axis=3), jnp.split(w, blocks, axis=3), strict=True)
    return jnp.concatenate([_of_xla(y, _block_diagonal(w, together), 1) for y, w in pairs], axis=3)


def _block_diagonal(w: jax.Array, groups: int) -> jax.Array:
    """`[K, L, C, groups * O]` to `[K, L, groups * C, groups * O]`.

    No array on the way has more than four axes: jaxlib 0.10.2 and 0.11.0 can crash on the CPU where
    products of seven axes are summed, and here every `vmap` adds one and every derivative sums.
    """
    rows, columns, channels, features = w.shape
    own = jnp.repeat(jnp.eye(groups, dtype=w.dtype), features // groups, axis=1)
    w = w.reshape(rows * columns, 1, channels, features) * own.reshape(1, groups, 1, features)
    return w.reshape(rows, columns, groups * channels, features)


def _turned(w: jax.Array, groups: int) -> jax.Array:
    """The kernels of the adjoint: turned by half a turn, channels in and out exchanged."""
    rows, columns, channels, features = w.shape
    w = w[::-1, ::-1].reshape(rows, columns, channels, groups, features // groups)
    return w.transpose(0, 1, 4, 3, 2).reshape(rows, columns, features // groups, groups * channels)


# As in `jaxgan.layers.convolution`, the family is closed under differentiation.
_convolution.defvjp(
    lambda y, w, groups: (_convolution(y, w, groups), (y, w)),
    lambda groups, operands, x: (
        _convolution(x, _turned(operands[1], groups), groups),
        _kernel_gradient(operands[0], x, groups, operands[1].shape[:2]),
    ),
)
_kernel_gradient.defvjp(
    lambda y, x, groups, taps: (_kernel_gradient(y, x, groups, taps), (y, x)),
    lambda groups, taps, operands, w: (
        _convolution(operands[1], _turned(w, groups), groups),
        _convolution(operands[0], w, groups),
    ),
)


class GroupedConv(nn.Module):
    """Grouped convolution with a learnt kernel and bias; the images keep their size.

    Parameters, float32: `kernel` `[K, L, C / groups, features]`, `bias` `[features]`.

    Attributes:
        features: channels that come out.
        groups: how many there are; divides the channels that come in and those that come out.
        kernel_size: K and L, odd.
        use_bias: whether a bias is added.
        dtype: of the computation and the result.
        kernel_init: of the kernel; N(0, 0.02), as in `Conv`.
    """

    features: int
    groups: int
    kernel_size: tuple[int, int] = (3, 3)
    use_bias: bool = True
    dtype: Dtype = jnp.float32
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H, W, features]`; see `grouped_convolution`."""
        shape = (*self.kernel_size, x.shape[-1] // self.groups, self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        x, kernel = promote_dtype(x, kernel, dtype=self.dtype)
        x = grouped_convolution(x, kernel, groups=self.groups)
        if not self.use_bias:
            return x
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return x + bias.astype(x.dtype).reshape(1, 1, 1, -1)
