import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.reference import sigmoid, softplus

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
SCORES = np.float32([-100.0, -40.0, -2.5, 0.0, 0.7, 3.0, 40.0, 100.0])
REAL, FAKE = (x.ravel() for x in np.meshgrid(SCORES, SCORES))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("amount", [0.0, 0.1, 0.75])
def test_discriminator(amount, mode):
    loss = losses.label_smoothing(amount).discriminator
    with MODES[mode]():
        value = loss(REAL, FAKE)
        slopes = jax.grad(lambda *scores: loss(*scores).sum(), argnums=(0, 1))(
            jnp.asarray(REAL), jnp.asarray(FAKE)
        )
    real, fake = REAL.astype(np.float64), FAKE.astype(np.float64)
    # Cross entropy with a target of 1 - amount on reals, written another way: with log D directly.
    expected = softplus(real) - (1 - amount) * real + softplus(fake)
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(slopes[0], sigmoid(real) - (1 - amount), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slopes[1], sigmoid(fake), rtol=1e-5, atol=1e-37)


def test_the_best_score_of_a_real_is_bounded():
    loss = losses.label_smoothing(0.1).discriminator
    slope = jax.grad(lambda real: loss(real, jnp.zeros(3)).sum())
    best = np.log(0.9 / 0.1)
    below, at, above = slope(jnp.float32([best - 0.1, best, best + 0.1]))
    assert below < 0 < above
    assert abs(at) < 1e-6


def test_nothing_smoothed_is_the_non_saturating_loss():
    smoothed = losses.label_smoothing(0.0)
    for player in range(2):
        np.testing.assert_array_equal(
            smoothed[player](REAL, FAKE), losses.non_saturating[player](REAL, FAKE)
        )


def test_the_generator_is_that_of_the_non_saturating_loss():
    assert losses.label_smoothing(0.3).generator is losses.non_saturating.generator


def test_patches_are_averaged():
    loss = losses.label_smoothing(0.1).discriminator
    patches = loss(REAL, FAKE).reshape(8, 8)
    np.testing.assert_allclose(
        loss(REAL.reshape(8, 2, 4), FAKE.reshape(8, 2, 4)), patches.mean(axis=1), rtol=1e-6
    )


@pytest.mark.parametrize("amount", [-0.1, 1.0, 2.0, float("nan")])
def test_amount_outside_is_refused(amount):
    with pytest.raises(ValueError, match=r"smoothed by .*\[0, 1\)"):
        losses.label_smoothing(amount)
