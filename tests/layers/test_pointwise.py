"""Convolutions of 1x1: values and derivatives against matrix products and XLA's own rules."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import Pointwise


def drawn(shape, dtype=np.float32):
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("shape", [(2, 4, 3, 5), (4, 5)])
def test_values_are_products_of_matrices(shape, dtype, use_bias):
    layer, x = Pointwise(6, use_bias, dtype), drawn(shape)
    variables = layer.init(jax.random.key(0), x)
    assert set(variables["params"]) == ({"kernel", "bias"} if use_bias else {"kernel"})
    chex.assert_type(jax.tree.leaves(variables), jnp.float32)
    variables = jax.tree.map(lambda leaf: leaf + 0.5, variables)  # a bias that is not zero
    made = layer.apply(variables, x)
    assert made.dtype == dtype
    true = np.float64(x) @ np.float64(variables["params"]["kernel"]) + (0.5 if use_bias else 0.0)
    tolerance = 1e-5 if dtype == jnp.float32 else 0.05
    chex.assert_trees_all_close(made.astype(jnp.float32), np.float32(true), atol=tolerance)


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
@pytest.mark.parametrize("features", [2, 5], ids=["narrower", "wider"])
def test_derivatives_of_two_orders_are_those_of_xlas_rules(features, mode):
    def derivatives(function):
        # A nonlinear function of the result, so that no order of derivative is trivially zero.
        def first(x, w):
            gradients = jax.grad(lambda x, w: jnp.mean(jnp.sin(function(x, w))), (0, 1))(x, w)
            return sum(jnp.sum(jnp.sin(3 * g)) for g in gradients), gradients

        return lambda x, w: jax.grad(first, argnums=(0, 1), has_aux=True)(x, w)

    with jax.enable_x64(True):
        x, w = (
            jnp.asarray(drawn((2, 4, 3, 3), np.float64)),
            jnp.asarray(drawn((3, features), np.float64)),
        )
        layer = Pointwise(features, False, jnp.float64)
        made = mode(derivatives(lambda x, w: layer.apply({"params": {"kernel": w}}, x)))(x, w)
        true = jax.jit(derivatives(lambda x, w: x @ w))(x, w)
        chex.assert_trees_all_close(made, true, atol=1e-13)
        assert min(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(true)) > 1e-3
