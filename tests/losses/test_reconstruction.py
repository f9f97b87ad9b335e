"""Differences of images, and the confusion of domains, against float64 NumPy."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(2, 4, 3, 5, 2)).astype(np.float32)
LOGITS = np.array([-100.0, -1.5, 0.0, 2.0, 100.0], np.float32)


@pytest.mark.parametrize("shape", [(4, 3, 5, 2), (4, 30)])
def test_l1(shape):
    x, y = X.reshape(shape), Y.reshape(shape)
    exact = np.abs(x.astype(np.float64) - y).reshape(4, -1)
    np.testing.assert_allclose(losses.l1(x, y), exact.mean(axis=1), rtol=1e-6)
    slope = jax.grad(lambda x: losses.l1(x, y).sum())(x)
    np.testing.assert_allclose(slope, np.sign(x - y) / 30, rtol=1e-6)


def test_l1_of_narrow_images_is_computed_in_float32():
    x, y = jnp.asarray(X, jnp.bfloat16), jnp.asarray(Y, jnp.bfloat16)
    made = losses.l1(x, y)
    chex.assert_type(made, jnp.float32)
    np.testing.assert_array_equal(made, losses.l1(x.astype(jnp.float32), y.astype(jnp.float32)))


def test_l1_of_different_shapes():
    with pytest.raises(AssertionError):
        losses.l1(X, Y[..., :1])


@pytest.mark.parametrize("domain", [0, 1, 0.25])
def test_domain_confusion(domain):
    exact = LOGITS.astype(np.float64)
    made = losses.domain_confusion(LOGITS, jnp.array(domain))
    np.testing.assert_allclose(made, np.logaddexp(0, exact) - domain * exact, rtol=1e-5, atol=1e-30)
    slope = jax.grad(lambda s: losses.domain_confusion(s, jnp.array(domain)).sum())(LOGITS)
    sigmoid = np.exp(-np.logaddexp(0, -exact))
    np.testing.assert_allclose(slope, sigmoid - domain, rtol=1e-5, atol=1e-7)


def test_domain_confusion_of_each_its_own_domain():
    domains = jnp.array([0, 1, 0, 1, 0])
    made = losses.domain_confusion(LOGITS, domains)
    each = [losses.domain_confusion(LOGITS[i : i + 1], domains[i])[0] for i in range(5)]
    np.testing.assert_array_equal(made, jnp.stack(each))


def test_domain_confusion_of_other_shapes():
    with pytest.raises(AssertionError):
        losses.domain_confusion(LOGITS, jnp.array([0, 1]))
    with pytest.raises(AssertionError):
        losses.domain_confusion(LOGITS[:, None], jnp.array(0))
