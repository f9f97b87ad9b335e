"""Several new runs of one experiment, each of its own seed, that are played together."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self

import jax
import numpy as np

from jaxgan.data import Data, StrPath, pipeline, to_path
from jaxgan.training.checkpoints import Checkpoints
from jaxgan.training.configuration import (
    experiment_name,
    resolved,
    validated,
    with_absolute_paths,
)
from jaxgan.training.errors import Interrupted, NotFinite, RunError
from jaxgan.training.experiment import Experiment
from jaxgan.training.lock import Lock
from jaxgan.training.loggers import Logger
from jaxgan.training.loop import Kept, next_stop
from jaxgan.training.manifest import MAX_SEED
from jaxgan.training.pictures import Picture
from jaxgan.training.placement import Report, make_mesh, parts_of, split
from jaxgan.training.placing_together import Together, groups_of, place_together, spread
from jaxgan.training.progress import progress
from jaxgan.training.record import Record
from jaxgan.training.run import Run
from jaxgan.training.signals import counted_signals
from jaxgan.training.start import manifest_for
from jaxgan.training.watching import Watch


def train_together(
    experiment: Experiment,
    directory: StrPath,
    seeds: Sequence[int],
    *,
    name: str | None = None,
    devices: int | None = None,
    until: int | None = None,
    loggers: Sequence[Sequence[Logger]] | None = None,
    watch: Watch | None = None,
) -> list[Run]:
    """Play several new runs to their end, as one program.

    Each is the run that `train` makes of its seed, to rounding, and is written as such a run is: it
    can be resumed, sampled and evaluated alone. Where the seeds can be dealt out to the devices
    evenly, they are, and each run is played on its share of them; or else all devices share each
    batch of every run.

    Args:
        experiment: what is played.
        directory: the runs are written to its folders `seed-SEED`; none of them may be there yet.
        seeds: of the runs, one or more, each 0 or more.
        name: the experiment's, for the manifests; that of its file or class where None.
        devices: how many; all where None.
        until: the step to stop at; the end of the experiment's schedule where None.
        loggers: of each run, in the order of their seeds, as for `train`; none where None.
        watch: measures the generator of each where the schedule has an evaluation.

    Returns:
        The runs, done, in the order of their seeds.

    Raises:
        RunError: where a directory is taken, or a run cannot go on: then all of them stop.
        NotFinite: where one run is not finite: the others are saved.
        ValueError: where the seeds, or a value of the experiment, will not do.
        Interrupted: where SIGTERM, SIGINT or SIGHUP stopped the runs; their states are saved.
    """
    _check_seeds(seeds)
    if jax.process_count() > 1:
        raise RunError(
            "runs are played together in one process: train each by itself, where there are several"
        )
    seeds = list(seeds)
    folder = to_path(directory)
    experiment = with_absolute_paths(validated(experiment))
    mesh = make_mesh(devices)
    groups = groups_of(seeds, mesh.size)
    share = mesh.size // len(groups)  # devices of a run
    experiment, notes = resolved(experiment, share)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_folder(folder))
        places = [folder / f"seed-{seed}" for seed in seeds]
        locks = [stack.enter_context(Run.claim(place)) for place in places]
        game, together, data = experiment.game(), [], None
        for part, group in zip(parts_of(mesh, len(groups)), groups, strict=True):
            data = experiment.data(partial(pipeline, seed=group[0], sharding=split(part)))
            together.append(place_together(game, data, mesh=part, seeds=group))
        assert data is not None, "there is no seed"
        manifest = manifest_for(
            experiment,
            name=experiment_name(type(experiment)) if name is None else name,
            seed=0,
            devices=share,
            shapes=data.shapes,
            data=data.fingerprint,
            classes=data.classes,
        )
        runs = [
            Run.create(place, manifest | {"seed": seed, "parent": None, "together": seeds})
            for place, seed in zip(places, seeds, strict=True)
        ]
        device = mesh.devices.flat[0]
        where = device.platform if mesh.size == 1 else f"{mesh.size} x {device.device_kind}"
        notes += [*data.notes, _first_words(folder, seeds, where)]
        end = experiment.schedule.steps if until is None else until
        logged = loggers or [()] * len(runs)
        _play(runs, locks, logged, experiment, spread(together), data, end, notes, watch)
    return runs


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise ValueError("there are no seeds: give one for each run, as in 0 1 2 3")
    for seed in seeds:
        if not 0 <= seed <= MAX_SEED:
            raise ValueError(f"the seed must be in 0 to {MAX_SEED}, not {seed}")
        if list(seeds).count(seed) > 1:
            raise ValueError(f"the seed {seed} is given twice: each run needs one of its own")


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """The folder of several runs; where it is new and nothing came into it, it goes again."""
    was_there = folder.exists()
    try:
        yield
    finally:
        if not was_there:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _first_words(folder: Path, seeds: Sequence[int], where: str) -> str:
    listed = ", ".join(map(str, seeds))
    return (
        f"{folder} begins: {len(seeds)} runs, of seeds {listed}, each in its folder seed-SEED, "
        f"on {where}; the first step compiles"
    )


def _play(
    runs: Sequence[Run],
    locks: Sequence[Lock],
    loggers: Sequence[Sequence[Logger]],
    experiment: Experiment,
    placed: Together,
    data: Data,
    end: int,
    notes: Sequence[str],
    watch: Watch | None,
) -> None:
    """The loop of `jaxgan.training.loop`, of several runs that begin."""
    schedule = experiment.schedule
    with counted_signals() as signals, signals.playing(), contextlib.ExitStack() as stack:
        states, step = placed.init(), 0
        shared = stack.enter_context(_Shared(end, len(runs)))
        for note in notes:
            shared.progress.say(note)
        kept = []
        for run, lock, its, own in zip(runs, locks, loggers, placed.placed, strict=True):
            checkpoints = stack.enter_context(
                Checkpoints(run, keep=schedule.keep, keep_every=schedule.keep_every)
            )
            record = Record(
                *(run, experiment, own, jax.random.key(run.manifest["seed"]), 0, end),
                batch_size=data.batch_size,
                shown=_One(shared, f"seed {run.manifest['seed']}"),
                loggers=its,
                watch=watch,
            )
            stack.enter_context(record)
            kept.append(Kept(run, schedule, end, record, checkpoints, lock))
        for one, state in zip(kept, placed.each(states), strict=True):
            one.begin(step, state)
        while step < end:
            stop = min(next_stop(schedule, step), end, step + placed.stride)
            states, reports = placed.advance(states, step, stop)
            step = stop
            stopping = signals.asked
            reports = placed.each(jax.device_get(reports))
            failed = any(report.failed >= 0 for report in reports)
            due = stopping or failed or kept[0].is_due(step)
            wanted = due or step % schedule.sample_every == 0 or kept[0].measures(step)
            each = placed.each(states) if wanted else [None] * len(runs)
            failures = [
                one.failure(report, state, due=due)
                for one, report, state in zip(kept, reports, each, strict=True)
            ]
            shared.show(step, reports, line=step % schedule.log_every == 0)
            due |= any(failures)
            for one, report, state, failure in zip(kept, reports, each, failures, strict=True):
                if failure is None:
                    one.keep(step, state, report.info, due=due)
            if any(failures) or (stopping and step < end):
                for one in kept:
                    one.checkpoints.wait()
                raise _stopped(runs, failures, step, end)
        for one in kept:
            one.finish()


def _stopped(
    runs: Sequence[Run], failures: Sequence[str | None], step: int, end: int
) -> Interrupted | NotFinite:
    """What ended the runs before their end."""
    told = [
        f"the run of seed {run.manifest['seed']}: {failure}"
        for run, failure in zip(runs, failures, strict=True)
        if failure is not None
    ]
    if not told:
        return Interrupted(
            f"stopped after step {step} of {end}; the states of all {len(runs)} runs are saved, "
            "and each goes on alone"
        )
    others = len(runs) - len(told)
    saved = f". The others stopped after step {step}, are saved, and go on alone" if others else ""
    return NotFinite("; ".join(told) + saved)


class _Shared:
    """The one display of several runs: it shows the mean of their terms."""

    def __init__(self, end: int, runs: int) -> None:
        self.progress = progress(0, end, runs=runs)
        self.rate = 0.0

    def __enter__(self) -> Self:
        self.progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.__exit__(*error)

    def show(self, step: int, reports: Sequence[Report], *, line: bool) -> None:
        """Show the mean of a round's terms."""
        infos = [report.info for report in reports]
        mean = {name: float(np.mean([info[name] for info in infos])) for name in infos[0]}
        self.rate = self.progress.show(step, mean, line=line)


class _One:
    """What one of several runs tells a person, through the display of all."""

    def __init__(self, shared: _Shared, name: str) -> None:
        self._shared, self._name = shared, name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def say(self, text: str) -> None:
        """A sentence of its own line, which says whose it is."""
        self._shared.progress.say(f"{self._name}: {text}")

    def show(self, step: int, terms: dict[str, float], *, line: bool) -> float:
        """Shows nothing; the rate is that of all."""
        del step, terms, line
        return self._shared.rate

    def sample(self, sheet: Picture) -> None:
        """Shows the newest pictures, one run's after the other's."""
        self._shared.progress.sample(sheet)
