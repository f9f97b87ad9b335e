"""What each verb does. A verb gives its exit code, and raises what a person has to mend."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.cli.runs import (
    batch_size_of,
    new_directory,
    open_run,
    refuse_exported,
    refuse_imported,
    with_way_on,
)
from jaxgan.games import stream
from jaxgan.training import (
    Evaluates,
    Experiment,
    Generate,
    Interrupted,
    Moved,
    NotFinite,
    Parent,
    Run,
    compile_play,
    differences,
    generate_chunks,
    load,
    reproduce,
    resume,
    train,
    train_together,
    write_whole,
)


def train_run(
    experiment: Experiment,
    name: str,
    *,
    directory: Path | None,
    seed: int | None,
    devices: int | None,
    parent: Parent | None = None,
) -> int:
    """Train from the beginning, or from another run's state."""
    with new_directory(directory, Path("runs"), name) as directory:
        try:
            train(experiment, directory, name=name, seed=seed, devices=devices, parent=parent)
        except (Interrupted, NotFinite) as stop:
            raise with_way_on(stop, directory) from None
    return 0


def train_seeds(
    experiment: Experiment,
    name: str,
    seeds: Sequence[int],
    *,
    directory: Path | None,
    devices: int | None,
) -> int:
    """Train a run of each seed, all together, in folders of one directory."""
    with new_directory(directory, Path("runs"), name) as directory:
        try:
            train_together(experiment, directory, seeds, name=name, devices=devices)
        except (Interrupted, NotFinite) as stop:
            raise with_way_on(stop, directory / "seed-SEED") from None
    return 0


def resume_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    moved: Moved,
    steps: int | None,
    devices: int | None,
) -> int:
    """Go on with a run, or, to a later step than its last, with a new one beside it."""
    run, experiment = open_run(directory, kind, name, moved)
    refuse_exported(run)
    if steps is not None:
        schedule = dataclasses.replace(experiment.schedule, steps=steps)
        longer: Any = dataclasses.replace(experiment, schedule=schedule)  # type: ignore[type-var]
        with new_directory(None, run.directory.resolve().parent, name) as directory:
            return train_run(
                *(longer, name), directory=directory, seed=None, devices=devices, parent=Parent(run)
            )
    refuse_imported(run)
    try:
        resume(run, experiment, devices=devices)
    except (Interrupted, NotFinite) as stop:
        raise with_way_on(stop, directory) from None
    return 0


def evaluate_run(
    directory: Path,
    kind: type[Evaluates],
    name: str,
    *,
    moved: Moved,
    step: int | None,
    seed: int,
) -> int:
    """Say in figures how good a run's checkpoint is."""
    run, experiment = open_run(directory, kind, name, moved)
    step, state = load(run, experiment, step=step)
    generate = generator_of(run, experiment, state)
    evaluated = experiment.evaluate(generate, stream(jax.random.key(seed), "evaluate"))
    figures = {figure: float(value) for figure, value in evaluated.items()}
    report = {"step": step, "seed": seed, "figures": figures}
    write_whole(run.directory / "evaluation.json", json.dumps(report, indent=2) + "\n")
    for figure, value in figures.items():
        print(f"{figure}: {value:.4g}")
    print(f"of step {step}; they are in {run.directory / 'evaluation.json'}")
    return 0


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


def generator_of(run: Run, experiment: Experiment, state: Any) -> Generate:
    """What the trained generator makes of any count of inputs, a training batch at a time."""
    jitted, size = compile_play(jax.jit, experiment.game().generate), batch_size_of(run)

    def generate(key: jax.Array, inputs: Mapping[str, jax.Array | np.ndarray]) -> Any:
        chunks = generate_chunks(jitted, key, state, inputs, size=size)
        return jax.tree.map(lambda *parts: np.concatenate(parts), *chunks)

    return generate


def _surroundings(run: Run) -> dict[str, Any]:
    return run.manifest["environment"] | {name: run.manifest[name] for name in ("devices", "data")}
