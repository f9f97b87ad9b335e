"""Runs and folders, as people name them on a command line."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jaxgan.cli.command import script_of, way_on
from jaxgan.data import Images, Sides, pipeline, to_path
from jaxgan.layers import label_size
from jaxgan.training import (
    UNMOVED,
    Conditional,
    Interrupted,
    Moved,
    NotFinite,
    Run,
    RunError,
    Translates,
    from_plain,
    is_exported,
)
from jaxgan.weights import read_archive

WEIGHTS = "weights.safetensors"
"""The file of an exported folder that holds the state."""

_KINDS = {
    ".png": "a sheet is a PNG",
    ".gif": "an animation is a GIF",
    ".html": "a page is a file of HTML",
    ".json": "figures are a file of JSON",
    ".npz": "statistics are an .npz",
}

E = TypeVar("E")


def open_run(directory: Path, kind: type[E], name: str, moved: Moved = UNMOVED) -> tuple[Run, E]:
    """A run of an experiment, and the configuration that its manifest has.

    Args:
        directory: the run's; or a folder that one was exported to, to use its state.
        kind: the experiment.
        name: what manifests call it.
        moved: where the run's data are now.

    Raises:
        RunError: where it is no run, or one of another experiment, or other data are where they are
            said to be.
        ValueError: where the configuration is not one of this version.
    """
    if is_exported(to_path(directory)):
        run = Run.open_exported(directory, WEIGHTS, read_archive)
    else:
        run = Run.open(directory)
    check_experiment(run, name)
    before: Any = from_plain(kind, run.manifest["configuration"])
    experiment = moved.apply(before)
    if experiment is not before and not run.is_imported:
        data = experiment.data(partial(pipeline, seed=0, resident_bytes=0))
        if not data.agrees(run.manifest["data"]):
            raise RunError(
                f"those are other data than the run's ({data.fingerprint}, and it began on "
                f"{run.manifest['data']}): name the place of the same ones, or begin a new run on "
                f"these with {way_on('train', '--from', directory)}"
            )
    return run, experiment


def check_experiment(run: Run, name: str) -> None:
    """Refuse a run of another experiment.

    Raises:
        RunError: names both, and the script of the other.
    """
    its = run.manifest["experiment"]
    if its != name:
        raise RunError(f"{run.directory} is a run of {its}, not of {name}: use {script_of(its)}")


def refuse_taken(output: Path) -> None:
    """Refuse a folder for what is made that holds something already, or is none."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunError(f"{output} already holds something: name another folder with --output")


def unwritable(output: Path, error: OSError) -> RunError:
    """What to say where the disk does not take what was drawn."""
    return RunError(
        f"{output} could not be written ({error.strerror or error}): make room, or name another "
        "place with --output"
    )


@contextlib.contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Where to write what shall be in a new folder when it is whole; nothing is left otherwise.

    Raises:
        RunError: where the folder holds something by now, or cannot be written.
    """
    whole = output.absolute()
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True)
        yield part
        refuse_taken(output)  # it may have come meanwhile
        whole.mkdir(exist_ok=True)
        for path in part.iterdir():
            path.replace(whole / path.name)
    except OSError as error:
        if error.filename is not None and not str(error.filename).startswith(str(part)):
            raise  # of another file
        raise unwritable(output, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def refuse_file(output: Path, suffix: str = ".png", *, flag: str = "--output") -> None:
    """Refuse a file for a sheet that is there already, or that is called something else."""
    if output.suffix.lower() != suffix:
        what = _KINDS[suffix]
        raise RunError(f"{what}, and {output} is not called one: name a FILE{suffix}")
    if output.exists():
        raise RunError(f"{output} is there already: name another file with {flag}")


def refuse_exported(run: Run) -> None:
    """Refuse what a run was exported to, for what needs the run."""
    if run.archive is not None:
        Run.open(run.directory)  # says so


def refuse_imported(run: Run) -> None:
    """Refuse a run that was not trained, for what needs one that was."""
    if run.is_imported:
        raise RunError(
            f"{run.directory} was not trained but {run.manifest['data']}: it can translate and "
            "sample, and a new run can begin with its weights: "
            f"{way_on('train', '--from', run.directory)}"
        )


def with_way_on(stop: Interrupted | NotFinite, directory: Path) -> Exception:
    """What ended a run, with the command that goes on."""
    if isinstance(stop, Interrupted):
        return Interrupted(f"{stop}; go on with: {way_on('resume', directory)}")
    way = way_on("train", "--from", directory, "--learning-rate", "RATE")
    return NotFinite(f"{stop} (where a checkpoint was kept: {way})")


@contextlib.contextmanager
def new_directory(directory: Path | None, folder: Path, name: str) -> Iterator[Path]:
    """The directory that was named; or the first free one of `FOLDER/NAME-001`, ..., taken now.

    Where it is still empty in the end, it goes again.
    """
    if directory is not None:
        yield directory
        return
    was_there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    numbers = itertools.count(1)
    while True:
        directory = folder / f"{name}-{next(numbers):03}"
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        break
    try:
        yield directory
    finally:
        with contextlib.suppress(OSError):
            directory.rmdir()
            if not was_there:
                folder.rmdir()


def batch_size_of(run: Run) -> int:
    """Of training: what fitted in memory then fits now."""
    return next(iter(run.manifest["batch"].values()))["shape"][0]


def classes_of(experiment: Any) -> int | tuple[int, ...] | None:
    """How many labels there are, or of each attribute; None where images are made without."""
    return experiment.classes if isinstance(experiment, Conditional) else None


def class_names(run: Run, experiment: Any) -> list[str]:
    """The names of a run's labels, or their numbers where they have none.

    Raises:
        RunError: where there are none.
    """
    classes = classes_of(experiment)
    if classes is None:
        raise RunError("this GAN is not conditional: its images have no label")
    return run.manifest.get("classes") or [str(number) for number in range(label_size(classes))]


def side_of(experiment: Translates, side: str | None) -> str:
    """The side that pictures are of; the first that is translated from where None."""
    side = experiment.sides[0] if side is None else side
    if side not in experiment.sides:
        raise RunError(f"--side must be {' or '.join(experiment.sides)}, not {side}")
    return side


def licences_of(run: Run, experiment: Any) -> list[str]:
    """Of what the networks are, and of what they have learnt from, where they are known."""
    sources = [getattr(experiment, field, None) for field in ("images", "pairs")]
    learnt = [source.licence for source in sources if isinstance(source, Images | Sides)]
    known = [run.manifest.get("licence"), *([] if run.is_imported else learnt)]
    return [licence for licence in known if licence is not None]
