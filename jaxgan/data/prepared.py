"""Folders of pictures that were prepared once: pixels in files, read without decoding."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxgan.data.decoding import ValueRange
from jaxgan.data.paths import StrPath, shown, to_path
from jaxgan.data.prepared_files import (
    PREPARED,
    PREPARING,
    Plan,
    Version,
    open_pixels,
    read_chunks,
    read_plan,
    read_whole,
)
from jaxgan.data.transforms import Half, Transform


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared folder.

    Attributes:
        folder: Where it is.
        plan: What it holds.
    """

    folder: Path
    plan: Plan

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
            there, wanted = self.plan.versions[index].shape, transform.shape
            logging.getLogger(__name__).warning(
                "the pictures in %s are %s (height x width x channels), and are made %s whenever "
                "one is read",
                shown(self.folder),
                *(" x ".join(map(str, shape)) for shape in (there, wanted)),
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
    plan, _ = read_whole(folder)
    for index in range(len(plan.versions)):
        open_pixels(folder, plan, index)
    return Prepared(folder, plan)


def _inner(transform: Transform | Half) -> Transform:
    return transform.transform if isinstance(transform, Half) else transform


def _covers(version: Version, wanted: Transform) -> bool:
    """Whether a version has all that is asked for, in more pixels or more colours."""
    height, width, channels = version.shape
    rows, columns, colours = wanted.shape
    if channels < colours or height < rows or height * columns != width * rows:
        return False
    if wanted.pad and channels != colours and 4 in (channels, colours):
        return False  # around RGBA is nothing, and not black
    there = dataclasses.replace(wanted, image_size=(height, width), channels=channels)
    return repr(there) == version.transform
