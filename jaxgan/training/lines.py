"""Files that are whole or not there, and files of lines that grow while a run goes on."""

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data import StrPath, to_path


@dataclasses.dataclass(frozen=True)
class Lines:
    """A file of lines, each a JSON object of a step.

    A process may be killed and a disk may fill up in the middle of a line, and people edit files:
    a line that is no such object is damaged, and costs none of the others.

    Attributes:
        path: of the file; it need not be there.
        holds: the name under which each line has a dict, beside `step`, an integer of 0 or more.
    """

    path: Path
    holds: str

    def read(self) -> list[dict[str, Any]]:
        """All whole lines, in the order of their steps: of two of one step, the later one."""
        by_step = {line["step"]: line for _, line in self._parsed() if line is not None}
        return [by_step[step] for step in sorted(by_step)]

    def append(self, line: dict[str, Any]) -> None:
        """Write a line, and have it on the disk, or nothing of it.

        Raises:
            OSError: where it cannot be written; it names the file.
        """
        data = json.dumps(line).encode() + b"\n"
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            if file.read(1) not in (b"", b"\n"):
                data = b"\n" + data  # a line that was cut short stays one of its own
        append_whole(self.path, data)

    def rewind(self, step: int) -> str | None:
        """Forget what was written after step `step`, or all where it is 0; damaged lines move out.

        Where nothing is to be forgotten, nothing is written.

        Returns:
            A sentence about the damaged lines; None where there are none.

        Raises:
            OSError: where the file cannot be written; it names the file.
        """
        parsed = self._parsed()
        damaged = [raw for raw, line in parsed if line is None]
        aside = self.path.with_suffix(f".damaged{self.path.suffix}")
        if damaged:
            append_whole(aside, b"".join(raw + b"\n" for raw in damaged))
        kept = [raw for raw, line in parsed if line is not None and line["step"] <= step > 0]
        if kept == [raw for raw, _ in parsed[: len(kept)]]:
            if len(kept) < len(parsed):  # shortened in its place: a full disk allows it
                os.truncate(self.path, sum(len(raw) + 1 for raw in kept))
        else:
            write_whole(self.path, b"".join(raw + b"\n" for raw in kept))
        if not damaged:
            return None
        lines = "1 line" if len(damaged) == 1 else f"{len(damaged)} lines"
        return f"{lines} of {self.path} could not be read and went to {aside.name}"

    def _parsed(self) -> list[tuple[bytes, dict[str, Any] | None]]:
        """Every line, and what it says; None where it is damaged."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")
        if not lines[-1]:  # what stands after the last line's end
            lines.pop()
        return [(line, self._parse(line)) for line in lines]

    def _parse(self, line: bytes) -> dict[str, Any] | None:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):  # no JSON, or no text at all
            return None
        step = value.get("step") if isinstance(value, dict) else None
        whole = type(step) is int and step >= 0 and isinstance(value.get(self.holds), dict)
        return value if whole else None


def append_whole(path: Path, data: bytes) -> None:
    """Append to a file, and have it on the disk, or nothing of it.

    Raises:
        OSError: where it cannot be written; it names the file.
    """
    with _named(path):
        size = path.stat().st_size if path.exists() else None
        try:
            with path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                path.unlink() if size is None else os.truncate(path, size)
            raise


def write_whole(path: StrPath, content: str | bytes) -> None:
    """Write a file that is whole or not there.

    Raises:
        OSError: where it cannot be written; it names the file.
    """
    with draft(to_path(path)) as part, part.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def write_array(path: StrPath, array: np.ndarray) -> None:
    """Write an array as NumPy's file, `.npy`, that is whole or not there.

    Raises:
        OSError: where it cannot be written; it names the file.
    """
    with draft(to_path(path)) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Where to write what shall take the place of `path` when it is whole.

    Raises:
        OSError: where it cannot be written; it names `path`, and nothing is left of the draft.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # of no file that a person has
    with _named(path):
        try:
            yield part
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What the system says of an error has the name of the file; a write alone does not tell it."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise OSError(f"{path} could not be written: {error}") from error
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
