import numpy as np
import pytest
from scipy.linalg import sqrtm

from jaxgan.metrics import frechet_distance


def correlated(count, size, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + seed).astype(dtype)


def test_of_numbers():
    """Two normal distributions on a line: (m - n)^2 + (s - t)^2."""
    x, y = np.random.default_rng(0).normal(size=(2, 50, 1)) * [[[2.0]], [[5.0]]]
    expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)


def test_of_axes_that_do_not_depend_on_each_other():
    """Corners of boxes: the variances are those of the sides, and nothing is correlated."""
    corners = np.stack(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]), -1).reshape(8, 3)
    x, y = corners * [1.0, 2.0, 3.0], corners * [4.0, 2.0, 0.0] + [1.0, 0.0, 2.0]
    between = (8 / 7) * np.sum((np.array([1.0, 2.0, 3.0]) - [4.0, 2.0, 0.0]) ** 2)
    assert frechet_distance(x, y) == pytest.approx(5 + between, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_as_scipys_root_of_a_matrix_has_it(dtype):
    x, y = correlated(200, 12, 1, dtype), correlated(300, 12, 2, dtype)
    means = [a.astype(np.float64).mean(0) for a in (x, y)]
    covariances = [np.cov(a.astype(np.float64), rowvar=False) for a in (x, y)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(sum(covariances) - 2 * root)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-10)
    assert frechet_distance(y, x) == pytest.approx(expected, rel=1e-10)


def test_does_not_change_as_both_are_turned():
    x, y = correlated(60, 5, 1), correlated(70, 5, 2)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), rel=1e-10)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * frechet_distance(x, y), rel=1e-10)


def test_of_itself_is_nothing_also_with_fewer_examples_than_features():
    """The covariances are singular, and the root of their product can be complex."""
    x = correlated(10, 40, 1)
    scale = np.trace(np.cov(x, rowvar=False))
    assert 0 <= frechet_distance(x, x) < 1e-9 * scale
    assert frechet_distance(x, x + 1) == pytest.approx(40, rel=1e-9)
    assert 0 <= frechet_distance(x, x[::-1]) < 1e-9 * scale


@pytest.mark.parametrize("features", [np.ones((1, 3)), np.array([[1.0, 2.0, np.nan], [0, 0, 0]])])
def test_refusals(features):
    other = np.random.default_rng(0).normal(size=(4, 3))
    for pair in [(features, other), (other, features)]:
        with pytest.raises(ValueError, match=r"two sets of 2 or more finite features, and one has"):
            frechet_distance(*pair)
