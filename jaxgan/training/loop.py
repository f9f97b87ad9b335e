"""The loop: rounds are played, and what is worth keeping is kept."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jaxgan.data import Data
from jaxgan.games.game import Info
from jaxgan.training.checkpoints import Checkpoints
from jaxgan.training.digests import digest, is_finite
from jaxgan.training.errors import Interrupted, NotFinite
from jaxgan.training.experiment import Experiment, Schedule
from jaxgan.training.lock import Lock
from jaxgan.training.loggers import Logger
from jaxgan.training.placement import Placed, Report, replicated
from jaxgan.training.record import Record
from jaxgan.training.run import Run
from jaxgan.training.signals import counted_signals
from jaxgan.training.watching import Watch


class Setup(NamedTuple):
    """A game on its devices, with its data and the run's key."""

    mesh: Mesh
    data: Data
    placed: Placed
    key: jax.Array


class Beginning(NamedTuple):
    """The state that a run begins with, where it has no checkpoint yet.

    Attributes:
        step: how many rounds it has seen.
        state: makes it.
        inherited: whether it is another run's.
        notes: sentences about it.
    """

    step: int
    state: Callable[[], Any]
    inherited: bool = False
    notes: tuple[str, ...] = ()


class Kept(NamedTuple):
    """What is kept of a run while it is played.

    Attributes:
        run: in its directory.
        schedule: when what is due.
        end: the step to stop at.
        record: of what is written for people.
        checkpoints: of its states.
        lock: on the directory; None in the processes that are not the first.
    """

    run: Run
    schedule: Schedule
    end: int
    record: Record
    checkpoints: Checkpoints
    lock: Lock | None

    def begin(self, step: int, state: Any) -> dict[str, str]:
        """Write down what a run begins with; gives the digest."""
        leaves = self.record.digest(step, state)
        self.record.sample(step, state)
        return leaves

    def is_due(self, step: int) -> bool:
        """Whether a checkpoint is due after so many steps."""
        return step % self.schedule.checkpoint_every == 0 or step == self.end

    def measures(self, step: int) -> bool:
        """Whether an evaluation is due after so many steps."""
        every = self.schedule.evaluate_every
        return every is not None and (step % every == 0 or step == self.end)

    def failure(self, report: Report, state: Any, *, due: bool) -> str | None:
        """A sentence where a term is not finite, or, when a checkpoint is due, a weight."""
        if report.failed >= 0:
            bad = {name: value for name, value in report.info.items() if not np.isfinite(value)}
            names = ", ".join(f"{name} = {value}" for name, value in bad.items())
            what = f"step {report.failed + 1} is not finite: {names}"
        elif due and not is_finite(state):
            what = "a weight is not finite"
        else:
            return None
        newest = self.checkpoints.newest()
        if newest is None:
            return (
                f"{what}; no checkpoint was due yet; train with a lower learning rate or a penalty"
            )
        return (
            f"{what}; that of step {newest} is kept in {self.run.checkpoints / str(newest)}; "
            "resumed, the run ends here again, so begin a new one with its state, at a lower "
            "learning rate or with a stronger penalty"
        )

    def keep(self, step: int, state: Any, info: Info, *, due: bool) -> None:
        """Write down what is due after a step: metrics, samples, and the state where `due`."""
        line = step % self.schedule.log_every == 0
        if self.lock is not None and (due or line):
            self.lock.check()
        self.record.show(step, info, line=line)
        if step % self.schedule.sample_every == 0 or step == self.end:
            self.record.sample(step, state)
        # Before the checkpoint: a run that is killed meanwhile goes on before the evaluation.
        if self.measures(step) and self.record.evaluate(step, state):
            self._keep_best(step, state)
        if due:
            self.checkpoints.save(step, state, self.record.digest(step, state))

    def _keep_best(self, step: int, state: Any) -> None:
        """Keep a state as the best, and beside it the one that was the best at the last checkpoint.

        A run that is killed goes on from there, and need not find the later one again.
        """
        newest = self.checkpoints.newest() or 0  # waits, for Orbax saves one at a time
        with Checkpoints(self.run, keep=3, best=True) as best:
            earlier = [other for other in best.steps() if other <= newest]
            best.save(step, state, digest(state))
            best.keep_only([*earlier[-1:], step])

    def finish(self) -> None:
        """Wait for what is being saved, and say where all is."""
        self.checkpoints.wait()
        if self.run.best.is_dir():
            with Checkpoints(self.run, best=True) as best:
                best.keep_only(best.steps()[-1:])
        self.record.finish()


def play(
    run: Run,
    experiment: Experiment,
    setup: Setup,
    beginning: Beginning,
    lock: Lock | None,
    *,
    until: int | None = None,
    loggers: Sequence[Logger] = (),
    watch: Watch | None = None,
) -> None:
    """Play a run from where it stands.

    Args:
        run: in its directory.
        experiment: of the run's configuration.
        setup: of `set_up`.
        beginning: where it begins, if it has not.
        lock: on the directory; None in the processes that are not the first.
        until: the step to stop at; the end of the schedule where None.
        loggers: beside TensorBoard's events.
        watch: measures the generator where the schedule has an evaluation.
    """
    schedule, placed = experiment.schedule, setup.placed
    end = schedule.steps if until is None else until
    notes = [*setup.data.notes, *beginning.notes]
    with (
        counted_signals() as signals,
        signals.playing(),
        Checkpoints(run, keep=schedule.keep, keep_every=schedule.keep_every) as checkpoints,
    ):
        shapes = jax.eval_shape(placed.init)
        restored = checkpoints.restore(shapes, replicated(setup.mesh), say=notes.append)
        step, state = restored or (beginning.step, beginning.state())
        notes += checkpoints.set_aside_after(step)
        best_step = None
        if run.best.is_dir():  # a better state comes again, and has to find room
            with Checkpoints(run, keep=1, best=True) as best:
                notes += best.set_aside_after(step)
                best_step = best.newest()
        batch_size = setup.data.batch_size
        with Record(
            *(run, experiment, placed, setup.key, step, end),
            batch_size=batch_size,
            loggers=loggers,
            watch=watch,
            best=best_step,
        ) as record:
            for note in [*notes, _first_words(run, restored is None, step, end, setup)]:
                record.say(note)
            kept = Kept(run, schedule, end, record, checkpoints, lock)
            if restored is None:
                leaves = kept.begin(step, state)
                if beginning.inherited:  # from here on the other run is not needed any more
                    checkpoints.save(step, state, leaves)
            while step < end:
                stop = min(next_stop(schedule, step), end, step + placed.stride)
                state, report = placed.advance(state, step, stop)
                step = stop
                stopping = _any_process(signals.asked)
                due = stopping or kept.is_due(step)
                report = jax.device_get(report)
                failure = kept.failure(report, state, due=due)
                if failure is not None:
                    raise NotFinite(failure)
                kept.keep(step, state, report.info, due=due)
                if stopping and step < end:
                    checkpoints.wait()
                    raise Interrupted(f"stopped after step {step} of {end}; its state is saved")
            kept.finish()


def _first_words(run: Run, begins: bool, step: int, end: int, setup: Setup) -> str:
    device = setup.mesh.devices.flat[0]
    where = f"{setup.mesh.size} x {device.device_kind}" if setup.mesh.size > 1 else device.platform
    if step >= end:
        return f"{run.directory} is complete: {step} steps"
    begun = "begins" if begins else "goes on"
    after = f" after step {step}" if step else ""
    return f"{run.directory} {begun}{after}, to step {end}, on {where}; the first step compiles"


def next_stop(schedule: Schedule, step: int) -> int:
    """The next step at which something is written."""
    intervals = [schedule.log_every, schedule.sample_every, schedule.checkpoint_every]
    if schedule.evaluate_every is not None:
        intervals.append(schedule.evaluate_every)
    return min((step // every + 1) * every for every in intervals)


def _any_process(asked: bool) -> bool:
    """Whether a signal came to this process, or to any: all of them must stop at one step."""
    if jax.process_count() == 1:
        return asked
    from jax.experimental.multihost_utils import process_allgather

    return bool(np.any(process_allgather(np.asarray(asked))))
