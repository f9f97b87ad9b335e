"""Normalisations without running statistics, against float64."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import InstanceNorm, MinibatchNorm

SHAPE = (3, 5, 4, 2)


def images(shape=SHAPE):
    return np.random.default_rng(0).normal(3.0, 2.0, shape).astype(np.float32)


def standardised(x, axes):
    x = np.float64(x)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def slope(x, cotangent, axes):
    """The gradient of sum(cotangent * standardised(x)) in closed form, float64."""
    x, cotangent = np.float64(x), np.float64(cotangent)
    y, scale = standardised(x, axes), np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    along = (cotangent * y).mean(axes, keepdims=True)
    return (cotangent - cotangent.mean(axes, keepdims=True) - y * along) / scale


CASES = {
    "instance, training": (InstanceNorm(), True, (1, 2)),
    "instance, in use": (InstanceNorm(), False, (1, 2)),
    "minibatch, training": (MinibatchNorm(), True, (0, 1, 2)),
    "minibatch, in use": (MinibatchNorm(), False, (1, 2)),
}


@pytest.mark.parametrize("mode", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(("layer", "train", "axes"), CASES.values(), ids=CASES.keys())
def test_values_and_gradients(layer, train, axes, mode):
    x, cotangent = images(), np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    variables = layer.init(jax.random.key(0), x, train=train)
    scale, bias = np.ones(2), np.zeros(2)
    if isinstance(layer, MinibatchNorm):
        scale, bias = np.array([1.5, -0.5]), np.array([0.25, -1.0])
        variables = {"params": {"scale": jnp.asarray(scale, jnp.float32), "bias": bias}}
        variables = jax.tree.map(jnp.float32, variables)

    @mode
    def differentiated(variables, x):
        def functional(variables, x):
            made = layer.apply(variables, x, train=train)
            return jnp.sum(cotangent * made), made

        return jax.grad(functional, argnums=(0, 1), has_aux=True)(variables, x)

    (of_variables, of_x), made = differentiated(variables, x)
    normal = standardised(x, axes)
    chex.assert_trees_all_close(made, np.float32(scale * normal + bias), atol=1e-5)
    np.testing.assert_allclose(of_x, slope(x, scale * cotangent, axes), atol=1e-5)
    if isinstance(layer, MinibatchNorm):
        parameters = of_variables["params"]
        true = {"scale": (cotangent * normal).sum((0, 1, 2)), "bias": cotangent.sum((0, 1, 2))}
        np.testing.assert_allclose(parameters["scale"], true["scale"], atol=1e-4)
        np.testing.assert_allclose(parameters["bias"], true["bias"], atol=1e-4)
    else:
        assert not variables


def test_initial_scale_and_bias():
    variables = MinibatchNorm().init(jax.random.key(0), jnp.ones((1, 2, 2, 4096)), train=True)
    assert set(variables) == {"params"}
    scale = variables["params"]["scale"]
    assert float(scale.mean()) == pytest.approx(1, abs=2e-3)
    assert float(scale.std()) == pytest.approx(0.02, rel=0.1)
    chex.assert_trees_all_equal(variables["params"]["bias"], jnp.zeros(4096))


def test_one_pixel_and_constant_images_are_the_bias():
    for x in (jnp.full((1, 1, 1, 3), 7.0), jnp.full((2, 4, 4, 3), -2.0)):
        layer = MinibatchNorm()
        made, _ = layer.init_with_output(jax.random.key(0), x, train=True)
        chex.assert_trees_all_close(made, jnp.zeros_like(x), atol=1e-5)


@pytest.mark.parametrize("layer", [InstanceNorm, MinibatchNorm])
def test_half_precision_has_statistics_of_single(layer):
    x = jnp.asarray(images((2, 32, 32, 2)) + 100.0)  # bfloat16 would keep nothing of the variance
    exact, _ = layer().init_with_output(jax.random.key(0), x, train=True)
    made, _ = layer(jnp.bfloat16).init_with_output(jax.random.key(0), x, train=True)
    assert made.dtype == jnp.bfloat16
    chex.assert_trees_all_close(made.astype(jnp.float32), exact, atol=0.02)


@pytest.mark.parametrize("layer", [InstanceNorm(), MinibatchNorm()])
def test_vectors_are_refused(layer):
    with pytest.raises(AssertionError):
        layer.init(jax.random.key(0), jnp.ones((2, 8)), train=True)
