"""Programs in few operations, for those who convert them.

A traced program of JAX holds functions with derivatives of their own, branches by platform and
every form that a convolution can have. A plain one is the same function of its arguments without
them: a flat list of operations, convolutions of `NHWC` images with `HWIO` kernels, nothing dilated
on its way in, and nothing padded. It is meant to be converted, not to be fast.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

_CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Under which names operations have a program that they merely call."""
_CALLERS = frozenset(
    {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "checkpoint"}
)


def plain_program(
    make: Callable[..., jax.Array], shapes: Sequence[jax.ShapeDtypeStruct]
) -> core.ClosedJaxpr:
    """Trace a function to a plain program.

    Args:
        make: of arrays, to one array.
        shapes: the arrays'; they may hold symbolic sizes, of `jax.export.symbolic_shape`.

    Returns:
        The program, whose platform is none in particular.

    Raises:
        NotImplementedError: where an operation has no plain form here; says which.
    """
    traced = jax.make_jaxpr(make)(*shapes)
    return jax.make_jaxpr(lambda *arrays: _run(traced.jaxpr, traced.consts, arrays))(*shapes)


def _run(jaxpr: core.Jaxpr, consts: Iterable[Any], arrays: Iterable[Any]) -> list[Any]:
    """What a program makes of arrays, operation by operation."""
    values = dict(zip(jaxpr.constvars, consts, strict=True))
    values |= zip(jaxpr.invars, arrays, strict=True)

    def value_of(name: Any) -> Any:
        return name.val if isinstance(name, core.Literal) else values[name]

    for equation in jaxpr.eqns:
        made = _apply(equation, [value_of(name) for name in equation.invars])
        values |= zip(equation.outvars, made, strict=True)
    return [value_of(name) for name in jaxpr.outvars]


def _apply(equation: core.JaxprEqn, operands: list[Any]) -> list[Any]:
    name, options = equation.primitive.name, equation.params
    if name in _CALLERS:
        called = next(options[word] for word in _CALLS if word in options)
        return _run(getattr(called, "jaxpr", called), getattr(called, "consts", ()), operands)
    if name == "platform_index":
        return [options["platforms"].index(None)]
    if name == "cond" and isinstance(operands[0], int):  # which platform it is
        branch = options["branches"][operands[0]]
        return _run(branch.jaxpr, branch.consts, operands[1:])
    if name == "conv_general_dilated":
        return [_convolution(*operands, **options)]
    if name == "pad":
        return [_padded(*operands, **options)]
    if name == "stack":
        return [_stacked(operands, **options)]
    made = equation.primitive.bind(*operands, **options)
    return list(made) if equation.primitive.multiple_results else [made]


def _convolution(
    x: jax.Array, w: jax.Array, *, dimension_numbers: lax.ConvDimensionNumbers, **options: Any
) -> jax.Array:
    """A convolution of any layout, as one or several of `NHWC`, `HWIO`, `NHWC`."""
    image, kernel, made = dimension_numbers
    if len(image) != 4 or options.pop("batch_group_count") != 1:
        raise NotImplementedError("a convolution that is not of images, or in groups of images")
    x = lax.transpose(x, (image[0], *image[2:], image[1]))
    w = lax.transpose(w, (*kernel[2:], kernel[1], kernel[0]))
    dilated = options["lhs_dilation"] != (1, 1)
    y = _phases(x, w, **options) if dilated else _plain_convolution(x, w, **options)
    # The place in `made` of batch, channels, height and width; in y they are 0, 3, 1, 2.
    places = dict(zip(made, (0, 3, 1, 2), strict=True))
    return lax.transpose(y, [places[axis] for axis in range(4)])


def _plain_convolution(x: jax.Array, w: jax.Array, **options: Any) -> jax.Array:
    return lax.conv_general_dilated(x, w, dimension_numbers=("NHWC", "HWIO", "NHWC"), **options)


def _phases(
    x: jax.Array,
    w: jax.Array,
    *,
    window_strides: tuple[int, ...],
    padding: Sequence[tuple[int, int]],
    lhs_dilation: tuple[int, ...],
    rhs_dilation: tuple[int, ...],
    **options: Any,
) -> jax.Array:
    r"""A convolution of images between whose pixels are zeros, without the zeros.

    Along an axis, with $s - 1$ zeros between two pixels and p before the first,

    $$y[s q + r] = \sum_m x[q + m + d] w[s m + k], \quad k = (p - r) mod s, d = (r + k - p) / s$$

    so that each of the s phases r is a convolution of its own, with a part of the kernel.
    """
    if window_strides != (1, 1) or rhs_dilation != (1, 1):
        raise NotImplementedError("a convolution that is dilated and strided at once")
    sizes = [
        s * (pixels - 1) + 1 + before + behind - taps + 1
        for pixels, s, (before, behind), taps in zip(
            x.shape[1:3], lhs_dilation, padding, w.shape[:2], strict=True
        )
    ]

    def phase(*places: int) -> jax.Array:
        """Every s-th pixel of what comes out, from this place on, along both axes."""
        part, edges = w, []
        for axis, place in enumerate(places):
            s, before = lhs_dilation[axis], padding[axis][0]
            first = (before - place) % s
            part = lax.slice_in_dim(part, min(first, w.shape[axis]), None, s, axis)
            start = (place + first - before) // s
            count = -(-sizes[axis] // s)
            edges.append((-start, count + start + part.shape[axis] - 1 - x.shape[1 + axis]))
        if 0 in part.shape:
            counts = [-(-size // s) for size, s in zip(sizes, lhs_dilation, strict=True)]
            return jnp.zeros((x.shape[0], *counts, w.shape[3]), x.dtype)
        cut = [(min(0, before), min(0, behind), 0) for before, behind in edges]
        kept = [(max(0, before), max(0, behind)) for before, behind in edges]
        seen = _padded(x, 0.0, ((0, 0, 0), *cut, (0, 0, 0)))
        return _plain_convolution(seen, part, window_strides=(1, 1), padding=kept, **options)

    down, right = lhs_dilation
    rows = [_stacked([phase(r, c) for c in range(right)], axis=3) for r in range(down)]
    y = _stacked(rows, axis=2)  # [B, H / s, s, W / s, s, C]
    y = y.reshape(x.shape[0], down * y.shape[1], right * y.shape[3], y.shape[5])
    return y[:, : sizes[0], : sizes[1]]


def _stacked(arrays: Sequence[jax.Array], *, axis: int) -> jax.Array:
    return lax.concatenate([lax.expand_dims(x, (axis,)) for x in arrays], axis)


def _padded(
    x: jax.Array, filling: jax.Array | float, padding_config: Sequence[tuple[int, int, int]]
) -> jax.Array:
    """Padding as what is laid beside an array, and cut off where it is negative."""
    filling = jnp.asarray(filling, x.dtype)
    for axis, (before, behind, between) in enumerate(padding_config):
        if between:
            raise NotImplementedError("padding between the elements of an array")
        size = x.shape[axis]
        if before < 0 or behind < 0:
            x = lax.slice_in_dim(x, max(0, -before), size + min(0, behind), axis=axis)
        parts = [x]
        for count, place in ((before, 0), (behind, len(parts) + 1)):
            if count > 0:
                shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
                parts.insert(place, jnp.broadcast_to(filling, shape))
        x = lax.concatenate(parts, axis) if len(parts) > 1 else x
    return x
