"""How far apart two sets of features lie, by a kernel: without bias, also of few examples."""

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.estimate import Estimate

_BLOCK = 500
"""How many rows of the kernel are computed at once."""


def kernel_distance(
    features: np.ndarray,
    others: np.ndarray,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 2020,
) -> Estimate:
    r"""The squared maximum mean discrepancy of two sets of features, with a cubic kernel: KID.

    $$k(x, y) = (x^T y / F + 1)^3$$

    $$\frac{1}{m (m - 1)} Σ_{i ≠ j} (k(x_i, x_j) + k(y_i, y_j)) - 2 mean_{i, j} k(x_i, y_j)$$

    over subsets of m of each set, drawn without replacement. It has no bias, so sets of one
    distribution give about 0, and also less than 0.

    The subsets are those of torch-fidelity: of NumPy's `RandomState(seed)`, for each the indices of
    the first set, then of the second.

    Memory: the features in float64, and two `[m, m]`; of sets that are small for so many subsets
    two `[500, M]` and `[subsets, N + M]` instead.

    Args:
        features: `[N, F]`, finite.
        others: `[M, F]`, finite.
        subsets: how many, 1 or more.
        subset_size: m, from 2 to the smaller of N and M.
        seed: of the subsets.

    Returns:
        Mean and deviation over the subsets; computed in float64. Subsets that take most of a set
        have much in common: the standard error of the mean is `jackknife`'s, not the deviation.

    Raises:
        ValueError: where the sets will not do, or are smaller than a subset.

    References:
        Bińkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs" (2018).

    >>> points = np.array([[0.0], [1.0]])
    >>> kernel_distance(points, points + 1, subsets=1, subset_size=2).mean
    9.5
    """
    x, y = feature_sets(features, others)
    least = min(len(x), len(y))
    if subsets < 1 or not 2 <= subset_size <= least:
        raise ValueError(
            f"{subsets} subsets of {subset_size} cannot be drawn from {len(x)} and {len(y)} "
            f"features: give 1 subset or more, of 2 to {least}"
        )
    random = np.random.RandomState(seed)
    drawn = [
        [random.choice(len(a), subset_size, replace=False) for a in (x, y)] for _ in range(subsets)
    ]
    one, other = (np.array(rows) for rows in zip(*drawn, strict=True))
    within = _sums(x, x, one, one) - _diagonals(x, one)
    within += _sums(y, y, other, other) - _diagonals(y, other)
    between = _sums(x, y, one, other) / subset_size**2
    figures = within / (subset_size * (subset_size - 1)) - 2 * between
    return Estimate(float(np.mean(figures)), float(np.std(figures)))


def _sums(x: np.ndarray, y: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The kernel's sum over all pairs of each subset: of indices `[S, m]` twice to `[S]`."""
    if len(x) * len(y) > one.size * other.shape[1]:
        return np.array([_cubic(x[i], y[j]).sum() for i, j in zip(one, other, strict=True)])
    # Every pair once is less than the pairs of all subsets: each adds up those that it has.
    has, other_has = _has(one, len(x)), _has(other, len(y))
    sums = np.zeros(len(one))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        sums += np.einsum("sm,sm->s", has[:, rows] @ _cubic(x[rows], y), other_has)
    return sums


def _has(chosen: np.ndarray, count: int) -> np.ndarray:
    """Of indices `[S, m]` in {0, ..., N - 1} `[S, N]`: 1 of those that a subset has, else 0."""
    has = np.zeros((len(chosen), count))
    np.put_along_axis(has, chosen, 1, axis=1)
    return has


def _diagonals(x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return ((np.einsum("nf,nf->n", x, x) / x.shape[1] + 1) ** 3)[chosen].sum(axis=1)


def _cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    kernel = x @ y.T
    kernel /= x.shape[1]
    kernel += 1
    square = kernel * kernel  # a power takes longer than the product of matrices
    square *= kernel
    return square
