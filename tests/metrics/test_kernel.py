import numpy as np
import pytest

from jaxgan.metrics import kernel, kernel_distance

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 6)), RNG.normal(size=(30, 6)) * 1.5 + 0.5


def by_hand(x, y):
    """Every pair of two different features, one after another."""

    def kernel(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def within(z):
        pairs = [kernel(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j]
        return sum(pairs) / len(pairs)

    return within(x) + within(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])


@pytest.mark.parametrize("subsets", [3, 20])
def test_by_hand(subsets, monkeypatch):
    """The subsets are those of NumPy's generator: of the first set, then of the second.

    Of 20 subsets each pair of the sets is computed once, in blocks.
    """
    monkeypatch.setattr(kernel, "_BLOCK", 7)
    random = np.random.RandomState(7)
    figures = []
    for _ in range(subsets):
        first = random.choice(40, 12, replace=False)
        figures.append(by_hand(X[first], Y[random.choice(30, 12, replace=False)]))
    found = kernel_distance(X, Y, subsets=subsets, subset_size=12, seed=7)
    assert found.mean == pytest.approx(np.mean(figures), rel=1e-12)
    assert found.deviation == pytest.approx(np.std(figures), rel=1e-10)


def test_of_whole_sets():
    """Then every subset is the same, in another order, and the sets can be exchanged."""
    found = kernel_distance(X[:30], Y, subsets=4, subset_size=30)
    assert found.mean == pytest.approx(by_hand(X[:30], Y), rel=1e-12)
    assert found.deviation < 1e-12
    other = kernel_distance(Y, X[:30], subsets=4, subset_size=30)
    assert other.mean == pytest.approx(found.mean, rel=1e-12)


def test_turned_and_of_float32():
    turn = np.linalg.qr(RNG.normal(size=(6, 6)))[0]
    found = kernel_distance(X, Y, subsets=5, subset_size=20)
    turned = kernel_distance(X @ turn, Y @ turn, subsets=5, subset_size=20)
    assert turned == pytest.approx(found, rel=1e-10)
    narrow = [a.astype(np.float32) for a in (X, Y)]
    wide = [a.astype(np.float64) for a in narrow]
    exact = kernel_distance(*wide, subsets=5, subset_size=20)
    assert kernel_distance(*narrow, subsets=5, subset_size=20) == exact


def test_has_no_bias():
    """One distribution gives 0 on average, within four errors; a biased one would give 0.8."""
    sets = RNG.normal(size=(2, 2000, 6))
    pairs = zip(*(np.split(x, 100) for x in sets), strict=True)
    figures = [kernel_distance(x, y, subsets=1, subset_size=20).mean for x, y in pairs]
    error = np.std(figures) / np.sqrt(len(figures))
    assert abs(np.mean(figures)) < 4 * error < 0.2
    assert min(figures) < 0


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X, {"subset_size": 31}, "31 cannot be drawn from 40 and 30 features: .* of 2 to 30"),
        (X, {"subset_size": 1}, "100 subsets of 1 cannot be drawn"),
        (X, {"subset_size": 9, "subsets": 0}, "0 subsets of 9 cannot be drawn"),
        (X[:, :5], {"subset_size": 9}, "the same F in each set"),
        (np.where(X > 2, np.nan, X), {"subset_size": 9}, "of 40 features are not finite"),
    ],
)
def test_refusals(x, options, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(x, Y, **options)
