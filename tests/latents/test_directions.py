"""Directions, against closed forms and what is known to be there."""

import numpy as np
import pytest

from jaxgan.latents import (
    conditioned,
    principal_components,
    regressed_directions,
    sefa,
    separator,
)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def known(random, size=8):
    direction = random.normal(size=size)
    return direction / np.linalg.norm(direction)


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


@pytest.mark.parametrize("share", [0.5, 0.05], ids=["even", "uneven"])
def test_a_known_direction_is_found(random, share):
    points = random.normal(size=(2000, 8)) * 0.3 + 5.0
    direction = known(random)
    along = points @ direction
    found = separator(points, along > np.quantile(along, 1 - share))
    assert found.direction.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.direction), 1, rtol=1e-6)
    assert cosine(found.direction, direction) > 0.99
    assert 0.97 <= found.accuracy <= 1
    other_way = separator(points, along <= np.quantile(along, 1 - share))
    assert cosine(other_way.direction, -direction) > 0.99


def test_a_rare_group_weighs_as_much_as_the_other(random):
    """Groups that overlap: to call every point the frequent one would be right for 95 %."""
    labels = np.arange(4000) % 20 == 0
    points = random.normal(size=(4000, 4)) + 2.0 * labels[:, None] * [1, 0, 0, 0]
    found = separator(points, labels)
    assert 0.78 < found.accuracy < 0.9  # 0.84, half the distance between the two
    assert found.direction[0] > 0.95


def test_scale_and_place_of_points_do_not_matter(random):
    points = random.normal(size=(200, 4))
    labels = points @ known(random, 4) > 0
    one, other = separator(points, labels), separator(1e-3 * points - 7.0, labels)
    np.testing.assert_allclose(one.direction, other.direction, atol=1e-3)
    assert one.accuracy == other.accuracy


def test_the_seed_chooses_what_is_held_out(random):
    points = random.normal(size=(100, 4))
    labels = points[:, 0] + 0.5 * random.normal(size=100) > 0
    one, again, other = (separator(points, labels, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.direction, again.direction)
    assert not np.array_equal(one.direction, other.direction)


def test_accuracy_is_of_points_that_were_held_out(random):
    """With more coordinates than points, a plane parts all that it was fitted to."""
    points, labels = random.normal(size=(100, 500)), np.arange(100) % 2 == 0
    found = [_accuracy_or_half(points, labels, seed) for seed in range(5)]
    assert np.mean(found) < 0.75


def _accuracy_or_half(points, labels, seed):
    try:
        return separator(points, labels, seed=seed).accuracy
    except ValueError:
        return 0.5


def test_groups_that_cannot_be_parted(random):
    points = random.normal(size=(20, 3))
    for count, label in ((0, True), (4, True), (16, False), (20, False)):
        few = count if label else 20 - count
        with pytest.raises(ValueError, match=f"^{few} of 20 points are labelled {label}"):
            separator(points, np.arange(20) < count)
    with pytest.raises(ValueError, match="the two groups are not apart: 50%"):
        separator(np.ones((20, 3)), np.arange(20) < 10)
    with pytest.raises(AssertionError):
        separator(points, np.arange(20) % 2)


def test_sefa_of_one_kernel_is_its_singular_vectors(random):
    kernel = random.normal(size=(6, 40))
    kernel /= np.linalg.norm(kernel, axis=0)
    left, lengths, _ = np.linalg.svd(kernel)
    directions, strengths = sefa(7 * kernel)
    assert directions.dtype == strengths.dtype == np.float32
    np.testing.assert_allclose(strengths, lengths**2, rtol=1e-5)
    np.testing.assert_allclose(np.abs((directions * left.T).sum(1)), 1, rtol=1e-5)
    assert all(row[np.abs(row).argmax()] > 0 for row in directions)


def test_sefa_puts_kernels_side_by_side_and_columns_count_alike(random):
    kernels = [random.normal(size=(6, count)) for count in (3, 1, 9)]
    directions, strengths = sefa(*kernels)
    again = sefa(np.concatenate([kernel * 10.0**n for n, kernel in enumerate(kernels)], axis=1))
    np.testing.assert_allclose(directions, again[0], atol=1e-6)
    np.testing.assert_allclose(strengths, again[1], rtol=1e-6)
    np.testing.assert_allclose(strengths.sum(), 13, rtol=1e-6)  # the columns, of length 1
    assert (np.diff(strengths) <= 0).all()
    with_zeros = sefa(*kernels, np.zeros((6, 2)))
    np.testing.assert_allclose(with_zeros[0], directions, atol=1e-6)


def test_the_first_direction_moves_styles_most(random):
    kernel = random.normal(size=(6, 30)) + 2 * random.normal(size=(6, 1))
    columns = kernel / np.linalg.norm(kernel, axis=0)
    directions, strengths = sefa(kernel)
    moved = np.linalg.norm(directions @ columns, axis=1) ** 2
    np.testing.assert_allclose(moved, strengths, rtol=1e-4)
    random_steps = random.normal(size=(100, 6))
    random_steps /= np.linalg.norm(random_steps, axis=1, keepdims=True)
    assert (np.linalg.norm(random_steps @ columns, axis=1) ** 2 <= strengths[0] + 1e-5).all()


def test_kernels_that_do_not_belong_together():
    for kernels, widths in (((np.ones((2, 3)), np.ones((3, 3))), r"\[2, 3\]"), ((), r"\[\]")):
        with pytest.raises(ValueError, match=f"vectors of {widths} numbers"):
            sefa(*kernels)


def test_principal_components_of_a_known_cloud(random):
    axes = np.linalg.qr(random.normal(size=(5, 5)))[0]
    points = (random.normal(size=(4000, 5)) * [9.0, 5.0, 3.0, 1.0, 0.2]) @ axes + 3.0
    found = principal_components(points)
    np.testing.assert_allclose(found.mean, points.mean(0), rtol=1e-5)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(found.deviations, np.sqrt(values[::-1]), rtol=1e-5)
    np.testing.assert_allclose(np.abs((found.directions * vectors.T[::-1]).sum(1)), 1, rtol=1e-5)
    assert all(row[np.abs(row).argmax()] > 0 for row in found.directions)
    assert np.abs((found.directions * axes).sum(1)).min() > 0.99


def test_few_points_have_few_components(random):
    found = principal_components(random.normal(size=(3, 7)))
    assert found.directions.shape == (2, 7)
    assert (found.deviations > 0.1).all()
    with pytest.raises(ValueError, match="1 points vary along no direction"):
        principal_components(np.ones((1, 7)))


def test_components_of_features_come_back_to_latents(random):
    """Features that stretch z along known axes: the components are those axes."""
    axes = np.linalg.qr(random.normal(size=(4, 4)))[0]
    z = random.normal(size=(3000, 4))
    onto = np.linalg.qr(random.normal(size=(20, 4)))[0]
    features = (z @ axes.T * [8.0, 4.0, 2.0, 1.0]) @ onto.T + 5.0
    found = regressed_directions(z, features, 3)
    assert found.shape == (3, 4)
    assert found.dtype == np.float32
    assert np.abs((found * axes[:3]).sum(1)).min() > 0.99
    # a step along each moves the features to where their component grows
    components = principal_components(features).directions[:3]
    moved = (found @ axes.T * [8.0, 4.0, 2.0, 1.0]) @ onto.T
    assert ((moved * components).sum(1) > 0.9).all()


def test_regression_is_least_squares(random):
    z, features = random.normal(size=(50, 3)), random.normal(size=(50, 60))
    found = regressed_directions(z, features, 2)
    components = principal_components(features)
    x = (features - features.mean(0)) @ components.directions[:2].T
    slopes = np.linalg.lstsq(x, z - z.mean(0), rcond=None)[0]
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
    np.testing.assert_allclose(found, slopes, atol=1e-5)


def test_components_that_are_not_there(random):
    z = random.normal(size=(10, 3))
    line = np.outer(np.arange(10.0), np.ones(4))
    for count, features, there in ((0, line, 1), (2, line, 1), (1, np.ones((10, 4)), 0)):
        with pytest.raises(ValueError, match=f"^{count} directions .* vary along {there}:"):
            regressed_directions(z, features, count)
    with pytest.raises(ValueError, match="vary where the latents do not"):
        regressed_directions(np.ones((10, 3)), line, 1)
    with pytest.raises(AssertionError):
        regressed_directions(z[:9], line, 1)


def test_a_direction_without_others(random):
    direction, *others = random.normal(size=(4, 8))
    found = conditioned(direction, *others, others[0] + others[1])  # one says nothing new
    np.testing.assert_allclose(np.stack(others) @ found, 0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found), 1, rtol=1e-6)
    rest = np.linalg.qr(np.stack(others).T)[0]
    expected = direction - rest @ (rest.T @ direction)
    assert cosine(found, expected) > 1 - 1e-6
    np.testing.assert_allclose(conditioned(3 * direction), direction / np.linalg.norm(direction))


def test_directions_of_which_nothing_is_left(random):
    one, other = random.normal(size=(2, 5))
    for direction, others in ((one + other, (one, other)), (-2 * one, (one,)), (0 * one, ())):
        with pytest.raises(ValueError, match="nothing is left of the direction"):
            conditioned(direction, *others)
