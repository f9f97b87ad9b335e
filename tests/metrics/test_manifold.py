import numpy as np
import pytest

from jaxgan.metrics import density_coverage, precision_recall

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(41, 3)), RNG.normal(size=(53, 3)) * 1.2 + 0.4


def by_hand(x, y, k, strict):
    """All four, from every distance, one ball after another."""
    between = np.linalg.norm(x[:, None] - y[None], axis=2)

    def radius(z, index):
        return sorted(np.linalg.norm(z - z[index], axis=1))[k]

    def inside(distance, r):
        return distance < r if strict else distance <= r

    real = np.array([inside(between[:, m], radius(y, m)) for m in range(len(y))])  # [M, N]
    made = np.array([inside(between[n], radius(x, n)) for n in range(len(x))])  # [N, M]
    pair = np.mean([any(ball) for ball in real.T]), np.mean([any(ball) for ball in made.T])
    return pair, (sum(map(sum, real)) / (k * len(x)), np.mean([any(ball) for ball in real]))


@pytest.mark.parametrize("k", [1, 3, 5, 40])
@pytest.mark.parametrize("block_size", [7, 1000])
def test_by_hand(k, block_size):
    pair, others = by_hand(X, Y, k, strict=False)
    found = precision_recall(X, Y, k=k, block_size=block_size)
    assert found == pytest.approx(pair, rel=1e-12)
    dense = density_coverage(X, Y, k=k, block_size=block_size)
    assert dense == pytest.approx(others, rel=1e-12)
    assert {type(figure) for figure in (*found, *dense)} == {float}


@pytest.mark.parametrize("strict", [False, True])
def test_on_the_surface(strict):
    """On -1, 0, 1 every ball of one neighbour is 1 wide, and samples lie on the surfaces."""
    real = np.array([[-1.0], [0.0], [1.0]])
    samples = np.array([[-2.0], [0.0], [2.0]])
    expected = by_hand(samples, real, 1, strict)
    assert expected[0] == ((1 / 3, 1.0) if strict else (1.0, 1.0))
    assert expected[1] == ((1 / 3, 1 / 3) if strict else (5 / 3, 1.0))
    assert precision_recall(samples, real, k=1, strict=strict) == pytest.approx(expected[0])
    assert density_coverage(samples, real, k=1, strict=strict) == pytest.approx(expected[1])


def test_of_copies():
    """A ball of copies is a point: its samples are in it only with its surface."""
    point = np.repeat(RNG.normal(size=(1, 5)) + 1e3, 6, axis=0)
    assert precision_recall(point, point[:5]) == (1.0, 1.0)
    assert precision_recall(point, point[:5], strict=True) == (0.0, 0.0)
    assert density_coverage(point, point[:5], k=2, strict=False) == (2.5, 1.0)
    assert density_coverage(point, point[:5], k=2) == (0.0, 0.0)
    spread = np.concatenate([X, X[:10]])  # each of the first ten is there twice
    assert precision_recall(X, spread) == (1.0, 1.0)


def test_of_itself():
    assert precision_recall(X, X) == (1.0, 1.0)
    assert precision_recall(X, X, strict=True) == (1.0, 1.0)
    assert density_coverage(X, X, k=5).coverage == 1.0
    assert density_coverage(X, X, k=5, strict=False).density >= 1.0


def test_does_not_change_as_both_are_moved_and_turned():
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    moved = [3 * a @ turn + 1e3 for a in (X, Y)]
    assert precision_recall(*moved) == precision_recall(X, Y)
    assert density_coverage(*moved) == density_coverage(X, Y)


def test_what_they_are_for():
    """Recall and coverage fall as modes go, precision and density as noise comes."""
    modes = np.repeat(np.eye(6) * 10, 20, axis=0)
    real, fake, noise = modes + 0.1 * RNG.normal(size=(3, 120, 6))
    gone = [
        (precision_recall(fake[20 * n :], real), density_coverage(fake[20 * n :], real))
        for n in range(4)
    ]
    for n, (pair, others) in enumerate(gone):
        assert pair.precision > 0.75
        assert pair.recall == pytest.approx(gone[0][0].recall * (1 - n / 6), abs=0.05)
        assert others.coverage == pytest.approx(gone[0][1].coverage * (1 - n / 6), abs=0.05)
    levels = [0.0, 0.02, 0.1]
    noisy = [
        (precision_recall(fake + a * noise, real), density_coverage(fake + a * noise, real))
        for a in levels
    ]
    precisions = [pair.precision for pair, _ in noisy]
    densities = [others.density for _, others in noisy]
    assert precisions == sorted(precisions, reverse=True)
    assert densities == sorted(densities, reverse=True)
    assert precisions[-1] < 0.5 * precisions[0]


def test_an_outlier_spoils_precision_and_not_density():
    """One real example far away: its ball holds everything, and density hardly sees it."""
    outlier = np.concatenate([Y, np.full((1, 3), 60.0)])
    noise = RNG.normal(size=(40, 3)) * 3 + 25
    assert precision_recall(noise, Y) == (0.0, 0.0)
    assert precision_recall(noise, outlier).precision > 0.9
    assert density_coverage(noise, outlier).density < 0.25


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X, {"k": 41}, "of 41 and 53 features not all have 41 neighbours: give a k of 1 to 40"),
        (X, {"k": 0}, "have 0 neighbours"),
        (X[:3], {}, "of 3 and 53 features not all have"),
        (X[:1], {}, "a set of 1 features is too small"),
        (X[:, :2], {}, "the same F in each set"),
        (np.where(X > 2, np.nan, X), {}, "of 41 features are not finite"),
        (X, {"block_size": 0}, "a block of 0 rows"),
    ],
)
def test_refusals(metric, x, options, message):
    with pytest.raises(ValueError, match=message):
        metric(x, Y, **options)
