"""The loop: rounds are played, and what is worth keeping is kept."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jaxgan.data import Data, StrPath, pipeline, to_path
from jaxgan.training.checkpoints import Checkpoints, is_finite
from jaxgan.training.digests import digest
from jaxgan.training.experiment import Experiment, Schedule, experiment_name, to_plain, validated
from jaxgan.training.placement import Placed, Report, make_mesh, place, replicated, split
from jaxgan.training.record import Record
from jaxgan.training.run import Run, RunError, environment


class Interrupted(Exception):  # noqa: N818 - a stop that was asked for is no error
    """SIGTERM or SIGINT asked the run to stop, and it has: its state is saved."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"{self}; go on with training.resume(training.Run.open(DIRECTORY), experiment)"]


class NotFinite(RunError):  # noqa: N818 - named for what happened
    """A loss, a gradient or a weight is not finite any more."""


class Setup(NamedTuple):
    """A game on its devices, with its data and the run's key."""

    mesh: Mesh
    data: Data
    placed: Placed
    key: jax.Array


def train(
    experiment: Experiment,
    directory: StrPath,
    *,
    name: str | None = None,
    seed: int = 0,
    devices: int | None = None,
    until: int | None = None,
) -> Run:
    """Play a new run to its end.

    Args:
        experiment: what is played.
        directory: where the run is written; nothing may be there yet.
        name: the experiment's, for the manifest; that of its file or its class where None.
        seed: of the run's one key, 0 or more.
        devices: how many; all where None.
        until: the step to stop at; the end of the experiment's schedule where None.

    Returns:
        The run, done.

    Raises:
        RunError: where the directory is taken, or the run cannot go on.
        ValueError: where a value of the experiment will not do.
        Interrupted: where SIGTERM or SIGINT stopped the run; its state is saved.
    """
    if not 0 <= seed < 2**31:
        raise ValueError(f"the seed must be in 0 to {2**31 - 1}, not {seed}")
    directory = to_path(directory)
    experiment = validated(experiment)
    if jax.process_index() == 0:
        Run.refuse_taken(directory)
    setup = set_up(experiment, seed=seed, devices=devices)
    manifest = _manifest(
        experiment,
        name=name or experiment_name(type(experiment)),
        seed=seed,
        devices=setup.mesh.size,
        shapes=setup.data.shapes,
        data=setup.data.fingerprint,
    )
    run = Run.create(directory, manifest, write=jax.process_index() == 0)
    play(run, experiment, setup, until=until)
    return run


def create_from_state(
    experiment: Experiment,
    directory: StrPath,
    state: Any,
    *,
    name: str,
    seed: int,
    shapes: dict[str, jax.ShapeDtypeStruct],
    data: str,
) -> Run:
    """Make a new run of no rounds, whose state comes from elsewhere.

    Args:
        experiment: what could be played.
        directory: where the run is written; nothing may be there yet.
        state: of the shapes that the game's `init` gives.
        name: the experiment's, for the manifest.
        seed: that the rest of the state is from.
        shapes: what a batch is like.
        data: where the state comes from, for the manifest.

    Raises:
        RunError: where the directory is taken, or the state cannot be written.
    """
    manifest = _manifest(experiment, name=name, seed=seed, devices=1, shapes=shapes, data=data)
    run = Run.create(directory, manifest)
    run.add_digest({"step": 0, "leaves": digest(state)})
    with Checkpoints(run, keep=experiment.schedule.keep) as checkpoints:
        checkpoints.save(0, state)
        checkpoints.wait()
    return run


def resume(run: Run, experiment: Experiment) -> None:
    """Play a run on from its newest checkpoint to its end.

    Args:
        run: what `Run.open` gives.
        experiment: of the run's own configuration.

    Raises:
        RunError: where the data has changed, or the run cannot go on.
        Interrupted: where SIGTERM or SIGINT stopped the run; its state is saved.
    """
    setup = set_up(experiment, seed=run.manifest["seed"], devices=devices_of(run))
    if setup.data.fingerprint != run.manifest["data"]:
        raise RunError(
            f"the data are {setup.data.fingerprint}, and the run began on {run.manifest['data']}: "
            "put the data of the run back, or start a new run"
        )
    play(run, experiment, setup)


def devices_of(run: Run) -> int:
    """How many devices a run goes on with: as many as it began with, or all that there are."""
    return min(run.manifest["devices"], jax.device_count())


def load(run: Run, experiment: Experiment) -> tuple[int, Any]:
    """The newest whole checkpoint of a run, on one device: its step and its state.

    Raises:
        RunError: where there is none.
    """
    batch = {
        array: jax.ShapeDtypeStruct(tuple(leaf["shape"]), leaf["dtype"])
        for array, leaf in run.manifest["batch"].items()
    }
    shapes = jax.eval_shape(experiment.game().init, jax.random.key(0), batch)
    device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    with Checkpoints(run, keep=experiment.schedule.keep) as checkpoints:
        restored = checkpoints.restore(shapes, device, say=print)
    if restored is None:
        raise RunError(f"{run.directory} has no checkpoint yet: train or resume it first")
    return restored


def set_up(experiment: Experiment, *, seed: int, devices: int | None) -> Setup:
    """Open the data and compile the game for so many devices."""
    mesh = make_mesh(devices)
    part = jax.process_index(), jax.process_count()
    data = experiment.data(partial(pipeline, seed=seed, sharding=split(mesh), part=part))
    key = jax.random.key(seed)
    return Setup(mesh, data, place(experiment.game(), data, mesh=mesh, key=key), key)


def play(run: Run, experiment: Experiment, setup: Setup, *, until: int | None = None) -> None:
    """Play a run from where it stands."""
    schedule, placed = experiment.schedule, setup.placed
    end = schedule.steps if until is None else until
    notes: list[str] = []
    with _interruptions() as interrupted, Checkpoints(run, keep=schedule.keep) as checkpoints:
        shapes = jax.eval_shape(placed.init)
        restored = checkpoints.restore(shapes, replicated(setup.mesh), say=notes.append)
        step, state = restored or (0, placed.init())
        checkpoints.discard_after(step)
        with Record(run, experiment, placed, setup.key, step, end) as record:
            for note in [*notes, _beginning(run, step, end, setup)]:
                record.say(note)
            if step == 0:
                record.digest(0, state)
                record.sample(0, state)
            while step < end:
                stop = min(_next_stop(schedule, step), end, step + placed.stride)
                state, report = placed.advance(state, step, stop)
                step = stop
                stopping = _any_process(interrupted)
                due = step % schedule.checkpoint_every == 0 or step == end or stopping
                report = jax.device_get(report)
                _check_finite(report, state, due=due, checkpoints=checkpoints)
                record.show(step, report.info, line=step % schedule.log_every == 0)
                if step % schedule.sample_every == 0 or step == end:
                    record.sample(step, state)
                if due:
                    record.digest(step, state)
                    checkpoints.save(step, state)
                if stopping and step < end:
                    checkpoints.wait()
                    raise Interrupted(f"stopped after step {step} of {end}; its state is saved")
            checkpoints.wait()
            record.finish()


def _manifest(
    experiment: Experiment, *, name: str, seed: int, devices: int, shapes: Any, data: str
) -> dict[str, Any]:
    return {
        "experiment": name,
        "configuration": to_plain(experiment),
        "seed": seed,
        "devices": devices,
        "batch": {
            array: {"shape": list(leaf.shape), "dtype": leaf.dtype.name}
            for array, leaf in shapes.items()
        },
        "data": data,
        "environment": environment(),
    }


def _beginning(run: Run, step: int, end: int, setup: Setup) -> str:
    device = setup.mesh.devices.flat[0]
    where = f"{setup.mesh.size} x {device.device_kind}" if setup.mesh.size > 1 else device.platform
    if step >= end:
        return f"{run.directory} is complete: {step} steps"
    begun = f"goes on after step {step}" if step else "begins"
    return f"{run.directory} {begun}, to step {end}, on {where}; the first step compiles"


def _next_stop(schedule: Schedule, step: int) -> int:
    """The next step at which something is written."""
    intervals = schedule.log_every, schedule.sample_every, schedule.checkpoint_every
    return min((step // every + 1) * every for every in intervals)


def _check_finite(report: Report, state: Any, *, due: bool, checkpoints: Checkpoints) -> None:
    """Stop where a term is not finite, or, when a checkpoint is due, a weight."""
    if report.failed >= 0:
        bad = {name: value for name, value in report.info.items() if not np.isfinite(value)}
        names = ", ".join(f"{name} = {value}" for name, value in bad.items())
        what = f"step {report.failed + 1} is not finite: {names}"
    elif due and not is_finite(state):
        what = "a weight is not finite"
    else:
        return
    newest = checkpoints.newest()
    kept = "no checkpoint was due yet" if newest is None else f"that of step {newest} is kept"
    raise NotFinite(f"{what}; {kept}")


def _any_process(flag: list[int]) -> bool:
    """Whether a signal came to this process, or to any: all of them must stop at one step."""
    if jax.process_count() == 1:
        return bool(flag)
    from jax.experimental.multihost_utils import process_allgather

    return bool(np.any(process_allgather(np.asarray(bool(flag)))))


@contextlib.contextmanager
def _interruptions() -> Iterator[list[int]]:
    """A list that SIGTERM and SIGINT are noted in, instead of what they do otherwise.

    A second signal does what it does otherwise.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before: dict[int, Any] = {
        number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)
    }

    def note(number: int, _: Any) -> None:
        noted.append(number)
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
