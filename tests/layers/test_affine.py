"""Images slanted, scaled and shifted at random."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from jaxgan.layers import random_affine

B, H, W = 3, 6, 8


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_affine_against_scipy(strength):
    """Every image by the map that the docstring tells, in float64; both channels alike."""
    images = jax.random.normal(jax.random.key(0), (B, H, W, 2))
    key = jax.random.key(1)
    found = random_affine(key, images, strength)
    drawn = np.float64(jax.random.uniform(key, (6, B, 1, 1), minval=-1, maxval=1))
    a, b, c, d, e, f = strength * drawn[:, :, 0, 0]
    y, x = np.mgrid[:H, :W].astype(np.float64)
    y, x = y - (H - 1) / 2, x - (W - 1) / 2
    for i in range(B):
        rows = (1 + 0.2 * a[i]) * y + 0.15 * b[i] * x + 0.05 * H * e[i] + (H - 1) / 2
        columns = 0.4 * c[i] * y + (1 + 0.2 * d[i]) * x + 0.05 * W * f[i] + (W - 1) / 2
        for channel in range(2):
            image = np.float64(images[i, :, :, channel])
            expected = map_coordinates(image, [rows, columns], order=1, mode="mirror")
            np.testing.assert_allclose(found[i, :, :, channel], expected, atol=2e-5)


def test_affine_of_strength_zero_changes_nothing():
    images = jax.random.normal(jax.random.key(0), (B, H, W, 1))
    np.testing.assert_allclose(random_affine(jax.random.key(1), images, 0.0), images, atol=1e-6)


def test_affine_is_linear_and_of_the_images_dtype():
    images = jax.random.normal(jax.random.key(0), (B, H, W, 1))
    key = jax.random.key(1)
    slope = jax.jvp(lambda x: random_affine(key, x), (images,), (images,))[1]
    np.testing.assert_allclose(slope, random_affine(key, images), atol=1e-5)
    chex.assert_type(random_affine(key, images.astype(jnp.bfloat16)), jnp.bfloat16)


@pytest.mark.parametrize(
    ("images", "told"), [(jnp.zeros((4, 4, 1)), "rank"), (jnp.zeros((2, 4, 4, 1), int), "type")]
)
def test_what_is_no_batch_of_images_is_refused(images, told):
    with pytest.raises(AssertionError, match=told):
        random_affine(jax.random.key(0), images)
