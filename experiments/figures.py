"""What `evaluate` says of runs through their training, drawn: a line for each run.

python experiments/figures.py runs/stylegan2-001 runs/stylegan2-002 --output distance.png
python experiments/figures.py runs/few-* runs/ada-* --figure frechet_distance --output few.png

Of every checkpoint that a run has kept: train with --keep-every. Runs whose names differ only in
what follows the last hyphen, as few-0 and few-1 do, have one colour.
"""

import importlib
import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import jax
import matplotlib

matplotlib.use("Agg")

import tyro
from matplotlib import pyplot

from jaxgan.cli.drawing import generator_of
from jaxgan.cli.runs import open_run
from jaxgan.games import stream
from jaxgan.training import Checkpoints, Evaluates, Run, RunError, load, write_whole


def kind_of(run: Run) -> type[Any]:
    """The experiment that a run is of: a class of the script that has its name.

    Raises:
        RunError: where there is no such script, or its runs have no figures.
    """
    name = run.manifest["experiment"]
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise RunError(f"{run.directory} is a run of {name}.py, which is not beside me") from None
    kinds = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "evaluate")
    ]
    if len(kinds) != 1:
        raise RunError(f"{run.directory} is a run of {name}.py, whose samples have no figures")
    return kinds[0]


def course(directory: Path, *, seed: int) -> dict[int, dict[str, float]]:
    """The figures of every checkpoint that a run has kept, by its round.

    The rounds of a run that began with the state of another are counted from there.

    Args:
        directory: the run's.
        seed: of the samples, the same at every step.
    """
    opened = Run.open(directory)
    kind = kind_of(opened)
    run, experiment = open_run(directory, kind, opened.manifest["experiment"])
    first = (run.manifest.get("parent") or {"step": 0})["step"]
    assert isinstance(experiment, Evaluates)
    figures: dict[int, dict[str, float]] = {}
    key = stream(jax.random.key(seed), "evaluate")  # as the verb has it
    for step in Checkpoints(run).steps():
        _, state = load(run, experiment, step=step)
        figures[step - first] = experiment.evaluate(generator_of(run, experiment, state), key)
    if not figures:
        raise RunError(f"{directory} has no checkpoint yet: there is nothing to evaluate")
    return figures


def main(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    figure: str = "frechet_distance",
    seed: int = 0,
    output: Path = Path("figures.png"),
) -> None:
    """Evaluate checkpoints, and draw one of their figures.

    Args:
        runs: Directories of runs.
        figure: What is drawn; all are in a JSON beside the picture.
        seed: Of the samples.
        output: Where the picture goes.
    """
    if not output.absolute().parent.is_dir():
        folder = output.absolute().parent
        raise SystemExit(f"error: there is no folder {folder}: make it, or name another --output")
    names = [directory.name for directory in runs]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"error: two runs are called {twins[0]}: give them other names")
    try:
        courses = {directory.name: course(directory, seed=seed) for directory in runs}
        missing = [
            name for name, found in courses.items() if figure not in next(iter(found.values()))
        ]
        if missing:
            there = ", ".join(next(iter(courses[missing[0]].values())))
            raise RunError(f"{missing[0]} has no figure '{figure}', but {there}: give --figure")
    except (RunError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
    write_whole(output.with_suffix(".json"), json.dumps(courses, indent=1) + "\n")
    groups = list(dict.fromkeys(name.rpartition("-")[0] or name for name in courses))
    canvas, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, found in courses.items():
        group = name.rpartition("-")[0] or name
        label = None if axes.get_legend_handles_labels()[1].count(group) else group
        values = [at[figure] for at in found.values()]
        axes.plot(list(found), values, color=f"C{groups.index(group)}", label=label, marker=".")
    axes.set(xlabel="rounds", ylabel=figure.replace("_", " "), yscale="log")
    axes.legend()
    canvas.savefig(output, dpi=110)
    for name, found in courses.items():
        rounds, at = max(found.items())
        print(f"{name}: {figure} {at[figure]:.4g} after {rounds} rounds")
    print(f"drawn in {output}; all figures are in {output.with_suffix('.json')}")


if __name__ == "__main__":
    tyro.cli(main)
