"""Resampling by filters against SciPy's, in float64 NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal

from jaxgan.layers import BINOMIAL, downsample_filtered, resample, upsample_filtered

CASES = [
    (BINOMIAL, 1, 1, (2, 1)),
    (BINOMIAL, 2, 1, (2, 1)),
    (BINOMIAL, 1, 2, (1, 1)),
    ((1.0, 2.0, 5.0), 3, 2, (2, 3)),
    ((1.0, 2.0, 5.0, 1.0, 7.0), 2, 2, (-1, 4)),
]


def along(x, taps, up, down, padding, axis):
    """One axis by `scipy.signal.upfirdn`, whose output begins and ends outside of the image."""
    full = scipy.signal.upfirdn(taps, x, up=up, axis=axis)
    length = up * x.shape[axis] + sum(padding) - len(taps) + 1
    first = len(taps) - 1 - padding[0]
    places = np.arange(first, first + length, down)
    inside = (places >= 0) & (places < full.shape[axis])
    rows = np.take(full, np.clip(places, 0, full.shape[axis] - 1), axis=axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    return rows * inside.reshape(shape)


@pytest.mark.parametrize(("taps", "up", "down", "padding"), CASES)
def test_resamples_as_scipy(taps, up, down, padding):
    x = np.random.default_rng(0).standard_normal((2, 6, 9, 3))
    weights = np.asarray(taps) / np.sum(taps)
    expected = along(along(x, weights, up, down, padding, 1), weights, up, down, padding, 2)
    made = resample(jnp.asarray(x, jnp.float32), taps, up=up, down=down, padding=padding)
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6)


def test_filters_of_two_axes():
    random = np.random.default_rng(1)
    x, taps = random.standard_normal((1, 5, 7, 1)), random.uniform(size=(2, 3))
    expected = scipy.signal.convolve2d(x[0, :, :, 0], taps / taps.sum(), mode="valid")
    made = resample(jnp.asarray(x, jnp.float32), taps, gain=3.0)
    np.testing.assert_allclose(made[0, :, :, 0], 3 * expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("taps", "up", "down", "padding"), CASES)
def test_derivatives_are_those_of_a_linear_map(taps, up, down, padding):
    """⟨A u, c⟩ = ⟨u, Aᵀ c⟩ for any u and c, and the second derivative is A again."""
    u, x = jax.random.normal(jax.random.key(0), (2, 1, 6, 5, 2))

    def apply(x):
        return resample(x, taps, up=up, down=down, padding=padding)

    made, transposed = jax.vjp(apply, x)
    c = jax.random.normal(jax.random.key(1), made.shape)
    np.testing.assert_allclose(jnp.vdot(apply(u), c), jnp.vdot(u, transposed(c)[0]), rtol=1e-4)
    again = jax.grad(lambda c: jnp.vdot(u, transposed(c)[0]))(c)
    np.testing.assert_allclose(again, apply(u), rtol=1e-4, atol=1e-5)


def test_a_plain_image_stays_plain_but_at_its_edges():
    x = jnp.ones((1, 8, 8, 1))
    np.testing.assert_allclose(upsample_filtered(x)[0, 2:-2, 2:-2], 1, rtol=1e-6)
    np.testing.assert_allclose(downsample_filtered(x)[0, 1:-1, 1:-1], 1, rtol=1e-6)
    assert upsample_filtered(x).shape == (1, 16, 16, 1)
    assert downsample_filtered(x).shape == (1, 4, 4, 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"up": 0}, "0 times larger"),
        ({"down": -1}, "-1 times smaller"),
        ({"filter": (1.0, -1.0)}, "is no filter"),
        ({"filter": np.ones((2, 2, 2))}, "is no filter"),
        ({"filter": (1.0,) * 9}, "9 taps does not fit in 4 pixels"),
    ],
)
def test_what_cannot_be_resampled(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        resample(jnp.ones((1, 4, 4, 1)), **options)


@pytest.mark.parametrize("resampled", [upsample_filtered, downsample_filtered])
def test_sums_of_bfloat16_are_rounded_once_an_axis(resampled):
    x = jax.random.normal(jax.random.key(0), (4, 32, 32, 16), jnp.bfloat16)
    wide = resampled(x.astype(jnp.float32))

    def error(made):
        return float(jnp.sqrt(jnp.mean((made.astype(jnp.float32) - wide) ** 2)))

    made = resampled(x)
    assert made.dtype == jnp.bfloat16
    assert 0 < error(made) < 1.6 * error(wide.astype(jnp.bfloat16))
