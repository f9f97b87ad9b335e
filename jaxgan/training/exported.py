"""Folders that a run's state was exported to: what stands in their `export.json`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax

from jaxgan.training.digests import by_place, digest, kind_of, places
from jaxgan.training.errors import RunError

EXPORT = "export.json"
"""The file that says what is in such a folder."""
EXPORT_FORMAT = 1
"""Of the folder. A newer one than this is refused."""
_OWN = {"format", "step", "state", "image_size", "licences", "programs", "exported", "digest"}
"""What it says besides what the run's manifest does."""


class Archive(NamedTuple):
    """The one state of an exported folder.

    Attributes:
        step: how many rounds it has seen.
        leaves: its `digest`.
        path: of the file with its arrays.
        read: `(path) -> arrays by their places in the state`.
    """

    step: int
    leaves: Mapping[str, str]
    path: Path
    read: Callable[[Path], Mapping[str, Any]]

    def state(self, shapes: Any, *, step: int | None) -> Any:
        """The state, of the tree that the game's `init` gives.

        Raises:
            RunError: where it is not that of the step, or of another game, or damaged, or cannot be
                read.
        """
        if step not in (None, self.step):
            raise RunError(
                f"{self.path.parent} has the state of step {self.step} alone, not of step {step}: "
                "leave --step out, or export that step too"
            )
        try:
            arrays, wanted = self.read(self.path), by_place(shapes)
        except (ValueError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise RunError(
                f"{self.path} cannot be used ({why}): copy the folder again, or export the run "
                "again"
            ) from error
        for place in sorted(arrays.keys() | wanted.keys()):
            there, asked = kind_of(arrays.get(place)), kind_of(wanted.get(place))
            if there != asked:
                raise RunError(
                    f"{self.path} is of another jaxgan's states: {place} is {there} in it and "
                    f"{asked} in the game; use the version that exported it"
                )
        leaves = [jax.numpy.asarray(arrays[place]) for place in places(shapes)]
        state = jax.tree.unflatten(jax.tree.structure(shapes), leaves)
        for place, found in digest(state).items():
            if found != self.leaves.get(place):
                raise RunError(
                    f"{self.path} is not what was exported: the digest of {place} differs; copy "
                    "the folder again, or export the run again"
                )
        return state


def is_exported(directory: Path) -> bool:
    """Whether there is an exported folder of that name."""
    return (directory / EXPORT).is_file()


def sealed_export(manifest: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What `export.json` says.

    Args:
        manifest: the run's.
        values: of this folder: all of `step`, `state`, `image_size`, `licences`, `programs` and
            `exported`.
    """
    of_run = {name: value for name, value in manifest.items() if name not in ("format", "digest")}
    exported = {"format": EXPORT_FORMAT, **of_run, **values}
    return exported | {"digest": _digest(exported)}


def read_export(directory: Path) -> dict[str, Any]:
    """What `export.json` says, checked.

    Raises:
        RunError: where it cannot be read, is of a newer format, or is not what was written.
    """
    path = directory / EXPORT
    try:
        exported = json.loads(path.read_text())
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}): make it readable") from error
    except (ValueError, RecursionError):
        exported = None
    if not isinstance(exported, dict) or not isinstance(exported.get("format"), int):
        raise RunError(f"{path} is damaged: copy the folder again, or export the run again")
    if exported["format"] > EXPORT_FORMAT:
        raise RunError(
            f"{directory} was exported in format {exported['format']}, and this jaxgan reads "
            f"formats up to {EXPORT_FORMAT}: use a newer jaxgan"
        )
    if exported.get("digest") != _digest(exported):
        raise RunError(
            f"{path} was changed after it was written (its digest differs): copy the folder again, "
            "or export the run again"
        )
    return exported


def manifest_of(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of the run that was exported, without its format and digest."""
    return {name: value for name, value in exported.items() if name not in _OWN}


def _digest(exported: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in exported.items() if name != "digest"}
    return f"sha256:{hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}"
