"""How far apart two sets of features lie, as if both were normally distributed."""

import contextlib
from typing import NamedTuple

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.moments import Moments


def frechet_distance(features: np.ndarray, others: np.ndarray, *, ddof: int = 1) -> float:
    r"""The Fréchet distance of two sets of features, as normal distributions.

    $$‖μ_1 - μ_2‖^2 + tr(Σ_1 + Σ_2 - 2 (Σ_1 Σ_2)^{1/2})$$

    with the means and the covariances of the two sets. It is 0 for the same set, and
    grows with the square of the features' unit. With few examples it is too large: compare figures
    of equally many, or see `frechet_distance_unbiased`.

    The trace of the root is the sum of the singular values of $A_1 A_2^T$, for any real A with
    $A^T A = Σ$: Cholesky's factor of Σ, or where there are no more examples than dimensions, the
    centred examples themselves. Nothing complex appears where a covariance is singular. The
    distance is mostly its bias then: who shows one of no more examples than dimensions,
    `len(features) <= features.shape[1]`, should say so.

    Memory: the features in float64, and a few `[F, F]`; where there are fewer examples than
    dimensions, `[N, M]` instead.

    Args:
        features: `[N, F]`, N 2 or more, finite.
        others: `[M, F]`, M 2 or more, finite.
        ddof: covariances are divided by the count less this: 1, or 0 as NVIDIA's are.

    Returns:
        0 or more; computed in float64. Rounding is about a 1e-8th of the variance of a set.

    Raises:
        ValueError: where a set has fewer than two examples, they have other dimensions, a feature
            is not finite, or `ddof` is not from 0 to less than the counts.

    References:
        Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017, equation 6.

    >>> points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> round(frechet_distance(points, points + 3), 6)
    18.0
    """
    x, y = feature_sets(features, others)
    return _between(_normal(x, ddof), _normal(y, ddof))


def moments_frechet_distance(moments: Moments, others: Moments, *, ddof: int = 1) -> float:
    """`frechet_distance` of sets of which only the moments are there.

    Args:
        moments: of 2 features or more.
        others: of 2 features or more, and as many dimensions.
        ddof: covariances are divided by the count less this.

    Returns:
        0 or more. The same as of the features, to rounding, also with fewer of them than
        dimensions: no more eigenvalues of a covariance are taken than its rank can be.

    Raises:
        ValueError: where there are fewer than two features, or they have other dimensions.

    >>> one = Moments.init(2).update(np.eye(2))
    >>> round(moments_frechet_distance(one, Moments.init(2).update(np.eye(2) + 1)), 6)
    2.0
    """
    few = min(moments.count, others.count)
    if few < 2 or moments.mean.shape != others.mean.shape:
        raise ValueError(
            f"moments of {moments.count} features [{len(moments.mean)}] and of {others.count} "
            f"[{len(others.mean)}] have no Fréchet distance: give 2 features or more of the same "
            "dimensions"
        )
    return _between(_of_moments(moments, ddof), _of_moments(others, ddof))


def normal_frechet_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """The Fréchet distance of two normal distributions, such as statistics that others publish.

    Args:
        mean: `[F]`.
        covariance: `[F, F]`, symmetric.
        other_mean: `[F]`.
        other_covariance: `[F, F]`, symmetric.

    Returns:
        0 or more. Rounding is about a 1e-8th of a covariance's trace.

    Raises:
        ValueError: where the shapes do not belong together, a number is not finite, or a covariance
            is not symmetric.

    >>> round(normal_frechet_distance(np.zeros(2), np.eye(2), np.ones(2), 4 * np.eye(2)), 6)
    4.0
    """
    normals = []
    for place, spread in [(mean, covariance), (other_mean, other_covariance)]:
        mu, sigma = np.asarray(place, np.float64), np.asarray(spread, np.float64)
        size = np.size(mean)
        if mu.shape != (size,) or sigma.shape != (size, size):
            raise ValueError(
                f"a mean of shape {list(mu.shape)} and a covariance of {list(sigma.shape)} are not "
                f"[{size}] and [{size}, {size}]: give statistics of the same features"
            )
        if not np.isfinite(mu).all() or not np.isfinite(sigma).all():
            raise ValueError("a mean or a covariance is not finite: compute the statistics anew")
        if not np.allclose(sigma, sigma.T, rtol=1e-3, atol=1e-5 * np.abs(sigma).max(initial=0)):
            raise ValueError("a covariance is not symmetric: compute the statistics anew")
        normals.append(_of_covariance(mu, sigma, size))
    return _between(*normals)


class Extrapolation(NamedTuple):
    """A Fréchet distance as of endlessly many samples.

    Attributes:
        distance: where the line through the distances meets 1 / N = 0; can be below 0.
        error: the standard error of that, of the fit. The subsets share samples, so the distance
            varies more than this from one generator's samples to other samples.
        counts: `[points]` int64: how many samples each subset has.
        distances: `[points]` float64: theirs.
    """

    distance: float
    error: float
    counts: np.ndarray
    distances: np.ndarray


def frechet_distance_unbiased(
    features: np.ndarray,
    others: np.ndarray,
    *,
    smallest: int | None = None,
    points: int = 15,
    seed: int = 2020,
    ddof: int = 1,
) -> Extrapolation:
    r"""The Fréchet distance extrapolated in the count of samples: FID∞.

    $$d_N ≈ d_∞ + c / N$$

    is fitted by least squares to subsets of N of the features, evenly from `smallest` to all, each
    drawn anew without replacement. That law holds where N is well above the number of dimensions.
    The others stay as they are, all of them: the bias that their own count brings stays too.

    Args:
        features: `[N, F]` of the samples, finite.
        others: `[M, F]` of real examples, M 2 or more, finite.
        smallest: of the subsets, from 2 to less than N; a tenth of N where None (5,000 of 50,000,
            as in the paper).
        points: how many subsets, 3 or more and not more than there are counts.
        seed: of NumPy's `RandomState`, which draws the subsets.
        ddof: as in `frechet_distance`.

    Returns:
        Distance, its error, and what the line was laid through.

    Raises:
        ValueError: where the sets, the smallest subset or the points will not do.

    References:
        Chong and Forsyth, "Effectively unbiased FID and Inception score and where to find them"
        (2020).
    """
    x, y = feature_sets(features, others)
    smallest = max(len(x) // 10, 2) if smallest is None else smallest
    if points < 3 or smallest < 2 or len(x) - smallest + 1 < points:
        raise ValueError(
            f"{points} subsets of {smallest} to {len(x)} samples have no line: give 3 points or "
            "more, subsets of 2 or more, and as many different counts as points"
        )
    random, reference = np.random.RandomState(seed), _normal(y, ddof)
    counts = np.linspace(smallest, len(x), points).astype(np.int64)
    subsets = (x[random.permutation(len(x))[:count]] for count in counts)
    distances = np.array([_between(_normal(part, ddof), reference) for part in subsets])
    from scipy.stats import linregress  # takes a second

    line = linregress(1 / counts, distances)
    return Extrapolation(float(line.intercept), float(line.intercept_stderr), counts, distances)


class _Normal(NamedTuple):
    """A normal distribution: its mean `[F]`, and an A of `[R, F]` with AᵀA its covariance."""

    mean: np.ndarray
    factor: np.ndarray


def _normal(x: np.ndarray, ddof: int) -> _Normal:
    count, dimensions = x.shape
    if count > dimensions or not 0 <= ddof < count:  # the latter is refused there
        return _of_moments(Moments.init(dimensions).update(x), ddof)
    mean = x.mean(axis=0)
    return _Normal(mean, (x - mean) / np.sqrt(count - ddof))


def _of_moments(moments: Moments, ddof: int) -> _Normal:
    return _of_covariance(*moments.compute(ddof=ddof), min(len(moments.mean), moments.count - 1))


def _of_covariance(mean: np.ndarray, covariance: np.ndarray, rank: int) -> _Normal:
    if rank == len(mean):
        with contextlib.suppress(np.linalg.LinAlgError):  # where it is singular all the same
            return _Normal(mean, np.linalg.cholesky(covariance).T)
    values, vectors = np.linalg.eigh(covariance)
    scales = np.sqrt(np.maximum(values[-rank:], 0.0))
    return _Normal(mean, (vectors[:, -rank:] * scales).T)


def _between(one: _Normal, other: _Normal) -> float:
    product = one.factor @ other.factor.T
    product = product if len(product) > product.shape[1] else product.T
    # Turned by these, its columns are orthogonal and as long as its singular values are large. It
    # takes less time than NumPy's, and loses fewer digits than the roots of eigenvalues.
    turn = np.linalg.eigh(product.T @ product)[1]
    common = np.linalg.norm(product @ turn, axis=0).sum()
    spread = np.sum(one.factor**2) + np.sum(other.factor**2) - 2 * common
    return float(np.sum((one.mean - other.mean) ** 2) + max(spread, 0.0))
