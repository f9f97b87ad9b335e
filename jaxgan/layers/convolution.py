"""Convolutions whose derivatives of every order are fast on every device.

With $⟨a, b⟩$ the sum of products, the trilinear form $F(y, w, x) = ⟨x, conv(y, w)⟩$ of an image y,
a kernel w and a smaller image x has three partial gradients:

- $∂F/∂x$ is `convolution(y, w)`: of an image and a kernel, a smaller image
- $∂F/∂y$ is `transposed_convolution(x, w)`: of a smaller image and a kernel, an image
- $∂F/∂w$ is `kernel_gradient(y, x)`: of an image and a smaller image, a kernel

Each is bilinear, and the derivatives of each are the other two: the family is closed. Automatic
differentiation does not know that. It writes the gradient of a strided *transposed* convolution
with respect to its kernel as a convolution with a dilated input, for which XLA on the CPU falls
back to a naive loop, some forty to a hundred times slower than `kernel_gradient`, the same numbers.
So the family is spelled out here. The price: reverse mode only (`grad`, `vjp`, and these of
themselves), no `jvp`. On the CPU each has a form of its own too, as products of matrices, where
strides or few channels make XLA's convolutions slow.
"""

import math
from functools import partial
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax

_LARGE = 2**15
"""Numbers in an image from which on a product of matrices for each tap pays on the CPU."""
_MEDIUM = 2**12
"""Those from which on, without a stride, a product for each row of the kernel does."""
_FEW = 8
"""Channels that come out, up to which overlapping products pay on the CPU without a stride."""


class _Geometry(NamedTuple):
    """What the shapes of two of the three arrays leave open about the third."""

    image: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: int
    padding: int


def convolution(y: jax.Array, w: jax.Array, *, stride: int = 1, padding: int = 0) -> jax.Array:
    """Convolution as networks mean it (cross-correlation), zero padding on all four sides.

    $$x[b, i, j, o] = Σ_{k, l, c} y[b, s i + k - p, s j + l - p, c] w[k, l, c, o]$$

    Args:
        y: images, `[B, H, W, C]` floating point.
        w: kernel, `[K, L, C, O]`, of the images' dtype.
        stride: s, positive.
        padding: p, not negative.

    Returns:
        `[B, (H + 2p - K) // s + 1, (W + 2p - L) // s + 1, O]`, of the images' dtype.

    Raises:
        ValueError: where `stride` or `padding` is out of range or the padded images are smaller
            than the kernel.

    >>> convolution(jnp.ones((1, 28, 28, 3)), jnp.ones((4, 4, 3, 8)), stride=2, padding=1).shape
    (1, 14, 14, 8)
    """
    chex.assert_rank([y, w], 4)
    chex.assert_equal(y.shape[3], w.shape[2])
    chex.assert_equal(y.dtype, w.dtype)
    geometry = _Geometry(y.shape[1:3], w.shape[:2], stride, padding)
    _check(geometry)
    return _convolution(y, w, geometry)


def transposed_convolution(
    x: jax.Array, w: jax.Array, *, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> jax.Array:
    """The adjoint of `convolution` in its images: makes images larger by the stride.

    $$⟨x', y⟩ = ⟨x, conv(y, w)⟩$$

    for every y, with x' what this gives for x.

    Args:
        x: images, `[B, H, W, O]` floating point.
        w: kernel of the convolution that this is the adjoint of, `[K, L, C, O]`: it ends in the
            channels that come in. Of the images' dtype.
        stride: s, positive.
        padding: p of that convolution, not negative.
        output_padding: q, rows and columns more at the lower and right edges, in {0..s - 1}.

    Returns:
        `[B, s (H - 1) + K - 2p + q, s (W - 1) + L - 2p + q, C]`, of the images' dtype.

    Raises:
        ValueError: where `stride` or a padding is out of range or nothing is left of the images.

    >>> x, w = jnp.ones((1, 7, 7, 8)), jnp.ones((4, 4, 3, 8))
    >>> transposed_convolution(x, w, stride=2, padding=1).shape
    (1, 14, 14, 3)
    """
    chex.assert_rank([x, w], 4)
    chex.assert_equal(x.shape[3], w.shape[3])
    chex.assert_equal(x.dtype, w.dtype)
    (_, *size, _), taps, more = x.shape, w.shape[:2], output_padding - 2 * padding
    image = tuple(stride * (n - 1) + k + more for n, k in zip(size, taps, strict=True))
    geometry = _Geometry(image, taps, stride, padding)
    _check(geometry)
    if not 0 <= output_padding < stride:
        raise ValueError(f"output_padding must be in 0 to {stride - 1}, not {output_padding}")
    return _transposed_convolution(x, w, geometry)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolution(y: jax.Array, w: jax.Array, geometry: _Geometry) -> jax.Array:
    of_xla = partial(_form, geometry=geometry)
    (rows, columns), padding = geometry.kernel, geometry.kernel[0] - 1 - geometry.padding
    if geometry.stride > 1 or w.shape[3] > _FEW or rows != columns or padding < 0:
        return of_xla(y, w)

    def mirrored(y: jax.Array, w: jax.Array) -> jax.Array:
        """The transposed convolution that it also is: Dumoulin and Visin (2016), section 4."""
        image = tuple(size + 2 * geometry.padding - rows + 1 for size in geometry.image)
        mirror = w[::-1, ::-1].swapaxes(2, 3)
        return _overlap_products(y, mirror, _Geometry(image, geometry.kernel, 1, padding))

    return lax.platform_dependent(y, w, cpu=mirrored, default=of_xla)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _transposed_convolution(x: jax.Array, w: jax.Array, geometry: _Geometry) -> jax.Array:
    def of_xla(x: jax.Array, w: jax.Array) -> jax.Array:
        image = jax.ShapeDtypeStruct((x.shape[0], *geometry.image, w.shape[2]), x.dtype)
        (y,) = jax.linear_transpose(lambda y: _form(y, w, geometry), image)(x)
        return y

    if geometry.stride == 1 and w.shape[2] > _FEW:
        return of_xla(x, w)
    overlapped = partial(_overlap_products, geometry=geometry)
    return lax.platform_dependent(x, w, cpu=overlapped, default=of_xla)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _kernel_gradient(y: jax.Array, x: jax.Array, geometry: _Geometry) -> jax.Array:
    def of_xla(y: jax.Array, x: jax.Array) -> jax.Array:
        kernel = jax.ShapeDtypeStruct((*geometry.kernel, y.shape[3], x.shape[3]), y.dtype)
        (w,) = jax.linear_transpose(lambda w: _form(y, w, geometry), kernel)(x)
        return w

    if geometry.kernel == (1, 1) or math.prod(y.shape[1:]) < _MEDIUM:
        return of_xla(y, x)
    if geometry.stride > 1 and math.prod(y.shape[1:]) < _LARGE:
        return of_xla(y, x)
    products = _kernel_gradient_by_taps if geometry.stride > 1 else _kernel_gradient_by_rows
    return lax.platform_dependent(y, x, cpu=partial(products, geometry=geometry), default=of_xla)


def _overlap_products(x: jax.Array, w: jax.Array, geometry: _Geometry) -> jax.Array:
    """A transposed convolution as one product of matrices, whose parts overlap and add up.

    A fifth to a third faster on the CPU than XLA's convolution with a dilated input; several times
    where few channels come out. Every pixel of x gives K x L pixels of y; those at one phase of the
    stride overlap by whole pixels of x.
    """
    (batch, height, width, _), (rows, columns, channels, _) = x.shape, w.shape
    stride, padding = geometry.stride, geometry.padding
    products = x.reshape(-1, x.shape[3]) @ w.reshape(-1, w.shape[3]).T
    products = products.reshape(batch, height, width, rows, columns, channels)
    more = -(-rows // stride) - 1, -(-columns // stride) - 1

    def phase(row: int, column: int) -> jax.Array:
        total = jnp.zeros((batch, height + more[0], width + more[1], channels), x.dtype)
        for k in range(row, rows, stride):
            for m in range(column, columns, stride):
                down, right = k // stride, m // stride
                edges = ((0, 0), (down, more[0] - down), (right, more[1] - right), (0, 0))
                total += jnp.pad(products[:, :, :, k, m], edges)
        return total

    phases = [[phase(row, column) for column in range(stride)] for row in range(stride)]
    y = jnp.stack([jnp.stack(row, axis=3) for row in phases], axis=2)
    y = y.reshape(batch, stride * y.shape[1], -1, channels)
    bottom, right = (padding + size for size in geometry.image)
    spare = ((0, 0), (0, max(0, bottom - y.shape[1])), (0, max(0, right - y.shape[2])), (0, 0))
    return jnp.pad(y, spare)[:, padding:bottom, padding:right]


def _kernel_gradient_by_taps(y: jax.Array, x: jax.Array, geometry: _Geometry) -> jax.Array:
    """The kernel's gradient as one product of matrices for each of its taps.

    Up to twice as fast on the CPU as XLA's convolution with a dilated window, where images
    are large.
    """
    stride, padding = geometry.stride, geometry.padding
    (rows, columns), (height, width) = geometry.kernel, x.shape[1:3]
    channels, pixels = y.shape[3], x.reshape(-1, x.shape[3])
    y = jnp.pad(y, ((0, 0), (padding, padding), (padding, padding), (0, 0)))

    def tap(k: int, m: int) -> jax.Array:
        seen = y[:, k : k + stride * height : stride, m : m + stride * width : stride]
        return seen.reshape(-1, channels).T @ pixels

    return jnp.stack([jnp.stack([tap(k, m) for m in range(columns)]) for k in range(rows)])


def _kernel_gradient_by_rows(y: jax.Array, x: jax.Array, geometry: _Geometry) -> jax.Array:
    """The kernel's gradient, without a stride, as one product of matrices for each of its rows.

    Once and a half to six times as fast on the CPU as XLA's convolution of a kernel as large as the
    image. The narrower of the two is laid side by side with itself, moved by a column for each tap.
    """
    (rows, columns), padding = geometry.kernel, geometry.padding
    (_, height, width, outputs), channels = x.shape, y.shape[3]
    y = jnp.pad(y, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    if channels < outputs:
        y = jnp.concatenate([y[:, :, m : m + width] for m in range(columns)], axis=3)
        w = [
            y[:, k : k + height].reshape(-1, y.shape[3]).T @ x.reshape(-1, outputs)
            for k in range(rows)
        ]
        return jnp.stack(w).reshape(rows, columns, channels, outputs)
    more = columns - 1
    x = jnp.pad(x, ((0, 0), (0, 0), (more, more), (0, 0)))
    x = jnp.concatenate([x[:, :, m : m + width + more] for m in range(more, -1, -1)], axis=3)
    w = [
        y[:, k : k + height].reshape(-1, channels).T @ x.reshape(-1, x.shape[3])
        for k in range(rows)
    ]
    return jnp.stack(w).reshape(rows, channels, columns, outputs).swapaxes(1, 2)


def _form(y: jax.Array, w: jax.Array, geometry: _Geometry) -> jax.Array:
    stride, padding = geometry.stride, geometry.padding
    return lax.conv_general_dilated(
        y,
        w,
        window_strides=(stride, stride),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


# Forward rules keep the two operands. Backward rules: each cotangent is one of the other two maps.
_convolution.defvjp(
    lambda y, w, geometry: (_convolution(y, w, geometry), (y, w)),
    lambda geometry, operands, x: (
        _transposed_convolution(x, operands[1], geometry),
        _kernel_gradient(operands[0], x, geometry),
    ),
)
_transposed_convolution.defvjp(
    lambda x, w, geometry: (_transposed_convolution(x, w, geometry), (x, w)),
    lambda geometry, operands, y: (
        _convolution(y, operands[1], geometry),
        _kernel_gradient(y, operands[0], geometry),
    ),
)
_kernel_gradient.defvjp(
    lambda y, x, geometry: (_kernel_gradient(y, x, geometry), (y, x)),
    lambda geometry, operands, w: (
        _transposed_convolution(operands[1], w, geometry),
        _convolution(operands[0], w, geometry),
    ),
)


def _check(geometry: _Geometry) -> None:
    image, kernel, stride, padding = geometry
    if stride <= 0:
        raise ValueError(f"stride must be 1 or more, not {stride}")
    if padding < 0:
        raise ValueError(f"padding must be 0 or more, not {padding}")
    padded = tuple(size + 2 * padding for size in image)
    if any(size < taps for size, taps in zip(padded, kernel, strict=True)) or min(image) <= 0:
        raise ValueError(
            f"images of {image[0]}x{image[1]} with padding {padding} are too small for a kernel of "
            f"{kernel[0]}x{kernel[1]}: enlarge the images or the padding, or take a smaller kernel"
        )
