"""How runs begin, go on and are loaded."""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax

from jaxgan.data import StrPath, pipeline, to_path
from jaxgan.training.checkpoints import Checkpoints
from jaxgan.training.configuration import (
    experiment_name,
    from_plain,
    resolved,
    to_plain,
    validated,
    with_absolute_paths,
)
from jaxgan.training.digests import digest
from jaxgan.training.environment import environment
from jaxgan.training.errors import RunError
from jaxgan.training.experiment import Experiment, Transfers
from jaxgan.training.loading import load
from jaxgan.training.lock import Lock
from jaxgan.training.loggers import Logger
from jaxgan.training.loop import Beginning, Setup, play
from jaxgan.training.manifest import MAX_SEED
from jaxgan.training.parent import (
    Parent,
    parent_of,
    parts_taken,
    state_digest,
    transferred,
    what_is_taken,
    with_parts,
)
from jaxgan.training.placement import make_mesh, place, split
from jaxgan.training.run import Run
from jaxgan.training.watching import Watch


def train(
    experiment: Experiment,
    directory: StrPath,
    *,
    name: str | None = None,
    seed: int | None = None,
    devices: int | None = None,
    until: int | None = None,
    parent: Parent | None = None,
    loggers: Sequence[Logger] = (),
    watch: Watch | None = None,
) -> Run:
    """Play a new run to its end.

    Args:
        experiment: what is played.
        directory: where the run is written; nothing may be there yet.
        name: the experiment's, for the manifest; that of its file or class where None.
        seed: of the run's one key, 0 or more; where None, the parent's, or 0.
        devices: how many; all where None.
        until: the step to stop at; the end of the experiment's schedule where None.
        parent: the run goes on from the state of another, at the step after it: with more steps,
            other rates, other data. What of its state does not fit begins anew; of an experiment
            that is a `Transfers`, networks fit layer by layer.
        loggers: that nothing else uses; TensorBoard's events are written without one.
        watch: measures the generator where the schedule has an evaluation.

    Returns:
        The run, done.

    Raises:
        RunError: where the directory is taken, or the run cannot go on.
        ValueError: where a value of the experiment will not do.
        Interrupted: where SIGTERM, SIGINT or SIGHUP stopped the run; its state is saved.
    """
    if seed is None:
        seed = 0 if parent is None else parent.run.manifest["seed"]
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"the seed must be in 0 to {MAX_SEED}, not {seed}")
    directory = to_path(directory)
    experiment = with_absolute_paths(validated(experiment))
    experiment, notes = resolved(experiment, make_mesh(devices).size)
    if parent is not None:
        experiment, more = transferred(experiment, parent)
        notes += more
    first = jax.process_index() == 0
    with Run.claim(directory) if first else contextlib.nullcontext() as lock:
        setup = set_up(experiment, seed=seed, devices=devices)
        record, beginning = None, Beginning(0, setup.placed.init)
        if parent is not None:
            record, beginning = _inherited(experiment, setup, parent)
        manifest = manifest_for(
            experiment,
            name=experiment_name(type(experiment)) if name is None else name,
            seed=seed,
            devices=setup.mesh.size,
            shapes=setup.data.shapes,
            data=setup.data.fingerprint,
            classes=setup.data.classes,
        )
        if parent is not None and "licence" in parent.run.manifest:
            manifest["licence"] = parent.run.manifest["licence"]
        run = Run.create(directory, manifest | {"parent": record}, write=first)
        beginning = beginning._replace(notes=(*notes, *beginning.notes))
        play(run, experiment, setup, beginning, lock, until=until, loggers=loggers, watch=watch)
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
    classes: Sequence[str] = (),
    licence: str | None = None,
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
        classes: names of the labels that images are made to.
        licence: of the state's networks, for the manifest, where it is known.

    Raises:
        RunError: where the directory is taken, or the state cannot be written.
    """
    experiment = with_absolute_paths(experiment)
    manifest = manifest_for(
        experiment, name=name, seed=seed, devices=1, shapes=shapes, data=data, classes=classes
    )
    manifest |= {} if licence is None else {"licence": licence}
    with Run.claim(directory):
        run = Run.create(directory, manifest)
        add_first_state(run, 0, state, keep=experiment.schedule.keep)
    return run


def resume(
    run: Run,
    experiment: Experiment,
    *,
    devices: int | None = None,
    loggers: Sequence[Logger] = (),
    watch: Watch | None = None,
) -> None:
    """Play a run on from its newest checkpoint to its end.

    Args:
        run: what `Run.open` gives.
        experiment: of the run's own configuration; its data may lie elsewhere.
        devices: how many; as many as the run began with, or as there are and can share a batch,
            where None.
        loggers: as for `train`; those that the run had go on with what they have of it.
        watch: as for `train`.

    Raises:
        RunError: where the data has changed, another process trains the run, or it cannot go on.
        Interrupted: where SIGTERM, SIGINT or SIGHUP stopped the run; its state is saved.
    """
    first = jax.process_index() == 0
    with Lock(run.directory) if first else contextlib.nullcontext() as lock:
        setup = set_up(experiment, seed=run.manifest["seed"], devices=devices or devices_of(run))
        if not setup.data.agrees(run.manifest["data"]):
            raise RunError(
                f"the data are {setup.data.fingerprint}, and the run began on "
                f"{run.manifest['data']}: put the data of the run back, or train a new run that "
                "begins with the state of this one (train --from)"
            )
        beginning = Beginning(0, setup.placed.init)
        record = run.manifest.get("parent")
        if record is not None:  # asked for where the run has no checkpoint of its own yet
            beginning = Beginning(
                record["step"], lambda: _state_of_parent(run, experiment, setup), inherited=True
            )
        play(run, experiment, setup, beginning, lock, loggers=loggers, watch=watch)


def devices_of(run: Run) -> int:
    """How many devices a run goes on with: as it began, or as many as there are and share a batch.

    The numbers are the same to rounding, the bits only with as many devices as it began with.
    """
    sizes = {leaf["shape"][0] for leaf in run.manifest["batch"].values() if leaf["shape"]}
    most = min(run.manifest["devices"], jax.device_count())
    return next(count for count in range(most, 0, -1) if all(size % count == 0 for size in sizes))


def set_up(experiment: Experiment, *, seed: int, devices: int | None) -> Setup:
    """Open the data and compile the game for so many devices."""
    mesh = make_mesh(devices)
    part = jax.process_index(), jax.process_count()
    data = experiment.data(partial(pipeline, seed=seed, sharding=split(mesh), part=part))
    key = jax.random.key(seed)
    return Setup(mesh, data, place(experiment.game(), data, mesh=mesh, key=key), key)


def add_first_state(run: Run, step: int, state: Any, *, keep: int) -> None:
    """A run's first checkpoint, and its digest."""
    leaves = digest(state)
    run.add_digest({"step": step, "leaves": leaves})
    with Checkpoints(run, keep=keep) as checkpoints:
        checkpoints.save(step, state, leaves)
        checkpoints.wait()


def _inherited(
    experiment: Experiment, setup: Setup, parent: Parent
) -> tuple[dict[str, Any], Beginning]:
    """What the manifest says of the parent, and how the run begins with its state."""
    its_own = from_plain(type(experiment), parent.run.manifest["configuration"])
    step, before = load(parent.run, its_own, step=parent.step)
    if step >= experiment.schedule.steps:
        raise ValueError(
            f"the state of {parent.run.directory} is of step {step}, and the run would end at step "
            f"{experiment.schedule.steps}: give more steps"
        )
    shapes = jax.eval_shape(setup.placed.init)
    by_layer = isinstance(experiment, Transfers)
    taken = parts_taken(parent.run, before, shapes, by_layer=by_layer)
    record = {
        "directory": str(parent.run.directory.absolute()),
        "step": step,
        "digest": state_digest(before),
        "taken": taken,
    }
    note = f"of the state of {parent.run.directory} at step {step}, {what_is_taken(taken, shapes)}"

    def begin() -> Any:
        return with_parts(setup.placed.init(), before, taken)

    return record, Beginning(step, begin, inherited=True, notes=(note,))


def _state_of_parent(run: Run, experiment: Experiment, setup: Setup) -> Any:
    """The state that a run began with, from its parent once more."""
    parent = parent_of(run)
    assert parent is not None
    record, beginning = _inherited(experiment, setup, parent)
    if record["digest"] != run.manifest["parent"]["digest"]:
        raise RunError(
            f"{run.directory} began with the state of {parent.run.directory} at step "
            f"{parent.step}, which is another one now: train a new run from it"
        )
    return beginning.state()


def manifest_for(
    experiment: Experiment,
    *,
    name: str,
    seed: int,
    devices: int,
    shapes: Any,
    data: str,
    classes: Sequence[str] = (),
) -> dict[str, Any]:
    """The manifest of a new run, but for its format and digest."""
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
        "classes": list(classes),
        "environment": environment(),
    }
