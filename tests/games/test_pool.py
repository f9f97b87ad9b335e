"""The pool of images: what is kept, and what comes out."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.games import empty_pool, exchange


def numbered(first, count):
    """Images of one pixel that are their own number."""
    return jnp.arange(first, first + count, dtype=jnp.float32).reshape(-1, 1, 1, 1)


def play(size, batch, rounds, seed=0):
    """The pool after so many rounds, and what came out of each round."""
    pool, out = empty_pool(size, numbered(0, 1)), []
    step = jax.jit(exchange)
    for number in range(rounds):
        key = jax.random.fold_in(jax.random.key(seed), number)
        pool, shown = step(key, pool, numbered(number * batch, batch))
        out.append(np.asarray(shown).ravel())
    return pool, np.stack(out)


@pytest.mark.parametrize("batch", [1, 4, 5])
def test_it_fills_first_and_meanwhile_shows_what_it_is_given(batch):
    pool, out = play(20, batch, rounds=20 // batch)
    np.testing.assert_array_equal(out.ravel(), np.arange(20))
    np.testing.assert_array_equal(np.asarray(pool.images).ravel(), np.arange(20))
    assert int(pool.count) == 20


def test_it_may_fill_in_the_middle_of_a_batch():
    pool, out = play(6, 4, rounds=2)
    np.testing.assert_array_equal(out[0], [0, 1, 2, 3])
    np.testing.assert_array_equal(out[1, :2], [4, 5])
    assert int(pool.count) == 6


def test_when_full_half_of_what_comes_out_is_old():
    size, batch, rounds = 50, 4, 600
    _, out = play(size, batch, rounds)
    given = np.arange(rounds * batch).reshape(rounds, batch)
    full = given >= size
    old = (out != given)[full]
    assert np.all(out <= given)
    # Of 2,350 tosses the share of heads deviates by 0.0103; four of these are allowed.
    assert abs(old.mean() - 0.5) < 0.042
    # An image that is kept waits for 2 N tosses on average: N swaps.
    assert abs((given - out)[full][old].mean() / (2 * size) - 1) < 0.2


def test_old_ones_are_drawn_from_all_places_alike():
    pool = empty_pool(10, numbered(0, 1))
    pool, _ = exchange(jax.random.key(0), pool, numbered(0, 10))
    once = jax.vmap(lambda key: exchange(key, pool, numbered(99, 1)))
    after, out = once(jax.random.split(jax.random.key(1), 8000))
    out, kept = np.asarray(out).ravel(), np.asarray(after.images).reshape(8000, 10)
    old = out != 99
    counts = np.bincount(out[old].astype(int), minlength=10)
    expected = counts.sum() / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-square, 9 degrees, 0.001
    # The new one has the old one's place, and nothing else has changed.
    for row, left in zip(kept[old], out[old], strict=True):
        assert row[int(left)] == 99
        assert (row != np.arange(10)).sum() == 1
    np.testing.assert_array_equal(kept[~old], np.tile(np.arange(10), ((~old).sum(), 1)))


def test_nothing_is_lost_or_doubled():
    """Every image is in the pool, or has come out for the last time, exactly once."""
    pool, out = play(8, 3, rounds=100)
    there = np.concatenate([np.asarray(pool.images).ravel(), out.ravel()])
    # What fills the pool comes out as well: these 8 are seen once more.
    counts = np.bincount(there.astype(int), minlength=300)
    assert counts[8:].min() == 1
    assert counts[8:].max() == 1
    np.testing.assert_array_equal(counts[:8], 2)


def test_the_key_is_all_that_is_random():
    one, other = play(5, 2, 20, seed=3), play(5, 2, 20, seed=3)
    jax.tree.map(np.testing.assert_array_equal, one, other)
    assert not np.array_equal(one[1], play(5, 2, 20, seed=4)[1])


def test_no_pool():
    pool = empty_pool(0, numbered(0, 1))
    after, out = exchange(jax.random.key(0), pool, numbered(3, 4))
    np.testing.assert_array_equal(out, numbered(3, 4))
    chex.assert_trees_all_equal(pool, after)


def test_a_pool_of_less_than_nothing():
    with pytest.raises(ValueError, match="a pool of -1 images cannot be kept"):
        empty_pool(-1, numbered(0, 1))
