"""The directory of a run: all that a run leaves behind, and all that is needed to repeat it."""

import contextlib
import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from jaxgan.data import StrPath, to_path
from jaxgan.training.errors import RunError
from jaxgan.training.exported import Archive, manifest_of, read_export
from jaxgan.training.lines import Lines, write_whole
from jaxgan.training.lock import LOCK, Lock
from jaxgan.training.manifest import read_manifest, sealed

_LEFT_BEHIND = re.compile(rf"{LOCK}|manifest(\.json)?\.part|\.manifest\.json\.\d+\.part")
"""What a process that was killed before its run began may leave."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The directory of a run.

    Attributes:
        directory: where it is.
        manifest: `format`, `experiment` (its name), `configuration`, `seed`, `devices` (how many),
            `batch` (shape and dtype of each of its arrays), `data` (the source's fingerprint),
            `classes` (names of its labels), `parent` (the run whose state it began with: directory,
            step, digest and what was taken), `together` (the seeds of all runs that it was played
            with, its own among them), `licence` (of networks that were imported, where it is
            known), `environment` (versions, machine, flags, source revision) and `digest` (of all
            that).
        archive: of a folder that a run was exported to, the state; None of a run.
    """

    directory: Path
    manifest: dict[str, Any]
    archive: Archive | None = None

    @staticmethod
    def refuse_taken(directory: StrPath) -> None:
        """Nothing is overwritten, ever.

        Raises:
            RunError: where the directory holds anything already.
        """
        directory = to_path(directory)
        if not directory.exists():
            return
        if not directory.is_dir() or not all(map(_is_left_behind, directory.iterdir())):
            raise RunError(
                f"{directory} already holds something, which is not overwritten: name another "
                "directory, or resume the run that is there"
            )

    @classmethod
    @contextlib.contextmanager
    def claim(cls, directory: StrPath) -> Iterator[Lock]:
        """Take a new directory for a run, before the run is there; it is locked in here.

        Where no run is made of it in the end, it goes again.

        Raises:
            RunError: where the directory holds anything already, or another process has taken it.
        """
        directory = to_path(directory)
        cls.refuse_taken(directory)
        was_there = directory.exists()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"{directory} cannot be made ({error.strerror}): name another directory"
            ) from error
        with Lock(directory) as lock:
            cls.refuse_taken(directory)  # another process may have begun and ended meanwhile
            try:
                yield lock
            finally:
                if not (directory / "manifest.json").exists():
                    with contextlib.suppress(OSError):
                        (directory / LOCK).unlink()
                        if not was_there:
                            directory.rmdir()

    @classmethod
    def create(cls, directory: StrPath, manifest: dict[str, Any], *, write: bool = True) -> Self:
        """Make a new directory for a run.

        Args:
            directory: nothing may be there yet.
            manifest: all but its format and digest.
            write: False in the processes of a run that are not the first.

        Raises:
            RunError: where the directory holds anything already.
        """
        directory = to_path(directory)
        run = cls(directory, sealed(manifest))
        if write:
            cls.refuse_taken(directory)
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(directory / "manifest.json", json.dumps(run.manifest, indent=2) + "\n")
        return run

    @classmethod
    def open(cls, directory: StrPath) -> Self:
        """Open the directory of a run that is there.

        Raises:
            RunError: where it is no run, one of a newer format, or one whose manifest was changed.
        """
        directory = to_path(directory)
        return cls(directory, read_manifest(directory))

    @classmethod
    def open_exported(
        cls, directory: StrPath, file: str, read: Callable[[Path], Mapping[str, Any]]
    ) -> Self:
        """Open a folder that a run was exported to, to use its state; it cannot be trained.

        Args:
            directory: the folder.
            file: the name of the file with the state's arrays.
            read: of that file: `(path) -> arrays by their places in the state`.

        Raises:
            RunError: where it is damaged, or of a newer format.
        """
        directory = to_path(directory)
        exported = read_export(directory)
        archive = Archive(exported["step"], exported["state"], directory / file, read)
        return cls(directory, sealed(manifest_of(exported)), archive)

    @property
    def is_imported(self) -> bool:
        """Whether its networks were trained elsewhere."""
        return self.manifest["data"].startswith("imported: ")

    @property
    def checkpoints(self) -> Path:
        """Where Orbax keeps the states."""
        return self.directory / "checkpoints"

    @property
    def best(self) -> Path:
        """Where the best of the states that were evaluated is kept.

        While the run goes on, so is the one that was the best at its newest checkpoint.
        """
        return self.directory / "best"

    @property
    def samples(self) -> Path:
        """Where the pictures of the fixed samples are."""
        return self.directory / "samples"

    @property
    def events(self) -> Path:
        """Where TensorBoard looks."""
        return self.directory / "events"

    def metrics(self) -> list[dict[str, Any]]:
        """Lines of metrics: `step`, `steps_per_second`, `terms` by name."""
        return self._metrics.read()

    def digests(self) -> list[dict[str, Any]]:
        """Lines of digests: `step`, and `leaves`: the state's digest by the leaf's path."""
        return self._digests.read()

    def evaluations(self) -> list[dict[str, Any]]:
        """Lines of what was found while the run was trained: `step`, `figures` by name, `rank`."""
        return self._evaluations.read()

    def add_evaluation(self, line: dict[str, Any]) -> None:
        """Append a line of what was found."""
        self._evaluations.append(line)

    def add_metrics(self, line: dict[str, Any]) -> None:
        """Append a line of metrics."""
        self._metrics.append(line)

    def add_digest(self, line: dict[str, Any]) -> None:
        """Append a line of digests."""
        self._digests.append(line)

    def pictures(self) -> dict[int, Path]:
        """The pictures of the fixed samples by their steps, in order; other files are none."""
        found = {}
        for path in self.samples.glob("step_*.png"):
            name = re.fullmatch(r"step_([0-9]+)\.png", path.name)
            if name and path.is_file():
                found[int(name[1])] = path
        return dict(sorted(found.items()))

    def rewind(self, step: int) -> list[str]:
        """Forget what was written after step `step`, or all where it is 0: it comes again.

        Returns:
            A sentence about each file that had damaged lines, which are set aside, or that could
            not be written.
        """
        notes = []
        for lines in (self._metrics, self._digests, self._evaluations):
            try:
                notes.append(lines.rewind(step))
            except OSError as error:
                notes.append(f"what was written after step {step} stays: {error}")
        for later, path in self.pictures().items():
            if later > step:
                path.unlink()
        return [note for note in notes if note is not None]

    @property
    def _evaluations(self) -> Lines:
        return Lines(self.directory / "evaluations.jsonl", "figures")

    @property
    def _metrics(self) -> Lines:
        return Lines(self.directory / "metrics.jsonl", "terms")

    @property
    def _digests(self) -> Lines:
        return Lines(self.directory / "digests.jsonl", "leaves")


def _is_left_behind(path: Path) -> bool:
    return _LEFT_BEHIND.fullmatch(path.name) is not None
