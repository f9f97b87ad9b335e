import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.metrics import Moments

X = (np.random.default_rng(0).normal(size=(101, 5)) @ np.diag([1, 2, 3, 1e-3, 0]) + 1e4).astype(
    np.float32
)


@pytest.mark.parametrize("ddof", [0, 1])
def test_as_numpy_has_it(ddof):
    mean, covariance = Moments.init(5).update(X).compute(ddof=ddof)
    wide = X.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(0), rtol=1e-14)
    np.testing.assert_allclose(covariance, np.cov(wide, rowvar=False, ddof=ddof), atol=1e-10)
    assert mean.dtype == covariance.dtype == np.float64


@pytest.mark.parametrize("parts", [2, 8, 101, 103])
def test_in_parts_as_at_once(parts):
    """Batches one after another, and shards of which some may be empty, merged in either order."""
    whole = Moments.init(5).update(X)
    split = np.array_split(X, parts)
    batches = functools.reduce(Moments.update, split, Moments.init(5))
    shards = [Moments.init(5).update(part) for part in split]
    pairs = [functools.reduce(Moments.merge, order) for order in (shards, shards[::-1])]
    for moments in (batches, *pairs):
        assert moments.count == 101
        np.testing.assert_allclose(moments.mean, whole.mean, rtol=1e-13)
        np.testing.assert_allclose(moments.scatter, whole.scatter, rtol=1e-9, atol=1e-8)


def test_far_from_nothing():
    """Where sums of squares have no digit left: 1e9 away, the variance of 0, 1, ..., 9."""
    line = np.arange(10.0).reshape(-1, 1) + 1e9
    moments = functools.reduce(Moments.update, np.split(line, 5), Moments.init(1))
    assert moments.compute(ddof=0)[1][0, 0] == pytest.approx(8.25, rel=1e-7)
    assert np.mean(line**2) - line.mean() ** 2 != pytest.approx(8.25, rel=1)


def test_takes_what_jax_has_and_is_a_tree():
    moments = Moments.init(5).update(jnp.asarray(X))
    np.testing.assert_array_equal(moments.scatter, Moments.init(5).update(X).scatter)
    assert len(jax.tree.leaves(moments)) == 3
    half = Moments.init(2).update(jnp.ones((3, 2), jnp.bfloat16))
    assert half.compute()[0].tolist() == [1.0, 1.0]


def test_of_nothing():
    empty = Moments.init(5)
    moments = Moments.init(5).update(X)
    for merged in (empty.merge(moments), moments.merge(empty), moments.update(X[:0])):
        assert merged.count == 101
        np.testing.assert_array_equal(merged.mean, moments.mean)
    assert empty.merge(empty).count == 0


def test_refusals():
    moments = Moments.init(3).update(np.ones((2, 3)))
    with pytest.raises(ValueError, match="of 0 dimensions have no moments"):
        Moments.init(0)
    with pytest.raises(ValueError, match="moments of 3 and of 4 dimensions cannot be merged"):
        moments.update(np.ones((2, 4)))
    with pytest.raises(ValueError, match="moments of 3 and of 2 dimensions cannot be merged"):
        moments.merge(Moments.init(2))
    with pytest.raises(ValueError, match="1 of 2 features are not finite"):
        moments.update(np.array([[1.0, 2.0, 3.0], [np.inf, 0.0, 0.0]]))
    with pytest.raises(ValueError, match=r"must be \[N, F\]"):
        moments.update(np.ones(3))
    for ddof, few in [(1, Moments.init(3).update(np.ones((1, 3)))), (0, Moments.init(3))]:
        with pytest.raises(ValueError, match=f"have no covariance with ddof={ddof}"):
            few.compute(ddof=ddof)
    with pytest.raises(ValueError, match="ddof=-1"):
        moments.compute(ddof=-1)
