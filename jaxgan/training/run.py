"""The directory of a run: all that a run leaves behind, and all that is needed to repeat it."""

import dataclasses
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import jax

from jaxgan.data import StrPath, to_path

FORMAT = 1
"""Of the directory. A newer format than this is refused."""

_PACKAGES = (
    *("jaxgan", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "chex", "numpy"),
    *("grain", "tensorflow-datasets"),
)


class RunError(Exception):
    """What a person can mend about a run; its text is one clear sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"{type(self).__name__}: {self}"]


@dataclasses.dataclass(frozen=True)
class Run:
    """The directory of a run.

    Attributes:
        directory: where it is.
        manifest: `format`, `experiment` (its name), `configuration`, `seed`, `devices` (how many),
            `batch` (shape and dtype of each of its arrays), `data` (the source's fingerprint) and
            `environment` (versions, machine, flags, source revision).
    """

    directory: Path
    manifest: dict[str, Any]

    @staticmethod
    def refuse_taken(directory: StrPath) -> None:
        """Nothing is overwritten, ever.

        Raises:
            RunError: where the directory holds anything already.
        """
        directory = to_path(directory)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise RunError(
                f"{directory} already holds something, which is not overwritten: name another "
                "directory, or resume the run that is there"
            )

    @classmethod
    def create(cls, directory: StrPath, manifest: dict[str, Any], *, write: bool = True) -> Self:
        """Make a new directory for a run.

        Args:
            directory: nothing may be there yet.
            manifest: all but its format.
            write: False in the processes of a run that are not the first.

        Raises:
            RunError: where the directory holds anything already.
        """
        directory = to_path(directory)
        run = cls(directory, {"format": FORMAT} | manifest)
        if write:
            cls.refuse_taken(directory)
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(directory / "manifest.json", json.dumps(run.manifest, indent=2) + "\n")
        return run

    @classmethod
    def open(cls, directory: StrPath) -> Self:
        """Open the directory of a run that is there.

        Raises:
            RunError: where it is no run, or one of a newer format.
        """
        directory = to_path(directory)
        path = directory / "manifest.json"
        try:
            manifest = json.loads(path.read_text())
            found = manifest["format"]
        except FileNotFoundError:
            raise RunError(f"{directory} is no run: it has no manifest.json") from None
        except (json.JSONDecodeError, TypeError, KeyError, UnicodeDecodeError):
            raise RunError(f"{directory} is no run: its manifest.json cannot be read") from None
        if found > FORMAT:
            raise RunError(
                f"{directory} is a run of format {found}, and this jaxgan reads formats up to "
                f"{FORMAT}: use a newer jaxgan"
            )
        return cls(directory, manifest)

    @property
    def checkpoints(self) -> Path:
        """Where Orbax keeps the states."""
        return self.directory / "checkpoints"

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
        return _read_lines(self.directory / "metrics.jsonl")

    def digests(self) -> list[dict[str, Any]]:
        """Lines of digests: `step`, and `leaves`: the state's digest by the leaf's path."""
        return _read_lines(self.directory / "digests.jsonl")

    def add_metrics(self, line: dict[str, Any]) -> None:
        """Append a line of metrics."""
        _append_line(self.directory / "metrics.jsonl", line)

    def add_digest(self, line: dict[str, Any]) -> None:
        """Append a line of digests."""
        _append_line(self.directory / "digests.jsonl", line)

    def rewind(self, step: int) -> None:
        """Forget what was written after step `step`, or all where it is 0: it comes again."""
        for name in ("metrics.jsonl", "digests.jsonl"):
            path = self.directory / name
            lines = [json.dumps(line) for line in _read_lines(path) if line["step"] <= step > 0]
            write_whole(path, "".join(line + "\n" for line in lines))
        for path in self.samples.glob("step_*.png"):
            if int(path.stem.removeprefix("step_")) > step:
                path.unlink()


def environment() -> dict[str, Any]:
    """What else a run depends on: versions, machine, devices, flags, source revision."""
    devices = jax.devices()
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "device_kind": devices[0].device_kind,
        "device_platform": devices[0].platform,
        "cores": os.cpu_count(),
        "flags": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("XLA_", "JAX_", "NPROC"))
        },
        "revision": _revision(),
        "command": sys.argv,
    }


def differences(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[str]:
    """Where two nested dicts differ, a line a place."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            lines += differences(one, other, f"{prefix}{name}.")
        elif one != other:
            lines.append(f"{prefix}{name}: {one!r} then, {other!r} now")
    return lines


def write_whole(path: StrPath, text: str) -> None:
    """Write a file that is whole or not there."""
    path = to_path(path)
    draft = path.with_name(path.name + ".part")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    lines = []
    for line in path.read_text().splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:  # a process was killed while it wrote this line
            break
    return lines


def _append_line(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit of the source that runs, with `+changes` where files differ from it."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=here, check=True, capture_output=True, text=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", ".")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None
