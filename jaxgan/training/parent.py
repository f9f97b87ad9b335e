"""A run that begins with the state of another: for more steps, at other rates, on other data."""

import hashlib
import json
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan.training.digests import by_place, digest, kind_of, places
from jaxgan.training.errors import RunError
from jaxgan.training.run import Run


class Parent(NamedTuple):
    """The run whose state another begins with.

    Attributes:
        run: of the same experiment, in any configuration.
        step: of the checkpoint that is taken; the newest where None.
    """

    run: Run
    step: int | None = None


def parts_taken(parent: Run, before: Any, fresh: Any) -> list[str]:
    """The parts of a state that another begins with: those whose arrays agree, all of them.

    A part is a player's network (its parameters and collections), as `generator`; the state of its
    optimiser, as `generator/optimiser`, which is not taken without the network; or any other entry
    of the state as a whole, as `average`.

    Args:
        parent: the run that `before` is of.
        before: its state, or the shapes of it.
        fresh: the new game's state, or the shapes of it.

    Raises:
        RunError: where no network agrees, or no part of a state without any; names the first array
            that does not.
    """
    found, wanted = by_place(before), by_place(fresh)
    differing = {
        place: f"{place} is {kind_of(found.get(place))} in it and {kind_of(wanted.get(place))} here"
        for place in [*wanted, *found]
        if kind_of(found.get(place)) != kind_of(wanted.get(place))
    }
    bad = {_part(place) for place in differing}
    taken = [
        part for part in parts_of(fresh) if part not in bad and part.split("/", 1)[0] not in bad
    ]
    networks = {_part(place) for place in wanted if "/parameters/" in place}
    if not (networks or set(parts_of(fresh))) & set(taken):
        first = min(differing, key=lambda place: "/parameters/" not in place)
        raise RunError(
            f"{parent.directory} is a run of other networks: {differing[first]}; give the options "
            "that make its networks, or train from the beginning"
        )
    return taken


def parts_of(state: Any) -> list[str]:
    """The parts of a state, in its order."""
    return list(dict.fromkeys(_part(place) for place in places(state)))


def with_parts(fresh: Any, before: Any, taken: list[str]) -> Any:
    """The new game's state, with some parts from another; each array where the new one was."""
    found = by_place(before)
    leaves = [
        _placed(found[place], leaf) if _part(place) in taken else leaf
        for place, leaf in by_place(fresh).items()
    ]
    return jax.tree.unflatten(jax.tree.structure(fresh), leaves)


def state_digest(state: Any) -> str:
    """One digest of a whole state."""
    return hashlib.sha256(json.dumps(digest(state), sort_keys=True).encode()).hexdigest()[:16]


def _part(place: str) -> str:
    first, *rest = place.split("/")
    return f"{first}/optimiser" if rest[:1] == ["optimiser"] else first


def _placed(leaf: Any, like: jax.Array) -> jax.Array:
    array = np.asarray(leaf)
    return jax.make_array_from_callback(array.shape, like.sharding, lambda index: array[index])
