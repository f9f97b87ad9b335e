"""Initialisers."""

import math

import chex
import jax
import jax.numpy as jnp
import pytest

from jaxgan.layers import glorot, normal


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_numbers_are_those_of_jax(dtype):
    made = normal(0.5, mean=2.0)(jax.random.key(3), (3, 4, 5), dtype)
    true = 2.0 + 0.5 * jax.random.normal(jax.random.key(3), (3, 4, 5), dtype)
    chex.assert_trees_all_equal(made, true)


def test_mean_and_deviation():
    made = normal(0.02, mean=1.0)(jax.random.key(0), (100, 1000))
    assert float(made.mean()) == pytest.approx(1.0, abs=3e-4)
    assert float(made.std()) == pytest.approx(0.02, rel=0.02)


@pytest.mark.parametrize("shape", [(300, 100), (3, 3, 40, 80)])
@pytest.mark.parametrize("gain", [1.0, 2**0.5])
def test_glorot(shape, gain):
    made = glorot(gain=gain)(jax.random.key(0), shape)
    assert made.shape == shape
    *taps, inputs, outputs = shape
    fans = (inputs + outputs) * math.prod(taps)
    assert float(jnp.abs(made).max()) == pytest.approx(gain * math.sqrt(6 / fans), rel=0.01)
    assert float(made.std()) == pytest.approx(gain * math.sqrt(2 / fans), rel=0.02)
    assert abs(float(made.mean())) < 0.02 * float(made.std())
