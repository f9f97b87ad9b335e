"""How far apart samples and real examples lie, class by class."""

from functools import partial

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.frechet import frechet_distance
from jaxgan.metrics.modes import count_labels
from jaxgan.metrics.sampling import jackknife


def class_frechet_distances(
    features: np.ndarray,
    labels: np.ndarray,
    real: np.ndarray,
    real_labels: np.ndarray,
    *,
    classes: int,
    ddof: int = 1,
) -> np.ndarray:
    """The Fréchet distance of each class of samples to the real examples of that class.

    Their mean, where there are all, is the intra-FID of the literature. The fewer examples a class
    has, the larger its distance is by bias alone: compare figures of equally many.

    Args:
        features: `[N, F]` of the samples, finite.
        labels: `[N]` integers in {0, ..., K - 1}: the classes that samples were made for.
        real: `[M, F]` of real examples, finite.
        real_labels: `[M]` integers in {0, ..., K - 1}.
        classes: K.
        ddof: as in `frechet_distance`; 0 or 1.

    Returns:
        `[K]` float64, not a number for a class that has fewer than two samples or real examples:
        the other classes still have theirs.

    Raises:
        ValueError: where the features or the labels will not do, or there is not a label for each.

    References:
        Miyato and Koyama, "cGANs with projection discriminator" (2018).

    >>> points, label = np.arange(6.0).reshape(-1, 1), np.array([0, 0, 1, 1, 1, 2])
    >>> class_frechet_distances(points + 3, label, points, label, classes=3)
    array([ 9.,  9., nan])
    """
    pairs = _pairs(features, labels, real, real_labels, classes, ddof)
    distances = np.full(classes, np.nan)
    for label, pair in enumerate(pairs):
        if min(map(len, pair)) > 1:
            distances[label] = frechet_distance(*pair, ddof=ddof)
    return distances


def class_frechet_distances_error(
    features: np.ndarray,
    labels: np.ndarray,
    real: np.ndarray,
    real_labels: np.ndarray,
    *,
    classes: int,
    groups: int = 10,
    seed: int = 2020,
    ddof: int = 1,
) -> np.ndarray:
    """The standard errors of `class_frechet_distances`: `jackknife` of both sets of each class.

    Classes have no example in common, so the error of their distances' mean is the root of the sum
    of the squares, divided by K.

    Args:
        features: `[N, F]` of the samples, finite.
        labels: `[N]` integers in {0, ..., K - 1}.
        real: `[M, F]` of real examples, finite.
        real_labels: `[M]` integers in {0, ..., K - 1}.
        classes: K.
        groups: 2 or more; of a class of fewer than two for each, half as many as it has.
        seed: of the groups.
        ddof: as in `class_frechet_distances`.

    Returns:
        `[K]` float64, not a number for a class that has fewer than four samples or real examples.

    Raises:
        ValueError: as `class_frechet_distances` does, and where there are fewer than two groups.

    >>> line, label = np.arange(80.0).reshape(-1, 1) % 40, np.arange(80) // 40
    >>> class_frechet_distances_error(line + 10, label, line, label, classes=2, groups=20).round()
    array([47., 47.])
    """
    if groups < 2:
        raise ValueError(f"{groups} groups leave no examples when one is left out: give 2 or more")
    errors = np.full(classes, np.nan)
    for label, pair in enumerate(_pairs(features, labels, real, real_labels, classes, ddof)):
        most = min(groups, *(len(part) // 2 for part in pair))
        if most > 1:
            distance = partial(frechet_distance, ddof=ddof)
            errors[label] = jackknife(distance, *pair, groups=most, seed=seed)
    return errors


def _pairs(
    features: np.ndarray,
    labels: np.ndarray,
    real: np.ndarray,
    real_labels: np.ndarray,
    classes: int,
    ddof: int,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The features of the samples and of the real examples of each class."""
    x, y = feature_sets(features, real, least=1)
    for count, given in [(len(x), labels), (len(y), real_labels)]:
        count_labels(given, classes=classes)
        if len(given) != count:
            raise ValueError(f"{count} features have {len(given)} labels: give one for each")
    if ddof not in (0, 1):
        raise ValueError(f"ddof={ddof} is not 0 or 1, which two examples of a class allow")
    labels, real_labels = np.asarray(labels), np.asarray(real_labels)
    return [(x[labels == label], y[real_labels == label]) for label in range(classes)]
