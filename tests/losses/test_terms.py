import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.losses import combine

GENERATOR = np.random.default_rng(1)
VALUES = {
    "adversarial": GENERATOR.normal(size=(6,)).astype(np.float32),
    "reconstruction": GENERATOR.normal(size=(6, 4, 4, 3)).astype(np.float32),
    "codes": GENERATOR.normal(size=(6, 2)).astype(np.float32),
}
WEIGHTS = {"adversarial": 1.0, "reconstruction": 100.0, "codes": 0.1}


def total(weights, values):
    return combine({name: (weights[name], values[name]) for name in values})


@pytest.mark.parametrize("wrap", [lambda function: function, jax.jit], ids=["eager", "jit"])
def test_weighed_sum_and_report(wrap):
    loss, report = wrap(total)(WEIGHTS, VALUES)
    means = {name: value.astype(np.float64).mean() for name, value in VALUES.items()}
    np.testing.assert_allclose(loss, sum(WEIGHTS[k] * means[k] for k in means), rtol=1e-5)
    assert set(report) == {*VALUES, "loss"}
    for name, mean in means.items():
        np.testing.assert_allclose(report[name], mean, rtol=1e-5, atol=1e-7)
        assert report[name].shape == ()
    assert report["loss"] == loss
    assert loss.shape == ()


def test_order_of_the_report_is_that_of_the_terms():
    assert list(total(WEIGHTS, VALUES)[1]) == [*VALUES, "loss"]


@pytest.mark.parametrize("wrap", [lambda function: function, jax.jit], ids=["eager", "jit"])
def test_gradients(wrap):
    slopes = wrap(jax.grad(lambda values: total(WEIGHTS, values)[0]))(VALUES)
    for name, value in VALUES.items():
        np.testing.assert_allclose(
            slopes[name], np.full(value.shape, WEIGHTS[name] / value.size), rtol=1e-6
        )
    weights = {name: jnp.asarray(weight) for name, weight in WEIGHTS.items()}
    slopes = wrap(jax.grad(lambda weights: total(weights, VALUES)[0]))(weights)
    for name, value in VALUES.items():
        np.testing.assert_allclose(slopes[name], value.mean(), rtol=1e-5, atol=1e-7)


def test_traced_weight_does_not_retrace():
    weigh = jax.jit(lambda weight, value: combine({"penalty": (weight, value)})[0])
    assert weigh(2.0, jnp.ones(3)) == 2.0
    assert weigh(3.0, jnp.ones(3)) == 3.0
    assert weigh._cache_size() == 1


def test_narrow_values_are_averaged_in_float32():
    loss, report = combine({"penalty": (1.0, jnp.full(4096, 1 / 3, jnp.bfloat16))})
    assert loss.dtype == report["penalty"].dtype == jnp.float32


def test_configuration_errors():
    with pytest.raises(ValueError, match="at least one term"):
        combine({})
    with pytest.raises(ValueError, match='named "loss"'):
        combine({"loss": (1.0, jnp.ones(3))})


@pytest.mark.parametrize("term", [(jnp.ones(3), jnp.ones(3)), (1.0, jnp.ones(3, jnp.int32))])
def test_a_weight_is_a_scalar_and_a_value_is_floats(term):
    with pytest.raises(AssertionError):
        combine({"penalty": term})
