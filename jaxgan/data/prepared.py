"""Folders of pictures that were prepared once: pixels in files, read without decoding.

    prepared.json   what is in the others
    pixels_0.npy    `[N, H, W, C]` uint8, or of pairs side by side `[N, 2, H, W, C]`
    pixels_1.npy    the same pictures at another size, where one was asked for

While they are being prepared, `preparing.json` and `chunks.jsonl` stand for `prepared.json`.
"""

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from jaxgan.data.decoding import ValueRange
from jaxgan.data.paths import StrPath, shown, to_path
from jaxgan.data.transforms import Half, Transform, in_words

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


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared folder.

    Attributes:
        folder: Where it is.
        plan: What it holds.
        chunks: How it was written.
    """

    folder: Path
    plan: Plan
    chunks: tuple[Chunk, ...]

    def check(self, transform: Transform | Half, value_range: ValueRange | None) -> str:
        """Check that pictures are there as they are asked for; says so where larger ones are.

        Args:
            transform: What is asked for.
            value_range: The range that is asked for.

        Returns:
            What their contents go by: `plan.contents`, and more where they are made of larger ones.

        Raises:
            ValueError: where neither are there.
        """
        if value_range != self.plan.value_range:
            there, asked = (
                f"--range {x[0]:g} {x[1]:g}" if x else "no --range"
                for x in (self.plan.value_range, value_range)
            )
            raise ValueError(
                f"{shown(self.folder)} was prepared with {there}, and is asked for with {asked}: "
                f"give {there}, or prepare the pictures again"
            )
        index, fits = self._version(transform)
        if not fits:
            height, width, _ = self.plan.versions[index].shape
            logging.getLogger(__name__).warning(
                "the pictures in %s are %s pixels large and are resized to %s whenever one is read",
                shown(self.folder),
                in_words((height, width)),
                in_words(_inner(transform).image_size),
            )
        made_of = "" if fits else f":{self.plan.versions[index].transform}"
        return f"{self.plan.contents}{made_of}"

    def read(self, indices: np.ndarray, transform: Transform | Half) -> np.ndarray:
        """Read the pictures at `indices`, `[N]`: `[N, H, W, C]` uint8.

        Raises:
            ValueError: where they are not there, or no longer.
        """
        index, fits = self._version(transform)
        # Opened anew each time: an open map would be copied whole into every worker process.
        pixels = open_pixels(self.folder, self.plan, index)
        if isinstance(transform, Half):
            pixels = pixels[:, int(transform.right)]
        images = np.array(pixels[indices])
        if fits:
            return images
        return np.stack([_inner(transform).prepare(image) for image in images])

    def _version(self, transform: Transform | Half) -> tuple[int, bool]:
        """The version to read, and whether it is exactly what is asked for."""
        if isinstance(transform, Half) != self.plan.halves:
            kinds = ("single pictures", "pairs side by side")
            raise ValueError(
                f"{shown(self.folder)} was prepared as {kinds[self.plan.halves]}, and is asked for "
                f"{kinds[not self.plan.halves]}: prepare it with the experiment that it is for"
            )
        wanted = _inner(transform)
        texts = [version.transform for version in self.plan.versions]
        if repr(wanted) in texts:
            return texts.index(repr(wanted)), True
        larger = [
            index for index, version in enumerate(self.plan.versions) if _covers(version, wanted)
        ]
        if not larger:
            raise ValueError(
                f"{shown(self.folder)} was prepared as {' and '.join(texts)}, of which {wanted} "
                "cannot be made: ask for what is there, or prepare the pictures again"
            )
        return min(larger, key=lambda index: self.plan.versions[index].shape), False


def open_prepared(folder: StrPath) -> Prepared | None:
    """Open a prepared folder; its pixels are not read.

    Args:
        folder: Any.

    Returns:
        What is prepared there; None where that is no prepared folder.

    Raises:
        ValueError: where it is not whole, damaged, or of another format.
    """
    folder = to_path(folder)
    if not (folder / PREPARED).is_file():
        if not (folder / PREPARING).is_file():
            return None
        plan = read_plan(folder)
        done = sum(chunk.count for chunk in read_chunks(folder))
        raise ValueError(
            f"{shown(folder)} holds {done:,} of {len(plan.names):,} pictures: give the command "
            "that prepares it once more, and it goes on"
        )
    prepared = read_prepared(folder)
    for index in range(len(prepared.plan.versions)):
        open_pixels(folder, prepared.plan, index)
    return prepared


def read_prepared(folder: Path) -> Prepared:
    """Read what a prepared folder holds, without a look at its pixels.

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
    return Prepared(folder, plan, file.chunks)


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


def to_json(value: Plan | Chunk | Prepared) -> str:
    """One line, as the functions above read it."""
    if isinstance(value, Prepared):
        file = _File(FORMAT, value.plan, value.chunks)
        return json.dumps(dataclasses.asdict(file))
    return json.dumps(dataclasses.asdict(value))


def _inner(transform: Transform | Half) -> Transform:
    return transform.transform if isinstance(transform, Half) else transform


def _covers(version: Version, wanted: Transform) -> bool:
    """Whether a version has all that is asked for, in more pixels or more colours."""
    height, width, channels = version.shape
    rows, columns, colours = wanted.shape
    if channels < colours or height < rows or height * columns != width * rows:
        return False
    there = dataclasses.replace(wanted, image_size=(height, width), channels=channels)
    return repr(there) == version.transform


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
