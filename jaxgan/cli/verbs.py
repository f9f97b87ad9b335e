"""What each verb does. A verb gives its exit code, and raises what a person has to mend."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from jaxgan.cli.command import script_of, way_on
from jaxgan.games import Batch, stream
from jaxgan.training import (
    Conditional,
    Draws,
    Evaluates,
    Experiment,
    Generate,
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
    write_whole,
)

E = TypeVar("E")

_CHUNK = 256
"""How many pictures are made at once."""


def train_run(
    experiment: Experiment, name: str, *, directory: Path | None, seed: int, devices: int | None
) -> int:
    """Train from the beginning."""
    directory = directory or free_directory(Path("runs"), name)
    try:
        train(experiment, directory, name=name, seed=seed, devices=devices)
    except Interrupted as stop:
        raise _with_way_on(stop, directory) from None
    return 0


def resume_run(directory: Path, kind: type[Experiment], name: str) -> int:
    """Go on with a run."""
    run, experiment = open_run(directory, kind, name)
    _refuse_imported(run)
    try:
        resume(run, experiment)
    except Interrupted as stop:
        raise _with_way_on(stop, directory) from None
    return 0


def sample_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    count: int,
    label: int | None,
    seed: int,
    output: Path | None,
) -> int:
    """Draw pictures from a run's newest checkpoint."""
    if count <= 0:
        raise RunError(f"--count must be 1 or more, not {count}")
    run, experiment = open_run(directory, kind, name)
    folder = f"seed_{seed}" if label is None else f"seed_{seed}_label_{label}"
    output = output or run.directory / "generated" / folder
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunError(f"{output} already holds something: name another folder with --output")
    step, state = load(run, experiment)
    key = jax.random.key(seed)
    inputs: dict[str, Any] = dict(experiment.inputs(stream(key, "inputs"), count))
    if label is not None:
        inputs["label"] = _labels(experiment, inputs, label)
    made = _generator(experiment, state)(stream(key, "sample"), inputs)
    output.mkdir(parents=True, exist_ok=True)
    if made.ndim != 4:  # no pictures: points, or words
        np.save(output / "samples.npy", made)
        if isinstance(experiment, Draws):
            save_picture(experiment.draw(state, made), output / "picture.png")
        print(f"{count} samples of step {step} are in {output}")
        return 0
    for index, image in enumerate(made):
        save_picture(picture(image), output / f"{index:05}.png")
    sheet = output / "grid.png"
    save_picture(grid(made[:_CHUNK]), sheet)
    print(f"{count} pictures of step {step} are in {output}; the first of them together: {sheet}")
    return 0


def evaluate_run(directory: Path, kind: type[Evaluates], name: str, *, seed: int) -> int:
    """Say in figures how good a run's newest checkpoint is."""
    run, experiment = open_run(directory, kind, name)
    step, state = load(run, experiment)
    generate = _generator(experiment, state)
    evaluated = experiment.evaluate(generate, stream(jax.random.key(seed), "evaluate"))
    figures = {figure: float(value) for figure, value in evaluated.items()}
    report = {"step": step, "seed": seed, "figures": figures}
    write_whole(run.directory / "evaluation.json", json.dumps(report, indent=2) + "\n")
    for figure, value in figures.items():
        print(f"{figure}: {value:.4g}")
    print(f"of step {step}; they are in {run.directory / 'evaluation.json'}")
    return 0


def reproduce_run(
    directory: Path, kind: type[Experiment], name: str, *, output: Path | None
) -> int:
    """Repeat a run and compare; 0 where the two are identical, 1 where not."""
    run, experiment = open_run(directory, kind, name)
    _refuse_imported(run)
    # Of `.` and `..` the name is in the whole path alone.
    output = output or Path(f"{os.path.abspath(directory)}-reproduced")
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


def _generator(experiment: Experiment, state: Any) -> Generate:
    """What the trained generator makes of any count of inputs, chunk by chunk."""
    jitted = jax.jit(experiment.game().generate)

    def generate(key: jax.Array, inputs: Mapping[str, jax.Array | np.ndarray]) -> Any:
        count = len(next(iter(inputs.values())))
        size = min(count, _CHUNK)
        made = []
        for number, start in enumerate(range(0, count, size)):
            # The last chunk begins again at the first input: one shape, so one compilation.
            rows = np.arange(start, start + size) % count
            part = {name: np.asarray(array)[rows] for name, array in inputs.items()}
            made.append(jax.device_get(jitted(jax.random.fold_in(key, number), state, part)))
        return jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *made)

    return generate


def _labels(experiment: Experiment, inputs: Batch, label: int) -> np.ndarray:
    """One label for all inputs."""
    if not isinstance(experiment, Conditional) or "label" not in inputs:
        raise RunError("this GAN is not conditional: leave --label out")
    if not 0 <= label < experiment.classes:
        raise RunError(f"--label must be in 0 to {experiment.classes - 1}, not {label}")
    return np.full(len(inputs["label"]), label, np.int32)


def _surroundings(run: Run) -> dict[str, Any]:
    return run.manifest["environment"] | {name: run.manifest[name] for name in ("devices", "data")}


def open_run(directory: Path, kind: type[E], name: str) -> tuple[Run, E]:
    """A run of an experiment, and the configuration that its manifest has.

    Raises:
        RunError: where it is no run, or one of another experiment.
        ValueError: where the configuration is not one of this version.
    """
    run = Run.open(directory)
    lost = [key for key in ("experiment", "configuration", "seed") if key not in run.manifest]
    if lost:
        raise RunError(f"{directory} is no run that can be used: its manifest.json lacks {lost[0]}")
    if run.manifest["experiment"] != name:
        raise RunError(
            f"{directory} is a run of {run.manifest['experiment']}, not of {name}: "
            f"use {script_of(run.manifest['experiment'])}"
        )
    return run, from_plain(kind, run.manifest["configuration"])


def _refuse_imported(run: Run) -> None:
    if run.manifest["data"].startswith("imported: "):
        raise RunError(
            f"{run.directory} was not trained but {run.manifest['data']}: it can translate and "
            "sample; train a run of its own to go on with or to repeat"
        )


def _with_way_on(stop: Interrupted, directory: Path) -> Interrupted:
    return Interrupted(f"{stop}; go on with: {way_on('resume', directory)}")


def free_directory(folder: Path, name: str) -> Path:
    """The first of `NAME-001`, `NAME-002`, ... that is not there yet."""
    number = 1
    while (folder / f"{name}-{number:03}").exists():
        number += 1
    return folder / f"{name}-{number:03}"
