"""Path lengths of a linear generator, whose Jacobian is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.penalties import path_length

B, L, W, H = 5, 3, 4, 2
SHAPE = (B, H, 3, 2)


def test_closed_form_and_its_gradient_through_the_moving_mean():
    random = np.random.default_rng(0)
    jacobian = random.normal(size=(L, W, H * 3 * 2))
    w, mean, decay, scale = random.normal(size=(B, L, W)), 0.7, 0.25, 1.3
    key = jax.random.key(4)

    def penalise(scale):
        def synthesise(w):
            image = jnp.einsum("blw,lwi->bi", w, jnp.asarray(jacobian, jnp.float32))
            return (scale * image).reshape(SHAPE)

        penalty, after = path_length(
            *(key, synthesise, jnp.asarray(w, jnp.float32), jnp.float32(mean)), decay=decay
        )
        return penalty.mean(), (penalty, after)

    gradient, (penalty, after) = jax.jit(jax.grad(penalise, has_aux=True))(jnp.float32(scale))

    y = np.asarray(jax.random.normal(key, SHAPE), np.float64).reshape(B, -1) / np.sqrt(H * 3)
    of_one = np.sqrt((np.einsum("lwi,bi->blw", jacobian, y) ** 2).sum(axis=2).mean(axis=1))
    lengths = scale * of_one
    expected = mean + decay * (lengths.mean() - mean)
    np.testing.assert_allclose(after, expected, rtol=1e-5)
    np.testing.assert_allclose(penalty, (lengths - expected) ** 2, rtol=1e-4)
    slopes = 2 * (lengths - expected) * (of_one - decay * of_one.mean())
    np.testing.assert_allclose(gradient, slopes.mean(), rtol=1e-4)
    detached = (2 * (lengths - expected) * of_one).mean()
    assert abs(float(gradient) / detached - 1) > 0.1, "this test sees where the gradient flows"


def test_a_generator_that_does_not_look_at_w():
    def slope(size):
        penalty, _ = path_length(
            jax.random.key(0),
            lambda w: size * 0 * w[:, :1, :1, None] + size,
            *(jnp.ones((2, 1, 1)), jnp.float32(1)),
        )
        return penalty.mean()

    assert jax.grad(slope)(1.0) == 0


def test_w_of_another_rank():
    with pytest.raises(AssertionError):
        path_length(jax.random.key(0), lambda w: w, jnp.ones((2, 3)), jnp.float32(0))
