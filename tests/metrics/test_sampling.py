import functools

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.metrics import (
    Moments,
    density_coverage,
    density_coverage_error,
    frechet_distance,
    frechet_distance_error,
    jackknife,
    jackknife_error,
    memorisation,
    moments_frechet_distance_error,
    perceptual_path_length,
    precision_recall,
    precision_recall_error,
    random_groups,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(43, 3)), RNG.normal(size=(57, 3)) * 1.2 + 0.4


def test_of_a_mean():
    """Its error is the deviation over the root of the count, whatever the order."""
    line = RNG.normal(size=60)
    expected = line.std(ddof=1) / np.sqrt(60)
    assert jackknife(np.mean, line, groups=60) == pytest.approx(expected, rel=1e-12)
    means = line[np.concatenate(random_groups(60, groups=12, seed=4))].reshape(12, 5).mean(1)
    expected = means.std(ddof=1) / np.sqrt(12)  # of groups, that of their means
    assert jackknife(np.mean, line, groups=12, seed=4) == pytest.approx(expected, rel=1e-12)


def test_of_two_sets_and_of_several_figures():
    """The variances of two means add up, where groups of the two do not vary together by chance."""
    one, other = np.tile([0.0, 0.0, 4.0, 4.0], 8), np.repeat([0.0, 10.0], 16)
    figures = jackknife(lambda a, b: [b.mean() - a.mean(), 7.0], one, other, groups=32, seed=1)
    expected = np.sqrt(one.var(ddof=1) / 32 + other.var(ddof=1) / 32)
    assert figures == pytest.approx([expected, 0], rel=0.2)
    counts = jackknife(lambda a, b: [len(a), len(b)], X, Y, groups=4)  # of 11 or 10, 15 or 14
    assert (
        counts.tolist() == jackknife_error(np.array([[32, 42], *[[32, 43]] * 2, [33, 43]])).tolist()
    )


def test_the_groups():
    """Each example once, groups as large as each other, drawn anew for each set."""
    first, second = random_groups(43, 43, groups=5, seed=3)
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(43))
    assert [len(part) for part in first] == [9, 9, 9, 8, 8]
    assert not np.array_equal(first[0], second[0])
    again, _ = random_groups(43, 12, groups=5, seed=3)
    assert all(map(np.array_equal, first, again))


def test_classes_in_order_do_no_harm():
    """Groups of neighbours would be of one class each, and the error of the mean far too large."""
    line = np.repeat(np.arange(10.0), 20)
    expected = line.std(ddof=1) / np.sqrt(200)
    assert jackknife(np.mean, line) == pytest.approx(expected, rel=0.5)


@pytest.mark.parametrize("counts", [(43, 57), (8, 9)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_frechet_as_by_hand(counts, ddof):
    """Moments of groups taken away, against the features without them; also of few features."""
    x, y = (RNG.normal(size=(count, 10)).astype(np.float32) + 30 for count in counts)
    found = frechet_distance_error(x, y, groups=4, seed=7, ddof=ddof)
    expected = jackknife(functools.partial(frechet_distance, ddof=ddof), x, y, groups=4, seed=7)
    assert found == pytest.approx(expected, rel=1e-7)
    assert (
        frechet_distance_error(jnp.asarray(x), jnp.asarray(y), groups=4, seed=7, ddof=ddof) == found
    )


def test_frechet_to_what_does_not_vary():
    whole = Moments.init(3).update(Y)
    (divided,) = random_groups(43, groups=6, seed=1)
    parts = [Moments.init(3).update(X[rows]) for rows in divided]
    expected = jackknife(lambda x: frechet_distance(x, Y), X, groups=6, seed=1)
    assert moments_frechet_distance_error(parts, [whole]) == pytest.approx(expected, rel=1e-9)
    assert expected < frechet_distance_error(X, Y, groups=6)


def spread(figure, draw, times=60):
    """The deviation of a figure over new samples, and the root mean square of an error."""
    figures, errors = zip(*(figure(*draw()) for _ in range(times)), strict=True)
    return np.std(figures, axis=0, ddof=1), np.sqrt(np.mean(np.square(errors), axis=0))


def frechet(x, y):
    return frechet_distance(x, y), frechet_distance_error(x, y)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.7), (1.6, 0.0)])
def test_frechet_as_it_varies(scale, shift):
    """By distance and by shape: the error is within a factor of 1.5 of what new samples do."""
    turn = RNG.normal(size=(6, 6))

    def draw():
        x, y = RNG.normal(size=(2, 150, 6)) @ turn
        return x * scale + shift, y[:120]

    real, error = spread(frechet, draw)
    assert real / 1.5 < error < 1.5 * real


def test_frechet_of_one_distribution():
    """The distance is bias alone, and the error on the safe side."""
    real, error = spread(frechet, lambda: RNG.normal(size=(2, 150, 6)))
    assert real / 1.2 < error < 2 * real


@pytest.mark.parametrize(
    ("metric", "error"),
    [(precision_recall, precision_recall_error), (density_coverage, density_coverage_error)],
)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("k", "block_size"), [(1, 7), (3, 1000), (9, 16)])
def test_neighbours_as_by_hand(metric, error, strict, k, block_size):
    """All groups at once, against the sets without each of them; some features are there twice."""
    x, y = np.concatenate([X, X[:4]]), np.concatenate([Y, Y[:3]])
    expected = jackknife(lambda *sets: metric(*sets, k=k, strict=strict), x, y, groups=6, seed=2)
    found = error(x, y, k=k, strict=strict, groups=6, seed=2, block_size=block_size)
    assert found == pytest.approx(tuple(expected), rel=1e-9)
    assert type(found) is type(metric(x, y))


@pytest.mark.parametrize(
    ("metric", "error"),
    [(precision_recall, precision_recall_error), (density_coverage, density_coverage_error)],
)
def test_neighbours_as_they_vary(metric, error):
    """Not below what new samples do, and at most a few times that."""
    real, estimated = spread(
        lambda x, y: (metric(x * 1.2, y), error(x * 1.2, y)),
        lambda: RNG.normal(size=(2, 120, 5)),
        40,
    )
    assert (estimated > 0.75 * real).all()
    assert (estimated < 3 * real).all()


def test_memorisation_by_hand():
    """For each sample the held-out examples that are nearer, and the other way round."""
    train = np.zeros((2, 1))
    found = memorisation(np.array([[1.0], [4.0], [6.0]]), train, np.array([[2.0], [4.0]]))
    below = np.array([[0, 0], [1, 0.5], [1, 1]])  # of each sample and each held-out example
    expected = below.mean(1).var(ddof=1) / 3 + below.mean(0).var(ddof=1) / 2
    assert found.farther == pytest.approx(below.mean())
    assert found.error == pytest.approx(np.sqrt(expected))
    assert memorisation(train, train, train + 1).error == 0


def test_memorisation_as_it_varies():
    train = RNG.normal(size=(80, 3))

    def figure(samples, held_out):
        found = memorisation(samples * 0.8, train, held_out)
        return found.farther, found.error

    real, error = spread(figure, lambda: RNG.normal(size=(2, 60, 3)), 100)
    assert real / 1.25 < error < 1.25 * real


def test_path_length_as_it_varies():
    def length(distances):
        return perceptual_path_length(distances, epsilon=1.0).mean

    real, error = spread(
        lambda d: (length(d), jackknife(length, d, groups=30)),
        lambda: RNG.exponential(size=(1, 300)),
        100,
    )
    assert real / 1.25 < error < 1.25 * real


@pytest.mark.parametrize("groups", [1, 44])
def test_refuses_groups(groups):
    for call in (
        functools.partial(jackknife, lambda x, y: 0.0),
        frechet_distance_error,
        precision_recall_error,
        density_coverage_error,
    ):
        with pytest.raises(ValueError, match=f"43 examples cannot be divided into {groups} groups"):
            call(X, Y, groups=groups)


def test_refusals():
    with pytest.raises(ValueError, match="of 21 and 28 features not all have 21 neighbours"):
        precision_recall_error(X, Y, k=21, groups=2)
    with pytest.raises(ValueError, match="of 21 and 28 features not all have 0 neighbours"):
        density_coverage_error(X, Y, k=0, groups=2)
    parts = [Moments.init(3).update(X[:2])] * 3
    for faulty in ([parts[:1], parts[:1]], [parts, parts[:2]], [parts, []]):
        with pytest.raises(ValueError, match=f"{len(faulty[0])} and {len(faulty[1])} groups have"):
            moments_frechet_distance_error(*faulty)
    single = [Moments.init(3).update(x) for x in (X[:1], X[1:2])]
    with pytest.raises(ValueError, match=r"moments of 1 features \[3\] and of 57"):
        moments_frechet_distance_error(single, [Moments.init(3).update(Y)])
    for error in (frechet_distance_error, precision_recall_error, density_coverage_error):
        with pytest.raises(ValueError, match="the same F in each set"):
            error(X, Y[:, :2])
