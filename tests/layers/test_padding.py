"""Reflection padding against NumPy's, and its gradient, the adjoint, by counting."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import reflection_padding

modes = pytest.mark.parametrize("mode", [lambda f, **_: f, jax.jit], ids=["eager", "jit"])


@modes
@pytest.mark.parametrize("padding", [0, 1, 3])
def test_values_and_gradient(padding, mode):
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 3)).astype(np.float32)
    edges = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    pad = mode(reflection_padding, static_argnums=1)
    made = pad(x, padding)
    chex.assert_trees_all_equal(made, np.pad(x, edges, mode="reflect"))

    cotangent = np.random.default_rng(1).standard_normal(made.shape).astype(np.float32)
    gradient = mode(jax.grad(lambda x: jnp.sum(cotangent * reflection_padding(x, padding))))(x)
    places = np.pad(np.arange(x.size).reshape(x.shape), edges, mode="reflect")
    true = np.bincount(places.ravel(), np.float64(cotangent.ravel())).reshape(x.shape)
    np.testing.assert_allclose(gradient, true, atol=1e-5)


@pytest.mark.parametrize(("size", "padding"), [(3, 3), (1, 1), (4, -1)])
def test_margins_that_have_no_mirror_image(size, padding):
    with pytest.raises(ValueError, match=f"{size}x8 have no mirror image of {padding} pixels"):
        reflection_padding(jnp.ones((1, size, 8, 1)), padding)
