"""Resampling with FIR filters: what is enlarged or reduced is smoothed on the way.

All of it is sums of slices, of which the compiler makes one pass: a depthwise convolution, the
other way to write it, is twenty times slower on the CPU. Reverse mode only, as in
`jaxgan.layers.convolution`.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Filter: TypeAlias = Sequence[float] | Sequence[Sequence[float]] | np.ndarray
"""The taps of a filter: `[K]` of a separable one, used along both axes, or `[K, L]`."""

BINOMIAL = (1.0, 3.0, 3.0, 1.0)
"""The filter of StyleGAN2."""


def resample(
    x: jax.Array,
    filter: Filter = BINOMIAL,
    *,
    up: int = 1,
    down: int = 1,
    padding: tuple[int, int] = (0, 0),
    gain: float = 1.0,
) -> jax.Array:
    r"""Insert zeros, pad, filter, and keep one pixel of several, along both axes.

    $$y[j] = gain \sum_k f[k] x_0[down j + K - 1 - k]$$

    along each axis, where $x_0$ is x with `up - 1` zeros behind each pixel and `padding` of them at
    both ends, and f sums to 1: it is divided by its sum.

    Args:
        x: `[B, H, W, C]` floating point.
        filter: f; its taps need not sum to 1, but not to 0 either.
        up: times larger, 1 or more.
        down: times smaller, 1 or more.
        padding: zeros before and behind, counted after the insertion; negative numbers cut off.
        gain: what the filter sums to; `up**2` keeps the mean of what is enlarged.

    Returns:
        `[B, (up H + padding - K) // down + 1, ...]` of the type of x.

    Raises:
        ValueError: where a factor is not positive, the filter sums to 0, or is larger than what is
            filtered.

    >>> resample(jnp.ones((1, 4, 4, 1)), down=2, padding=(1, 1)).shape
    (1, 2, 2, 1)
    """
    chex.assert_rank(x, 4)
    chex.assert_type(x, float)
    taps = np.asarray(filter, np.float64)
    if up < 1 or down < 1:
        raise ValueError(
            f"images cannot be made {up} times larger, {down} times smaller: give 1 or more of both"
        )
    if taps.ndim not in (1, 2) or not taps.size or not taps.sum():
        raise ValueError(
            f"{np.array2string(taps)} is no filter: give taps that do not sum to 0, "
            "of one axis or two"
        )
    sides = [side * up + sum(padding) for side in x.shape[1:3]]
    if min(sides) < max(taps.shape):
        raise ValueError(
            f"a filter of {max(taps.shape)} taps does not fit in {min(sides)} pixels: pad more"
        )
    taps = taps / taps.sum()
    if taps.ndim == 1:
        line = _Line(1, tuple((math.sqrt(gain) * taps).tolist()), up, down, *padding)
        return _along(_along(x, line), line._replace(axis=2))
    # Row by row: each row of the filter works along the width, then moves along the height.
    rows = []
    for row, move in zip(gain * taps, np.eye(len(taps)), strict=True):
        line = _Line(2, tuple(row.tolist()), up, down, *padding)
        rows.append(_along(_along(x, line), line._replace(axis=1, taps=tuple(move.tolist()))))
    return sum(rows[1:], rows[0])


def upsample_filtered(x: jax.Array, filter: Filter = BINOMIAL) -> jax.Array:
    """Images of twice the size, `[B, 2 H, 2 W, C]`, with the mean of x `[B, H, W, C]`."""
    taps = max(np.shape(filter))
    return resample(x, filter, up=2, padding=((taps + 1) // 2, (taps - 2) // 2), gain=4.0)


def downsample_filtered(x: jax.Array, filter: Filter = BINOMIAL) -> jax.Array:
    """Images of half the size, `[B, H / 2, W / 2, C]`, of x `[B, H, W, C]`."""
    taps = max(np.shape(filter))
    return resample(x, filter, down=2, padding=((taps - 1) // 2, (taps - 2) // 2))


class _Line(NamedTuple):
    """How one axis is resampled."""

    axis: int
    taps: tuple[float, ...]
    up: int
    down: int
    before: int
    behind: int

    def size(self, size: int) -> int:
        """Of what comes out of so many pixels."""
        whole = self.up * size + self.before + self.behind - len(self.taps) + 1
        return -(-whole // self.down)

    def adjoint(self, size: int) -> "_Line":
        """What takes what comes out of so many pixels back to them."""
        last, made = len(self.taps) - 1, self.size(size)
        before = last - self.before
        behind = self.up * (size - 1) + 1 + last - (self.down * made + before)
        return _Line(self.axis, self.taps[::-1], self.down, self.up, before, behind)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _along(x: jax.Array, line: _Line) -> jax.Array:
    """`resample` along one axis; the sums are float32 or wider."""
    axis, taps, up, down, before, behind = line
    dtype = x.dtype
    x = x.astype(jnp.promote_types(dtype, jnp.float32))
    last, size = len(taps) - 1, x.shape[axis]
    if up == 1:
        x = _padded(x, axis, before, behind)
        places = {last - k: tap for k, tap in enumerate(taps)}
        return _weighted(x, axis, places, line.size(size), down).astype(dtype)
    # Without the zeros that are inserted: a pixel that comes out sees each up-th tap.
    whole = line._replace(down=1).size(x.shape[axis])
    count = -(-whole // up)
    phases = []
    for phase in range(up):
        places = {(phase + last - before - k): tap for k, tap in enumerate(taps)}
        phases.append({place // up: tap for place, tap in places.items() if place % up == 0})
    first = min((place for phase in phases for place in phase), default=0)
    end = max((place for phase in phases for place in phase), default=0) + count
    x = _padded(x, axis, -first, end - x.shape[axis])
    made = [
        _weighted(x, axis, {place - first: tap for place, tap in phase.items()}, count, 1)
        for phase in phases
    ]
    y = jnp.stack(made, axis=axis + 1)
    y = y.reshape(*y.shape[:axis], -1, *y.shape[axis + 2 :])
    return lax.slice_in_dim(y, 0, whole, down, axis).astype(dtype)


# The adjoint of a resampling is a resampling; the compiler's own of sums of slices is sums of
# padded images, several times slower on the CPU.
_along.defvjp(
    lambda x, line: (_along(x, line), x.shape[line.axis]),
    lambda line, size, y: (_along(y, line.adjoint(size)),),
)


def _weighted(
    x: jax.Array, axis: int, taps: dict[int, float], count: int, stride: int
) -> jax.Array:
    """The sum of slices of x that begin at these places, with these weights."""
    shape = list(x.shape)
    shape[axis] = count
    total = jnp.zeros(shape, x.dtype)
    for place, tap in taps.items():
        if tap:
            end = place + stride * (count - 1) + 1
            total += float(tap) * lax.slice_in_dim(x, place, end, stride, axis)
    return total


def _padded(x: jax.Array, axis: int, before: int, behind: int) -> jax.Array:
    """Zeros at both ends of an axis, or pixels cut off where a count is negative."""
    edges = [(0, 0, 0)] * x.ndim
    edges[axis] = (before, behind, 0)
    return lax.pad(x, jnp.zeros((), x.dtype), edges)
