"""Generators as programs of ONNX, by jax2onnx, and what onnxruntime makes of them."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import jax
import numpy as np
from jax.extend import core

from jaxgan.weights.plain import plain_program
from jaxgan.weights.programs import Argument, Make, Program, argument_of, in_order, shapes_of

TOLERANCE = 1e-4
"""How far what ONNX makes may be from what JAX makes, of images in [-1, 1]."""
_OPSET = 18
"""Of ONNX: what browsers' runtimes have had for long."""
_MISSING = (
    "ONNX is written by jax2onnx and checked with onnxruntime, and they are not both there: "
    "pip install 'jaxgan[onnx]'"
)
_WITHOUT = "leave ONNX out, StableHLO holds the same program"


def check_onnx() -> None:
    """Refuse to go on without what writes and checks ONNX.

    Raises:
        ValueError: names the extra.
    """
    with _quiet():
        try:
            import jax2onnx  # noqa: F401
            import onnxruntime  # noqa: F401
        except ImportError as error:
            raise ValueError(_MISSING) from error


def onnx_program(make: Make, arguments: Sequence[Argument], *, result: str) -> Program:
    """The program that makes what a function makes, in ONNX; its inputs have the arguments' names.

    Args:
        make: the function; what it holds besides, as weights, is in the program.
        arguments: of the function.
        result: the name of what it makes.

    Raises:
        ValueError: where jax2onnx is not there, or cannot convert an operation; names it.
    """
    shapes = shapes_of(arguments)
    with _quiet():
        check_onnx()
        import jax2onnx

        def convert(function: Callable[..., Any], shapes: Sequence[Any], **names: Any) -> Any:
            return jax2onnx.to_onnx(function, shapes, model_name="generator", opset=_OPSET, **names)

        try:
            program = plain_program(in_order(make, arguments), shapes)
        except NotImplementedError as error:
            raise ValueError(f"{error} has no form for ONNX: {_WITHOUT}") from error
        try:
            model = convert(
                core.jaxpr_as_fun(program),
                shapes,
                input_names=[argument.name for argument in arguments],
                output_names=[result],
            )
        except Exception as error:  # a converter raises as many kinds as there are operations
            raise ValueError(
                f"jax2onnx {version('jax2onnx')} cannot convert {_culprit(convert, program)} to "
                f"ONNX ({_first_line(error)}): {_WITHOUT}"
            ) from error
    made = argument_of(result, program.out_avals[0])
    return Program(model.SerializeToString(), tuple(arguments), made)


def weight_of(make: Make, arguments: Sequence[Argument]) -> int:
    """How many bytes the arrays have that a function holds: what its program would weigh.

    >>> weight_of(lambda arrays: arrays["x"] @ np.ones((3, 2), np.float32), [
    ...     Argument("x", (1, 3), "float32")])
    24
    """
    traced = jax.make_jaxpr(in_order(make, arguments))(*shapes_of(arguments))
    keys = jax.dtypes.prng_key
    arrays = [x for x in traced.consts if not jax.dtypes.issubdtype(x.dtype, keys)]
    return sum(np.asarray(array).nbytes for array in arrays)


def run_onnx(raw: bytes, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """What a program of ONNX makes of arrays, by onnxruntime on the CPU.

    Args:
        raw: of `onnx_program`.
        arrays: its arguments, by their names.

    Raises:
        ValueError: where onnxruntime is not there, or cannot run the program; says why.
    """
    check_onnx()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(raw, options, ["CPUExecutionProvider"])
        (made,) = session.run(None, dict(arrays))
    except Exception as error:  # of kinds that stand in no public module
        raise ValueError(f"onnxruntime cannot run the program ({_first_line(error)})") from error
    return made


def _culprit(convert: Callable[..., Any], program: core.ClosedJaxpr) -> str:
    """The operation of a program that cannot be converted, each tried by itself."""
    for equation in program.jaxpr.eqns:
        free = [name for name in equation.invars if not isinstance(name, core.Literal)]

        def alone(*arrays: Any, equation: core.JaxprEqn = equation) -> Any:
            left = iter(arrays)
            operands = [
                name.val if isinstance(name, core.Literal) else next(left)
                for name in equation.invars
            ]
            return equation.primitive.bind(*operands, **equation.params)

        try:
            convert(alone, [jax.ShapeDtypeStruct(x.aval.shape, x.aval.dtype) for x in free])
        except Exception:  # as above
            return f"the operation {equation.primitive.name}"
    return "the program"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


@contextmanager
def _quiet() -> Iterator[None]:
    """The converter's warnings, of parts of it that are not used here, are not a person's."""
    loggers = [logging.getLogger(name) for name in ("jax2onnx", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
