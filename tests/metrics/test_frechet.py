import functools

import numpy as np
import pytest
from scipy.linalg import sqrtm

from jaxgan.metrics import (
    Moments,
    frechet_distance,
    frechet_distance_unbiased,
    moments_frechet_distance,
    normal_frechet_distance,
)


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


def test_few_and_many_examples_by_one_definition():
    """With fewer examples than features another way is taken; NumPy's covariances say the same."""
    x, y = correlated(9, 20, 1), correlated(300, 20, 2)
    for first, second in [(x, y), (y, x), (x, correlated(13, 20, 3))]:
        covariances = [np.cov(a, rowvar=False) for a in (first, second)]
        # The eigenvalues of a product are those of its square root, squared.
        squares = np.linalg.eigvals(covariances[0] @ covariances[1]).real
        root = np.sqrt(np.sort(squares)[-8:]).sum()  # nine examples have rank eight
        expected = np.sum((first.mean(0) - second.mean(0)) ** 2)
        expected += np.trace(sum(covariances)) - 2 * root
        assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_the_divisor():
    """Of deviations 1 and 2, about one mean: the distance scales as the variances do."""
    x = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    assert frechet_distance(x, 2 * x, ddof=0) == pytest.approx(1, rel=1e-12)
    assert frechet_distance(x, 2 * x, ddof=1) == pytest.approx(4 / 3, rel=1e-12)
    wide = np.hstack([x, np.zeros((4, 5))])  # fewer examples than features
    assert frechet_distance(wide, 2 * wide, ddof=0) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("counts", [(6, 7), (6, 90), (80, 90)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_of_moments_as_of_features(counts, ddof):
    """Also where covariances are singular, and of moments that came in shards."""
    x, y = correlated(counts[0], 12, 1, np.float32), correlated(counts[1], 12, 2, np.float32)
    expected = frechet_distance(x, y, ddof=ddof)
    moments = [Moments.init(12).update(a) for a in (x, y)]
    assert moments_frechet_distance(*moments, ddof=ddof) == pytest.approx(expected, rel=1e-12)
    shards = [Moments.init(12).update(part) for part in np.array_split(x, 8)]
    merged = functools.reduce(Moments.merge, shards)
    close = moments_frechet_distance(merged, moments[1], ddof=ddof)
    assert close == pytest.approx(expected, rel=1e-12)


def test_of_statistics_as_of_features():
    x, y = correlated(60, 8, 1), correlated(70, 8, 2)
    statistics = [(a.mean(0), np.cov(a, rowvar=False)) for a in (x, y)]
    close = normal_frechet_distance(*statistics[0], *statistics[1])
    assert close == pytest.approx(frechet_distance(x, y), rel=1e-10)


def test_of_statistics_that_commute():
    """Of covariances with the same axes: the squared difference of the roots' scales."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    scales = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 0.0, 1.0]])
    one, other = ((turn * s**2) @ turn.T for s in scales)
    expected = 4 + np.sum((scales[0] - scales[1]) ** 2)
    close = normal_frechet_distance(np.zeros(4), one, np.ones(4), other)
    assert close == pytest.approx(expected, rel=1e-6)


def test_monotone_in_noise_and_in_what_is_dropped():
    rng = np.random.default_rng(0)
    classes = np.repeat(np.eye(8) * 5, 40, axis=0)
    real, fake, noise = classes + 0.1 * rng.normal(size=(3, 320, 8))
    noisy = [frechet_distance(fake + level * noise, real) for level in (0.0, 0.1, 0.2, 0.4)]
    dropped = [frechet_distance(fake[40 * gone :], real) for gone in range(5)]
    assert noisy == sorted(noisy)
    assert dropped == sorted(dropped)


def test_extrapolated_as_a_line_through_subsets():
    x, y = correlated(60, 3, 1), correlated(80, 3, 2)
    random, counts = np.random.RandomState(5), [20, 33, 46, 60]
    expected = [frechet_distance(x[random.permutation(60)[:n]], y, ddof=0) for n in counts]
    found = frechet_distance_unbiased(x, y, smallest=20, points=4, seed=5, ddof=0)
    assert found.counts.tolist() == counts
    np.testing.assert_allclose(found.distances, expected, rtol=1e-10)
    # Least squares by its normal equations.
    design = np.stack([np.ones(4), 1 / np.array(counts)], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    solution = inverse @ design.T @ expected
    variance = np.sum((design @ solution - expected) ** 2) / (4 - 2)
    assert found.distance == pytest.approx(solution[0], rel=1e-8)
    assert found.error == pytest.approx(np.sqrt(variance * inverse[0, 0]), rel=1e-6)


def test_extrapolation_takes_the_bias_away():
    """Samples and many real examples of one distribution: the distance is 0, and seems more."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(20_000, 4))
    sets = rng.normal(size=(12, 400, 4))
    plain = [frechet_distance(x, real) for x in sets]
    found = [frechet_distance_unbiased(x, real, points=9).distance for x in sets]
    assert min(plain) > 0
    assert abs(np.mean(found)) < 0.5 * np.mean(plain)
    whole = frechet_distance_unbiased(sets[0], real)
    assert whole.counts[[0, -1]].tolist() == [40, 400]
    assert whole.distances[-1] == pytest.approx(plain[0], rel=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 2}, "2 subsets of 4 to 40 samples have no line"),
        ({"smallest": 1}, "15 subsets of 1 to 40"),
        ({"smallest": 27}, "15 subsets of 27 to 40"),
        ({"ddof": 4}, "4 features have no covariance with ddof=4"),
    ],
)
def test_refuses_to_extrapolate(options, message):
    x = correlated(40, 3, 1)
    with pytest.raises(ValueError, match=message):
        frechet_distance_unbiased(x, x, **options)
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance_unbiased(x, np.where(x > 2, np.nan, x))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((1, 3)), "set of 1 features is too small here: give 2 or more"),
        (np.array([[1.0, 2.0, np.nan], [0, 0, 0]]), "1 of 2 features are not finite"),
        (np.ones((4, 2)), r"the same F in each set, not"),
        (np.ones(3), r"\[N, F\]"),
    ],
)
def test_refusals(features, message):
    other = np.random.default_rng(0).normal(size=(4, 3))
    for pair in [(features, other), (other, features)]:
        with pytest.raises(ValueError, match=message):
            frechet_distance(*pair)


@pytest.mark.parametrize("ddof", [-1, 4])
@pytest.mark.parametrize("size", [3, 9])
def test_refuses_a_divisor(ddof, size):
    x = np.random.default_rng(0).normal(size=(4, size))
    with pytest.raises(ValueError, match=f"4 features have no covariance with ddof={ddof}"):
        frechet_distance(x, x, ddof=ddof)


@pytest.mark.parametrize(("count", "size"), [(1, 3), (4, 2)])
def test_refuses_moments(count, size):
    other = Moments.init(3).update(correlated(5, 3, 0))
    faulty = Moments.init(size).update(np.ones((count, size)))
    with pytest.raises(ValueError, match=rf"of {count} \[{size}\] have no Fréchet distance"):
        moments_frechet_distance(other, faulty)


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        (np.zeros(2), np.eye(2), "statistics of the same features"),
        (np.zeros(3), np.eye(2), "statistics of the same features"),
        (np.array([0, 0, np.nan]), np.eye(3), "not finite"),
        (np.zeros(3), np.triu(np.ones((3, 3))), "not symmetric"),
    ],
)
def test_refuses_statistics(mean, covariance, message):
    with pytest.raises(ValueError, match=message):
        normal_frechet_distance(np.zeros(3), np.eye(3), mean, covariance)
