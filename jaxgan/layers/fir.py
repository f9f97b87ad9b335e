"""Resampling with FIR filters: what is enlarged or reduced is smoothed on the way.

All of it is sums of slices, without a multiplication by a matrix: the compiler makes one pass of
it, and of its derivatives of every order, on every device. (A depthwise convolution, the other way
to write it, is several times slower on the CPU.)
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp
import numpy as np

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
        along = math.sqrt(gain) * taps
        x = _along(x, along, 1, up, down, padding)
        return _along(x, along, 2, up, down, padding)
    # Row by row: each row of the filter works along the width, then moves along the height.
    rows = [
        _along(
            _along(x, row, 2, up, down, padding), np.eye(1, len(taps), k)[0], 1, up, down, padding
        )
        for k, row in enumerate(gain * taps)
    ]
    return sum(rows[1:], rows[0])


def upsample_filtered(x: jax.Array, filter: Filter = BINOMIAL) -> jax.Array:
    """Images of twice the size, `[B, 2 H, 2 W, C]`, with the mean of x `[B, H, W, C]`."""
    taps = max(np.shape(filter))
    return resample(x, filter, up=2, padding=((taps + 1) // 2, (taps - 2) // 2), gain=4.0)


def downsample_filtered(x: jax.Array, filter: Filter = BINOMIAL) -> jax.Array:
    """Images of half the size, `[B, H / 2, W / 2, C]`, of x `[B, H, W, C]`."""
    taps = max(np.shape(filter))
    return resample(x, filter, down=2, padding=((taps - 1) // 2, (taps - 2) // 2))


def _along(
    x: jax.Array, taps: np.ndarray, axis: int, up: int, down: int, padding: tuple[int, int]
) -> jax.Array:
    """`resample` along one axis."""
    before, behind = padding
    last = len(taps) - 1
    size = up * x.shape[axis] + before + behind - last
    if up == 1:
        x = _padded(x, axis, before, behind)
        return _weighted(
            x, axis, {last - k: tap for k, tap in enumerate(taps)}, -(-size // down), down
        )
    # Without the zeros that are inserted: a pixel that comes out sees each up-th tap.
    count = -(-size // up)
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
    return jax.lax.slice_in_dim(y, 0, size, down, axis)


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
            total += float(tap) * jax.lax.slice_in_dim(x, place, end, stride, axis)
    return total


def _padded(x: jax.Array, axis: int, before: int, behind: int) -> jax.Array:
    """Zeros at both ends of an axis, or pixels cut off where a count is negative."""
    edges = [(0, 0, 0)] * x.ndim
    edges[axis] = (before, behind, 0)
    return jax.lax.pad(x, jnp.zeros((), x.dtype), edges)
