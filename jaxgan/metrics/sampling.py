"""How far a figure would vary with other samples of the same distributions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def jackknife(
    figure: Callable[..., ArrayLike],
    *sets: np.ndarray,
    groups: int = 10,
    seed: int = 2020,
) -> np.ndarray:
    r"""The standard error of a figure of sets, by leaving out a group of each at a time.

    $$\sqrt{\frac{G - 1}{G} Σ_g (t_g - \frac{1}{G} Σ_h t_h)^2}$$

    with $t_g$ the figure of the sets without their g-th groups. Groups are drawn at random, so sets
    may be in the order of their classes. With as many groups as examples, it is for a mean the
    deviation divided by the root of the count.

    It is what every figure's error here rests on: on average it is not below the standard error
    of the figure of that many samples, whatever the figure is (as a variance, of sets as large as
    those that are left). A bias that all $t_g$ have is not seen: a Fréchet distance of few samples
    is too large by more than its error. With ten groups the error is itself known to about a
    quarter, as $1 / \sqrt{2 (G - 1)}$.

    `figure` is computed once for each group: where that takes long, see
    `precision_recall_error`, `density_coverage_error` and `moments_frechet_distance_error`, which
    share what the groups have in common.

    Args:
        figure: of as many sets as there are, in their order; gives numbers of one shape.
        *sets: each `[N, ...]`, with its own N; independent of each other. What is not to vary, such
            as the only real examples there are, belongs into the figure instead.
        groups: G, from 2 to the smallest N.
        seed: of NumPy's `RandomState`, which draws the groups of the first set, then the second's.

    Returns:
        The errors, in the shape of the figure; float64.

    Raises:
        ValueError: where a set cannot be divided into so many groups.

    References:
        Efron and Stein, "The jackknife estimate of variance" (1981), for what it is on average.

    >>> line = np.array([1.0, 2.0, 3.0, 6.0])
    >>> print(jackknife(np.mean, line, groups=4).round(6), (line.std(ddof=1) / 2).round(6))
    1.080123 1.080123
    """
    arrays = [np.asarray(x) for x in sets]
    divided = random_groups(*map(len, arrays), groups=groups, seed=seed)
    figures = [
        figure(*(np.delete(x, part[g], axis=0) for x, part in zip(arrays, divided, strict=True)))
        for g in range(groups)
    ]
    return jackknife_error(np.asarray(figures, np.float64))


def jackknife_error(figures: np.ndarray) -> np.ndarray:
    """The formula of `jackknife`, where the figures are there.

    Args:
        figures: `[G, ...]`, each without one of G groups.

    Returns:
        `[...]` float64.

    >>> jackknife_error(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [1.0, 0.0]
    """
    figures = np.asarray(figures, np.float64)
    return np.sqrt((len(figures) - 1) * figures.var(axis=0))


def random_groups(*counts: int, groups: int, seed: int) -> list[list[np.ndarray]]:
    """Examples divided at random into groups as large as each other, or one larger.

    Args:
        *counts: how many examples each set has.
        groups: G, from 2 to the smallest count.
        seed: of NumPy's `RandomState`, which permutes one set after another.

    Returns:
        For each set, the indices of its G groups, `[about N / G]` int64 each.

    Raises:
        ValueError: where a set cannot be divided into so many groups.

    >>> [part.tolist() for part in random_groups(5, groups=2, seed=0)[0]]
    [[2, 0, 1], [3, 4]]
    """
    if not 2 <= groups <= min(counts):
        raise ValueError(
            f"{min(counts)} examples cannot be divided into {groups} groups: give 2 to "
            f"{min(counts)} groups, and 2 examples or more"
        )
    random = np.random.RandomState(seed)
    return [np.array_split(random.permutation(count), groups) for count in counts]
