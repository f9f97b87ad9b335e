"""What each verb does. A verb gives its exit code, and raises what a person has to mend."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.games import stream
from jaxgan.training import (
    Experiment,
    Interrupted,
    Run,
    RunError,
    differences,
    from_plain,
    grid,
    load,
    picture,
    reproduce,
    resume,
    save_picture,
    train,
)

_CHUNK = 256
"""How many pictures are made at once."""


def train_run(
    experiment: Experiment, name: str, *, directory: Path | None, seed: int, devices: int | None
) -> int:
    """Train from the beginning."""
    directory = directory or _free_directory(Path("runs"), name)
    try:
        train(experiment, directory, name=name, seed=seed, devices=devices)
    except Interrupted as stop:
        raise _with_way_on(stop, name, directory) from None
    return 0


def resume_run(directory: Path, kind: type[Any], name: str) -> int:
    """Go on with a run."""
    run, experiment = _open(directory, kind, name)
    try:
        resume(run, experiment)
    except Interrupted as stop:
        raise _with_way_on(stop, name, directory) from None
    return 0


def sample_run(
    directory: Path, kind: type[Any], name: str, *, count: int, seed: int, output: Path | None
) -> int:
    """Draw pictures from a run's newest checkpoint."""
    if count <= 0:
        raise RunError(f"--count must be 1 or more, not {count}")
    run, experiment = _open(directory, kind, name)
    output = output or run.directory / "generated" / f"seed_{seed}"
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunError(f"{output} already holds something: name another folder with --output")
    step, state = load(run, experiment)
    key = jax.random.key(seed)
    inputs = experiment.inputs(stream(key, "inputs"), count)
    generate = jax.jit(experiment.game().generate)
    made = []
    for start in range(0, count, _CHUNK):
        part = {name: array[start : start + _CHUNK] for name, array in inputs.items()}
        made.append(np.asarray(generate(stream(key, "sample"), state, part)))
    images = np.concatenate(made)
    for index, image in enumerate(images):
        save_picture(picture(image), output / f"{index:05}.png")
    sheet = output / "grid.png"
    save_picture(grid(images[:_CHUNK]), sheet)
    print(f"{count} pictures of step {step} are in {output}; the first of them together: {sheet}")
    return 0


def reproduce_run(directory: Path, kind: type[Any], name: str, *, output: Path | None) -> int:
    """Repeat a run and compare; 0 where the two are identical, 1 where not."""
    run, experiment = _open(directory, kind, name)
    output = output or directory.with_name(directory.name + "-reproduced")
    repeated, comparison = reproduce(run, experiment, output)
    if comparison.difference is None:
        print(
            f"identical: {comparison.checkpoints} states and {comparison.metrics} lines of metrics"
        )
        return 0
    print(f"different, first at {comparison.difference}")
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


def _open(directory: Path, kind: type[Any], name: str) -> tuple[Run, Any]:
    run = Run.open(directory)
    if run.manifest["experiment"] != name:
        raise RunError(
            f"{directory} is a run of {run.manifest['experiment']}.py, not of {name}.py: "
            f"use experiments/{run.manifest['experiment']}.py"
        )
    return run, from_plain(kind, run.manifest["configuration"])


def _with_way_on(stop: Interrupted, name: str, directory: Path) -> Interrupted:
    return Interrupted(f"{stop}; go on with: python experiments/{name}.py resume {directory}")


def _free_directory(folder: Path, name: str) -> Path:
    number = 1
    while (folder / f"{name}-{number:03}").exists():
        number += 1
    return folder / f"{name}-{number:03}"
