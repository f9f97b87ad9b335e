import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.metrics import class_frechet_distances, frechet_distance

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
