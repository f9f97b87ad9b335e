"""The path length of a generator whose images are its latents: the angle between them, squared."""

import dataclasses

import jax
import numpy as np
import pytest

from jaxgan import recipes
from jaxgan.games import stream


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

    figure = recipes.path_length_figure(
        *(Sphere(), None, generate, jax.random.key(0)),
        count=250,
        features=lambda images: images.reshape(len(images), -1),
        told="pixels",
    )
    # On the sphere a way from a to b is run through at the angle between them.
    first, second = (
        Sphere().latent(stream(jax.random.key(0), name), 250) for name in ("first", "second")
    )
    angles = np.arccos(np.sum(np.asarray(first) * np.asarray(second), axis=1))
    squares = np.sort((3 * angles) ** 2)[2:-2]  # the outer percentiles do not count
    assert figure.value == pytest.approx(squares.mean(), rel=0.02)
    assert figure.name == "path length in z (pixels)"
    assert figure.protocol["pairs"] == 250
    assert len(seen) == 6  # three chunks, two ends
