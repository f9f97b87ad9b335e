"""OpenMoji from lines to colour: exact pairs, or two halves that share no drawing."""

import numpy as np

from jaxgan.data.openmoji import OPENMOJI_SIZES, half_of
from jaxgan.data.paired import Paired
from jaxgan.data.paths import StrPath
from jaxgan.data.sources import Subset
from jaxgan.data.tfds import tfds_arrays, tfds_source
from jaxgan.data.transforms import Size, Transform, height_and_width
from jaxgan.data.unpaired import Unpaired


def openmoji_pairs(
    split: str, *, size: Size, transform: Transform, data_dir: StrPath | None = None
) -> Paired:
    """Pair the line drawing (a) and the colour picture (b) of every drawing that is no flag.

    Args:
        split: `train` or `test`.
        size: Height and width that are wanted, or one number for both: the smallest of
            `OPENMOJI_SIZES` that is not smaller is read, or the largest.
        transform: What happens to each picture.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The pairs.

    Raises:
        ValueError: where `tfds_source` does.
    """
    pairs, rows, _ = _open(split, size, transform, data_dir)
    return Paired(Subset(pairs.a, rows), Subset(pairs.b, rows))


def openmoji_halves(
    split: str, *, size: Size, transform: Transform, data_dir: StrPath | None = None
) -> Unpaired:
    """Take the lines of one half of the drawings (a) and the colours of the other half (b).

    Variants of one drawing, as in `describe(...).family`, stand in one half.

    Args:
        split: `train` or `test`.
        size: As for `openmoji_pairs`.
        transform: What happens to each picture.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The two sides, without flags.

    Raises:
        ValueError: where `tfds_source` does.
    """
    pairs, rows, halves = _open(split, size, transform, data_dir)
    return Unpaired(Subset(pairs.a, rows[halves == "a"]), Subset(pairs.b, rows[halves == "b"]))


def _open(
    split: str, size: Size, transform: Transform, data_dir: StrPath | None
) -> tuple[Paired, np.ndarray, np.ndarray]:
    """All pairs, the rows of those that are no flags, `[N]`, and the half of each, `[N]`."""
    wanted = max(height_and_width(size))
    drawn = min((drawn for drawn in OPENMOJI_SIZES if drawn >= wanted), default=max(OPENMOJI_SIZES))
    name = f"openmoji/{drawn}"
    features = tfds_arrays(name, split, only=("flag", "family"), data_dir=data_dir)
    line, colour = (
        tfds_source(name, split, transform=transform, feature=feature, data_dir=data_dir)
        for feature in ("line", "image")
    )
    rows = np.flatnonzero(~features["flag"])
    halves = np.array([half_of(family) for family in features["family"][rows].tolist()])
    return Paired(line, colour), rows, halves
