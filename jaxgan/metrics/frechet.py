"""How far apart two sets of features lie, as if both were normally distributed."""

import chex
import numpy as np


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    r"""The Fréchet distance of two sets of features, as normal distributions.

    $$‖μ_1 - μ_2‖^2 + tr(Σ_1 + Σ_2 - 2 (Σ_1 Σ_2)^{1/2})$$

    with the means and the (unbiased) covariances of the two sets. It is 0 for the same set, and
    grows with the square of the features' unit. With few examples it is too large: compare figures
    of equally many.

    The trace of the root is the sum of the singular values of $Σ_1^{1/2} Σ_2^{1/2}$, whose factors
    have real roots also where a covariance is singular.

    Args:
        features: `[N, F]`, N 2 or more, finite.
        others: `[M, F]`, M 2 or more, finite.

    Returns:
        0 or more; computed in float64.

    Raises:
        ValueError: where a set has fewer than two examples, or a feature is not finite.

    References:
        Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017, equation 6.

    >>> points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> round(frechet_distance(points, points + 3), 6)
    18.0
    """
    chex.assert_rank([features, others], 2)
    chex.assert_equal_shape_suffix([features, others], 1)
    sets = [np.asarray(x, np.float64) for x in (features, others)]
    for x in sets:
        if len(x) < 2 or not np.isfinite(x).all():
            raise ValueError(
                f"a Fréchet distance is that of two sets of 2 or more finite features, and one has "
                f"{len(x)}, {np.count_nonzero(~np.isfinite(x).all(axis=1))} of them not finite"
            )
    means = [x.mean(axis=0) for x in sets]
    covariances = [np.cov(x, rowvar=False).reshape(x.shape[1], -1) for x in sets]
    roots = [_root(covariance) for covariance in covariances]
    common = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    spread = sum(np.trace(covariance) for covariance in covariances) - 2 * common
    return float(np.sum((means[0] - means[1]) ** 2) + max(spread, 0.0))


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
