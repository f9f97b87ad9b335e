"""Perceptrons."""

import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import Classifier, PerceptronDiscriminator, PerceptronGenerator


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_shapes_and_types(dtype, mode):
    generator = PerceptronGenerator(3, (6, 7), dtype=dtype)
    discriminator = PerceptronDiscriminator((6,), dtype=dtype)

    @mode
    def play(key, latent):
        points, g = generator.init_with_output(key, latent, train=True)
        scores, d = discriminator.init_with_output(key, points, train=True)
        return points, scores, g, d

    points, scores, *variables = play(jax.random.key(0), jnp.ones((2, 10)))
    chex.assert_shape(points, (2, 3))
    chex.assert_shape(scores, (2,))
    chex.assert_type([points, scores, *jax.tree.leaves(variables)], jnp.float32)


def test_parameter_counts():
    g = PerceptronGenerator().init(jax.random.key(0), jnp.ones((1, 16)), train=True)
    d = PerceptronDiscriminator().init(jax.random.key(0), jnp.ones((1, 2)), train=True)
    for variables, sizes in [(g, [16, 64, 64, 64, 64, 2]), (d, [2, 64, 64, 64, 64, 1])]:
        parameters = sum(leaf.size for leaf in jax.tree.leaves(variables))
        assert parameters == sum((a + 1) * b for a, b in itertools.pairwise(sizes))


@pytest.mark.parametrize("network", [PerceptronGenerator(2, (5,)), PerceptronDiscriminator((5,))])
def test_values_are_matrix_products(network):
    """Written again in float64: x A + a, rectifier, B + b."""
    inputs = jax.random.normal(jax.random.key(0), (3, 4))
    variables = network.init(jax.random.key(1), inputs, train=True)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    shapes = {leaf.ndim * 10 + leaf.shape[0]: leaf for leaf in jax.tree.leaves(variables)}
    outputs = network.apply(variables, inputs, train=True)
    size = 1 if outputs.ndim == 1 else 2
    a, b = np.float64(shapes[24]), np.float64(shapes[25])
    hidden = np.float64(inputs) @ a + np.float64(shapes[15])
    hidden = np.maximum(hidden, 0)
    true = (hidden @ b + np.float64(shapes[10 + size])).reshape(outputs.shape)
    chex.assert_trees_all_close(outputs, np.float32(true), atol=1e-5)
    chex.assert_trees_all_equal(outputs, network.apply(variables, inputs, train=False))


def test_first_layers_keep_the_second_moment():
    """x of unit variance passes all layers of rectifiers with E x² near 1 (He's initialisation)."""
    generator = PerceptronGenerator(512, (512,) * 4)
    latent = jax.random.normal(jax.random.key(0), (64, 512))
    points, _ = generator.init_with_output(jax.random.key(1), latent, train=True)
    assert 0.8 < float(jnp.mean(points**2)) < 1.25


def test_another_head():
    discriminator = PerceptronDiscriminator((6,), head=Classifier(4))
    (scores, logits), _ = discriminator.init_with_output(
        jax.random.key(0), jnp.ones((3, 2)), train=True
    )
    chex.assert_shape(scores, (3,))
    chex.assert_shape(logits, (3, 4))


@pytest.mark.parametrize("network", [PerceptronGenerator(), PerceptronDiscriminator()])
def test_images_are_refused(network):
    with pytest.raises(AssertionError):
        network.init(jax.random.key(0), jnp.ones((2, 4, 4, 1)), train=True)
