import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.metrics import (
    class_frechet_distances,
    class_frechet_distances_error,
    frechet_distance,
    jackknife,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=(50, 3)) + 1
LABELS, REAL_LABELS = RNG.permutation(np.arange(60) % 4), RNG.permutation(np.arange(50) % 4)


@pytest.mark.parametrize("ddof", [0, 1])
def test_class_by_class(ddof):
    found = class_frechet_distances(X, LABELS, Y, REAL_LABELS, classes=4, ddof=ddof)
    expected = [
        frechet_distance(X[label == LABELS], Y[label == REAL_LABELS], ddof=ddof)
        for label in range(4)
    ]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float64
    ours = [jnp.asarray(a) for a in (X, LABELS, Y, REAL_LABELS)]
    close = class_frechet_distances(*ours, classes=4, ddof=ddof)
    np.testing.assert_allclose(close, expected, rtol=1e-5)


def test_only_the_class_that_is_wrong():
    """Samples of one class made for another: the set as a whole does not show it."""
    modes = np.eye(4)[:, :3] * 10
    x, y = X + modes[LABELS], (Y - 1) + modes[REAL_LABELS]
    right = class_frechet_distances(x, LABELS, y, REAL_LABELS, classes=4)
    swapped = np.array([1, 0, 2, 3])[LABELS]
    wrong = class_frechet_distances(x, swapped, y, REAL_LABELS, classes=4)
    np.testing.assert_array_equal(right[2:], wrong[2:])
    assert right.max() < 5
    assert wrong[:2].min() > 150


def test_too_few_of_a_class():
    """One sample of class 1, no real example of class 3, nothing of class 4."""
    labels = np.where((LABELS == 1) & (np.cumsum(LABELS == 1) > 1), 0, LABELS)
    real_labels = np.where(REAL_LABELS == 3, 0, REAL_LABELS)
    found = class_frechet_distances(X, labels, Y, real_labels, classes=5)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, True, True])


@pytest.mark.parametrize("ddof", [0, 1])
def test_errors_class_by_class(ddof):
    found = class_frechet_distances_error(X, LABELS, Y, REAL_LABELS, classes=4, groups=5, ddof=ddof)
    expected = [
        jackknife(
            lambda x, y: frechet_distance(x, y, ddof=ddof),
            *(X[label == LABELS], Y[label == REAL_LABELS]),
            groups=5,
        )
        for label in range(4)
    ]
    np.testing.assert_array_equal(found, expected)


def test_errors_of_few():
    """Of 7, 3 and 40 samples of a class, with 10 groups."""
    labels = np.repeat([0, 1, 2], [7, 3, 40])
    x, y = X[:50], Y
    found = class_frechet_distances_error(x, labels, y, np.arange(50) % 4, classes=4)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, True])
    pair = x[labels == 0], y[np.arange(50) % 4 == 0]
    assert found[0] == jackknife(frechet_distance, *pair, groups=3)
    with pytest.raises(ValueError, match="1 groups leave no examples"):
        class_frechet_distances_error(x, labels, y, labels, classes=3, groups=1)


def test_the_error_of_the_mean_is_its_spread_over_other_samples():
    random, labels = np.random.default_rng(3), np.arange(120) % 3
    means, errors = [], []
    for _ in range(60):
        x, y = random.normal(size=(2, 120, 2)) + labels[:, None]
        of_classes = (x + 0.5, labels, y, labels)
        means.append(class_frechet_distances(*of_classes, classes=3).mean())
        each = class_frechet_distances_error(*of_classes, classes=3)
        errors.append(np.sqrt(np.sum(each**2)) / 3)
    assert 0.8 < np.sqrt(np.mean(np.square(errors))) / np.std(means) < 1.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[:59]}, "60 features have 59 labels: give one for each"),
        ({"real_labels": REAL_LABELS[:9]}, "50 features have 9 labels"),
        ({"labels": LABELS + 1}, "labels 1 to 4 are not of 4 classes"),
        ({"labels": LABELS * 1.0}, "labels must be integers"),
        ({"ddof": 2}, "ddof=2 is not 0 or 1"),
        ({"real": Y[:, :2]}, "the same F in each set"),
    ],
)
def test_refusals(change, message):
    given = {"features": X, "labels": LABELS, "real": Y, "real_labels": REAL_LABELS}
    with pytest.raises(ValueError, match=message):
        class_frechet_distances(**(given | {"classes": 4} | change))
    with pytest.raises(ValueError, match=message):
        class_frechet_distances_error(**(given | {"classes": 4} | change))
