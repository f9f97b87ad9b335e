"""Ways from one latent to another: straight, round the sphere, in strips and in loops."""

from collections.abc import Callable
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

Between: TypeAlias = Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
"""`(start, end, share) -> latents`, as `lerp` and `slerp` are."""
Easing: TypeAlias = Callable[[jax.Array], jax.Array]
"""`time -> share`, both in [0, 1], of any shape."""

_FLAT = 1e-6
"""Cosines so near to 1 and -1 have angles that float32 does not tell."""


def lerp(start: jax.Array, end: jax.Array, share: ArrayLike) -> jax.Array:
    """The straight line: $start + share (end - start)$.

    Args:
        start: `[..., D]` floats.
        end: `[..., D]`.
        share: of the way, 0 at `start` and 1 at `end`; [] or what broadcasts, as NumPy does it,
            with the axes before D.

    Returns:
        `[..., D]`, the three broadcast.

    Raises:
        ValueError: where the widths differ, or the axes before them do not broadcast.

    >>> lerp(jnp.zeros(2), jnp.ones(2), jnp.array([0.0, 0.25])).tolist()
    [[0.0, 0.0], [0.25, 0.25]]
    """
    start, end, part = _broadcast(start, end, share)
    return start + part * (end - start)


def slerp(start: jax.Array, end: jax.Array, share: ArrayLike) -> jax.Array:
    r"""Round the sphere, where latents of a normal distribution lie.

    $$\frac{sin((1 - share) ω)}{sin ω} start + \frac{sin(share ω)}{sin ω} end$$

    with ω the angle between the two; their lengths stay as they are, so that between latents of
    one length all have it. Where the angle is nearly 0 or π, or an end has no length, there is no
    way round, and the line is straight. Gradients are finite everywhere.

    Args:
        start: `[..., D]` floats.
        end: `[..., D]`.
        share: of the angle, 0 at `start` and 1 at `end`; [] or what broadcasts, as NumPy does it,
            with the axes before D.

    Returns:
        `[..., D]`, the three broadcast.

    Raises:
        ValueError: where the widths differ, or the axes before them do not broadcast.

    Shoemake, Animating rotation with quaternion curves, 1985; White, Sampling Generative Networks,
    2016, section 2.

    >>> halfway = slerp(jnp.array([2.0, 0.0]), jnp.array([0.0, 2.0]), 0.5)
    >>> round(float(jnp.linalg.norm(halfway)), 5)
    2.0
    """
    start, end, part = _broadcast(start, end, share)
    squares = [(x**2).sum(-1, keepdims=True) for x in (start, end)]
    short = (squares[0] == 0) | (squares[1] == 0)
    lengths = [jnp.sqrt(jnp.where(short, 1.0, square)) for square in squares]
    cosine = (start / lengths[0] * (end / lengths[1])).sum(-1, keepdims=True)
    flat = short | (jnp.abs(cosine) > 1 - _FLAT)
    angle = jnp.arccos(jnp.where(flat, 0.0, cosine))
    round_way = (jnp.sin((1 - part) * angle) * start + jnp.sin(part * angle) * end) / jnp.sin(angle)
    return jnp.where(flat, start + part * (end - start), round_way)


def strip(start: jax.Array, end: jax.Array, count: int, *, between: Between = slerp) -> jax.Array:
    """Latents in equal steps from one to another, both included.

    Args:
        start: `[..., D]` floats.
        end: of the same shape.
        count: 2 or more.
        between: the way.

    Returns:
        `[count, ..., D]`.

    Raises:
        ValueError: where there are fewer than 2.
        AssertionError: where the shapes differ.

    >>> strip(jnp.zeros(1), jnp.ones(1), 5, between=lerp).ravel().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    chex.assert_equal_shape([start, end])
    if count < 2:
        raise ValueError(f"a strip of {count} has no two ends: give 2 or more")
    share = jnp.linspace(0.0, 1.0, count).reshape(-1, *(1 for _ in start.shape[:-1]))
    return between(start[None], end[None], share)


def smoothstep(time: ArrayLike) -> jax.Array:
    """An easing that sets out and arrives slowly: $3 t^2 - 2 t^3$, and t held in [0, 1].

    >>> smoothstep(jnp.array([-1.0, 0.0, 0.25, 0.5, 1.0])).tolist()
    [0.0, 0.0, 0.15625, 0.5, 1.0]
    """
    time = jnp.clip(time, 0.0, 1.0)
    return time**2 * (3 - 2 * time)


def loop(
    anchors: jax.Array, frames: int, *, between: Between = slerp, easing: Easing = smoothstep
) -> jax.Array:
    """A closed walk through all anchors, for an animation that begins again without a jump.

    Args:
        anchors: `[K, ..., D]` floats, 2 or more.
        frames: from one anchor to the next, 1 or more.
        between: the way.
        easing: of the time between two anchors to the share of the way; `smoothstep` rests at each.

    Returns:
        `[K * frames, ..., D]`: the first frame is the first anchor, the last one comes just before
        it again.

    Raises:
        ValueError: where there are too few of either.

    >>> anchors = jnp.array([[0.0], [4.0]])
    >>> loop(anchors, 4, between=lerp).ravel().tolist()
    [0.0, 0.625, 2.0, 3.375, 4.0, 3.375, 2.0, 0.625]
    """
    if len(anchors) < 2 or frames < 1:
        raise ValueError(
            f"{len(anchors)} anchors, {frames} frames apart, make no loop: give 2 anchors or more, "
            "1 frame or more apart"
        )
    share = easing(jnp.arange(frames) / frames).reshape(1, -1, *(1 for _ in anchors.shape[1:-1]))
    walk = between(anchors[:, None], jnp.roll(anchors, -1, axis=0)[:, None], share)
    return walk.reshape(-1, *anchors.shape[1:])


def _broadcast(
    start: jax.Array, end: jax.Array, share: ArrayLike
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Both ends to the same shape, and the share with an axis of 1 in the place of D."""
    chex.assert_type([start, end], float)
    if start.shape[-1:] != end.shape[-1:] or not start.shape:
        raise ValueError(
            f"there is no way between latents of shapes {list(start.shape)} and {list(end.shape)}: "
            "give two of the same width"
        )
    share = jnp.asarray(share, jnp.result_type(start, end))
    shape = jnp.broadcast_shapes(start.shape[:-1], end.shape[:-1], share.shape)
    start, end = (jnp.broadcast_to(x, (*shape, x.shape[-1])) for x in (start, end))
    return start, end, jnp.broadcast_to(share, shape)[..., None]
