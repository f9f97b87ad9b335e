"""How far a Fréchet distance would vary with other samples."""

import functools
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.frechet import moments_frechet_distance
from jaxgan.metrics.moments import Moments
from jaxgan.metrics.sampling import jackknife_error, random_groups


def frechet_distance_error(
    features: np.ndarray,
    others: np.ndarray,
    *,
    groups: int = 10,
    seed: int = 2020,
    ddof: int = 1,
) -> float:
    """The standard error of `frechet_distance`: `jackknife` of both sets.

    It says how much the distance varies from samples to other samples, and nothing of its bias.

    Memory: the features in float64, and `2 groups + 4` of `[F, F]`: 0.8 GB for 2,048 and 10 groups.

    Args:
        features: `[N, F]`, finite.
        others: `[M, F]`, finite.
        groups: from 2 to the smaller count, so that 2 features are left without a group.
        seed: of the groups.
        ddof: as in `frechet_distance`.

    Raises:
        ValueError: where the sets, the groups or `ddof` will not do.

    >>> line = np.arange(40.0).reshape(-1, 1)
    >>> round(frechet_distance_error(line, line + 10, groups=40))
    52
    >>> round(2 * 10 * line.std() * np.sqrt(2 / 40))  # twice the shift, times its error
    52
    """
    x, y = feature_sets(features, others)
    divided = random_groups(len(x), len(y), groups=groups, seed=seed)
    return moments_frechet_distance_error(
        *(
            [Moments.init(a.shape[1]).update(a[rows]) for rows in parts]
            for a, parts in zip((x, y), divided, strict=True)
        ),
        ddof=ddof,
    )


def moments_frechet_distance_error(
    parts: Sequence[Moments], others: Sequence[Moments], *, ddof: int = 1
) -> float:
    """The standard error of `moments_frechet_distance`, of sets that came in random groups.

    Args:
        parts: G moments, of the groups of one set, about equally large; G 2 or more.
        others: of as many groups of the other set; or one alone, which is taken as it is and brings
            no error: all real examples there are, or statistics that others publish (a mean and a
            covariance are `Moments(count, mean, covariance * (count - 1))`).
        ddof: covariances are divided by the count less this.

    Returns:
        0 or more.

    Raises:
        ValueError: where the groups do not go together, or without one of them fewer than two
            features are left.

    >>> groups = [Moments.init(1).update(np.array([[float(n)], [n + 2.0]])) for n in range(9)]
    >>> round(moments_frechet_distance_error(groups, [Moments(9, np.zeros(1), np.eye(1))]), 1)
    9.3
    """
    if len(parts) < 2 or len(others) not in (1, len(parts)):
        raise ValueError(
            f"{len(parts)} and {len(others)} groups have no sampling error: give 2 or more, and "
            "as many of the others, or 1"
        )
    held = itertools.repeat(others[0], len(parts))
    left = zip(
        _without_each(parts), _without_each(others) if len(others) > 1 else held, strict=True
    )
    figures = [moments_frechet_distance(one, other, ddof=ddof) for one, other in left]
    return float(jackknife_error(np.array(figures)))


def _without_each(parts: Sequence[Moments]) -> Iterator[Moments]:
    whole = functools.reduce(Moments.merge, parts)
    for part in parts:
        yield _without(whole, part)


def _without(whole: Moments, part: Moments) -> Moments:
    """The moments that give the whole when they are merged with the part."""
    count = whole.count - part.count
    apart = (part.mean - whole.mean) * (whole.count / max(count, 1))
    between = np.outer(apart, apart) * (count * part.count / whole.count)
    mean = part.mean - apart
    return Moments(count, mean, whole.scatter - part.scatter - between)
