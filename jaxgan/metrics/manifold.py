"""How much of the samples lies among the real examples, and of those among the samples.

A set is taken as the union of balls, about each of its features, as wide as to its k-th nearest
neighbour in the set (itself not counted).
"""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics.distances import feature_sets, squared_distances


class PrecisionRecall(NamedTuple):
    """How many of the samples look real, and how many of the real examples could be samples.

    Attributes:
        precision: the share of the samples that lie in a ball of the real examples; in [0, 1].
        recall: the share of the real examples that lie in a ball of the samples; in [0, 1].
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """How densely the samples lie among the real examples, and how many they reach.

    Attributes:
        density: in how many balls of the real examples a sample lies on average, divided by k; 0 or
            more, and about 1 where the distributions are the same.
        coverage: the share of the real examples whose ball holds a sample; in [0, 1].
    """

    density: float
    coverage: float


def precision_recall(
    features: np.ndarray,
    real: np.ndarray,
    *,
    k: int = 3,
    strict: bool = False,
    block_size: int = 256,
) -> PrecisionRecall:
    r"""Improved precision and recall.

    $$precision = mean_n [∃ m: d(x_n, y_m) ≤ r_m], \quad recall = mean_m [∃ n: d(x_n, y_m) ≤ r_n]$$

    with r the distance to the k-th nearest neighbour in the own set.

    Memory: the features in float64, a copy of a set, and two blocks of `[block_size, max(N, M)]`
    float64: 200 MB for 50,000 features.

    Args:
        features: `[N, F]` of the samples, finite.
        real: `[M, F]` of real examples, finite.
        k: from 1 to less than N and M. The paper, NVIDIA and torch-fidelity take 3.
        strict: whether a ball is without its surface, as in prdc, or with it, as in the paper,
            NVIDIA's and torch-fidelity. They differ where distances are equal, as of copies.
        block_size: how many rows of distances are computed at once.

    Raises:
        ValueError: where the sets will not do, or have no k-th neighbours.

    References:
        Kynkäänniemi, Karras, Laine, Lehtinen and Aila, "Improved precision and recall metric for
        assessing generative models" (2019), equations 1 and 2.

    >>> line = np.arange(4.0).reshape(-1, 1)
    >>> precision_recall(np.array([[0.5], [1.5]]), line, k=1)
    PrecisionRecall(precision=1.0, recall=0.75)
    """
    x, y = _sets(features, real, k)
    radii, others = (_squared_radii(a, k, block_size) for a in (y, x))
    inside = np.less if strict else np.less_equal
    precise, recalled = np.zeros(len(x), bool), np.zeros(len(y), bool)
    for rows, squares in squared_distances(x, y, block_size=block_size):
        precise[rows] = inside(squares, radii[None]).any(axis=1)
        recalled |= inside(squares, others[rows, None]).any(axis=0)
    return PrecisionRecall(float(precise.mean()), float(recalled.mean()))


def density_coverage(
    features: np.ndarray,
    real: np.ndarray,
    *,
    k: int = 5,
    strict: bool = True,
    block_size: int = 256,
) -> DensityCoverage:
    r"""Density and coverage: precision and recall that outliers cannot spoil.

    $$density = \frac{1}{k N} Σ_{n, m} [d(x_n, y_m) < r_m]$$

    $$coverage = mean_m [min_n d(x_n, y_m) < r_m]$$

    with r the distance of a real example to its k-th nearest neighbour among them. Only balls of
    the real examples count. Coverage of the same distribution is about $1 - 2^{-k}$.

    Memory: as of `precision_recall`.

    Args:
        features: `[N, F]` of the samples, finite.
        real: `[M, F]` of real examples, finite.
        k: from 1 to less than N and M. The paper takes 5.
        strict: whether a ball is without its surface, as in prdc, or with it.
        block_size: how many rows of distances are computed at once.

    Raises:
        ValueError: where the sets will not do, or have no k-th neighbours.

    References:
        Naeem, Oh, Uh, Choi and Yoo, "Reliable fidelity and diversity metrics for generative models"
        (2020), section 3.

    >>> line = np.arange(4.0).reshape(-1, 1)
    >>> density_coverage(np.array([[0.5], [0.6], [9.0]]), line, k=1).coverage
    0.5
    """
    x, y = _sets(features, real, k)
    radii = _squared_radii(y, k, block_size)
    inside = np.less if strict else np.less_equal
    within, covered = 0, np.zeros(len(y), bool)
    for _, squares in squared_distances(x, y, block_size=block_size):
        found = inside(squares, radii[None])
        within += np.count_nonzero(found)
        covered |= found.any(axis=0)
    return DensityCoverage(float(within) / (k * len(x)), float(covered.mean()))


def _sets(features: np.ndarray, real: np.ndarray, k: int) -> list[np.ndarray]:
    sets = feature_sets(features, real)
    most = min(map(len, sets)) - 1
    if not 1 <= k <= most:
        raise ValueError(
            f"of {len(sets[0])} and {len(sets[1])} features not all have {k} neighbours: give a k "
            f"of 1 to {most}, or more features"
        )
    return sets


def _squared_radii(x: np.ndarray, k: int, block_size: int) -> np.ndarray:
    radii = np.empty(len(x))
    for rows, squares in squared_distances(x, x, block_size=block_size):
        squares.partition(k, axis=1)
        radii[rows] = squares[:, k]  # the nearest, of index 0, is itself
    return radii
