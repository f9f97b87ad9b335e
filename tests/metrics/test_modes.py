import numpy as np
import pytest

from jaxgan.metrics import count_labels, mode_statistics, stack_labels


def test_all_modes_evenly():
    found, kl = mode_statistics(np.arange(26_000) % 1000, classes=1000)
    assert found == 1000
    assert kl == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("kept", "classes"), [(1, 1000), (10, 1000), (4, 8)])
def test_uniform_over_some_of_them(kept, classes):
    """KL(uniform over m || uniform over K) = log(K / m)."""
    found, kl = mode_statistics(np.arange(40 * kept) % kept, classes=classes)
    assert found == kept
    assert kl == pytest.approx(np.log(classes / kept), rel=1e-12)


def test_two_modes_unevenly():
    labels = np.array([0, 0, 0, 1])
    kl = mode_statistics(labels, classes=2, expected=np.array([1.0, 3.0])).kl
    assert kl == pytest.approx(0.75 * np.log(3) + 0.25 * np.log(1 / 3), rel=1e-12)


def test_expected_is_in_any_unit():
    labels = np.random.default_rng(0).integers(0, 5, 100)
    counts = np.bincount(labels, minlength=5)
    for scale in (1, 0.01, 7):
        assert mode_statistics(labels, classes=5, expected=scale * counts).kl < 1e-12


def test_mode_that_the_data_lack():
    labels = np.array([0, 1])
    assert mode_statistics(labels, classes=2, expected=np.array([1, 0])).kl == np.inf
    assert mode_statistics(labels[:1], classes=2, expected=np.array([1, 0])) == (1, 0.0)


def test_perfect_samples_have_the_kl_that_is_documented():
    labels = np.random.default_rng(0).integers(0, 1000, (20, 26_000))
    kl = np.mean([mode_statistics(row, classes=1000).kl for row in labels])
    assert kl == pytest.approx(999 / 52_000, rel=0.05)


def test_order_does_not_matter():
    labels = np.random.default_rng(1).integers(0, 7, 50)
    assert mode_statistics(labels, classes=7) == mode_statistics(labels[::-1], classes=7)


def test_stacked_labels():
    digits = np.stack(np.meshgrid(*[np.arange(10)] * 3, indexing="ij"), -1).reshape(-1, 3)
    labels = stack_labels(digits)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.arange(1000))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.array([0, 3]), "0 to 3 are not of 3 classes"),
        (np.array([-1, 2]), "-1 to 2 are not of 3 classes"),
        (np.array([0.0]), "must be integers"),
        (np.zeros((2, 2), int), r"of shape \(2, 2\)"),
        (np.zeros(0, int), r"of shape \(0,\)"),
    ],
)
def test_what_is_no_label(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        count_labels(labels, classes=3)


@pytest.mark.parametrize("expected", [np.ones(2), np.array([1, 1, -1]), np.zeros(3)])
def test_what_cannot_be_expected(expected):
    with pytest.raises(ValueError, match="3 numbers of 0 or more"):
        mode_statistics(np.array([0]), classes=3, expected=expected)
