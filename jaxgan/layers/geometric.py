"""Flips, turns, shifts and scales of images by one matrix each: the geometry of augmentation.

Beyond its edges an image goes on mirrored, for ever: an index is mirrored instead of an image
padded, so that shapes do not depend on what was drawn. The authors pad by what the matrices of the
minibatch need, by a side at the most, and have zeros beyond.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxgan.layers.mirror import mirrored
from jaxgan.layers.operations import Draw, Operations
from jaxgan.layers.wavelets import SYM6

_TAPS = [tap / sum(SYM6) for tap in SYM6]
_REACH = len(_TAPS) // 2 - 1
"""Of the filter's taps, so many stand before the pixel that it is about."""


class Moves(NamedTuple):
    """Where the pixels of images come from.

    Attributes:
        inverse: from where a pixel is to where it was, `[B, 3, 3]`: matrices of (x, y, 1) in
            pixels, about the image's centre, x to the right and y down.
        between: whether it was between pixels, `[B]` bool; where not, images only have to be read.
    """

    inverse: jax.Array
    between: jax.Array


def geometric(
    draws: dict[str, Draw],
    images: jax.Array,
    probability: jax.Array | float,
    operations: Operations,
) -> jax.Array:
    """The geometric operations, as one resampling.

    An image is enlarged to twice its size, sampled there bilinearly, at twice its size too, and
    reduced again; both by the low-pass filter of the wavelet sym6. Images that were only flipped,
    turned by quarters and moved by whole pixels, or not at all, are not resampled but read: exact
    to the bit. (The authors resample every image of a minibatch, and flips blur a little.)

    Args:
        draws: of `draw_all`.
        images: `[B, H, W, C]`, floats.
        probability: of each operation, [] or `[B]`.
        operations: their multipliers.

    Returns:
        `[B, H, W, C]`, of the images' dtype.
    """
    _, height, width, _ = images.shape
    if not any(operations[:7]):
        return images
    moves = draw_moves(draws, (height, width), probability, operations)
    exact = read(images, moves.inverse) if any(operations[:3]) else images
    if not any(operations[3:7]) and not (operations.rotate90 and (height - width) % 2):
        return exact
    resampled = resample(images, moves.inverse)
    return jnp.where(moves.between[:, None, None, None], resampled, exact)


def draw_moves(
    draws: dict[str, Draw],
    size: tuple[int, int],
    probability: jax.Array | float,
    operations: Operations,
) -> Moves:
    """Every image's matrix; the inverse of a product is the product of the inverses.

    Args:
        draws: of `draw_all`.
        size: (H, W).
        probability: of each operation, [] or `[B]`.
        operations: their multipliers.
    """
    height, width = size
    sides = jnp.array([[width], [height]], jnp.float32)
    count = len(draws["x_flip"].choice)
    inverse = jnp.broadcast_to(jnp.eye(3), (count, 3, 3))
    between = jnp.zeros(count, bool)

    def then(last: jax.Array) -> jax.Array:
        return jnp.matmul(inverse, last, precision=lax.Precision.HIGHEST)

    if operations.x_flip:
        draw = draws["x_flip"]
        flipped = (draw.choice < operations.x_flip * probability) & (draw.uniform[0] < 0.5)
        inverse = then(_scaling(jnp.where(flipped, -1.0, 1.0), jnp.ones(count)))
    if operations.rotate90:
        draw = draws["rotate90"]
        drawn = draw.choice < operations.rotate90 * probability
        quarters = jnp.where(drawn, jnp.floor(4 * draw.uniform[0]), 0).astype(jnp.int32)
        cosines, sines = jnp.array([1.0, 0.0, -1.0, 0.0]), jnp.array([0.0, 1.0, 0.0, -1.0])
        inverse = then(_turning(cosines[quarters], sines[quarters]))
        if (height - width) % 2:  # the centres of pixels come to lie between pixels
            between |= quarters % 2 == 1
    if operations.integer_shift:
        draw = draws["integer_shift"]
        drawn = draw.choice < operations.integer_shift * probability
        shift = jnp.round((2 * draw.uniform - 1) * 0.125 * sides)
        inverse = then(_shifting(jnp.where(drawn, shift, 0.0)))
    if operations.scale:
        draw = draws["scale"]
        drawn = draw.choice < operations.scale * probability
        scale = jnp.exp2(jnp.where(drawn, 0.2 * draw.normal[0], 0.0))
        inverse, between = then(_scaling(scale, scale)), between | drawn
    # The probability that at least one of the two turns is drawn is the operation's.
    share = 1 - jnp.sqrt(jnp.clip(1 - operations.rotate * probability, 0, 1))

    def turned(draw: Draw) -> tuple[jax.Array, jax.Array]:
        drawn = draw.choice < share
        angle = jnp.where(drawn, (2 * draw.uniform[0] - 1) * jnp.pi, 0.0)
        return then(_turning(jnp.cos(angle), jnp.sin(angle))), between | drawn

    if operations.rotate:
        inverse, between = turned(draws["rotate_before"])
    if operations.anisotropic_scale:
        draw = draws["anisotropic_scale"]
        drawn = draw.choice < operations.anisotropic_scale * probability
        scale = jnp.exp2(jnp.where(drawn, 0.2 * draw.normal[0], 0.0))
        inverse, between = then(_scaling(scale, 1 / scale)), between | drawn
    if operations.rotate:
        inverse, between = turned(draws["rotate_after"])
    if operations.fractional_shift:
        draw = draws["fractional_shift"]
        drawn = draw.choice < operations.fractional_shift * probability
        inverse = then(_shifting(jnp.where(drawn, 0.125 * draw.normal * sides, 0.0)))
        between |= drawn
    return Moves(inverse, between)


def read(images: jax.Array, inverse: jax.Array) -> jax.Array:
    """Images whose every pixel was a pixel: `[B, H, W, C]` by `[B, 3, 3]`."""
    count, height, width, channels = images.shape
    centre_y, centre_x = (height - 1) / 2, (width - 1) / 2
    x, y = _origins(inverse, jnp.arange(height) - centre_y, jnp.arange(width) - centre_x)
    row = mirrored(jnp.round(y + centre_y).astype(jnp.int32), height)
    column = mirrored(jnp.round(x + centre_x).astype(jnp.int32), width)
    flat = images.reshape(count, height * width, channels)
    index = (row * width + column).reshape(count, height * width)
    return jax.vmap(lambda image, index: image[index])(flat, index).reshape(images.shape)


def resample(images: jax.Array, inverse: jax.Array) -> jax.Array:
    """Images whose pixels may have been anywhere: `[B, H, W, C]` by `[B, 3, 3]`."""
    count, height, width, channels = images.shape
    x = images.astype(jnp.promote_types(images.dtype, jnp.float32))
    product = functools.partial(jnp.einsum, precision=lax.Precision.HIGHEST)
    double = product("ij,bjwc->biwc", enlarging(height), x)
    double = product("ij,bhjc->bhic", enlarging(width), double)
    rows, columns = (jnp.arange(-_REACH, 2 * side + _REACH) for side in (height, width))
    centre_y, centre_x = (height - 1) / 2, (width - 1) / 2
    # Pixel i stands at 2 i among the points of the enlarged image: so does the filter's mass.
    from_x, from_y = _origins(inverse, rows / 2 - centre_y, columns / 2 - centre_x)
    samples = _bilinear(
        double,
        (2 * (from_y + centre_y)).reshape(count, -1),
        (2 * (from_x + centre_x)).reshape(count, -1),
        periods=(_period(height), _period(width)),
    )
    samples = samples.reshape(count, len(rows), len(columns), channels)
    return reduce(reduce(samples, 1), 2).astype(images.dtype)


@functools.cache
def enlarging(side: int) -> np.ndarray:
    """Twice as many points along a mirrored axis: a whole period of them, and one on.

    $$u[n] = 2 sum_i f[n - 2 i + 5] x[mirrored(i)]$$, n in 0, ..., 4 (side - 1)

    Returns:
        The matrix, `[4 (side - 1) + 1, side]` float32: most of it is 0, but a product with it has
        the fastest derivative on the CPU, by far, of three forms.
    """
    points = _period(side) + 1
    matrix = np.zeros((points, side))
    for i in range(-_REACH, points // 2 + _REACH + 1):
        for k, tap in enumerate(_TAPS):
            n = k + 2 * i - _REACH
            if 0 <= n < points:
                matrix[n, mirrored(np.array(i), side)] += 2 * tap
    return matrix.astype(np.float32)


def reduce(x: jax.Array, axis: int) -> jax.Array:
    """Half as many points along an axis: transposes what enlarges, edges and gain apart.

    $$y[i] = sum_k f[k] x[2 i + k]$$, i in 0, ..., n / 2 - 6
    """
    half = len(_TAPS) // 2
    count = x.shape[axis] // 2 - half + 1
    pairs = x.reshape(*x.shape[:axis], -1, 2, *x.shape[axis + 1 :])
    phases = [lax.index_in_dim(pairs, n, axis + 1, keepdims=False) for n in (0, 1)]
    parts = (
        tap * lax.slice_in_dim(phases[k % 2], k // 2, k // 2 + count, axis=axis)
        for k, tap in enumerate(_TAPS)
    )
    return sum(parts, start=jnp.float32(0))


def _bilinear(
    images: jax.Array, rows: jax.Array, columns: jax.Array, *, periods: tuple[int, int]
) -> jax.Array:
    """Values between points, `[B, N, C]`, at rows and columns `[B, N]` of periodic images."""
    channels = images.shape[3]
    whole_row, whole_column = jnp.floor(rows), jnp.floor(columns)
    first_row = whole_row.astype(jnp.int32) % periods[0]
    first_column = whole_column.astype(jnp.int32) % periods[1]
    down, right = (rows - whole_row)[..., None], (columns - whole_column)[..., None]

    # Windows of four points: on the CPU their scatter, the derivative, takes half of four scatters.
    def window(image: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
        return lax.dynamic_slice(image, (row, column, 0), (2, 2, channels))

    four = jax.vmap(jax.vmap(window, (None, 0, 0)))(images, first_row, first_column)
    upper = (1 - right) * four[:, :, 0, 0] + right * four[:, :, 0, 1]
    lower = (1 - right) * four[:, :, 1, 0] + right * four[:, :, 1, 1]
    return (1 - down) * upper + down * lower


def _origins(inverse: jax.Array, y: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Where the points of a grid, `[H]` by `[W]`, were: x and y, `[B, H, W]`."""
    # Sums and not a product, whose float32 is not exact on every device.
    x, y = x[None, None, :], y[None, :, None]
    m = inverse[:, :, :, None, None]
    return (
        m[:, 0, 0] * x + m[:, 0, 1] * y + m[:, 0, 2],
        m[:, 1, 0] * x + m[:, 1, 1] * y + m[:, 1, 2],
    )


def _period(side: int) -> int:
    """Of the mirrored image at twice its size."""
    return 4 * max(side - 1, 1)


def _matrices(rows: list[list[jax.Array]]) -> jax.Array:
    """`[B, 3, 3]` of two rows of `[B]`."""
    zero = jnp.zeros_like(rows[0][0])
    return jnp.moveaxis(jnp.array([*rows, [zero, zero, zero + 1]]), 2, 0)


def _scaling(across: jax.Array, down: jax.Array) -> jax.Array:
    """The inverse of a scaling."""
    zero = jnp.zeros_like(across)
    return _matrices([[1 / across, zero, zero], [zero, 1 / down, zero]])


def _turning(cosine: jax.Array, sine: jax.Array) -> jax.Array:
    """The inverse of a turn by minus an angle, as the authors have it."""
    zero = jnp.zeros_like(cosine)
    return _matrices([[cosine, -sine, zero], [sine, cosine, zero]])


def _shifting(shift: jax.Array) -> jax.Array:
    """The inverse of a shift by `[2, B]`, x and y."""
    zero, one = jnp.zeros_like(shift[0]), jnp.ones_like(shift[0])
    return _matrices([[one, zero, -shift[0]], [zero, one, -shift[1]]])
