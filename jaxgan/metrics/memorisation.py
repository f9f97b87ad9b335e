"""Whether samples are copies of what a generator was trained on."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics.distances import feature_sets, squared_distances


class Memorisation(NamedTuple):
    """How far samples are from the training examples, next to held-out real examples.

    Attributes:
        farther: how often a sample is farther from its nearest training example than a held-out
            example from its own, of all pairs (a tie counts half). In [0, 1]: 0.5 where samples are
            as new as real examples, 0 where all are copies, towards 1 where they are far from all
            that is real.
        z: the same in standard deviations from 0.5; far below 0 where training data are copied.
        p_value: how likely so small a figure is where samples are as new as real examples.
        error: the standard error of `farther`, of other samples and other held-out examples for
            the same training examples.
    """

    farther: float
    z: float
    p_value: float
    error: float


def memorisation(
    features: np.ndarray, train: np.ndarray, held_out: np.ndarray, *, block_size: int = 256
) -> Memorisation:
    r"""The test for copied training data, by distances to the nearest training example.

    $$U = Σ_{n, l} [d(x_n) > d(h_l)], \quad z = \frac{U - N L / 2}{\sqrt{N L (N + L + 1) / 12}}$$

    with d the distance to the nearest training example, of N samples x and L held-out real
    examples h. The p-value is the one-sided one of Mann and Whitney's test, by SciPy. The error is
    the root of

    $$\frac{1}{N} var_n \, mean_l [d(x_n) > d(h_l)]
    + \frac{1}{L} var_l \, mean_n [d(x_n) > d(h_l)]$$

    It is the test over the whole space, not over its cells: samples that are copies in one place
    and far off in another can balance.

    Memory: as of `nearest_neighbours`.

    Args:
        features: `[N, F]` of the samples, finite.
        train: `[M, F]` of the examples that the generator was trained on, finite.
        held_out: `[L, F]` of real examples that are not among those, finite.
        block_size: how many rows of distances are computed at once.

    Raises:
        ValueError: where a set has fewer than two features, other dimensions, or one that is not
            finite.

    References:
        Meehan, Chaudhuri and Dasgupta, "A non-parametric test to detect data-copying in generative
        models" (2020). DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two
        or more correlated receiver operating characteristic curves" (1988), for the error.

    >>> line = np.arange(9.0).reshape(-1, 1)
    >>> memorisation(line + 0.01, line, line + 0.3).farther
    0.0
    """
    from scipy.stats import mannwhitneyu  # takes a second

    x, seen, unseen = feature_sets(features, train, held_out)
    made, real = (nearest_neighbours(a, seen, block_size=block_size)[0] for a in (x, unseen))
    test = mannwhitneyu(made, real, alternative="less")
    pairs = len(made) * len(real)
    z = (test.statistic - pairs / 2) / np.sqrt(pairs * (len(made) + len(real) + 1) / 12)
    shares = _shares_below(made, real), _shares_below(real, made)
    error = np.sqrt(sum(share.var(ddof=1) / len(share) for share in shares))
    return Memorisation(float(test.statistic) / pairs, float(z), float(test.pvalue), float(error))


def nearest_neighbours(
    features: np.ndarray, others: np.ndarray, *, block_size: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of the others to each feature.

    Memory: the features in float64, a copy of the others, and two blocks of `[block_size, M]`
    float64: 200 MB for 50,000 others.

    Args:
        features: `[N, F]`, finite.
        others: `[M, F]`, finite.
        block_size: how many rows of distances are computed at once.

    Returns:
        Euclidean distances `[N]` float64, 0 of copies; and which it is, `[N]` int64: the first of
        several.

    Raises:
        ValueError: where the sets will not do.

    >>> nearest_neighbours(np.array([[1.0], [5.0]]), np.array([[0.0], [1.0], [2.0]]))
    (array([0., 3.]), array([1, 2]))
    """
    x, y = feature_sets(features, others, least=1)
    distances, indices = np.empty(len(x)), np.empty(len(x), np.int64)
    for rows, squares in squared_distances(x, y, block_size=block_size):
        indices[rows] = squares.argmin(axis=1)
        distances[rows] = np.sqrt(squares.min(axis=1))
    return distances, indices


def _shares_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each value, the share of the others that are below it; equal ones count half."""
    ordered = np.sort(others)
    ranks = np.searchsorted(ordered, values) + np.searchsorted(ordered, values, side="right")
    return ranks / (2 * len(others))
