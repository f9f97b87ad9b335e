"""What each verb does. A verb gives its exit code, and raises what a person has to mend."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from jaxgan.cli.command import way_on
from jaxgan.cli.comparing import PLAIN
from jaxgan.cli.evaluate import evaluate_run
from jaxgan.cli.loggers import loggers_of
from jaxgan.cli.report import report_trained
from jaxgan.cli.runs import (
    new_directory,
    open_run,
    refuse_exported,
    refuse_imported,
    with_way_on,
)
from jaxgan.cli.watching import watch_of
from jaxgan.training import (
    Experiment,
    Interrupted,
    Logger,
    Moved,
    NotFinite,
    Parent,
    Run,
    RunError,
    differences,
    reproduce,
    resume,
    train,
    train_together,
)


def train_run(
    experiment: Experiment,
    name: str,
    *,
    directory: Path | None,
    seed: int | None,
    devices: int | None,
    parent: Parent | None = None,
    loggers: Sequence[Logger] = (),
) -> int:
    """Train from the beginning, or from another run's state."""
    with new_directory(directory, Path("runs"), name) as directory:
        try:
            train(
                *(experiment, directory),
                name=name,
                seed=seed,
                devices=devices,
                parent=parent,
                loggers=loggers,
                watch=watch_of(experiment),
            )
        except (Interrupted, NotFinite) as stop:
            raise with_way_on(stop, directory) from None
        finish_runs([directory], type(experiment), name)
    return 0


def train_seeds(
    experiment: Experiment,
    name: str,
    seeds: Sequence[int],
    *,
    directory: Path | None,
    devices: int | None,
    loggers: Sequence[Sequence[Logger]],
) -> int:
    """Train a run of each seed, all together, in folders of one directory."""
    with new_directory(directory, Path("runs"), name) as directory:
        try:
            runs = train_together(
                *(experiment, directory, seeds),
                name=name,
                devices=devices,
                loggers=loggers,
                watch=watch_of(experiment),
            )
        except (Interrupted, NotFinite) as stop:
            raise with_way_on(stop, directory / "seed-SEED") from None
        finish_runs([run.directory for run in runs], type(experiment), name)
    return 0


def resume_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    moved: Moved,
    steps: int | None,
    devices: int | None,
    log: Sequence[str] = (),
) -> int:
    """Go on with a run, or, to a later step than its last, with a new one beside it."""
    run, experiment = open_run(directory, kind, name, moved)
    refuse_exported(run)
    loggers = loggers_of(run, log)
    if steps is not None:
        schedule = dataclasses.replace(experiment.schedule, steps=steps)
        longer: Any = dataclasses.replace(experiment, schedule=schedule)  # type: ignore[type-var]
        with new_directory(None, run.directory.resolve().parent, name) as directory:
            return train_run(
                *(longer, name),
                directory=directory,
                seed=None,
                devices=devices,
                parent=Parent(run),
                loggers=loggers,
            )
    refuse_imported(run)
    try:
        resume(run, experiment, devices=devices, loggers=loggers, watch=watch_of(experiment))
    except (Interrupted, NotFinite) as stop:
        raise with_way_on(stop, directory) from None
    finish_runs([directory], kind, name)
    return 0


def finish_runs(directories: Sequence[Path], kind: type[Experiment], name: str) -> None:
    """What every training ends with: the evaluation that was asked for, and the report."""
    if jax.process_index():
        return
    try:
        _finish(directories, kind, name)
    except KeyboardInterrupt:
        ways = [way_on("resume", directory) for directory in directories]
        if len(directories) > 1:
            ways.append(way_on("report", *directories))
        raise Interrupted(
            f"stopped after training, of which all is saved; go on with: {'; '.join(ways)}"
        ) from None


def _finish(directories: Sequence[Path], kind: type[Experiment], name: str) -> None:
    for directory in directories:
        run, experiment = open_run(directory, kind, name)
        if experiment.schedule.evaluate_every is not None:
            try:
                for best in [False, True] if run.best.is_dir() else [False]:
                    evaluate_run(run, experiment, PLAIN, best=best)
            except (RunError, ValueError, OSError) as error:  # training has ended well
                print(f"{directory} could not be evaluated: {error}")
        report_trained(directory)
    if len(directories) > 1:
        report_trained(*directories)


def reproduce_run(
    directory: Path, kind: type[Experiment], name: str, *, moved: Moved, output: Path | None
) -> int:
    """Repeat a run and compare; 0 where the two are identical, 1 where not."""
    run, experiment = open_run(directory, kind, name, moved)
    refuse_exported(run)
    refuse_imported(run)
    # Of `.` and `..` the name is in the whole path alone.
    output = output or Path(f"{os.path.abspath(directory)}-reproduced")
    others = [seed for seed in run.manifest.get("together", []) if seed != run.manifest["seed"]]
    if others:
        print(
            f"{directory} was played together with the runs of seeds "
            f"{', '.join(map(str, others))} and is repeated alone: the two are the same to "
            "rounding, which grows with the steps"
        )
    repeated, comparison = reproduce(run, experiment, output)
    if comparison.difference is None:
        print(
            f"identical: {comparison.checkpoints} states and {comparison.metrics} lines of metrics"
        )
        return 0
    print(f"different, first at {comparison.difference}")
    if others and comparison.apart:
        for step in sorted({min(comparison.apart), max(comparison.apart)}):
            print(
                f"at step {step}, terms differ by up to {comparison.apart[step]:.1g} of their size"
            )
    changes = [
        line
        for line in differences(_surroundings(run), _surroundings(repeated))
        if not line.startswith("command")
    ]
    print("what else differs:" if changes else "nothing differs in the environment")
    for line in changes:
        print(f"  {line}")
    return 1


def _surroundings(run: Run) -> dict[str, Any]:
    return run.manifest["environment"] | {name: run.manifest[name] for name in ("devices", "data")}
