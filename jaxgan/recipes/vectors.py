"""Vectors of labels: of each image one label of each of several attributes."""

from collections.abc import Sequence

import numpy as np

_COUNT = 10
"""How many there are: as many as columns in the pictures of a run."""


def check_vector(vector: Sequence[int], classes: tuple[int, ...], *, flag: str) -> None:
    """Refuse a vector of labels that images cannot have.

    Args:
        vector: a label of each attribute.
        classes: how many labels each attribute has.
        flag: that gives it.

    Raises:
        ValueError: where it is of another length, or has a label that is not there.
    """
    told = f"{flag} {','.join(map(str, vector))}"
    if len(vector) != len(classes):
        raise ValueError(
            f"{told} is of length {len(vector)}, and images have {len(classes)} attributes: give "
            f"{flag} a label of each"
        )
    for place, (label, count) in enumerate(zip(vector, classes, strict=True)):
        if not 0 <= label < count:
            raise ValueError(
                f"{told} gives attribute {place + 1} the label {label}, and it has 0 to "
                f"{count - 1}: give one of these"
            )


def varied(classes: tuple[int, ...], usual: tuple[int, ...] = ()) -> np.ndarray:
    """A vector of labels, and others in which one attribute is another: attributes in turn.

    Each attribute has its labels from places as far apart as there are.

    Args:
        classes: how many labels each attribute has.
        usual: the first vector; zeros where empty.

    Returns:
        `[N, A]` int32, N 10 or, where there are no more labels, fewer.

    Raises:
        ValueError: where `check_vector` does, and where an attribute has no label.

    >>> varied((3, 2)).tolist()
    [[0, 0], [1, 0], [2, 0], [0, 1]]
    """
    if min(classes, default=0) < 1:
        raise ValueError(
            f"--classes {' '.join(map(str, classes))} will not do: give one or more for each "
            "attribute, as in --classes 8 11"
        )
    if usual and len(usual) != len(classes):
        raise ValueError(
            f"--usual {','.join(map(str, usual))} is of {len(usual)} attributes and --classes "
            f"{' '.join(map(str, classes))} of {len(classes)}: give each one number for every "
            "attribute of the images, in the order of --label"
        )
    first = usual or (0,) * len(classes)
    check_vector(first, classes, flag="--usual")
    others = [[y for y in range(k) if y != own] for k, own in zip(classes, first, strict=True)]
    counts = [0] * len(classes)
    for _ in range(_COUNT - 1):
        left = [i for i, labels in enumerate(others) if counts[i] < len(labels)]
        if left:
            counts[min(left, key=lambda i: counts[i])] += 1
    rows = [list(first)]
    for attribute, (labels, count) in enumerate(zip(others, counts, strict=True)):
        for number in range(1, count + 1):
            rows.append([*first])
            rows[-1][attribute] = labels[number * len(labels) // count - 1]
    return np.array(rows, np.int32)
