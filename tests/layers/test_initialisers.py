"""Initialisers."""

import chex
import jax
import jax.numpy as jnp
import pytest

from jaxgan.layers import normal


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_numbers_are_those_of_jax(dtype):
    made = normal(0.5, mean=2.0)(jax.random.key(3), (3, 4, 5), dtype)
    true = 2.0 + 0.5 * jax.random.normal(jax.random.key(3), (3, 4, 5), dtype)
    chex.assert_trees_all_equal(made, true)


def test_mean_and_deviation():
    made = normal(0.02, mean=1.0)(jax.random.key(0), (100, 1000))
    assert float(made.mean()) == pytest.approx(1.0, abs=3e-4)
    assert float(made.std()) == pytest.approx(0.02, rel=0.02)
