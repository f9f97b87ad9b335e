"""What each verb does. A verb gives its exit code, and raises what a person has to mend."""

import dataclasses
import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.cli.runs import (
    batch_size_of,
    label_number,
    new_directory,
    open_run,
    refuse_exported,
    refuse_imported,
    refuse_taken,
    with_way_on,
)
from jaxgan.cli.truncation import check_styled, truncated
from jaxgan.games import stream
from jaxgan.training import (
    Draws,
    Evaluates,
    Experiment,
    Generate,
    Interrupted,
    Moved,
    NotFinite,
    Parent,
    Run,
    RunError,
    class_grid,
    compile_play,
    differences,
    draft,
    generate_chunks,
    grid,
    load,
    picture,
    reproduce,
    resume,
    save_picture,
    train,
    write_whole,
)

_SHEET = 256
"""How many pictures are shown together, at the most."""


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


def sample_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    moved: Moved,
    count: int,
    label: str | None,
    truncation: float | None,
    cutoff: int | None,
    step: int | None,
    seed: int,
    output: Path | None,
) -> int:
    """Draw pictures from a run's checkpoint."""
    if count <= 0:
        raise RunError(f"--count must be 1 or more, not {count}")
    run, experiment = open_run(directory, kind, name, moved)
    number = None if label is None else label_number(run, experiment, label)
    if truncation is not None or cutoff is not None:
        check_styled(experiment)
    if cutoff is not None and truncation is None:
        raise RunError("--truncation-cutoff says how many layers: say how far with --truncation")
    words = {"seed": seed, "label": number, "truncation": truncation, "cutoff": cutoff}
    folder = "_".join(f"{word}_{value}" for word, value in words.items() if value is not None)
    output = output or run.directory / "generated" / folder
    refuse_taken(output)
    step, state = load(run, experiment, step=step)
    key = jax.random.key(seed)
    inputs: dict[str, Any] = dict(experiment.inputs(stream(key, "inputs"), count))
    if number is not None:
        inputs["label"] = np.full(count, number, np.int32)
    if truncation is not None:
        inputs |= truncated(experiment, state, inputs, truncation, cutoff)
    chunks = generate_chunks(
        *(compile_play(jax.jit, experiment.game().generate), stream(key, "sample"), state, inputs),
        size=batch_size_of(run),
    )
    output.mkdir(parents=True, exist_ok=True)
    first = next(chunks)
    chunks = itertools.chain([first], chunks)
    if first.ndim != 4:  # no pictures: points, or words
        made = np.concatenate(list(chunks))
        with draft(output / "samples.npy") as part, part.open("wb") as file:
            np.save(file, made)
        if isinstance(experiment, Draws):
            save_picture(experiment.draw(state, made), output / "picture.png")
        print(f"{count} samples of step {step} are in {output}")
        return 0
    kept: list[np.ndarray] = []
    for index, image in enumerate(itertools.chain.from_iterable(chunks)):
        try:
            save_picture(picture(image), output / f"{index:05}.png")
        except OSError as error:
            raise RunError(
                f"picture {index + 1} of {count} could not be written to {output} "
                f"({error.strerror or error}): make room, and name another folder with --output"
            ) from error
        if len(kept) < _SHEET:
            kept.append(image)
    sheet = output / "grid.png"
    classes = run.manifest.get("classes", [])
    if classes and "label" in inputs:
        labels = np.asarray(inputs["label"])[: len(kept)]
        save_picture(class_grid(np.stack(kept), labels, classes), sheet)
    else:
        save_picture(grid(np.stack(kept)), sheet)
    print(f"{count} pictures of step {step} are in {output}; the first of them together: {sheet}")
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


def generator_of(run: Run, experiment: Experiment, state: Any) -> Generate:
    """What the trained generator makes of any count of inputs, a training batch at a time."""
    jitted, size = compile_play(jax.jit, experiment.game().generate), batch_size_of(run)

    def generate(key: jax.Array, inputs: Mapping[str, jax.Array | np.ndarray]) -> Any:
        chunks = generate_chunks(jitted, key, state, inputs, size=size)
        return jax.tree.map(lambda *parts: np.concatenate(parts), *chunks)

    return generate


def _surroundings(run: Run) -> dict[str, Any]:
    return run.manifest["environment"] | {name: run.manifest[name] for name in ("devices", "data")}
