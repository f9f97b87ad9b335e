"""How far apart samples and real examples lie, class by class."""

import numpy as np

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.frechet import frechet_distance
from jaxgan.metrics.modes import count_labels


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
    x, y = feature_sets(features, real, least=1)
    for count, given in [(len(x), labels), (len(y), real_labels)]:
        count_labels(given, classes=classes)
        if len(given) != count:
            raise ValueError(f"{count} features have {len(given)} labels: give one for each")
    if ddof not in (0, 1):
        raise ValueError(f"ddof={ddof} is not 0 or 1, which two examples of a class allow")
    labels, real_labels = np.asarray(labels), np.asarray(real_labels)
    distances = np.full(classes, np.nan)
    for label in range(classes):
        one, other = x[labels == label], y[real_labels == label]
        if min(len(one), len(other)) > 1:
            distances[label] = frechet_distance(one, other, ddof=ddof)
    return distances
