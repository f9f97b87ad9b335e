"""How well samples that were made to order agree with the order, and how they vary."""

import chex
import numpy as np

from jaxgan.metrics.modes import count_labels


def label_agreement(asked: np.ndarray, found: np.ndarray, *, classes: int) -> dict[str, float]:
    """Whether samples are what was asked for, by a classifier.

    Args:
        asked: `[N]` integers in {0, ..., classes - 1}: the labels that samples were made for.
        found: `[N]` integers in {0, ..., classes - 1}: what the classifier sees in them.
        classes: K.

    Returns:
        `label_accuracy`, the share of samples seen as their label; `worst_label_accuracy`, the same
        for the label where it is lowest; `labels_present`, how many labels it sees at all.

    Raises:
        ValueError: where the arrays are not labels.
        AssertionError: where they differ in length.

    >>> label_agreement(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2)["labels_present"]
    2.0
    """
    chex.assert_equal_shape([asked, found])
    counts = count_labels(asked, classes=classes)
    present = count_labels(found, classes=classes)
    right = np.asarray(asked) == np.asarray(found)
    by_label = [right[asked == label].mean() for label in np.flatnonzero(counts)]
    return {
        "label_accuracy": float(right.mean()),
        "worst_label_accuracy": float(min(by_label)),
        "labels_present": float(np.count_nonzero(present)),
    }


def chance_agreement(asked: np.ndarray, found: np.ndarray, *, classes: int) -> float:
    r"""How often samples would be what was asked for, were they made for something else.

    $$\sum_k p_k q_k$$

    of the shares p of the labels that were asked for, and q of those that were found: the
    agreement by chance of Cohen, "A coefficient of agreement for nominal scales" (1960).

    Args:
        asked: `[N]` integers in {0, ..., classes - 1}.
        found: `[N]` integers in {0, ..., classes - 1}.
        classes: K.

    Raises:
        ValueError: where the arrays are not labels.

    >>> chance_agreement(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), classes=2)
    0.5
    """
    p, q = (count_labels(labels, classes=classes) / len(labels) for labels in (asked, found))
    return float(p @ q)


def relative_diversity(
    images: np.ndarray, labels: np.ndarray, real: np.ndarray, real_labels: np.ndarray
) -> dict[str, float]:
    """How far apart samples of one label are, next to real images of that label.

    $$r_y = mean |x_i - x_j| / mean |real_i - real_j|$$

    over pairs of samples, and of real images, of label y.

    One image over and over gives 0; images that vary as the real ones do give about 1.

    Args:
        images: `[N, ...]` float32.
        labels: `[N]` integers: two samples at least of each label.
        real: `[M, ...]` float32, of the images' shape.
        real_labels: `[M]` integers: two real images at least of each label that is in `labels`.

    Returns:
        `diversity`, the mean of r over the labels, and `least_diversity`, the lowest.

    Raises:
        ValueError: where a label has fewer than two images on a side.
    """
    chex.assert_equal(images.shape[1:], real.shape[1:])
    ratios = [
        mean_distance(images[labels == label]) / mean_distance(real[real_labels == label])
        for label in np.unique(labels)
    ]
    return {"diversity": float(np.mean(ratios)), "least_diversity": float(np.min(ratios))}


def mean_distance(images: np.ndarray) -> float:
    """The mean Euclidean distance of two different images of a set.

    Args:
        images: `[N, ...]`, N 2 or more.

    Raises:
        ValueError: where there are fewer than two images.

    >>> mean_distance(np.array([[0.0], [3.0]]))
    3.0
    """
    count = len(images)
    if count < 2:
        raise ValueError(f"{count} images have no distance between two of them: give 2 or more")
    flat = np.asarray(images, np.float64).reshape(count, -1)
    flat = flat - flat.mean(0)  # the same distances, with less cancellation
    squares = np.sum(flat**2, axis=1)
    distances = np.maximum(squares.reshape(-1, 1) + squares - 2 * flat @ flat.T, 0)
    np.fill_diagonal(distances, 0)
    return float(np.sqrt(distances).sum() / (count * (count - 1)))
