"""How well codes that nobody named agree with classes."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from jaxgan.metrics.modes import count_labels


def best_matching(codes: np.ndarray, labels: np.ndarray, *, classes: int) -> float:
    """The accuracy of codes as labels, once each code has got the class that suits all best.

    $$max_m mean_n [m(code_n) = label_n]$$

    over one-to-one maps m. The maximum is exact (an assignment problem).

    Args:
        codes: `[N]` integers in {0, ..., classes - 1}.
        labels: `[N]` integers in {0, ..., classes - 1}: the true classes, or a classifier's.
        classes: K, how many codes and how many classes there are.

    Returns:
        In [1 / K, 1] where codes and labels are all there equally often.

    Raises:
        ValueError: where the arrays differ in length, or are not labels.

    >>> best_matching(np.array([2, 2, 0, 1]), np.array([0, 0, 1, 1]), classes=3)
    0.75
    """
    counts = confusion(codes, labels, classes=classes)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / len(labels))


def confusion(codes: np.ndarray, labels: np.ndarray, *, classes: int) -> np.ndarray:
    """How often each code comes with each label.

    Args:
        codes: `[N]` integers in {0, ..., classes - 1}.
        labels: `[N]` integers in {0, ..., classes - 1}.
        classes: K.

    Returns:
        `[K, K]` int64, by code, then label.

    Raises:
        ValueError: where the arrays differ in length, or are not labels.
    """
    for values in (codes, labels):
        count_labels(values, classes=classes)
    if len(codes) != len(labels):
        raise ValueError(
            f"{len(codes)} codes cannot be compared with {len(labels)} labels: give as many"
        )
    pairs = np.asarray(codes, np.int64) * classes + np.asarray(labels, np.int64)
    return count_labels(pairs, classes=classes**2).reshape(classes, classes)
