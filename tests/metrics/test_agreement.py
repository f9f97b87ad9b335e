import numpy as np
import pytest
from scipy.spatial.distance import pdist

from jaxgan.metrics import label_agreement, mean_distance, relative_diversity

RNG = np.random.default_rng(0)


def test_agreement_by_hand():
    asked = np.array([0, 0, 0, 1, 1, 3])
    found = np.array([0, 0, 1, 1, 1, 1])
    assert label_agreement(asked, found, classes=4) == pytest.approx(
        {"label_accuracy": 4 / 6, "worst_label_accuracy": 0.0, "labels_present": 2}
    )


def test_agreement_of_the_same():
    labels = np.arange(30) % 10
    assert label_agreement(labels, labels, classes=10) == {
        "label_accuracy": 1.0,
        "worst_label_accuracy": 1.0,
        "labels_present": 10.0,
    }


def test_mean_distance_against_all_pairs():
    images = RNG.normal(5, 1, (20, 4, 3, 2))
    assert mean_distance(images) == pytest.approx(pdist(images.reshape(20, -1)).mean(), rel=1e-10)
    assert mean_distance(images + 1000) == pytest.approx(mean_distance(images), rel=1e-10)


def test_one_image_over_and_over_has_no_diversity():
    assert mean_distance(np.repeat(RNG.normal(size=(1, 8, 8, 1)), 5, axis=0)) < 1e-6


def test_diversity_is_a_ratio_by_label():
    real = RNG.normal(size=(40, 4, 4, 1))
    labels = np.arange(40) % 2
    factor = np.where(labels == 0, 1.0, 0.5).reshape(-1, 1, 1, 1)
    order = RNG.permutation(40)
    made = (factor * real + 3 * labels.reshape(-1, 1, 1, 1))[order]
    diversity = relative_diversity(made, labels[order], real, labels)
    assert diversity == pytest.approx({"diversity": 0.75, "least_diversity": 0.5}, rel=1e-9)


def test_refusals():
    image = np.zeros((1, 2, 2, 1))
    with pytest.raises(ValueError, match="1 images have no distance"):
        mean_distance(image)
    with pytest.raises(AssertionError):
        label_agreement(np.zeros(2, int), np.zeros(3, int), classes=2)
    with pytest.raises(AssertionError):
        relative_diversity(np.zeros((2, 2, 2, 1)), np.zeros(2), np.zeros((2, 3, 3, 1)), np.zeros(2))
