"""The path length of a generator whose images are its latents: the angle between them, squared."""

import dataclasses

import jax
import numpy as np
import pytest

from jaxgan import recipes
from jaxgan.games import stream
from jaxgan.recipes import path_lengths
from tests.vgg import SMALL_LPIPS


@dataclasses.dataclass(frozen=True)
class Sphere:
    """Latents of length 1."""

    images = schedule = game = data = latent_kernels = None

    def latent(self, key, count):
        z = jax.random.normal(key, (count, 16))
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    def inputs(self, key, count):
        return {"latent": self.latent(key, count)}


def test_angles_squared():
    seen = []

    def generate(key, inputs):
        seen.append(np.asarray(inputs["latent"], np.float64))
        return 3 * inputs["latent"].reshape(-1, 4, 4, 1)

    def squares(images, others):
        return ((images - others) ** 2).sum((1, 2, 3))

    figure = recipes.path_length_figure(
        *(Sphere(), None, generate, jax.random.key(0)),
        count=250,
        distance=recipes.PathDistance("angles", "as they are", "0123", squares),
        protocol={"seed": 4},
    )
    # On the sphere a way from a to b is run through at the angle between them.
    first, second = (
        Sphere().latent(stream(jax.random.key(0), name), 250) for name in ("first", "second")
    )
    angles = np.arccos(np.sum(np.asarray(first) * np.asarray(second), axis=1))
    kept = np.sort((3 * angles) ** 2)[2:-2]  # the outer percentiles do not count
    assert figure.value == pytest.approx(kept.mean(), rel=0.02)
    assert figure.name == "path length in z (angles)"
    assert figure.protocol == {
        **{"network": "angles", "network_digest": "0123", "inputs": "as they are"},
        **{"pairs": 250, "epsilon": 1e-4, "at": "anywhere", "percentiles": "1 to 99", "seed": 4},
    }
    assert len(seen) == 6  # three chunks, two ends


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lpips_of_all_kinds_of_images(channels):
    """Grey is seen three times, RGBA on white, and large images as means of squares."""
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, channels)).astype(np.float32)
    inputs = jax.ShapeDtypeStruct((1, 16, 16, 3), np.float32)
    shapes = jax.eval_shape(SMALL_LPIPS.init, jax.random.key(0), inputs, inputs)
    random = np.random.default_rng(1)
    variables = jax.tree.map(
        lambda leaf: random.normal(0, 0.2, leaf.shape).astype(np.float32) ** 2, shapes
    )
    distance = recipes.lpips_path_distance(variables, network=SMALL_LPIPS)
    assert distance.lpips
    seen = np.broadcast_to(images[..., :3], (2, 16, 16, 3))
    if channels == 4:
        cover = (images[..., 3:] + 1) / 2
        seen = seen * cover + 1 - cover
    expected = recipes.lpips_distances(variables, seen, seen[::-1], network=SMALL_LPIPS)
    found = distance.measure(images, images[::-1])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert min(found) > 0


def test_large_images_are_seen_as_means_of_squares():
    images = np.random.default_rng(0).uniform(-1, 1, (1, 512, 516, 3)).astype(np.float32)
    expected = images.reshape(1, 256, 2, 258, 2, 3).mean((2, 4))
    np.testing.assert_allclose(path_lengths._seen(images), expected, atol=1e-6)
    assert path_lengths._seen(images[:, :511]).shape == (1, 511, 516, 3)
