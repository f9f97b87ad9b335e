"""Truncation and mixing, against what they are by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import mix, truncate


@pytest.fixture
def w():
    return jax.random.normal(jax.random.key(0), (3, 4, 5))


@pytest.fixture
def mean():
    return jax.random.normal(jax.random.key(1), (5,))


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("cutoff", [None, 0, 1, 4])
def test_truncation_is_a_straight_line_through_the_mean(w, mean, cutoff, jitted):
    call = jax.jit(truncate, static_argnames="cutoff") if jitted else truncate
    psi = jnp.array([0.7, -1.0, 1.0])
    early = 4 if cutoff is None else cutoff
    expected = np.array(w, np.float64)
    expected[:, :early] = np.asarray(mean, np.float64) + np.asarray(psi)[:, None, None] * (
        expected[:, :early] - np.asarray(mean, np.float64)
    )
    np.testing.assert_allclose(call(w, mean, psi, cutoff=cutoff), expected, atol=1e-6)
    each = call(w, mean, 0.7, cutoff=cutoff)
    np.testing.assert_allclose(each[0], expected[0], atol=1e-6)
    assert each.dtype == w.dtype


def test_ends_and_slope_of_truncation(w, mean):
    np.testing.assert_allclose(truncate(w, mean, 1.0), w, atol=1e-6)
    np.testing.assert_allclose(truncate(w, mean, 0.0), jnp.broadcast_to(mean, w.shape))
    opposite = truncate(w, mean, -1.0)
    np.testing.assert_allclose((opposite + w) / 2, jnp.broadcast_to(mean, w.shape), atol=1e-6)
    slope = jax.grad(lambda psi: truncate(w, mean, psi, cutoff=2).sum())(0.5)
    np.testing.assert_allclose(slope, (w - mean[None, None])[:, :2].sum(), rtol=1e-5)


@pytest.mark.parametrize(("start", "stop"), [(0, None), (2, None), (1, 3), (4, None), (2, 2)])
def test_layers_come_from_one_or_the_other(w, start, stop):
    other = w + 10
    mixed = np.asarray(mix(w, other, start, stop))
    for layer in range(4):
        whose = other if start <= layer < (4 if stop is None else stop) else w
        np.testing.assert_array_equal(mixed[:, layer], whose[:, layer])


def test_layers_that_are_not_there(w, mean):
    for cutoff in (-1, 5):
        with pytest.raises(ValueError, match=f"first {cutoff} layers.* there are 4: give 0 to 4"):
            truncate(w, mean, 0.5, cutoff=cutoff)
    for layers in ((-1, None), (5, None), (3, 2), (0, 5)):
        with pytest.raises(ValueError, match=r"there are 4, give two numbers in 0 to 4"):
            mix(w, w, *layers)
