"""Sets that a conditional game cannot use."""

import numpy as np
import pytest

from jaxgan.data import ArraySource, check_labels, labels_by_attribute

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


def test_attributes_that_the_networks_know():
    names = ("glasses=none", "glasses=round", "beard=none", "beard=full", "beard=thin")
    vectors = np.array([[0, 2], [1, 0], [0, 0], [1, 1]], np.int32)
    source = ArraySource({"image": IMAGES, "label": vectors}, classes=names)
    assert check_labels(source, classes=(2, 3)) is source
    assert check_labels(source, classes=(4, 3)) is source
    assert labels_by_attribute(names)["beard"] == ["none", "full", "thin"]
    for classes in ((2,), (2, 3, 1), (2, 2)):
        told = (
            r"labels of glasses \(2\), beard \(3\), and the networks know 2.*: give --classes 2 3$"
        )
        with pytest.raises(ValueError, match=told):
            check_labels(source, classes=classes)
    with pytest.raises(
        ValueError, match=r"2 attributes, glasses, beard, and .* one label an image"
    ):
        check_labels(source, classes=10)
    single = ArraySource({"image": IMAGES, "label": LABELS}, classes=("a", "b", "c", "d"))
    with pytest.raises(ValueError, match="one label an image, and the networks know 2 attributes"):
        check_labels(single, classes=(2, 3))
