"""Gradient reversal: the same numbers, and derivatives of the other sign."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import reverse_gradient


@pytest.mark.parametrize("mode", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0, 3.0])
def test_values_and_derivatives(strength, mode):
    x = jnp.asarray(np.random.default_rng(0).normal(0, 1e3, (64, 8)).astype(np.float32))
    chex.assert_trees_all_equal(mode(lambda x: reverse_gradient(x, strength))(x), x)

    def loss(x):
        return jnp.sum(jnp.cos(reverse_gradient(x, strength)))

    chex.assert_trees_all_close(mode(jax.grad(loss))(x), strength * jnp.sin(x), atol=1e-6)
    _, along = jax.jvp(lambda x: reverse_gradient(x, strength), (x,), (jnp.ones_like(x),))
    chex.assert_trees_all_close(along, jnp.full_like(x, -strength))


def test_a_classifier_descends_and_its_features_ascend():
    weights = {"features": jnp.array(0.7), "classifier": jnp.array(-1.3)}

    def loss(weights, reverse):
        features = jnp.tanh(weights["features"] * 2.0)
        return jnp.square(weights["classifier"] * reverse(features) - 1)

    plain = jax.grad(loss)(weights, lambda x: x)
    reversed_ = jax.grad(loss)(weights, reverse_gradient)
    chex.assert_trees_all_close(
        reversed_, {"features": -plain["features"], "classifier": plain["classifier"]}
    )
