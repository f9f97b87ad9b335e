"""Several runs of one game on their devices: one program plays them all.

As in `placement`, a game knows nothing of it. Only where the devices are shared out does a run
meet the others: its rounds have its own key and its own batches, and so its own numbers.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxgan.data import Data
from jaxgan.games.game import Batch, Game, stream
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
        generate: of each run, as `Placed.generate`.
        stride: how many rounds one call of `advance` plays well.
    """

    init: Callable[[], Any]
    advance: Callable[[Any, int, int], tuple[Any, Any]]
    each: Callable[[Any], list[Any]]
    generate: list[Callable[[jax.Array, Any, Batch], jax.Array]]
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
        vmapped: whether a round is one update under `vmap`, or else as many updates, side by side
            in one program; where None, on accelerators.

    Raises:
        ValueError: where the batch cannot be shared evenly by the devices of the mesh.
    """
    keys = tuple(jax.random.key(seed) for seed in seeds)
    first = place(game, data, mesh=mesh, key=keys[0], looped=looped)
    looped = first.stride > 1
    if len(seeds) == 1 or (game.phases and not looped):
        return _in_turn(game, data, mesh=mesh, seeds=seeds, first=first)
    if vmapped is None:
        # Under vmap the convolutions of several networks become one in groups, which XLA's CPU
        # plays badly, and it gains nothing on plain products. Runs' rounds a second on two cores,
        # one after another, side by side, under vmap: 4 GANs (gan.py) 22, 20, 15; 4 DCGANs 2.3,
        # 3.0, 2.8; 2 of them 6.4, 5.9, 5.1. On accelerators, what one small network leaves idle
        # the others use. But of a `Switch` vmap would play every way in every round.
        vmapped = mesh.devices.flat[0].platform != "cpu" and not game.phases
    whole = replicated(mesh)
    init = jax.jit(lambda key: game.init(key, zeros(data.shapes)), out_shardings=whole)
    update = jax.jit(game.update)  # traced once, for however many runs
    shapes = jax.eval_shape(init, keys[0])
    info = jax.eval_shape(update, keys[0], shapes, data.shapes)[1]
    placed = partial(jax.jit, donate_argnums=(1, 2), out_shardings=whole)
    joined, each = (_stacked, _unstacked(len(seeds))) if vmapped else (tuple, list)

    def play(
        key: jax.Array, state: Any, report: Report, batch: Batch, step: jax.Array
    ) -> tuple[Any, Report]:
        state, said = update(jax.random.fold_in(key, step), state, batch)
        return state, report.add(step, said)

    def play_all(
        keys: Any, states: Any, reports: Any, batches: Sequence[Batch], step: Any
    ) -> tuple[Any, Any]:
        batches = [jax.lax.with_sharding_constraint(batch, split(mesh)) for batch in batches]
        if vmapped:
            every = jax.vmap(play, in_axes=(0, 0, 0, 0, None))
            return every(_stacked(keys), states, reports, _stacked(batches), step)
        played = [play(*one, step) for one in zip(keys, states, reports, batches, strict=True)]
        return tuple(state for state, _ in played), tuple(report for _, report in played)

    @partial(jax.jit, out_shardings=whole)
    def fresh_reports() -> Any:
        return joined([Report(zeros(info), jnp.int32(-1)) for _ in seeds])

    if data.on_device is True:

        def batches_at(data: Any, step: Any) -> list[Batch]:
            # One set of arrays, in as many orders.
            return [data.reseeded(seed)(step) for seed in seeds]

        @placed
        def play_one(keys: Any, states: Any, reports: Any, data: Any, step: Any) -> Any:
            return play_all(keys, states, reports, batches_at(data, step), step)

        @placed
        def play_many(
            keys: Any, states: Any, reports: Any, data: Any, start: int, stop: int
        ) -> Any:
            def body(step: jax.Array, carry: Any) -> Any:
                states, reports = carry
                return play_all(keys, states, reports, batches_at(data, step), step)

            return jax.lax.fori_loop(start, stop, body, (states, reports))

        def advance(states: Any, start: int, stop: int) -> Any:
            reports = fresh_reports()
            if looped:
                return play_many(keys, states, reports, data, start, stop)
            for step in map(np.int32, range(start, stop)):
                states, reports = play_one(keys, states, reports, data, step)
            return states, reports

    else:
        datas = [data.reseeded(seed) for seed in seeds]
        streams = [Batches(one) for one in datas]
        placed_batch = partial(jax.make_array_from_process_local_data, split(mesh))

        @placed
        def play_raw(keys: Any, states: Any, reports: Any, raws: Any, step: Any) -> Any:
            batches = [one.finish(step, raw) for one, raw in zip(datas, raws, strict=True)]
            return play_all(keys, states, reports, batches, step)

        def advance(states: Any, start: int, stop: int) -> Any:
            reports = fresh_reports()
            for step in range(start, stop):
                raws = [jax.tree.map(placed_batch, one.of(step)) for one in streams]
                states, reports = play_raw(keys, states, reports, raws, np.int32(step))
            return states, reports

    return Together(
        init=lambda: joined([init(stream(key, "init")) for key in keys]),
        advance=advance,
        each=each,
        generate=[first.generate] * len(seeds),
        stride=first.stride,
    )


def spread(groups: Sequence[Together]) -> Together:
    """Groups of runs, each on devices of its own, which play at the same time."""

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
        generate=[generate for group in groups for generate in group.generate],
        stride=groups[0].stride,
    )


def _in_turn(
    game: Game, data: Data, *, mesh: Mesh, seeds: Sequence[int], first: Placed
) -> Together:
    """Runs whose rounds are programs of their own: of one run, or of a game of phases.

    The programs of the phases are the same for all.
    """
    looped = first.stride > 1
    runs = [
        place(game, data.reseeded(seed), mesh=mesh, key=jax.random.key(seed), looped=looped)
        for seed in seeds
    ]

    def advance(states: Any, start: int, stop: int) -> tuple[Any, Any]:
        played = [run.advance(state, start, stop) for run, state in zip(runs, states, strict=True)]
        return [state for state, _ in played], [report for _, report in played]

    return Together(
        init=lambda: [run.init() for run in runs],
        advance=advance,
        each=list,
        generate=[first.generate] * len(seeds),
        stride=first.stride,
    )


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _unstacked(count: int) -> Callable[[Any], list[Any]]:
    def parts(tree: Any) -> list[Any]:
        return [jax.tree.map(lambda leaf, place=place: leaf[place], tree) for place in range(count)]

    jitted = jax.jit(parts)  # of states; reports have been fetched from the device

    def each(tree: Any) -> list[Any]:
        on_host = isinstance(jax.tree.leaves(tree)[0], np.ndarray)
        return parts(tree) if on_host else jitted(tree)

    return each
