import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import pyramid


def by_hand(image, other, levels):
    """The mean over the levels of the mean squared differences, in float64."""
    difference = np.asarray(image, np.float64) - np.asarray(other, np.float64)
    means = []
    for level in range(levels):
        if level:
            halves = difference[::2] + difference[1::2]
            difference = (halves[:, ::2] + halves[:, 1::2]) / 4
        means.append((difference**2).mean())
    return np.mean(means)


@pytest.mark.parametrize(
    ("size", "levels", "there"),
    [((16, 8), 4, 4), ((16, 8), 1, 1), ((12, 20), 4, 3), ((7, 8), 4, 1), ((2, 2), 9, 2)],
)
def test_distances_are_means_over_levels(size, levels, there):
    images = jax.random.normal(jax.random.key(0), (2, *size, 3))
    features = pyramid(images, levels)
    assert features.shape == (2, sum(3 * size[0] * size[1] // 4**level for level in range(there)))
    found = ((features[0] - features[1]) ** 2).sum()
    np.testing.assert_allclose(found, by_hand(images[0], images[1], there), rtol=1e-5)


def test_gradients_are_those_of_pixels_where_there_is_one_level():
    image = jax.random.normal(jax.random.key(0), (1, 4, 4, 2))
    slope = jax.grad(lambda image: (pyramid(image, 1) ** 2).sum())(image)
    np.testing.assert_allclose(slope, 2 * image / 32, rtol=1e-6)


def test_no_levels():
    with pytest.raises(ValueError, match="a pyramid of 0 levels"):
        pyramid(jnp.ones((1, 4, 4, 1)), 0)
