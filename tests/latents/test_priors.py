import jax
import numpy as np
import pytest

from jaxgan import latents


def test_normal():
    z = latents.normal(50)(jax.random.key(0), 400)
    assert z.shape == (400, 50)
    assert z.dtype == np.float32
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03


def test_uniform():
    z = latents.uniform(50)(jax.random.key(0), 400)
    assert z.min() >= -1
    assert z.max() < 1
    assert abs(z.mean()) < 0.03
    assert abs(z.var() - 1 / 3) < 0.02


@pytest.mark.parametrize("prior", [latents.normal, latents.uniform])
def test_more_latents_begin_with_the_same(prior):
    key = jax.random.key(3)
    np.testing.assert_array_equal(prior(7)(key, 5), prior(7)(key, 9)[:5])


@pytest.mark.parametrize("prior", [latents.normal, latents.uniform])
@pytest.mark.parametrize("size", [0, -1])
def test_size_that_cannot_be(prior, size):
    with pytest.raises(ValueError, match=f"a latent of {size} numbers"):
        prior(size)
