"""How keys are used in a program: drawn from, split, or folded, and each in one way only.

JAX's own check (`jax_debug_key_reuse`) does not mind a key that is folded and drawn from besides.
But whoever folds a key makes streams of it; numbers drawn from the key itself belong to no stream.
"""

from collections import defaultdict

import jax
from jax.extend import core

DRAWS = {"random_bits", "random_split", "random_unwrap"}
FOLDS = {"random_fold_in"}


def misused(jaxpr: core.ClosedJaxpr) -> list[str]:
    """Keys that are folded and drawn from (or split), by where that is done first."""
    uses: dict[object, dict[str, str]] = defaultdict(dict)
    _walk(jaxpr.jaxpr, {}, uses)
    return [
        f"folded in {ways['fold']} and drawn from in {ways['draw']}"
        for ways in uses.values()
        if len(ways) > 1
    ]


def _walk(jaxpr, outer, uses) -> None:
    """Note every use; `outer` says which key outside a variable of this program is."""
    same = dict(outer)

    def key_of(variable):
        return same.get(variable, variable)

    for equation in jaxpr.eqns:
        keys = [x for x in equation.invars if isinstance(x, core.Var) and _is_key(x)]
        way = (
            "draw"
            if equation.primitive.name in DRAWS
            else "fold"
            if equation.primitive.name in FOLDS
            else None
        )
        if way:
            for key in keys:
                uses[key_of(key)].setdefault(way, _place(equation))
        for inner, arguments in _inside(equation):
            known = {
                variable: key_of(argument)
                for variable, argument in zip(inner.invars, arguments, strict=True)
                if isinstance(argument, core.Var) and _is_key(argument)
            }
            _walk(inner, known, uses)


def _inside(equation):
    """The programs inside an equation, each with the arguments that it is called with."""
    arguments = equation.invars
    name, parameters = equation.primitive.name, equation.params
    if name == "cond":
        return [(branch.jaxpr, arguments[1:]) for branch in parameters["branches"]]
    if name == "while":
        count = parameters["cond_nconsts"]
        return [(parameters["body_jaxpr"].jaxpr, arguments[count:])]
    programs = [
        value.jaxpr if isinstance(value, core.ClosedJaxpr) else value
        for value in parameters.values()
        if isinstance(value, core.ClosedJaxpr | core.Jaxpr)
    ]
    return [(inner, arguments) for inner in programs if len(inner.invars) == len(arguments)]


def _is_key(variable) -> bool:
    return jax.dtypes.issubdtype(variable.aval.dtype, jax.dtypes.prng_key)


def _place(equation) -> str:
    frames = equation.source_info.traceback
    frame = next(
        (frame for frame in (frames.frames if frames else []) if "/jaxgan/" in frame.file_name),
        None,
    )
    return f"{frame.file_name}:{frame.line_num}" if frame else equation.primitive.name
