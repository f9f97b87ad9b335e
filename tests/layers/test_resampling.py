"""Doubling and halving of images."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import max_pool, mean_pool, upsample


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
def test_values(mode):
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 3)).astype(np.float32)
    large, mean, largest = (mode(f)(x) for f in (upsample, mean_pool, max_pool))
    chex.assert_shape(large, (2, 8, 12, 3))
    for i, j in np.ndindex(8, 12):
        chex.assert_trees_all_equal(np.asarray(large[:, i, j]), x[:, i // 2, j // 2])
    chex.assert_shape([mean, largest], (2, 2, 3, 3))
    for i, j in np.ndindex(2, 3):
        square = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        chex.assert_trees_all_close(np.asarray(mean[:, i, j]), square.mean((1, 2)), atol=1e-6)
        chex.assert_trees_all_equal(np.asarray(largest[:, i, j]), square.max((1, 2)))


def test_gradients():
    x = np.random.default_rng(0).standard_normal((1, 4, 4, 1)).astype(np.float32)
    small = np.random.default_rng(1).standard_normal((1, 2, 2, 1)).astype(np.float32)
    gradient = jax.grad(lambda x: jnp.sum(small * mean_pool(x)))(x)
    chex.assert_trees_all_close(gradient, upsample(small) / 4, atol=1e-6)
    gradient = jax.grad(lambda a: jnp.sum(x * upsample(a)))(small)
    chex.assert_trees_all_close(gradient, 4 * mean_pool(x), atol=1e-6)
    gradient = jax.grad(lambda x: jnp.sum(small * max_pool(x)))(x)
    largest = np.asarray(x) == np.asarray(upsample(max_pool(x)))
    chex.assert_trees_all_close(gradient, largest * upsample(small), atol=1e-6)


@pytest.mark.parametrize("pool", [mean_pool, max_pool])
def test_odd_sizes_are_named(pool):
    with pytest.raises(ValueError, match="7x8 cannot be halved"):
        pool(jnp.ones((1, 7, 8, 1)))
