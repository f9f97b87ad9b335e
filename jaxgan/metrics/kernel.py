"""How far apart two sets of features lie, by a kernel: without bias, also of few examples."""

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.estimate import Estimate


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

    Memory: the features in float64, and three `[m, m]`.

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
    figures = []
    for _ in range(subsets):
        one = x[random.choice(len(x), subset_size, replace=False)]
        other = y[random.choice(len(y), subset_size, replace=False)]
        within = 0.0
        for part in (one, other):
            kernel = _cubic(part, part)
            within += kernel.sum() - np.trace(kernel)
        between = _cubic(one, other).mean()
        figures.append(within / (subset_size * (subset_size - 1)) - 2 * between)
    return Estimate(float(np.mean(figures)), float(np.std(figures)))


def _cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    kernel = x @ y.T / x.shape[1] + 1
    return kernel * kernel * kernel  # a power takes longer than the product of matrices
