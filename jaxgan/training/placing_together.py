"""Several runs of one game on their devices, of one program.

As in `placement`, a game knows nothing of it: a round of a run has its own key and its own batch,
and so its own numbers, whichever others are played with it.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.data import Data
from jaxgan.games.game import Game, stream
from jaxgan.training.placement import (
    Batches,
    Placed,
    Report,
    place,
    replicated,
    split,
    zeros,
)


class Together(NamedTuple):
    """A game of several runs on its devices; `states` is whatever holds the states of all.

    Attributes:
        init: `() -> states`.
        advance: `(states, start, stop) -> (states, reports)`, as `Placed.advance`; `reports` too
            are those of all.
        each: `states -> [state]`, or `reports -> [report]`, in the order of the seeds.
        placed: for each run a game on its devices, whose `generate` serves all that are there.
        stride: how many rounds one call of `advance` plays well.
    """

    init: Callable[[], Any]
    advance: Callable[[Any, int, int], tuple[Any, Any]]
    each: Callable[[Any], list[Any]]
    placed: list[Placed]
    stride: int


def groups_of(seeds: Sequence[int], devices: int) -> list[Sequence[int]]:
    """Which seeds share devices: as many groups as divide both the seeds and the devices evenly.

    >>> groups_of([0, 1, 2, 3], 2)
    [[0, 1], [2, 3]]
    >>> groups_of([0, 1, 2], 2)
    [[0, 1, 2]]
    """
    size = len(seeds) // math.gcd(len(seeds), devices)
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def place_together(
    game: Game,
    data: Data,
    *,
    mesh: Mesh,
    seeds: Sequence[int],
    looped: bool | None = None,
    vmapped: bool | None = None,
) -> Together:
    """Compile a game of several runs for a mesh that they share.

    Each has the rounds of its single run: `place` with its own seed and data gives the same numbers
    to rounding, and the same state to begin with to the bit.

    Args:
        game: any game.
        data: of a run of any seed.
        mesh: of `make_mesh`; it splits each batch.
        seeds: of the runs, one or more.
        looped: as of `place`.
        vmapped: whether a round of all is one update under `vmap`, or else the program of one is
            called for each in turn; where None, on accelerators.

    Raises:
        ValueError: where the batch cannot be shared evenly by the devices of the mesh.
    """

    def alone(seed: int) -> Placed:
        key = jax.random.key(seed)
        return place(game, data.reseeded(seed), mesh=mesh, key=key, looped=looped)

    first = alone(seeds[0])
    if len(seeds) == 1:
        return _alone(first)
    if game.phases and first.stride == 1:  # JAX compiles a phase once, for all that play it
        return spread([_alone(one) for one in (first, *map(alone, seeds[1:]))])
    if vmapped is None:
        # On accelerators, what one network leaves idle the others use. On the CPU nothing is left,
        # and under vmap the convolutions of several networks become one in groups, which XLA plays
        # badly there. Two cores' time for a round of one run, in ms, in turn and under vmap: of 4
        # GANs (gan.py) 38 and 45, of 2 DCGANs 157 and 228. A program that has all their updates
        # side by side takes as long as in turn, to a tenth, and is compiled for each set of seeds.
        # Of a `Switch`, vmap would play all ways in every round.
        vmapped = mesh.devices.flat[0].platform != "cpu" and not game.phases
    rows = [list(seeds)] if vmapped else [[seed] for seed in seeds]
    programs = _compile(game, data, mesh=mesh, runs=len(seeds) if vmapped else None)
    return spread(
        [_row(programs, data, mesh=mesh, seeds=row, first=first, vmapped=vmapped) for row in rows]
    )


def spread(groups: Sequence[Together]) -> Together:
    """Groups of runs as one: where they have devices of their own, they play at the same time."""

    def advance(states: Any, start: int, stop: int) -> tuple[Any, Any]:
        # No call waits for what its devices do.
        played = [
            group.advance(one, start, stop) for group, one in zip(groups, states, strict=True)
        ]
        return [states for states, _ in played], [reports for _, reports in played]

    def each(trees: Any) -> list[Any]:
        return [one for group, tree in zip(groups, trees, strict=True) for one in group.each(tree)]

    return Together(
        init=lambda: [group.init() for group in groups],
        advance=advance,
        each=each,
        placed=[one for group in groups for one in group.placed],
        stride=groups[0].stride,
    )


def _alone(placed: Placed) -> Together:
    """One run, by its own program."""
    return Together(
        init=placed.init,
        advance=placed.advance,
        each=lambda tree: [tree],
        placed=[placed],
        stride=placed.stride,
    )


class _Programs(NamedTuple):
    """What is compiled once, for runs of any seed: a round of one run, or of several by `vmap`.

    Attributes:
        init: `(key) -> state`, of one run.
        report: `() -> report`.
        one: `(key, seed, state, report, given, step) -> (state, report)`.
        many: the same of the rounds `start` to `stop - 1`, where data are resident.
    """

    init: Callable[..., Any]
    report: Callable[[], Any]
    one: Callable[..., tuple[Any, Any]]
    many: Callable[..., tuple[Any, Any]]


def _compile(game: Game, data: Data, *, mesh: Mesh, runs: int | None) -> _Programs:
    """The programs of so many runs by `vmap`, or of one at a time where None."""
    whole = replicated(mesh)
    init = jax.jit(lambda key: game.init(key, zeros(data.shapes)), out_shardings=whole)
    update = jax.jit(game.update)
    key = jax.random.key(0)
    info = jax.eval_shape(update, key, jax.eval_shape(init, key), data.shapes)[1]

    def play(key: Any, seed: Any, state: Any, report: Report, given: Any, step: Any) -> Any:
        # Given are the data themselves, or the batch that the host has read of them.
        if data.on_device is True:
            batch = given.batch_of(seed, step)
        else:
            batch = data.finish(step, given, seed=seed)
        batch = jax.lax.with_sharding_constraint(batch, split(mesh))
        state, said = update(jax.random.fold_in(key, step), state, batch)
        return state, report.add(step, said)

    if runs is not None:
        play = jax.vmap(play, in_axes=(0, 0, 0, 0, None if data.on_device else 0, None))

    def many(
        key: Any, seed: Any, state: Any, report: Any, given: Any, start: int, stop: int
    ) -> tuple[Any, Any]:
        def body(step: jax.Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            return play(key, seed, *carry, given, step)

        return jax.lax.fori_loop(start, stop, body, (state, report))

    def fresh() -> Any:
        report = Report(zeros(info), jnp.int32(-1))
        return report if runs is None else _stacked([report] * runs)

    placed = partial(jax.jit, donate_argnums=(2, 3), out_shardings=whole)
    return _Programs(init, jax.jit(fresh, out_shardings=whole), placed(play), placed(many))


def _row(
    programs: _Programs,
    data: Data,
    *,
    mesh: Mesh,
    seeds: Sequence[int],
    first: Placed,
    vmapped: bool,
) -> Together:
    """The runs that one call plays: several by `vmap`, or one."""
    joined: Callable[[Sequence[Any]], Any] = _stacked if vmapped else lambda trees: trees[0]
    keys = [jax.random.key(seed) for seed in seeds]
    key, seed = joined(keys), joined([data.traced_seed(seed) for seed in seeds])

    if data.on_device is True:

        def given(step: int) -> Any:
            return data

    else:
        streams = [Batches(data.reseeded(seed)) for seed in seeds]
        sharding = NamedSharding(mesh, PartitionSpec(*[None] * vmapped, *split(mesh).spec))
        placed_raw = partial(jax.make_array_from_process_local_data, sharding)

        def given(step: int) -> Any:
            return jax.tree.map(placed_raw, joined([batches.of(step) for batches in streams]))

    def advance(states: Any, start: int, stop: int) -> tuple[Any, Any]:
        reports = programs.report()
        if first.stride > 1:
            return programs.many(key, seed, states, reports, data, start, stop)
        for step in range(start, stop):
            states, reports = programs.one(
                *(key, seed, states, reports, given(step), np.int32(step))
            )
        return states, reports

    return Together(
        init=lambda: joined([programs.init(stream(key, "init")) for key in keys]),
        advance=advance,
        each=partial(_parts, count=len(seeds)) if vmapped else lambda tree: [tree],
        placed=[first] * len(seeds),
        stride=first.stride,
    )


def _stacked(trees: Sequence[Any]) -> Any:
    def stack(*leaves: Any) -> Any:
        return (np if isinstance(leaves[0], np.ndarray) else jnp).stack(leaves)

    return jax.tree.map(stack, *trees)


@partial(jax.jit, static_argnames="count")
def _device_parts(tree: Any, count: int) -> list[Any]:
    return _host_parts(tree, count)


def _host_parts(tree: Any, count: int) -> list[Any]:
    return [jax.tree.map(lambda leaf, place=place: leaf[place], tree) for place in range(count)]


def _parts(tree: Any, count: int) -> list[Any]:
    on_host = isinstance(jax.tree.leaves(tree)[0], np.ndarray)  # reports have been fetched
    return (_host_parts if on_host else _device_parts)(tree, count)
