"""What `evaluate` could not obey, refused before anything is computed."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxgan.cli.comparing import PLAIN, Comparison
from jaxgan.training import RunError


def refuse_no_folder(output: Path, *, flag: str) -> None:
    """Refuse a file in a folder that is not there, or cannot be written.

    Raises:
        RunError: names both.
    """
    folder = output.absolute().parent
    if not folder.is_dir():
        raise RunError(f"{flag} {output} is in no folder that is there: make {folder} first")
    if not os.access(folder, os.W_OK):
        raise RunError(f"{folder} cannot be written: name another file with {flag}")


def refuse_unused(
    comparison: Comparison,
    *,
    folders: Sequence[Path],
    of_runs: Mapping[str, bool],
    write_statistics: Path | None,
) -> None:
    """Refuse flags that would tell nothing.

    Args:
        comparison: as it is asked for.
        folders: of pictures, which are evaluated.
        of_runs: whether flags that are of runs alone are given.
        write_statistics: as asked for.

    Raises:
        RunError: names the flag, and what to do.
    """
    asked = f"--figures {' '.join(comparison.figures)}"
    given = _given(comparison)
    of_runs = {**of_runs, **{flag: flag in given for flag in ("--truncation", "--count")}}
    for flag, is_given in of_runs.items():
        if folders and is_given:
            raise RunError(
                f"{flag} is of runs, and {folders[0]} is a folder of pictures: leave it out"
            )
    if not folders and "--image-size" in given:
        raise RunError(
            "--image-size is of folders of pictures, and runs have their own size: leave it out"
        )
    if comparison.measures:
        return
    if folders:
        raise RunError(
            f"{asked} is of runs, and {folders[0]} is a folder of pictures: ask for others, as in "
            "--figures distance"
        )
    if write_statistics is not None:
        given.append("--write-statistics")
    of_paths = (
        {"--path-features", "--path-weights", "--count"} if "path" in comparison.figures else set()
    )
    for flag in given:
        if flag not in of_paths:
            raise RunError(
                f"{flag} is of figures next to other pictures, and {asked} has none: leave it out, "
                "or ask for one more, as in --figures distance"
            )


def refuse_of_latents(comparison: Comparison, name: str) -> None:
    """Refuse flags of pictures that are made of latents, for an experiment that makes none.

    Args:
        comparison: as it is asked for.
        name: of the experiment.

    Raises:
        RunError: names the flag.
    """
    for flag in _given(comparison):
        raise RunError(
            f"{flag} is of pictures that are made of latents, and {name} makes none: leave it out"
        )


def _given(comparison: Comparison) -> list[str]:
    """The flags, but for the figures, that are not as they are left."""
    return [
        f"--{field.name.replace('_', '-')}"
        for field in dataclasses.fields(comparison)
        if field.name != "figures" and getattr(comparison, field.name) != getattr(PLAIN, field.name)
    ]
