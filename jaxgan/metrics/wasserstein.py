"""What it costs to move one set of features to where another lies."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from jaxgan.metrics.distances import feature_sets

_DIRECTIONS = 64
"""How many directions are projected on at once."""


def wasserstein_distance(features: np.ndarray, others: np.ndarray, *, p: float = 1.0) -> float:
    r"""The Wasserstein distance of two sets of equally many features, exactly.

    $$(min_π \frac{1}{N} Σ_n ‖x_n - y_{π(n)}‖^p)^{1/p}$$

    over the permutations π. Time grows with the cube of N: 2,000 take seconds. Many dimensions need
    samples without end before two sets of one distribution are near each other.

    Memory: the features and one `[N, N]`, in float64.

    Args:
        features: `[N, F]`, finite.
        others: `[N, F]`, finite.
        p: the power, 1 or more.

    Returns:
        0 or more, in the features' unit; computed in float64.

    Raises:
        ValueError: where the sets will not do, differ in their count, or p is below 1.

    >>> wasserstein_distance(np.array([[0.0], [5.0]]), np.array([[6.0], [2.0]]))
    1.5
    """
    x, y = _sets(features, others, p)
    if len(x) != len(y):
        raise ValueError(
            f"{len(x)} and {len(y)} features cannot be matched one to one: give equally many, or "
            "take sliced_wasserstein_distance"
        )
    costs = cdist(x, y) ** p
    return float(costs[linear_sum_assignment(costs)].mean() ** (1 / p))


def sliced_wasserstein_distance(
    features: np.ndarray,
    others: np.ndarray,
    *,
    p: float = 2.0,
    directions: int = 1000,
    seed: int = 2020,
) -> float:
    r"""The Wasserstein distance of two sets as they are seen from random directions.

    $$(mean_θ W_p(θ^T x, θ^T y)^p)^{1/p}, \quad
    W_p(a, b)^p = ∫_0^1 |F_a^{-1}(u) - F_b^{-1}(u)|^p du$$

    with θ evenly distributed over the unit sphere. On a line the best transport keeps the order, so
    a direction costs no more than sorting, also of sets that differ in their count.

    Of two sets that differ by a shift it is about the shift divided by the root of F, for p=2.

    Memory: the features in float64, and about eight arrays of `[N + M, 64]`.

    Args:
        features: `[N, F]`, finite: features, or pictures laid out as vectors.
        others: `[M, F]`, finite.
        p: the power, 1 or more.
        directions: how many, 1 or more.
        seed: of NumPy's `RandomState`, which draws the directions.

    Returns:
        0 or more, in the features' unit; computed in float64.

    Raises:
        ValueError: where the sets will not do, p is below 1, or there are no directions.

    References:
        Bonneel, Rabin, Peyré and Pfister, "Sliced and Radon Wasserstein barycenters of measures"
        (2015).

    >>> line = np.arange(3.0).reshape(-1, 1)
    >>> round(sliced_wasserstein_distance(line, line + 2), 6)
    2.0
    """
    x, y = _sets(features, others, p)
    if directions < 1:
        raise ValueError(f"a set cannot be seen from {directions} directions: give 1 or more")
    count, other_count = len(x), len(y)
    # Where one of the two inverse distribution functions steps, in units of 1 / (N M).
    edges = np.union1d(np.arange(1, count + 1) * other_count, np.arange(1, other_count + 1) * count)
    shares = np.diff(edges, prepend=0) / (count * other_count)
    ranks, other_ranks = (edges - 1) // other_count, (edges - 1) // count
    random, total = np.random.RandomState(seed), 0.0
    for start in range(0, directions, _DIRECTIONS):
        towards = random.normal(size=(min(_DIRECTIONS, directions - start), x.shape[1])).T
        towards /= np.linalg.norm(towards, axis=0, keepdims=True)
        seen, other_seen = np.sort(x @ towards, axis=0), np.sort(y @ towards, axis=0)
        total += np.sum(shares @ np.abs(seen[ranks] - other_seen[other_ranks]) ** p)
    return float((total / directions) ** (1 / p))


def _sets(features: np.ndarray, others: np.ndarray, p: float) -> list[np.ndarray]:
    sets = feature_sets(features, others, least=1)
    if not 1 <= p < np.inf:
        raise ValueError(f"p={p} is no power of a Wasserstein distance: give 1 or more")
    return sets
