"""Whether a set has the labels that a game is conditioned on."""

from typing import TypeVar

import numpy as np

from jaxgan.data.sources import Source

S = TypeVar("S", bound=Source)


def check_labels(source: S, *, classes: int) -> S:
    """The source itself, if its examples have one of so many labels.

    Args:
        source: any.
        classes: how many labels the networks know: 0 to `classes - 1`.

    Raises:
        ValueError: where the examples have no label, or labels that the networks do not know.
    """
    known = len(source.classes)
    if not known and "label" in source.read(np.zeros(1, np.int64)):
        raise ValueError(
            f"the labels of the data ({source.fingerprint}) are vectors, and the game is "
            "conditioned on classes: give whole numbers in dataset.json, or take another game"
        )
    if not known:
        raise ValueError(
            f"the data ({source.fingerprint}) has no labels, and the game is conditioned on them: "
            "take a set with labels, a folder with a sub-folder for each class, or another game"
        )
    if known > classes:
        raise ValueError(
            f"the data has {known} labels, up to '{source.classes[-1]}', and the networks know "
            f"{classes}: give --classes {known}"
        )
    return source
