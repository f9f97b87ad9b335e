"""Mixtures of Gaussians, and the count of their modes."""

import numpy as np
import pytest

from jaxgan.data import Mixture, mixtures

MAKERS = [mixtures.ring, mixtures.grid, mixtures.spiral]


@pytest.mark.parametrize(
    ("make", "modes"), [(mixtures.ring, 8), (mixtures.grid, 25), (mixtures.spiral, 100)]
)
def test_own_points_cover_a_mixture(make, modes):
    mixture = make()
    points = mixture.draw(20_000, seed=1)
    coverage = mixture.coverage(points)
    assert coverage.modes == modes == len(mixture.centres)
    # 1 - exp(-9/2) where the clouds lie apart; more where they overlap, as the spiral's do.
    expected = 1 - np.exp(-4.5)
    assert abs(coverage.quality - expected) < 0.004 or make is mixtures.spiral
    assert coverage.quality >= expected - 0.004
    assert 0 <= coverage.divergence < 0.01


@pytest.mark.parametrize("make", MAKERS)
def test_scale_and_type(make):
    points = make().draw(20_000, seed=0)
    assert points.dtype == np.float32
    assert points.shape == (20_000, 2)
    np.testing.assert_allclose(points.std(axis=0), 1, atol=0.25)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.35)


def test_moments_of_a_cloud():
    mixture = Mixture(np.array([[1.0, -2.0, 3.0]]), deviation=0.5)
    points = mixture.draw(40_000, seed=0)
    np.testing.assert_allclose(points.mean(axis=0), [1, -2, 3], atol=0.015)
    np.testing.assert_allclose(np.cov(points.T), 0.25 * np.eye(3), atol=0.01)


def test_grid_is_that_of_the_literature():
    mixture = mixtures.grid()
    x, y = np.meshgrid([-4, -2, 0, 2, 4], [-4, -2, 0, 2, 4])
    expected = np.stack([x, y], axis=-1).reshape(-1, 2) / np.sqrt(8)
    np.testing.assert_allclose(mixture.centres, expected, atol=1e-6)
    np.testing.assert_allclose(mixture.centres.std(axis=0), 1, atol=1e-6)


def test_spiral_has_even_links():
    mixture = mixtures.spiral(50, turns=1.5)
    steps = np.linalg.norm(np.diff(mixture.centres, axis=0), axis=1)
    np.testing.assert_allclose(steps[4:], steps[-1], rtol=0.01)
    np.testing.assert_allclose(steps, steps[-1], rtol=0.12)  # chords of the inmost, bent arcs
    np.testing.assert_allclose(mixture.centres[-1], [-2, 0], atol=1e-5)


def test_coverage_by_hand():
    mixture = Mixture(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]), deviation=0.1)
    points = np.array([[0.29, 0.0], [0.31, 0.0], [1.0, 0.1], [1.0, -0.1], [0.9, 0.0], [5.0, 5.0]])
    modes, quality, divergence = mixture.coverage(points)
    assert modes == 2
    assert quality == pytest.approx(4 / 6)
    assert divergence == pytest.approx(0.25 * np.log(1) + 0.75 * np.log(3))


def test_coverage_of_one_mode_and_of_none():
    mixture = mixtures.ring()
    one = np.repeat(mixture.centres[:1], 10, axis=0)
    assert mixture.coverage(one)[:2] == (1, 1.0)
    assert mixture.coverage(one).divergence == pytest.approx(np.log(8))
    modes, quality, divergence = mixture.coverage(np.zeros((10, 2)))
    assert (modes, quality) == (0, 0.0)
    assert np.isnan(divergence)


def test_a_source_is_a_function_of_the_seed():
    source = mixtures.ring().source(100, seed=3)
    assert len(source) == 100
    point = source.read(np.array([5, 7]))["point"]
    np.testing.assert_array_equal(point, mixtures.ring().draw(100, seed=3)[[5, 7]])
    assert source.fingerprint == mixtures.ring().source(100, seed=3).fingerprint
    assert source.fingerprint != mixtures.ring().source(100, seed=4).fingerprint


@pytest.mark.parametrize("shape", [(3,), (3, 3), (0, 2)])
def test_points_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="do not lie among centres"):
        mixtures.grid().coverage(np.zeros(shape))


@pytest.mark.parametrize("deviation", [0.0, -1.0, np.nan])
def test_a_deviation_that_makes_no_cloud_is_refused(deviation):
    with pytest.raises(ValueError, match="makes no cloud"):
        Mixture(np.zeros((1, 2)), deviation)


@pytest.mark.parametrize("shape", [(2,), (0, 2), (1, 2, 2)])
def test_centres_of_another_rank_are_refused(shape):
    with pytest.raises(ValueError, match="centres must be of shape"):
        Mixture(np.zeros(shape), 1.0)
