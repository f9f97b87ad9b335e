"""Self-attention against its equations in float64, pixel by pixel."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import SelfAttention


def reference(parameters, x):
    """One pixel asks all the halved pixels, in float64."""
    weight = {name: np.float64(parameters[name]["kernel"])[0, 0] for name in "fghv"}
    x = np.float64(x)
    batch, height, width, _ = x.shape

    def halved(x):
        rows = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return np.max(rows, axis=0).reshape(batch, -1, x.shape[-1])

    keys, values = halved(x @ weight["g"]), halved(x @ weight["h"])
    y = np.empty_like(x)
    for b, i, j in np.ndindex(batch, height, width):
        likeness = np.exp(keys[b] @ (x[b, i, j] @ weight["f"]))
        found = (likeness / likeness.sum()) @ values[b]
        y[b, i, j] = x[b, i, j] + np.float64(parameters["gamma"]) * (found @ weight["v"])
    return y


def case():
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 16)).astype(np.float32)
    variables = SelfAttention().init(jax.random.key(0), x)
    return x, variables["params"]


def test_it_starts_as_the_identity_and_gamma_has_a_gradient():
    x, parameters = case()
    chex.assert_trees_all_equal(SelfAttention().apply({"params": parameters}, x), x)
    gradient = jax.grad(lambda p: jnp.sum(jnp.sin(SelfAttention().apply({"params": p}, x))))
    assert abs(float(gradient(parameters)["gamma"])) > 0.1


def test_parameters():
    _, parameters = case()
    shapes = {name: parameters[name]["kernel"].shape for name in "fghv"}
    assert shapes == {
        "f": (1, 1, 16, 2),
        "g": (1, 1, 16, 2),
        "h": (1, 1, 16, 8),
        "v": (1, 1, 8, 16),
    }
    assert sum(leaf.size for leaf in jax.tree.leaves(parameters)) == 2 * 32 + 2 * 128 + 1


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
def test_values_and_gradients(mode):
    x, parameters = case()
    parameters["gamma"] = jnp.float32(0.8)
    made = mode(lambda p, x: SelfAttention().apply({"params": p}, x))(parameters, x)
    chex.assert_trees_all_close(made, np.float32(reference(parameters, x)), atol=1e-5)

    random = np.random.default_rng(1)
    weight = random.standard_normal(x.shape).astype(np.float32)
    gradient = mode(
        jax.grad(lambda p, x: jnp.sum(weight * SelfAttention().apply({"params": p}, x)), (0, 1))
    )(parameters, x)
    direction = jax.tree.map(lambda a: random.standard_normal(np.shape(a)), (parameters, x))

    def moved(step):
        p, x_ = jax.tree.map(
            lambda a, d: np.float64(a) + step * np.float64(d), (parameters, x), direction
        )
        return np.sum(weight * reference(p, x_))

    slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
    made = sum(
        float(np.sum(np.float64(g) * d))
        for g, d in zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    )
    assert made == pytest.approx(slope, rel=1e-4)


def test_bfloat16():
    x, parameters = case()
    parameters["gamma"] = jnp.float32(0.8)
    made = SelfAttention(jnp.bfloat16).apply({"params": parameters}, x)
    assert made.dtype == jnp.bfloat16
    true = np.float32(reference(parameters, x))
    chex.assert_trees_all_close(made.astype(jnp.float32), true, atol=0.1)


def test_bad_shapes_are_named():
    with pytest.raises(ValueError, match="12 channels cannot attend: give a multiple of 8"):
        SelfAttention().init(jax.random.key(0), jnp.ones((1, 4, 4, 12)))
    with pytest.raises(ValueError, match="7x7 cannot be halved"):
        SelfAttention().init(jax.random.key(0), jnp.ones((1, 7, 7, 8)))
