"""Where things live: the mesh, the shardings, jit and donation. All of it is here.

A game is written for the whole batch, as if there were one device. Here it is placed on many:
the state on each of them, the batch split among them along the mesh's one axis, `data`.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxgan.data import Data, Resident, ResidentSides, Streamed, StreamedSides
from jaxgan.games.game import Batch, Game, Info, Play, Switch, leave_alone, stream


class Report(NamedTuple):
    """What the device tells of the rounds that it played.

    Attributes:
        info: of the last round, or of the first one in which something was not finite.
        failed: that first round, [] int32; -1 where all was finite.
    """

    info: Info
    failed: jax.Array

    def add(self, step: jax.Array, info: Info) -> "Report":
        """The report after one more round."""
        going = self.failed < 0
        finite = jnp.all(jnp.stack([jnp.isfinite(value).all() for value in info.values()]))
        return Report(
            jax.tree.map(partial(jnp.where, going), info, self.info),
            jnp.where(going & ~finite, step, self.failed),
        )


class Placed(NamedTuple):
    """A game on its devices.

    Attributes:
        init: `() -> state`.
        advance: `(state, start, stop) -> (state, report)`: rounds start to stop - 1. The state that
            goes in is given away. However the rounds are cut into calls, the bits are the same.
        generate: `(key, state, inputs) -> images`, on every device.
        stride: how many rounds one call of `advance` plays well: 1 where each is a call of its own.
    """

    init: Callable[[], Any]
    advance: Callable[[Any, int, int], tuple[Any, Report]]
    generate: Callable[[jax.Array, Any, Batch], jax.Array]
    stride: int


def make_mesh(count: int | None = None) -> Mesh:
    """A mesh of the first `count` devices, or of all, along one axis, `data`.

    Raises:
        ValueError: where there are not so many devices.
    """
    devices = jax.devices()
    count = len(devices) if count is None else count
    if not 1 <= count <= len(devices):
        raise ValueError(
            f"{count} devices were asked for, and there are {len(devices)}: ask for 1 or more, and "
            "for no more than there are"
        )
    # Auto axes: XLA chooses how arrays inside a program are split, as batch statistics need it to.
    return jax.make_mesh((count,), ("data",), axis_types=(AxisType.Auto,), devices=devices[:count])


def parts_of(mesh: Mesh, count: int) -> list[Mesh]:
    """So many meshes of equally many devices, which a mesh is cut into."""
    return [
        jax.make_mesh((part.size,), ("data",), axis_types=(AxisType.Auto,), devices=list(part))
        for part in np.split(mesh.devices, count)
    ]


def split(mesh: Mesh) -> NamedSharding:
    """How a batch is placed: split along its first axis."""
    return NamedSharding(mesh, PartitionSpec("data"))


def replicated(mesh: Mesh) -> NamedSharding:
    """How a state is placed: whole, on every device."""
    return NamedSharding(mesh, PartitionSpec())


def check_divides(batch_size: int, devices: int) -> None:
    """Refuse a batch that so many devices cannot share evenly.

    Raises:
        ValueError: names the sizes and the counts nearby that would do.
    """
    if batch_size % devices:
        below = batch_size // devices * devices
        sizes = " or ".join(str(size) for size in (below, below + devices) if size)
        counts = ", ".join(str(n) for n in range(1, devices) if batch_size % n == 0)
        raise ValueError(
            f"a batch of {batch_size} examples cannot be shared evenly by {devices} devices: "
            f"take {sizes} examples, or {counts} devices"
        )


def place(
    game: Game,
    data: Data,
    *,
    mesh: Mesh,
    key: jax.Array,
    looped: bool | None = None,
) -> Placed:
    """Compile a game for a mesh.

    The key of round `step` is `fold_in(key, step)`, its batch is `data(step)`. Where rounds are not
    looped, each of a game's phases is a program of its own.

    Args:
        game: any game.
        data: resident or streamed.
        mesh: of `make_mesh`.
        key: the run's key, [].
        looped: whether resident data are played many rounds a call, in a loop on the device; where
            None, on accelerators alone: XLA's convolutions inside a loop are slow on the CPU.

    Raises:
        ValueError: where the batch cannot be shared evenly by the devices of the mesh.
    """
    check_divides(data.batch_size, mesh.size)
    whole = replicated(mesh)
    init = jax.jit(lambda key: game.init(key, zeros(data.shapes)), out_shardings=whole)
    # Networks that do not fit are refused here, before anything of a run is written.
    state_shapes = jax.eval_shape(init, key)

    def play(
        key: jax.Array, state: Any, report: Report, batch: Batch, step: jax.Array
    ) -> tuple[Any, Report]:
        batch = jax.lax.with_sharding_constraint(batch, split(mesh))
        state, info = game.update(jax.random.fold_in(key, step), state, batch)
        return state, report.add(step, info)

    placed = partial(jax.jit, donate_argnames=("state", "report"), out_shardings=whole)

    @placed
    def play_one(
        key: jax.Array,
        state: Any,
        report: Report,
        data: Resident | ResidentSides,
        step: jax.Array,
    ) -> tuple[Any, Report]:
        return play(key, state, report, data(step), step)

    @placed
    def play_many(
        key: jax.Array,
        state: Any,
        report: Report,
        data: Resident | ResidentSides,
        start: int,
        stop: int,
    ) -> tuple[Any, Report]:
        def body(step: jax.Array, carry: tuple[Any, Report]) -> tuple[Any, Report]:
            state, report = carry
            return play(key, state, report, data(step), step)

        return jax.lax.fori_loop(start, stop, body, (state, report))

    @placed
    def play_raw(
        key: jax.Array, state: Any, report: Report, raw: Batch, step: jax.Array
    ) -> tuple[Any, Report]:
        return play(key, state, report, data.finish(step, raw), step)

    if looped is None:
        looped = mesh.devices.flat[0].platform != "cpu"
    looped = looped and data.on_device is True  # or else every batch comes from the host
    by_phase = bool(game.phases) and not looped
    # So are rounds; but phases are many programs, and each says at its first call what is wrong.
    info = {} if by_phase else jax.eval_shape(game.update, key, state_shapes, data.shapes)[1]
    fresh_report = jax.jit(lambda: Report(zeros(info), jnp.int32(-1)), out_shardings=whole)
    if by_phase:
        advance = _phase_by_phase(game, data, mesh=mesh, key=key)
    elif data.on_device is True:

        def advance(state: Any, start: int, stop: int) -> tuple[Any, Report]:
            report = fresh_report()
            if looped:
                return play_many(key, state, report, data, start, stop)
            for step in range(start, stop):
                state, report = play_one(key, state, report, data, np.int32(step))
            return state, report

    else:
        batches = Batches(data)
        placed_batch = partial(jax.make_array_from_process_local_data, split(mesh))

        def advance(state: Any, start: int, stop: int) -> tuple[Any, Report]:
            report = fresh_report()
            for step in range(start, stop):
                raw = jax.tree.map(placed_batch, batches.of(step))
                state, report = play_raw(key, state, report, raw, np.int32(step))
            return state, report

    return Placed(
        init=lambda: init(stream(key, "init")),
        advance=advance,
        generate=compile_play(partial(jax.jit, out_shardings=whole), game.generate),
        stride=sys.maxsize if looped else 1,
    )


def compile_play(jit: Callable[[Any], Any], play: Play) -> Callable[..., Any]:
    """A function of a game, compiled; of a `Switch`, each of its plays when it is first chosen.

    Args:
        jit: `jax.jit`, as placed as one likes.
        play: `(key, state, arrays) -> ...`.

    Returns:
        The same function, for a host to call.
    """
    if not isinstance(play, Switch):
        return jit(play)
    choice = jax.jit(play.choice)
    programs = [one if one is leave_alone else jit(one) for one in play.plays]
    return lambda key, state, arrays: programs[int(choice(state))](key, state, arrays)


def _phase_by_phase(
    game: Game, data: Data, *, mesh: Mesh, key: jax.Array
) -> Callable[[Any, int, int], tuple[Any, Report]]:
    """`Placed.advance` of a game of phases."""
    whole, parts = replicated(mesh), split(mesh)
    key_of = jax.jit(jax.random.fold_in, out_shardings=whole)
    phase_jit = partial(jax.jit, donate_argnums=1, out_shardings=whole)
    phases = [compile_play(phase_jit, phase) for phase in game.phases]

    @partial(jax.jit, out_shardings=whole)
    def begin(info: Info) -> Report:
        return Report(jax.tree.map(jnp.zeros_like, info), jnp.int32(-1))

    add = jax.jit(Report.add, donate_argnums=0, out_shardings=whole)

    if data.on_device is True:
        batch_of = partial(jax.jit(lambda data, step: data(step), out_shardings=parts), data)
    else:
        batches = Batches(data)
        placed_batch = partial(jax.make_array_from_process_local_data, parts)
        finish = jax.jit(data.finish, out_shardings=parts)

        def batch_of(step: np.int32) -> Batch:
            return finish(step, jax.tree.map(placed_batch, batches.of(int(step))))

    def advance(state: Any, start: int, stop: int) -> tuple[Any, Report]:
        report = None
        for step in map(np.int32, range(start, stop)):
            key_round, batch, info = key_of(key, step), batch_of(step), {}
            for phase in phases:
                state, said = phase(key_round, state, batch)
                info |= said
            report = add(begin(info) if report is None else report, step, info)
        assert report is not None, "no round was to be played"
        return state, report

    return advance


class Batches:
    """The stream of batches, at the step where the host stands. It can be moved anywhere."""

    def __init__(self, data: Streamed | StreamedSides) -> None:
        self._data = data
        self._step = -1
        self._batches: Iterator[Any] = iter(())

    def of(self, step: int) -> Any:
        """The raw batch of a step; quick where it is the one after the last."""
        if step != self._step:
            self._step, self._batches = step, self._data.iterate(step)
        self._step += 1
        return next(self._batches)


def zeros(shapes: Any) -> Any:
    """Arrays of zeros, of such shapes and dtypes."""
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
