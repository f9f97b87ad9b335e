"""What attributes can be seen, with stand-ins for the classifiers."""

import dataclasses

import numpy as np
import pytest

from jaxgan.data import STYLES, Images
from jaxgan.recipes import attribute_classifier, attribute_labels, attributes

DIGITS = Images(dataset="digits")
FACES = Images(dataset="faces/micah_32", image_size=32, channels=3)


def test_digits_and_faces_have_attributes():
    assert attribute_labels(DIGITS) == {"digit": tuple("0123456789")}
    assert attribute_labels(dataclasses.replace(DIGITS, dataset="mnist")) == attribute_labels(
        DIGITS
    )
    labels = attribute_labels(FACES)
    assert list(labels) == [attribute.name for attribute in STYLES["micah"].attributes]
    assert labels["glasses"][0] == "none"


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (Images(dataset="cifar10", channels=3), "3 channels of 'cifar10'"),
        (Images(folder="mine", channels=3), "'mine'"),
        (dataclasses.replace(FACES, channels=1), "1 channels of 'faces/micah_32'"),
        (dataclasses.replace(DIGITS, channels=3), "3 channels of 'digits'"),
    ],
)
def test_what_has_none(images, says):
    for function in (attribute_labels, attribute_classifier):
        with pytest.raises(
            ValueError, match=f"no classifier sees attributes in images of .*{says}"
        ):
            function(images)


def test_classifiers_are_asked_where_data_are_kept(monkeypatch, tmp_path):
    asked = []

    class Seeing:
        def probabilities(self, samples):
            return np.full((len(samples), 10), 0.1)

    monkeypatch.setattr(
        attributes, "digit_classifier", lambda **options: asked.append(options) or Seeing()
    )
    monkeypatch.setattr(
        attributes, "face_classifier", lambda *names, **options: asked.append(names) or Seeing()
    )
    see = attribute_classifier(dataclasses.replace(DIGITS, data_dir=tmp_path))
    assert see(np.zeros((2, 28, 28, 1)))["digit"].shape == (2, 10)
    assert asked == [{"data_dir": tmp_path, "say": print}]
    assert attribute_classifier(FACES)(np.zeros(3)).shape == (3, 10)
    assert asked[1] == ("micah",)
