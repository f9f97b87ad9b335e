"""Generators as programs that run elsewhere: StableHLO, which JAX reads alone."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import export

PLATFORMS = ("cpu", "cuda")
"""What programs of StableHLO are for."""

Make: TypeAlias = Callable[[dict[str, jax.Array]], jax.Array]
"""What a program makes of its arguments, by their names."""


class Argument(NamedTuple):
    """An array that a program takes, or makes.

    Attributes:
        name: of it.
        shape: sizes; "n" is any count, the same in all arrays.
        dtype: as in "float32".
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: str


class Program(NamedTuple):
    """A program for other machines.

    Attributes:
        raw: its bytes.
        arguments: what it takes, in this order.
        result: what it makes.
    """

    raw: bytes
    arguments: tuple[Argument, ...]
    result: Argument


def shapes_of(arguments: Sequence[Argument]) -> list[jax.ShapeDtypeStruct]:
    """What to trace a program with: all "n" are one symbolic size.

    >>> shapes_of([Argument("latent", ("n", 3), "float32")])
    [ShapeDtypeStruct(shape=(n, 3), dtype=float32)]
    """
    scope = export.SymbolicScope()
    return [
        jax.ShapeDtypeStruct(
            export.symbolic_shape(", ".join(map(str, shape)), scope=scope), jnp.dtype(dtype)
        )
        for _, shape, dtype in arguments
    ]


def in_order(make: Make, arguments: Sequence[Argument]) -> Callable[..., jax.Array]:
    """The function of its arguments in their order, as programs take them."""
    names = [argument.name for argument in arguments]
    return lambda *arrays: make(dict(zip(names, arrays, strict=True)))


def stablehlo_program(make: Make, arguments: Sequence[Argument], *, result: str) -> Program:
    """The program that makes what a function makes, in StableHLO, for CPUs and CUDA.

    `jax.export.deserialize(bytearray(raw)).call(*arrays)` runs it, where JAX alone is.

    Args:
        make: the function; what it holds besides, as weights, is in the program.
        arguments: of the function.
        result: the name of what it makes.

    Raises:
        ValueError: where what the function does depends on "n".
    """
    exported = _export(make, arguments, PLATFORMS)
    (made,) = exported.out_avals
    return Program(bytes(exported.serialize()), tuple(arguments), argument_of(result, made))


def needed(make: Make, arguments: Sequence[Argument]) -> tuple[Argument, ...]:
    """Those of a function's arguments that its result depends on.

    >>> z = [Argument(name, ("n",), "float32") for name in ("a", "b")]
    >>> [argument.name for argument in needed(lambda arrays: 2 * arrays["b"], z)]
    ['b']
    """
    # Of a count that is open, JAX drops no argument.
    two = [one._replace(shape=tuple(2 if n == "n" else n for n in one.shape)) for one in arguments]
    kept = _export(make, two, PLATFORMS[:1]).module_kept_var_idx
    return tuple(arguments[index] for index in kept)


def argument_of(name: str, array: Any) -> Argument:
    """An array's shape and type, as a program's."""
    sizes = tuple(size if isinstance(size, int) else str(size) for size in array.shape)
    return Argument(name, sizes, jnp.dtype(array.dtype).name)


def repeatable(make: Make) -> Make:
    """The same function, whose dropout leaves out the same in every example of every call.

    It is what is left out of one example alone, and a constant of the program.

    Args:
        make: whose random numbers are those of a key that it holds.
    """

    def made(arrays: dict[str, jax.Array]) -> jax.Array:
        with nn.intercept_methods(_drop_alike):
            return make(arrays)

    return made


def _export(make: Make, arguments: Sequence[Argument], platforms: Sequence[str]) -> export.Exported:
    jitted = jax.jit(in_order(make, arguments))
    try:
        return export.export(jitted, platforms=platforms)(*shapes_of(arguments))
    except (TypeError, jax.errors.InconclusiveDimensionOperation) as error:
        raise ValueError(
            f"no program of any count of examples can be made ({str(error).splitlines()[0]}): in "
            "the networks, write x.shape[0] for len(x), and compare it with nothing"
        ) from error


def _drop_alike(
    call: Callable[..., Any], args: Any, kwargs: Any, context: nn.module.InterceptorContext
) -> Any:
    layer = context.module
    if not isinstance(layer, nn.Dropout) or context.method_name != "__call__":
        return call(*args, **kwargs)
    x, *deterministic = args
    resting = kwargs.get("deterministic", *(deterministic or [layer.deterministic]))
    if resting or not 0 < layer.rate < 1:
        return call(*args, **kwargs)
    with jax.ensure_compile_time_eval():
        key = layer.make_rng(layer.rng_collection)
        kept = jax.random.bernoulli(key, 1 - layer.rate, (1, *x.shape[1:]))
    return jnp.where(kept, x / (1 - layer.rate), 0)
