"""How much of the samples lies among the real examples, and of those among the samples.

A set is taken as the union of balls, about each of its features, as wide as to its k-th nearest
neighbour in the set (itself not counted).
"""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics.distances import feature_sets, squared_distances
from jaxgan.metrics.radii import squared_radii, squared_radii_without
from jaxgan.metrics.sampling import jackknife_error, random_groups


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
    radii, others = (squared_radii(a, k, block_size) for a in (y, x))
    inside = np.less if strict else np.less_equal
    precise, recalled = np.zeros(len(x), bool), np.zeros(len(y), bool)
    for rows, squares in squared_distances(x, y, block_size=block_size):
        precise[rows] = inside(squares, radii[None]).any(axis=1)
        recalled |= inside(squares, others[rows, None]).any(axis=0)
    return PrecisionRecall(float(precise.mean()), float(recalled.mean()))


def precision_recall_error(
    features: np.ndarray,
    real: np.ndarray,
    *,
    k: int = 3,
    strict: bool = False,
    groups: int = 10,
    seed: int = 2020,
    block_size: int = 256,
) -> PrecisionRecall:
    """The standard errors of `precision_recall`: `jackknife` of both sets.

    A share's binomial error would not do: it takes the balls as given, but they vary with the set
    that they are of, and with them whole neighbourhoods of the other set. Of normal distributions
    in 2 to 64 dimensions it is half the spread over new samples or less in the worst cases, where
    the jackknife's is 1.3 to 2.1 times that spread: on the safe side.

    The distances are computed once for all groups. Memory: as of `precision_recall`, and
    `(k + 3) * groups * (N + M)` float64.

    Args:
        features: `[N, F]` of the samples, finite.
        real: `[M, F]` of real examples, finite.
        k: from 1 to less than what is left of N and of M without a group.
        strict: as in `precision_recall`.
        groups: from 2 to N and M.
        seed: of the groups.
        block_size: how many rows of distances are computed at once.

    Returns:
        The errors of precision and recall.

    Raises:
        ValueError: where the sets or the groups will not do, or have no k-th neighbours.
    """
    x, parts, y, real_parts = _grouped(features, real, k, groups, seed)
    radii, real_radii = (
        squared_radii_without(a, p, k, block_size) for a, p in [(x, parts), (y, real_parts)]
    )
    inside = np.less if strict else np.less_equal
    precise, recalled = np.zeros((groups, len(x)), bool), np.zeros((groups, len(y)), bool)
    for rows, squares in squared_distances(x, y, block_size=block_size):
        n, m, found = _found(inside, squares, real_radii.max(axis=0)[None])
        for g in range(groups):
            precise[g, rows.start + n[inside(found, real_radii[g, m])]] = True
        n, m, found = _found(inside, squares, radii[:, rows].max(axis=0)[:, None])
        for g in range(groups):
            recalled[g, m[inside(found, radii[g, rows.start + n])]] = True
    shares = [
        (np.delete(precise[g], parts[g]).mean(), np.delete(recalled[g], real_parts[g]).mean())
        for g in range(groups)
    ]
    return PrecisionRecall(*map(float, jackknife_error(np.array(shares))))


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
        (2020).

    >>> line = np.arange(4.0).reshape(-1, 1)
    >>> density_coverage(np.array([[0.5], [0.6], [9.0]]), line, k=1).coverage
    0.5
    """
    x, y = _sets(features, real, k)
    radii = squared_radii(y, k, block_size)
    inside = np.less if strict else np.less_equal
    within, covered = 0, np.zeros(len(y), bool)
    for _, squares in squared_distances(x, y, block_size=block_size):
        found = inside(squares, radii[None])
        within += np.count_nonzero(found)
        covered |= found.any(axis=0)
    return DensityCoverage(float(within) / (k * len(x)), float(covered.mean()))


def density_coverage_error(
    features: np.ndarray,
    real: np.ndarray,
    *,
    k: int = 5,
    strict: bool = True,
    groups: int = 10,
    seed: int = 2020,
    block_size: int = 256,
) -> DensityCoverage:
    """The standard errors of `density_coverage`: `jackknife` of both sets.

    Memory: as of `precision_recall_error`.

    Args:
        features: `[N, F]` of the samples, finite.
        real: `[M, F]` of real examples, finite.
        k: from 1 to less than what is left of N and of M without a group.
        strict: as in `density_coverage`.
        groups: from 2 to N and M.
        seed: of the groups.
        block_size: how many rows of distances are computed at once.

    Returns:
        The errors of density and coverage.

    Raises:
        ValueError: where the sets or the groups will not do, or have no k-th neighbours.
    """
    x, parts, y, real_parts = _grouped(features, real, k, groups, seed)
    radii = squared_radii_without(y, real_parts, k, block_size)
    inside = np.less if strict else np.less_equal
    within, covered = np.zeros((groups, len(x)), np.int64), np.zeros((groups, len(y)), bool)
    for rows, squares in squared_distances(x, y, block_size=block_size):
        n, m, found = _found(inside, squares, radii.max(axis=0)[None])
        for g, part in enumerate(parts):
            hits = inside(found, radii[g, m])
            within[g, rows] = np.bincount(n[hits], minlength=len(squares))
            left = (rows.start + n < part.start) | (rows.start + n >= part.stop)
            covered[g, m[hits & left]] = True
    figures = [
        (np.delete(within[g], parts[g]).mean() / k, np.delete(covered[g], real_parts[g]).mean())
        for g in range(groups)
    ]
    return DensityCoverage(*map(float, jackknife_error(np.array(figures))))


def _sets(features: np.ndarray, real: np.ndarray, k: int) -> list[np.ndarray]:
    sets = feature_sets(features, real)
    _refuse_neighbours(len(sets[0]), len(sets[1]), k)
    return sets


def _refuse_neighbours(count: int, other_count: int, k: int) -> None:
    most = min(count, other_count) - 1
    if not 1 <= k <= most:
        raise ValueError(
            f"of {count} and {other_count} features not all have {k} neighbours: give a k of 1 to "
            f"{most}, or more features"
        )


def _grouped(
    features: np.ndarray, real: np.ndarray, k: int, groups: int, seed: int
) -> tuple[np.ndarray, list[slice], np.ndarray, list[slice]]:
    """Both sets in an order in which their groups follow each other, and which rows these are."""
    sets = feature_sets(features, real)
    every = random_groups(*map(len, sets), groups=groups, seed=seed)
    parts = []
    for divided in every:
        ends = np.cumsum([len(part) for part in divided])
        parts.append([slice(end - len(part), end) for end, part in zip(ends, divided, strict=True)])
    # Without their largest groups, which are the first, the sets must have neighbours enough.
    _refuse_neighbours(len(sets[0]) - parts[0][0].stop, len(sets[1]) - parts[1][0].stop, k)
    x, y = (a[np.concatenate(divided)] for a, divided in zip(sets, every, strict=True))
    return x, parts[0], y, parts[1]


def _found(
    inside: np.ufunc, squares: np.ndarray, widest: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and squared distances of the few pairs that a ball of any group can hold."""
    n, m = np.nonzero(inside(squares, widest))
    return n, m, squares[n, m]
