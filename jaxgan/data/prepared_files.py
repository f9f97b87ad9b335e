"""The files of a prepared folder.

    prepared.json   what is in the others
    pixels_0.npy    `[N, H, W, C]` uint8, or of pairs side by side `[N, 2, H, W, C]`
    pixels_1.npy    the same pictures at another size, where one was asked for

While they are being prepared, `preparing.json` and `chunks.jsonl` stand for `prepared.json`.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from jaxgan.data.decoding import ValueRange
from jaxgan.data.paths import shown

FORMAT = 1
PREPARED = "prepared.json"
PREPARING = "preparing.json"
CHUNKS = "chunks.jsonl"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Version:
    """All pictures at one size.

    Attributes:
        transform: The text of what happened to each.
        shape: (H, W, C).
    """

    transform: str
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Plan:
    """What a prepared folder holds; known before the first picture is prepared.

    Attributes:
        names: Of the pictures, in order, as they were in their folder.
        sizes: (H, W) of each, before it was prepared.
        classes: As of a `FolderSource`.
        contents: As of a `FolderSource`.
        names_and_sizes: As of a `FolderSource`.
        left_out: Names of the files that could not be decoded.
        passed_over: As of a `FolderSource`.
        value_range: As of a `FolderSource`.
        halves: Whether each was two pictures side by side.
        versions: The sizes, one at least.
        labels: As of a `FolderSource`, where they are those of a `dataset.json`.
        from_file: As of a `FolderSource`.
        transparent: As of a `FolderSource`; earlier versions did not count.
    """

    names: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    classes: tuple[str, ...]
    contents: str
    names_and_sizes: str
    left_out: tuple[str, ...]
    passed_over: str
    value_range: ValueRange | None
    halves: bool
    versions: tuple[Version, ...]
    labels: tuple[int, ...] | tuple[tuple[float, ...], ...] = ()
    from_file: bool = False
    transparent: int = dataclasses.field(default=0, compare=False)

    def shape(self, version: int) -> tuple[int, ...]:
        """Of the pixels of a version: (N, H, W, C), or (N, 2, H, W, C)."""
        return len(self.names), *([2] if self.halves else []), *self.versions[version].shape


@dataclass(frozen=True)
class Chunk:
    """Pictures that were written together.

    Attributes:
        count: How many.
        digests: SHA-256 of their pixels, for each version.
    """

    count: int
    digests: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """`prepared.json`."""

    format: int
    plan: Plan
    chunks: tuple[Chunk, ...]


def open_pixels(folder: Path, plan: Plan, version: int) -> np.ndarray:
    """Map the pixels of a version into memory.

    Args:
        folder: The prepared one.
        plan: What it holds.
        version: Which.

    Returns:
        `[N, H, W, C]` uint8, or `[N, 2, H, W, C]`, read-only.

    Raises:
        ValueError: where they are not there, or not all.
    """
    path = folder / pixels_name(version)
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _cut_short(path, str(error) or type(error).__name__) from error
    if pixels.shape != plan.shape(version) or pixels.dtype != np.uint8:
        raise _cut_short(path, f"it has {pixels.dtype} of {pixels.shape} in it")
    return pixels


def pixels_name(version: int) -> str:
    """The file of a version."""
    return f"pixels_{version}.npy"


def read_plan(folder: Path) -> Plan:
    """The plan of a folder that is being prepared.

    Raises:
        ValueError: where it cannot be read.
    """
    return _as(Plan, _read_json(folder / PREPARING), folder / PREPARING)


def read_chunks(folder: Path) -> list[Chunk]:
    """The chunks of a folder that is being prepared, up to a line that was not written whole."""
    path = folder / CHUNKS
    chunks = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            chunks.append(_as(Chunk, json.loads(line), path))
        except ValueError:
            break
    return chunks


def to_json(value: Plan | Chunk) -> str:
    """One line, as the functions above read it."""
    return json.dumps(dataclasses.asdict(value))


def read_whole(folder: Path) -> tuple[Plan, Sequence[Chunk]]:
    """Read what a prepared folder holds and how it was written, without a look at its pixels.

    Raises:
        ValueError: where that cannot be read, or is of another format.
    """
    values = _read_json(folder / PREPARED)
    found = values.get("format") if isinstance(values, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{shown(folder / PREPARED)} has the format {found!r}, and this version of jaxgan "
            f"reads {FORMAT}: prepare the pictures again"
        )
    file = _as(_File, values, folder / PREPARED)
    plan = file.plan
    counts = {len(plan.names), len(plan.sizes), sum(chunk.count for chunk in file.chunks)}
    if len(counts) > 1 or 0 in counts or not plan.versions:
        raise _damaged(folder / PREPARED, "its pictures and their sizes are not as many")
    return plan, file.chunks


def whole_to_json(plan: Plan, chunks: Sequence[Chunk]) -> str:
    """What `read_whole` reads."""
    return json.dumps(dataclasses.asdict(_File(FORMAT, plan, tuple(chunks))))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _as(kind: type[_T], values: Any, path: Path) -> _T:
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _damaged(path, f"{place}: {first['msg']}") from None


def _damaged(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"{shown(path)} is cut short or damaged ({reason.splitlines()[0]}): remove "
        f"{shown(path.parent)}, and prepare the pictures again"
    )


def _cut_short(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"{shown(path)} is cut short or damaged ({reason.splitlines()[0]}): give the command that "
        "prepared it once more, which makes good what is missing"
    )
