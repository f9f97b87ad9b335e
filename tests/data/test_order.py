import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan.data.order import batch_indices, permute

jitted = jax.jit(batch_indices, static_argnums=0, static_argnames=("batch_size", "size"))

GOLDEN_FIRST = [2068, 2886, 2648, 3113, 2571, 3696, 1956, 1567]
GOLDEN_LATER = [2520, 412, 3663, 1322, 1846, 3886, 3927, 3060]


def epoch_orders(seed, epochs, size):
    positions = np.tile(np.arange(size, dtype=np.uint32), len(epochs))
    epoch = np.repeat(np.asarray(epochs, np.uint32), size)
    return np.asarray(permute(positions, seed=seed, epoch=epoch, size=size)).reshape(-1, size)


def epoch_order(seed, epoch, size):
    return epoch_orders(seed, [epoch], size)[0]


def many_orders(size):
    return np.concatenate([epoch_orders(seed, range(100), size) for seed in range(30)])


@pytest.mark.parametrize(
    "size", [*range(1, 20), 31, 32, 33, 97, 127, 128, 1000, 1009, 4000, 65537, 2**17]
)
def test_is_a_bijection(size):
    for seed in [0, 1, 2**32 - 1]:
        for order in epoch_orders(seed, [0, 1, 2**32 - 1], size):
            np.testing.assert_array_equal(np.sort(order), np.arange(size))


@pytest.mark.parametrize(("batch_size", "size"), [(1, 1), (2, 3), (7, 7), (64, 4000), (5, 1009)])
def test_numpy_and_jax_agree(batch_size, size):
    eager = batch_indices(3, jnp.int32(117), batch_size=batch_size, size=size)
    np.testing.assert_array_equal(eager, batch_indices(3, 117, batch_size=batch_size, size=size))
    for step in [0, 1, 2, 117, 12345, 2**31 - 1]:
        host = batch_indices(3, step, batch_size=batch_size, size=size)
        device = jitted(3, jnp.int32(step), batch_size=batch_size, size=size)
        assert isinstance(host, np.ndarray)
        assert host.dtype == device.dtype == np.int32
        np.testing.assert_array_equal(host, device)


def test_the_order_is_fixed_for_ever():
    # Runs of the past can be repeated only while these numbers hold.
    assert batch_indices(0, 0, batch_size=8, size=4000).tolist() == GOLDEN_FIRST
    assert batch_indices(2**32 - 1, 10**6, batch_size=8, size=4000).tolist() == GOLDEN_LATER


@pytest.mark.parametrize("size", [2, 3, 5, 16])
def test_where_an_example_lands_is_uniform(size):
    orders = many_orders(size)
    for position in range(size):
        counts = np.bincount(orders[:, position], minlength=size)
        assert stats.chisquare(counts).pvalue > 1e-5


@pytest.mark.parametrize("size", [3, 4])
def test_all_orders_are_equally_likely(size):
    names = {order: i for i, order in enumerate(itertools.permutations(range(size)))}
    found = [names[tuple(order)] for order in many_orders(size).tolist()]
    counts = np.bincount(found, minlength=len(names))
    assert stats.chisquare(counts).pvalue > 1e-5


def test_pairs_land_independently():
    size = 6
    pairs = np.zeros((size, size), int)
    np.add.at(pairs, tuple(many_orders(size)[:, :2].T), 1)
    assert (np.diag(pairs) == 0).all()
    assert stats.chisquare(pairs[~np.eye(size, dtype=bool)]).pvalue > 1e-5


@pytest.mark.parametrize("change", ["seed", "epoch"])
def test_orders_are_unrelated(change):
    size = 4000
    first = epoch_order(0, 0, size)
    second = epoch_order(1, 0, size) if change == "seed" else epoch_order(0, 1, size)
    # Of a random order, one example on average keeps its place, and two neighbours stay such.
    assert (first == second).sum() < 10
    place = np.argsort(second)
    assert (np.abs(np.diff(place[first].astype(int))) == 1).sum() < 15
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.08
    assert (np.abs(np.diff(first.astype(int))) == 1).sum() < 15
    assert abs(np.corrcoef(first, np.arange(size))[0, 1]) < 0.08


@pytest.mark.parametrize(("batch_size", "size"), [(3, 10), (10, 10), (7, 13), (1, 4), (64, 100)])
def test_every_example_once_an_epoch(batch_size, size):
    epochs = 2 * batch_size
    steps = epochs * size // batch_size
    stream = np.concatenate(
        [batch_indices(1, step, batch_size=batch_size, size=size) for step in range(steps)]
    )
    orders = stream.reshape(epochs, size)
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(size), (epochs, 1)))
    for epoch in [0, 1, epochs - 1]:
        np.testing.assert_array_equal(orders[epoch], epoch_order(1, epoch, size))


def test_the_last_steps_of_the_longest_run_do_not_overflow():
    batch_size, size = 4096, 10**6
    step = 2**31 - 1
    stream = step * batch_size + np.arange(batch_size, dtype=object)
    epochs = np.array(stream // size, np.uint32)
    places = np.array(stream % size, np.uint32)
    expected = permute(places, seed=9, epoch=epochs, size=size)
    found = jitted(9, jnp.int32(step), batch_size=batch_size, size=size)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch_size": 0, "size": 10}, "a batch of 0 examples is empty"),
        ({"batch_size": 11, "size": 10}, "larger than the data set of 10: give a batch size of 10"),
        ({"batch_size": 4000, "size": 2_000_000}, "give a batch size of 2147 or less"),
    ],
)
def test_refuses_batches(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        batch_indices(0, 0, **arguments)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_refuses_seeds(seed):
    with pytest.raises(ValueError, match="does not fit in 32 bits"):
        batch_indices(seed, 0, batch_size=1, size=1)
