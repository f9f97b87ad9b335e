"""A run's generator as a function of its arguments alone, and that as ONNX."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.games import Switch
from jaxgan.training import Experiment, RunError
from jaxgan.weights import TOLERANCE, Argument, Make, Program, onnx_program, run_onnx


def generator_of(experiment: Experiment, state: Any) -> Make:
    """The game's `generate`, of inputs by their names.

    "seed" among them, uint32, is of its random numbers; they are the same in every call where there
    is none.
    """
    generate = experiment.game().generate
    if isinstance(generate, Switch):
        generate = generate.plays[int(generate.choice(state))]
    key = jax.random.key(0)

    def make(arrays: dict[str, jax.Array]) -> jax.Array:
        inputs = dict(arrays)
        seed = inputs.pop("seed", None)
        return generate(key if seed is None else jax.random.key(seed), state, inputs)

    return make


def arguments_of(examples: Mapping[str, np.ndarray], *, count: int | str = "n") -> list[Argument]:
    """The arguments that examples `[N, ...]` are of: so many, or any count."""
    return [
        Argument(name, (count, *array.shape[1:]), array.dtype.name)
        for name, array in examples.items()
    ]


def checked_onnx(
    make: Make,
    examples: Mapping[str, np.ndarray],
    arguments: Sequence[Argument],
    *,
    result: str,
) -> tuple[Program, float]:
    """The ONNX of a function, and how far what it makes of examples is from what JAX makes.

    Raises:
        RunError: where that is far.
        ValueError: where the function cannot be converted, or jaxgan[onnx] is not installed.
    """
    program = onnx_program(make, arguments, result=result)
    found = run_onnx(program.raw, examples)
    far = float(np.abs(found - np.asarray(jax.jit(make)(dict(examples)))).max())
    if not far <= TOLERANCE:
        raise RunError(
            f"what ONNX makes differs from what JAX makes by {far:.1e}, and {TOLERANCE:g} is what "
            "rounding may do: take StableHLO, which export writes"
        )
    return program, far
