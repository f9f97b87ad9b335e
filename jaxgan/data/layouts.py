"""How folders of two sides are laid out."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxgan.data.sources import Source, Subset

# Where a folder has no images for testing, one in so many is held out.
_HELD_OUT = 10


class Folders(NamedTuple):
    """Where the images of a split are.

    Attributes:
        a: Those of side a, or pairs side by side.
        b: Those of side b; None where pairs stand side by side in `a`.
        shared: Whether training and testing share them.
    """

    a: Path
    b: Path | None
    shared: bool


def folders_of(folder: Path, split: str) -> Folders | None:
    """The folders of a split in a folder: `trainA` and `trainB`, or `train`; None without.

    Args:
        folder: Any.
        split: `train`, `test` or `val`.
    """
    a, b = folder / f"{split}A", folder / f"{split}B"
    if a.is_dir() or b.is_dir():
        return Folders(a, b, shared=False)
    return Folders(folder / split, None, shared=False) if (folder / split).is_dir() else None


def share_of(source: Source, split: str, *, shared: bool) -> Source:
    """All of a source, or its share of a split where both splits are in it.

    Args:
        source: Any.
        split: `train` or `test`.
        shared: Whether both are in it.

    Raises:
        ValueError: where there is nothing to be shared.
    """
    if not shared:
        return source
    if len(source) < 2:
        raise ValueError(
            "one image cannot be both for training and for testing: give a folder of two or more"
        )
    rows = np.arange(len(source))
    return Subset(source, rows[(rows % _HELD_OUT == 0) == (split == "test")])
