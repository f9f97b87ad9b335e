import numpy as np
import pytest

from jaxgan.metrics import memorisation, nearest_neighbours

RNG = np.random.default_rng(0)
TRAIN, HELD_OUT, NEW = RNG.normal(size=(3, 90, 4))


def test_neighbours_by_hand():
    far = np.linalg.norm(NEW[:, None] - TRAIN[None], axis=2)
    for block_size in (7, 1000):
        distances, indices = nearest_neighbours(NEW, TRAIN, block_size=block_size)
        np.testing.assert_allclose(distances, far.min(1), rtol=1e-12)
        np.testing.assert_array_equal(indices, far.argmin(1))


def test_copies_are_0_away():
    """Also where all are far from nothing, and float32 as features are."""
    there = (TRAIN + 1e3).astype(np.float32)
    distances, indices = nearest_neighbours(there[::-1], there)
    assert distances.tolist() == [0.0] * 90
    assert indices.tolist() == list(range(90))[::-1]
    near, _ = nearest_neighbours(there + np.float32(1e-2), there)
    assert near == pytest.approx(0.02, rel=0.01)


def test_far_from_nothing():
    """Where products of the features have no digit of the distances left."""
    distances, indices = nearest_neighbours(NEW + 1e7, TRAIN + 1e7)
    expected = nearest_neighbours(NEW, TRAIN)
    np.testing.assert_allclose(distances, expected[0], rtol=1e-6)
    np.testing.assert_array_equal(indices, expected[1])


def test_by_hand():
    """Every pair of a sample and a held-out example; ties count half."""
    made = np.concatenate([NEW[:20], TRAIN[:5]])
    unseen = np.concatenate([HELD_OUT[:30], TRAIN[:2]])
    far = [np.linalg.norm(a[:, None] - TRAIN[None], axis=2).min(1) for a in (made, unseen)]
    apart = np.sign(far[0][:, None] - far[1][None])
    u = np.sum((apart + 1) / 2)
    found = memorisation(made, TRAIN, unseen)
    assert found.farther == pytest.approx(u / (25 * 32), rel=1e-12)
    assert found.z == pytest.approx((u - 400) / np.sqrt(25 * 32 * 58 / 12), rel=1e-12)


def test_p_value_by_every_order():
    """Of 3 and 4 distances there are 35 orders: all below all is one of them."""
    train = np.zeros((2, 1))
    samples, unseen = np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [5.0], [6.0], [7.0]])
    found = memorisation(samples, train, unseen)
    assert found.farther == 0.0
    assert found.p_value == pytest.approx(1 / 35)
    samples[2] = 4.5  # one pair the other way: two orders are so or more extreme
    found = memorisation(samples, train, unseen)
    assert found.farther == pytest.approx(1 / 12)
    assert found.p_value == pytest.approx(2 / 35)


def test_copies_are_exposed():
    """New samples are as far as held-out ones; copies with noise are not; noise is farther."""
    new = memorisation(NEW, TRAIN, HELD_OUT)
    assert abs(new.farther - 0.5) < 0.12
    assert 0.01 < new.p_value < 0.99
    copies = memorisation(TRAIN + 0.05 * NEW, TRAIN, HELD_OUT)
    assert copies.farther < 0.05
    assert copies.p_value < 1e-20
    assert copies.z < -9
    half = memorisation(np.concatenate([TRAIN[:45], NEW[:45]]), TRAIN, HELD_OUT)
    assert copies.farther < half.farther < new.farther
    assert half.p_value < 1e-6
    assert memorisation(NEW * 5, TRAIN, HELD_OUT).farther > 0.9


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (NEW[:1], "a set of 1 features is too small here: give 2 or more"),
        (NEW[:, :3], "the same F in each set"),
        (np.where(NEW > 2, np.inf, NEW), "of 90 features are not finite"),
    ],
)
def test_refusals(faulty, message):
    for sets in [(faulty, TRAIN, HELD_OUT), (NEW, faulty, HELD_OUT), (NEW, TRAIN, faulty)]:
        with pytest.raises(ValueError, match=message):
            memorisation(*sets)
    with pytest.raises(ValueError, match="a block of -1 rows"):
        memorisation(NEW, TRAIN, HELD_OUT, block_size=-1)
