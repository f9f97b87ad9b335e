import numpy as np
import pytest

from jaxgan.latents import attribute_changes

BEFORE = {
    "glasses": np.array([0, 0, 1, 0]),
    "beard": np.array([1, 0, 1, 0]),
    "hair": np.array([2, 3, 4, 5]),
}
AFTER = {
    "glasses": np.array([1, 1, 1, 0]),
    "beard": np.array([1, 1, 1, 0]),
    "hair": np.array([2, 0, 4, 0]),
}


def test_shares_are_as_counted():
    figures = attribute_changes(BEFORE, AFTER, "glasses", np.ones(4, int))
    assert figures.changed == 0.75
    assert figures.kept == 0.5
    assert figures.kept_each == {"beard": 0.75, "hair": 0.5}


def test_what_is_wanted_may_differ_between_images():
    figures = attribute_changes(BEFORE, AFTER, "hair", np.array([2, 0, 0, 0]))
    assert figures.changed == 0.75
    assert figures.kept_each == {"glasses": 0.5, "beard": 0.75}
    assert figures.kept == 0.5


def test_no_edit_at_all():
    figures = attribute_changes(BEFORE, BEFORE, "glasses", 1)
    assert figures == (0.25, 1.0, {"beard": 1.0, "hair": 1.0})
    alone = {"glasses": BEFORE["glasses"]}
    assert attribute_changes(alone, alone, "glasses", 0) == (0.75, 1.0, {})


def test_what_cannot_be_measured():
    for after, asked in ((AFTER, "hat"), ({"glasses": AFTER["glasses"]}, "glasses")):
        with pytest.raises(ValueError, match=f"a change of '{asked}' cannot be measured"):
            attribute_changes(BEFORE, after, asked, 1)
    with pytest.raises(ValueError, match="no image was edited"):
        attribute_changes({"a": []}, {"a": []}, "a", 1)
    with pytest.raises(AssertionError):
        attribute_changes(BEFORE, AFTER | {"hair": np.zeros(3, int)}, "glasses", 1)
    with pytest.raises(AssertionError):
        attribute_changes(BEFORE, AFTER, "glasses", np.ones(3, int))
