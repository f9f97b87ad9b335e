"""How many modes of a data set a generator finds, and how evenly."""

from typing import NamedTuple

import numpy as np


class Modes(NamedTuple):
    """What is found of the modes.

    Attributes:
        found: how many of them there is at least one sample of.
        kl: KL(samples || data) of the distributions over the modes, in nats; 0 or more.
    """

    found: int
    kl: float


def mode_statistics(
    labels: np.ndarray, *, classes: int, expected: np.ndarray | None = None
) -> Modes:
    """The modes that samples fall into, counted.

    $$KL(p, q) = Σ_k p_k log(p_k / q_k)$$

    with p the share of samples in mode k, q that of the data.

    The protocol of the literature for stacked digits draws 26,000 samples for 1,000 modes. Even
    perfect samples have a KL above 0 then: about (classes - 1) / (2 N), 0.019 nats.

    Args:
        labels: `[N]` integers in {0, ..., classes - 1}: the mode of each sample.
        classes: K, how many modes there are; 1 or more.
        expected: `[K]` not negative: how often each mode is in the data, in any unit; equally often
            where None.

    Returns:
        Modes found, and the KL; infinite where a mode that the data lack is found.

    Raises:
        ValueError: where there are no labels, one is out of range, or `expected` will not do.

    >>> mode_statistics(np.array([0, 0, 1, 1]), classes=4).found
    2
    """
    counts = count_labels(labels, classes=classes)
    expected = np.ones(classes) if expected is None else np.asarray(expected, np.float64)
    if expected.shape != (classes,) or expected.min() < 0 or not expected.sum() > 0:
        raise ValueError(
            f"what is expected of {classes} modes must be {classes} numbers of 0 or more that are "
            f"not all 0, not an array of shape {expected.shape}"
        )
    there = counts > 0
    p = counts[there] / counts.sum()
    q = expected[there] / expected.sum()
    with np.errstate(divide="ignore"):
        kl = float(np.sum(p * (np.log(p) - np.log(q))))
    return Modes(found=int(there.sum()), kl=max(kl, 0.0))


def count_labels(labels: np.ndarray, *, classes: int) -> np.ndarray:
    """How often each label is there.

    Args:
        labels: `[N]` integers in {0, ..., classes - 1}, N 1 or more.
        classes: K.

    Returns:
        `[K]` int64.

    Raises:
        ValueError: where there are no labels, they are not integers, or one is out of range.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be integers of shape [N], not {labels.dtype.name} of shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels {labels.min()} to {labels.max()} are not of {classes} classes: "
            f"give labels of 0 to {classes - 1}"
        )
    return np.bincount(labels, minlength=classes)


def stack_labels(digits: np.ndarray) -> np.ndarray:
    """The label of stacked digits: 100 a + 10 b + c for red, green and blue.

    Args:
        digits: `[N, 3]` integers in {0, ..., 9}.

    Returns:
        `[N]` int32 in {0, ..., 999}.

    >>> stack_labels(np.array([[1, 2, 3], [0, 0, 7]])).tolist()
    [123, 7]
    """
    return (np.asarray(digits) @ np.array([100, 10, 1])).astype(np.int32)
