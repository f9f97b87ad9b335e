"""Whether a set has the labels that a game is conditioned on."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from jaxgan.data.sources import Source

S = TypeVar("S", bound=Source)


def labels_by_attribute(classes: Sequence[str]) -> dict[str, list[str]]:
    """The labels of each attribute, of sources whose labels are vectors.

    Args:
        classes: `Source.classes`: ATTRIBUTE=LABEL, one attribute after the other.

    >>> labels_by_attribute(["glasses=none", "glasses=round", "beard=none"])
    {'glasses': ['none', 'round'], 'beard': ['none']}
    """
    found: dict[str, list[str]] = {}
    for name in classes:
        attribute, _, label = name.partition("=")
        found.setdefault(attribute, []).append(label)
    return found


def check_labels(source: S, *, classes: int | tuple[int, ...]) -> S:
    """The source itself, if its examples have one of so many labels.

    Args:
        source: any.
        classes: how many labels the networks know: 0 to `classes - 1`; or how many of each
            attribute.

    Raises:
        ValueError: where the examples have no label, labels that the networks do not know, or other
            attributes than these.
    """
    known = len(source.classes)
    label = source.read(np.zeros(1, np.int64)).get("label")
    if not known and label is not None:
        raise ValueError(
            f"the labels of the data ({source.fingerprint}) are vectors, and the game is "
            "conditioned on classes: give whole numbers in dataset.json, or take another game"
        )
    if not known or label is None:
        raise ValueError(
            f"the data ({source.fingerprint}) has no labels, and the game is conditioned on them: "
            "take a set with labels, a folder with a sub-folder for each class, or another game"
        )
    if label.ndim == 2:
        _check_vectors(source.classes, classes)
    elif not isinstance(classes, int):
        raise ValueError(
            f"the data ({source.fingerprint}) has one label an image, and the networks know "
            f"{len(classes)} attributes: name as many (--label), or give --classes {known}"
        )
    elif known > classes:
        raise ValueError(
            f"the data has {known} labels, up to '{source.classes[-1]}', and the networks know "
            f"{classes}: give --classes {known}"
        )
    return source


def _check_vectors(names: Sequence[str], classes: int | tuple[int, ...]) -> None:
    there = labels_by_attribute(names)
    counts = [len(labels) for labels in there.values()]
    if isinstance(classes, int):
        raise ValueError(
            f"the labels of the data are vectors of {len(counts)} attributes, {', '.join(there)}, "
            "and the networks know one label an image: name one (--label), or, of cgan, give "
            f"--classes {' '.join(map(str, counts))}"
        )
    if len(counts) != len(classes) or any(n > k for n, k in zip(counts, classes, strict=True)):
        told = ", ".join(f"{name} ({count})" for name, count in zip(there, counts, strict=True))
        raise ValueError(
            f"the data has labels of {told}, and the networks know {', '.join(map(str, classes))}: "
            f"give --classes {' '.join(map(str, counts))}"
        )
