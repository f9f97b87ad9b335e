import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import wasserstein_distance as on_a_line

from jaxgan.metrics import sliced_wasserstein_distance, wasserstein_distance

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 3)) * 2 + 1


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_every_matching_by_hand(p):
    x, y = X[:5], Y[:5]
    costs = [
        np.mean(np.linalg.norm(x - y[list(order)], axis=1) ** p)
        for order in itertools.permutations(range(5))
    ]
    assert wasserstein_distance(x, y, p=p) == pytest.approx(min(costs) ** (1 / p), rel=1e-12)


@pytest.mark.parametrize("count", [12, 7, 31])
def test_on_a_line_as_scipy_has_it(count):
    """There one direction is all there are; counts may differ."""
    x, y = RNG.normal(size=(12, 1)), RNG.normal(size=(count, 1)) * 2 + 0.3
    expected = on_a_line(x[:, 0], y[:, 0])
    found = sliced_wasserstein_distance(x, y, p=1, directions=3)
    assert found == pytest.approx(expected, rel=1e-12)
    if count == 12:
        assert wasserstein_distance(x, y) == pytest.approx(expected, rel=1e-12)
        squares = np.mean((np.sort(x, axis=0) - np.sort(y, axis=0)) ** 2)
        for distance in (wasserstein_distance, sliced_wasserstein_distance):
            assert distance(x, y, p=2) == pytest.approx(np.sqrt(squares), rel=1e-12)


@pytest.mark.parametrize("directions", [5, 64, 150])
def test_slices_by_hand(directions):
    """The directions are those of NumPy's generator, in whatever blocks they are taken."""
    towards = np.random.RandomState(9).normal(size=(directions, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    cubes = [np.mean(np.abs(np.sort(X @ t) - np.sort(Y @ t)) ** 3) for t in towards]
    found = sliced_wasserstein_distance(X, Y, p=3, directions=directions, seed=9)
    assert found == pytest.approx(np.mean(cubes) ** (1 / 3), rel=1e-12)


def test_of_counts_that_differ_as_of_copies():
    """Each feature of one set three times, of the other twice, is the same distributions."""
    found = sliced_wasserstein_distance(X[:8], Y, directions=20)
    copies = sliced_wasserstein_distance(np.repeat(X[:8], 3, 0), np.repeat(Y, 2, 0), directions=20)
    assert found == pytest.approx(copies, rel=1e-12)


def test_a_shift():
    """Moved by v, all is moved by v, and by its part along each direction: |v| / sqrt(F)."""
    shift = np.array([3.0, -4.0, 12.0])
    for p in (1, 2):
        assert wasserstein_distance(X, X[::-1] + shift, p=p) == pytest.approx(13, rel=1e-9)
    found = sliced_wasserstein_distance(X, X[::-1] + shift, directions=20_000)
    assert found == pytest.approx(13 / np.sqrt(3), rel=0.02)


def test_of_normal_distributions():
    """Scaled from 1 to 2: along every direction the deviations are 1 apart."""
    x, y = RNG.normal(size=(4000, 4)), 2 * RNG.normal(size=(3000, 4))
    assert sliced_wasserstein_distance(x, y, directions=64) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("distance", [wasserstein_distance, sliced_wasserstein_distance])
def test_is_a_distance(distance):
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    assert distance(X, X[::-1]) == 0
    assert distance(X, Y) == pytest.approx(distance(Y, X), rel=1e-12)
    assert distance(3 * X, 3 * Y) == pytest.approx(3 * distance(X, Y), rel=1e-12)
    assert distance(X @ turn, Y @ turn) == pytest.approx(distance(X, Y), rel=0.1)
    narrow = [a.astype(np.float32) for a in (X, Y)]
    assert distance(*map(jnp.asarray, narrow)) == distance(*narrow)


@pytest.mark.parametrize("distance", [wasserstein_distance, sliced_wasserstein_distance])
@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X, {"p": 0.5}, "p=0.5 is no power"),
        (X, {"p": float("nan")}, "p=nan is no power"),
        (X[:0], {}, "a set of 0 features is too small here: give 1 or more"),
        (X[:, :2], {}, "the same F in each set"),
        (np.where(X > 1, np.inf, X), {}, "of 12 features are not finite"),
    ],
)
def test_refusals(distance, x, options, message):
    with pytest.raises(ValueError, match=message):
        distance(x, Y, **options)


def test_refuses_other_counts_and_no_directions():
    with pytest.raises(ValueError, match="11 and 12 features cannot be matched one to one"):
        wasserstein_distance(X[:11], Y)
    with pytest.raises(ValueError, match="from 0 directions"):
        sliced_wasserstein_distance(X, Y, directions=0)
