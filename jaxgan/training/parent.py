"""A run that begins with the state of another: for more steps, at other rates, on other data."""

import hashlib
import json
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np

from jaxgan.training.configuration import changes, from_plain, validated
from jaxgan.training.digests import by_place, digest, kind_of, places
from jaxgan.training.errors import RunError
from jaxgan.training.experiment import Transfers
from jaxgan.training.run import Run

E = TypeVar("E")


class Parent(NamedTuple):
    """The run whose state another begins with.

    Attributes:
        run: of the same experiment, in any configuration.
        step: of the checkpoint that is taken; the newest where None.
    """

    run: Run
    step: int | None = None


def parent_of(run: Run) -> Parent | None:
    """The run whose state a run began with, where it is still there; None where there is none.

    Raises:
        RunError: where it is not there any more.
    """
    record = run.manifest.get("parent")
    if record is None:
        return None
    try:
        return Parent(Run.open(record["directory"]), record["step"])
    except RunError as error:
        raise RunError(
            f"{run.directory} began with the state of another run, and that cannot be used now "
            f"({error}): put it back"
        ) from error


def transferred(experiment: E, parent: Parent) -> tuple[E, list[str]]:
    """The experiment as it begins with another's state, and sentences about what that changes."""
    if not isinstance(experiment, Transfers):
        return experiment, []
    manifest = parent.run.manifest
    before = from_plain(type(experiment), manifest["configuration"])
    found: Any = validated(experiment.transferred(before, imported=parent.run.is_imported))
    changed = changes(experiment, found)
    return found, [f"because it begins with other images' networks: {changed}"] if changed else []


def parts_taken(parent: Run, before: Any, fresh: Any, *, by_layer: bool = False) -> list[str]:
    """The parts of a state that another begins with: those whose arrays agree, all of them.

    A part is a player's network (its parameters and collections), as `generator`; the state of its
    optimiser, as `generator/optimiser`, which is not taken without the whole network; or any other
    entry of the state as a whole, as `average`.

    Args:
        parent: the run that `before` is of.
        before: its state, or the shapes of it.
        fresh: the new game's state, or the shapes of it.
        by_layer: of networks, and of their averages, that do not agree in all, the layers that do
            are taken: no array that both have is of another shape.

    Returns:
        Names of parts, and by layer the places of single arrays.

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
    if by_layer:
        broken = {_layer(place) for place in differing if place in found and place in wanted}
        taken += [
            place
            for place in wanted
            if _part(place) in bad
            and place in found
            and not _part(place).endswith("/optimiser")
            and _layer(place) not in broken
        ]
        networks |= {place for place in wanted if "/parameters/" in place}
    if not (networks or set(parts_of(fresh))) & set(taken):
        first = min(differing, key=lambda place: "/parameters/" not in place)
        what = "other networks, and no layer agrees" if by_layer else "other networks"
        raise RunError(
            f"{parent.directory} is a run of {what}: {differing[first]}; give the options "
            "that make its networks, or train from the beginning"
        )
    return taken


def what_is_taken(taken: list[str], fresh: Any) -> str:
    """In words: which parts of a new state are taken, of which how much, and which begin anew.

    >>> state = {"average": {"a": 1, "b": {"c": 1}}, "images": 1, "round": 1}
    >>> what_is_taken(["images", "average/a"], state)
    'images are taken, and 1 of 2 arrays of average; round begin anew'
    """
    whole, some, anew = [], [], []
    arrays = [(place, _part(place)) for place in places(fresh)]
    for part in parts_of(fresh):
        its = [place for place, name in arrays if name == part]
        count = sum(place in taken for place in its)
        if part in taken:
            whole.append(part)
        elif count:
            some.append(f"{count} of {len(its)} arrays of {part}")
        else:
            anew.append(part)
    words = [f"{', '.join(whole)} are taken"] if whole else []
    if some:
        words.append(", ".join(some) if whole else f"{', '.join(some)} are taken")
    return ", and ".join(words) + (f"; {', '.join(anew)} begin anew" if anew else "")


def parts_of(state: Any) -> list[str]:
    """The parts of a state, in its order."""
    return list(dict.fromkeys(_part(place) for place in places(state)))


def with_parts(fresh: Any, before: Any, taken: list[str]) -> Any:
    """The new game's state, with some parts from another; each array where the new one was."""
    found, chosen = by_place(before), set(taken)
    leaves = [
        _placed(found[place], leaf) if chosen & {place, _part(place)} else leaf
        for place, leaf in by_place(fresh).items()
    ]
    return jax.tree.unflatten(jax.tree.structure(fresh), leaves)


def state_digest(state: Any) -> str:
    """One digest of a whole state."""
    return hashlib.sha256(json.dumps(digest(state), sort_keys=True).encode()).hexdigest()[:16]


def _part(place: str) -> str:
    first, *rest = place.split("/")
    return f"{first}/optimiser" if rest[:1] == ["optimiser"] else first


def _layer(place: str) -> str:
    return place.rpartition("/")[0]


def _placed(leaf: Any, like: jax.Array) -> jax.Array:
    array = np.asarray(leaf)
    return jax.make_array_from_callback(array.shape, like.sharding, lambda index: array[index])
