"""Fully connected networks."""

import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import FullyConnectedDiscriminator, FullyConnectedGenerator


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_shapes_ranges_and_types(dtype, mode):
    generator = FullyConnectedGenerator((5, 4, 3), (6, 7), dtype)
    discriminator = FullyConnectedDiscriminator((6,), dtype)

    @mode
    def play(key, latent):
        images, g = generator.init_with_output(key, 100 * latent, train=True)
        logits, d = discriminator.init_with_output(key, images, train=True)
        return images, logits, g, d

    images, logits, *variables = play(jax.random.key(0), jnp.ones((2, 10)))
    chex.assert_shape(images, (2, 5, 4, 3))
    chex.assert_shape(logits, (2,))
    assert float(jnp.abs(images).max()) <= 1
    chex.assert_type([images, logits, *jax.tree.leaves(variables)], jnp.float32)


def test_parameter_counts():
    g = FullyConnectedGenerator().init(jax.random.key(0), jnp.ones((1, 100)), train=True)
    d = FullyConnectedDiscriminator().init(jax.random.key(0), jnp.ones((1, 28, 28, 1)), train=True)
    for variables, sizes in [(g, [100, 256, 512, 1024, 784]), (d, [784, 512, 256, 1])]:
        parameters = sum(leaf.size for leaf in jax.tree.leaves(variables))
        assert parameters == sum((a + 1) * b for a, b in itertools.pairwise(sizes))


def test_values_are_matrix_products():
    """Written again in float64: x A + a, leaky rectifier, B + b; tanh for the generator."""

    def layers(variables, x):
        (a, b) = (variables["params"][name] for name in ("Dense_0", "Dense_1"))
        x = np.float64(x) @ np.float64(a["kernel"]) + np.float64(a["bias"])
        return np.where(x > 0, x, 0.2 * x) @ np.float64(b["kernel"]) + np.float64(b["bias"])

    latent = jax.random.normal(jax.random.key(0), (3, 4))
    generator = FullyConnectedGenerator((2, 3, 1), (5,))
    variables = generator.init(jax.random.key(1), latent, train=True)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    images = generator.apply(variables, latent, train=True)
    true = np.tanh(layers(variables, latent)).reshape(3, 2, 3, 1)
    chex.assert_trees_all_close(images, np.float32(true), atol=1e-6)
    chex.assert_trees_all_equal(images, generator.apply(variables, latent, train=False))

    discriminator = FullyConnectedDiscriminator((5,))
    variables = discriminator.init(jax.random.key(1), images, train=True)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    true = layers(variables, np.asarray(images).reshape(3, 6))[:, 0]
    chex.assert_trees_all_close(
        discriminator.apply(variables, images, train=True), np.float32(true), atol=1e-5
    )
