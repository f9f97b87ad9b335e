"""The verb `evaluate`: how good a generator is, or a folder of pictures, in figures."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import jax
import numpy as np
import tyro

from jaxgan import recipes
from jaxgan.cli.comparing import PLAIN, Comparison
from jaxgan.cli.drawing import Drawn, generator_of
from jaxgan.cli.evaluated import print_figures, print_spread, refuse_twice
from jaxgan.cli.looking import Read, draw_neighbours, look_at
from jaxgan.cli.runs import open_run, refuse_file
from jaxgan.cli.truncation import check_truncation
from jaxgan.cli.unused import refuse_no_folder, refuse_of_latents, refuse_unused
from jaxgan.data import Images, to_path
from jaxgan.games import stream
from jaxgan.training import (
    MAX_SEED,
    UNMOVED,
    Evaluates,
    Evaluation,
    Experiment,
    Figure,
    Generates,
    Moved,
    Run,
    RunError,
    Value,
    is_exported,
    load,
)

Directories: TypeAlias = Annotated[
    tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIRECTORY")
]

_ROUNDING = "to the nearest of 256"
"""Of a run's samples, and of pictures in files of eight bits."""


def evaluate_verb(kind: Any, name: str) -> Callable[..., int]:
    """`evaluate`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def evaluate(
        directories: Directories,
        comparison: Annotated[Comparison, tyro.conf.arg(name="")] = PLAIN,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        step: int | None = None,
        best: bool = False,
        seed: int = 0,
        write_statistics: Path | None = None,
        output: Path | None = None,
    ) -> int:
        """Say in figures how good runs or folders of pictures are; DIRECTORY/evaluation.json.

        Of several runs, mean and standard deviation too.

        Args:
            directories: Runs, or folders of pictures, which need --against.
            comparison: What they are compared by and with.
            moved: Where the data are now.
            step: Of a run's checkpoint; the newest where none is said.
            best: The best state of those that were evaluated while the run was trained (train
                --evaluate-every); DIRECTORY/evaluation-best.json.
            seed: Of the samples: the same seed gives the same figures.
            write_statistics: A new .npz for mean and covariance of the real pictures' features.
            output: A new file of JSON for the figures; those of a folder are printed alone where
                none is named.
        """
        if not directories:
            raise RunError("evaluate needs a run or a folder of pictures: name one or more")
        refuse_twice(directories)
        if comparison.truncation is not None:
            check_truncation(comparison.truncation)
        if best and step is not None:
            raise RunError("--best says which checkpoint: leave it or --step out")
        if not 0 <= seed <= MAX_SEED:
            raise RunError(f"--seed {seed} is not in 0 to {MAX_SEED}: give one that is")
        if write_statistics is not None:
            refuse_file(write_statistics, ".npz", flag="--write-statistics")
            refuse_no_folder(write_statistics, flag="--write-statistics")
        if len(directories) > 1 and (output or write_statistics):
            raise RunError(
                "--output and --write-statistics are of one run or folder: evaluate them one by one"
            )
        if output is not None:
            refuse_file(output, ".json")
            refuse_no_folder(output, flag="--output")
        refuse_unused(
            comparison,
            folders=[directory for directory in directories if not _is_run(directory)],
            of_runs={"--step": step is not None, "--best": best, "--seed": seed != 0},
            write_statistics=write_statistics,
        )
        runs = {
            directory: open_run(directory, kind, name, moved)
            for directory in directories
            if _is_run(directory)
        }
        if not all(isinstance(experiment, Generates) for _, experiment in runs.values()):
            refuse_of_latents(comparison, name)
        evaluations = []
        for directory in directories:
            if len(directories) > 1:
                print(f"{directory}:")
            if directory in runs:
                evaluation = evaluate_run(
                    *(*runs[directory], comparison),
                    step=step,
                    best=best,
                    seed=seed,
                    write_statistics=write_statistics,
                )
            else:
                evaluation = evaluate_folder(
                    directory, comparison, write_statistics=write_statistics
                )
            if output is not None:
                evaluation.write(output)
                print(f"they are in {output}")
            evaluations.append(evaluation)
        if len(evaluations) > 1:
            print_spread(evaluations)
        return 0

    return evaluate


def _is_run(directory: Path) -> bool:
    """Whether it is none of pictures: a run, or what `Run.open` refuses in better words."""
    path = to_path(directory)
    if (path / "manifest.json").exists() or is_exported(path) or not path.exists():
        return True
    return next(path.glob("*/manifest.json"), None) is not None


def evaluate_run(
    run: Run,
    experiment: Experiment,
    comparison: Comparison,
    *,
    step: int | None = None,
    best: bool = False,
    seed: int = 0,
    write_statistics: Path | None = None,
) -> Evaluation:
    """Evaluate a checkpoint; figures and neighbours are kept in the run's directory."""
    which = "-best" if best else ""
    step, state = load(run, experiment, step=step, best=best)
    key = stream(jax.random.key(seed), "evaluate")
    generate = generator_of(run, experiment, state)
    subject = {
        "experiment": run.manifest["experiment"],
        "directory": str(run.directory),
        "step": step,
        "seed": seed,
        "weights": "last" if getattr(state, "average", None) is None else "averaged",
    }
    # Before what takes long: a file that is not there is told at once.
    wants_path = isinstance(experiment, Generates) and "path" in comparison.figures
    path_distance = comparison.path_distance() if wants_path else None
    figures: list[Figure] = []
    sheet: Callable[[Path], None] | None = None
    if "own" in comparison.figures and isinstance(experiment, Evaluates):
        own = {
            "data": run.manifest.get("data"),
            "weights": subject["weights"],
            "seed": seed,
        }
        try:
            found = experiment.evaluate(generate, key)
        except ValueError as error:  # the experiment knows none of these pictures
            if not (isinstance(experiment, Generates) and comparison.measures):
                raise
            print(f"without figures of the experiment's own: {error}")
            found = {}
        figures += [Figure(name, float(value), None, None, own) for name, value in found.items()]
    if isinstance(experiment, Generates) and comparison.measures:
        drawn = Drawn(
            *(experiment, state, generate, key),
            count=comparison.count,
            truncation=comparison.truncation,
        )
        protocol = {
            "truncation": comparison.truncation,
            "weights": subject["weights"],
            "rounding": _ROUNDING,
            "seed": seed,
        }
        found, real = look_at(
            *(drawn, experiment.images, comparison, protocol, write_statistics),
            classes=run.manifest.get("classes", ()),
        )
        figures += found.figures
        if found.real is not None:
            sheet = partial(draw_neighbours, found, real.pictures, drawn)
    if isinstance(experiment, Generates) and path_distance is not None:
        figures.append(
            recipes.path_length_figure(
                *(experiment, state, generate, stream(key, "path")),
                count=comparison.count,
                distance=path_distance,
                protocol={"weights": subject["weights"], "seed": seed},
            )
        )
    if not figures:
        raise RunError(
            f"--figures {' '.join(comparison.figures)} tells nothing of {run.directory}: classes "
            "are of runs with one label an image, all but own of pictures that are made of "
            "latents; ask for others, or evaluate a folder of its pictures"
        )
    evaluation = Evaluation(subject, figures)
    path = run.directory / f"evaluation{which}.json"
    print_figures(evaluation)
    evaluation.beside(path).write(path)
    if sheet is not None:
        sheet(run.directory / f"neighbours{which}.png")
    print(f"of step {step}{', the best' if best else ''}; they are in {path}")
    return evaluation


def evaluate_folder(
    folder: Path, comparison: Comparison, *, write_statistics: Path | None = None
) -> Evaluation:
    """Evaluate a folder of pictures."""
    if comparison.against is None:
        raise RunError(
            f"{folder} is no run, and a folder of pictures has to be compared with something: "
            "name a folder or a data set with --against"
        )
    source = recipes.pictures_in(
        folder,
        image_size=comparison.image_size,
        skip_unreadable=comparison.skip_unreadable,
    )
    shape = source.read(np.zeros(1, np.int64))["image"].shape
    images = Images(image_size=(shape[1], shape[2]), channels=shape[3])
    rounding = _ROUNDING if recipes.of_eight_bits(source) else None
    protocol: dict[str, Value] = {
        "truncation": None,
        "weights": None,
        "rounding": rounding,
        "seed": None,
    }
    pictures = Read(source)
    found, _ = look_at(pictures, images, comparison, protocol, write_statistics)
    if not found.figures:
        raise RunError(
            f"--figures {' '.join(comparison.figures)} tells nothing of {folder}: ask for others, "
            "as in --figures distance"
        )
    if 0 < pictures.grey < len(source):
        print(f"{pictures.grey} of {len(source)} pictures of {folder} are grey, and seen as RGB")
    evaluation = Evaluation(
        {"directory": str(folder), "pictures": source.fingerprint}, found.figures
    )
    print_figures(evaluation)
    return evaluation
