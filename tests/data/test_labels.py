"""Sets that a conditional game cannot use."""

import numpy as np
import pytest

from jaxgan.data import ArraySource, check_labels

IMAGES = np.zeros((4, 8, 8, 1), np.uint8)
LABELS = np.arange(4, dtype=np.int32)


def test_labels_that_the_networks_know():
    source = ArraySource({"image": IMAGES, "label": LABELS}, classes=("a", "b", "c", "d"))
    assert check_labels(source, classes=4) is source
    assert check_labels(source, classes=10) is source


def test_set_without_labels():
    with pytest.raises(ValueError, match="has no labels, and the game is conditioned on them"):
        check_labels(ArraySource({"image": IMAGES}), classes=4)


def test_more_labels_than_the_networks_know():
    source = ArraySource({"image": IMAGES, "label": LABELS}, classes=("a", "b", "c", "d"))
    with pytest.raises(ValueError, match="4 labels, up to 'd', and the networks know 3"):
        check_labels(source, classes=3)
