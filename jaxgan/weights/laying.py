"""Arrays laid over a network's own variables."""

from collections.abc import Iterable, Mapping
from typing import Any

import flax
import numpy as np

from jaxgan.weights.parts import short_name

_SHOWN = 3
"""How many names an error shows of each kind."""


def some_of(kind: str, names: Iterable[str]) -> list[str]:
    """How many there are of a kind, and the first of them; nothing where there are none."""
    names = list(names)
    more = ", ..." if len(names) > _SHOWN else ""
    return [f"{len(names)} {kind} ({', '.join(names[:_SHOWN])}{more})"] if names else []


def laid_over(
    arrays: Mapping[tuple[str, ...], np.ndarray], variables: Any, what: str
) -> dict[str, Any]:
    """A network's variables with all numbers from elsewhere.

    Args:
        arrays: by their paths, which begin with the collection's name.
        variables: `network.init(...)`, or its shapes by `jax.eval_shape`.
        what: the network, as an error calls it.

    Returns:
        The same tree, of arrays of NumPy.

    Raises:
        ValueError: where the arrays are not those of the network; says which paths are missing,
            unexpected or of another shape.

    >>> laid_over({("params", "bias"): np.ones(2)}, {"params": {"bias": np.zeros(3)}}, "G")
    Traceback (most recent call last):
    ValueError: G is another network: 1 of another shape (bias is (2,) and not (3,))
    """
    leaves: dict[tuple[str, ...], Any] = flax.traverse_util.flatten_dict(variables)

    faults = [
        *some_of("missing", (".".join(path[1:]) for path in leaves if path not in arrays)),
        *some_of(
            "unexpected", (short_name(".".join(path[1:])) for path in arrays if path not in leaves)
        ),
        *some_of(
            "of another shape",
            (
                f"{'.'.join(path[1:])} is {arrays[path].shape} and not {leaf.shape}"
                for path, leaf in leaves.items()
                if path in arrays and arrays[path].shape != leaf.shape
            ),
        ),
    ]
    if faults:
        raise ValueError(f"{what} is another network: {', '.join(faults)}")
    return flax.traverse_util.unflatten_dict({path: arrays[path] for path in leaves})
