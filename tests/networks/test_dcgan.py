"""DCGAN: its five rules, its initial weights, and the same network in PyTorch."""

import itertools

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import DCGANDiscriminator, DCGANGenerator

SIZES = {8: [4], 28: [8, 4], 32: [16, 8, 4], 56: [16, 8, 4], 64: [32, 16, 8, 4]}


def initialised(network, shape):
    """The network's variables, and what it gives in training with the statistics it then has."""
    x = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))

    @jax.jit
    def run(key, x):
        variables = network.init(key, x, train=True)
        made, moved = network.apply(variables, x, train=True, mutable=["batch_stats"])
        return variables, made, moved

    return x, *run(jax.random.key(0), x)


def shapes(network, shape):
    """The network's variables and output without computing either."""
    return jax.eval_shape(
        lambda key, x: network.init_with_output(key, x, train=True)[::-1],
        jax.random.key(0),
        jnp.zeros(shape),
    )


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("size", SIZES)
def test_shapes_and_types(size, dtype):
    variables, images = shapes(DCGANGenerator(size, 3, 4, dtype), (2, 10))
    chex.assert_shape(images, (2, size, size, 3))
    d_variables, logits = shapes(DCGANDiscriminator(size, 4, dtype=dtype), (2, size, size, 3))
    chex.assert_shape(logits, (2,))
    chex.assert_type([images, logits, *jax.tree.leaves([variables, d_variables])], jnp.float32)


def test_images_end_at_one():
    network = DCGANGenerator(8, 1, 4)
    latent, variables, *_ = initialised(network, (4, 10))
    variables["params"]["ConvTranspose_0"]["kernel"] *= 1e4
    images, _ = network.apply(variables, latent, train=True, mutable=["batch_stats"])
    assert float(images.min()) == -1
    assert float(images.max()) == 1


def count(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize(("size", "widths"), SIZES.items())
def test_parameter_counts(size, widths):
    base = 7 if size % 7 == 0 else 4
    z, c = 10, 3
    pairs = list(itertools.pairwise(widths))
    variables, _ = shapes(DCGANGenerator(size, c, 4), (2, z))
    projection = z * base**2 * widths[0]
    doublings = sum(16 * a * b for a, b in pairs)
    assert count(variables) == projection + doublings + 16 * 4 * c + c + 2 * sum(widths)
    variables, _ = shapes(DCGANDiscriminator(size, 4), (2, size, size, c))
    first, logit = 16 * 4 * c + 4, base**2 * widths[0] + 1
    assert count(variables) == first + doublings + logit + 2 * sum(widths[:-1])


def test_the_papers_channels_at_64():
    variables, _ = shapes(DCGANGenerator(64, 3), (1, 100))
    made = [variables["params"][f"BatchNorm_{k}"]["scale"].size for k in range(4)]
    assert made == [1024, 512, 256, 128]


@pytest.mark.parametrize("network", [DCGANGenerator, DCGANDiscriminator])
def test_initial_weights(network):
    shape = (2, 100) if network is DCGANGenerator else (2, 28, 28, 1)
    module = DCGANGenerator(28, 1) if network is DCGANGenerator else DCGANDiscriminator(28)
    _, variables, *_ = initialised(module, shape)
    for path, leaf in flax.traverse_util.flatten_dict(variables["params"]).items():
        mean = 1.0 if path[-1] == "scale" else 0.0
        spread = 0.0 if path[-1] == "bias" else 0.02
        error = 4 * 0.02 / np.sqrt(leaf.size)
        assert float(leaf.mean()) == pytest.approx(mean, abs=error), path
        assert float(leaf.std()) == pytest.approx(spread, abs=error), path
    for path, leaf in flax.traverse_util.flatten_dict(variables["batch_stats"]).items():
        chex.assert_trees_all_equal(leaf, jnp.full_like(leaf, path[-1] == "var"))


def test_where_batch_norm_and_biases_are():
    generator, _ = shapes(DCGANGenerator(32, 3, 4), (2, 10))
    assert set(generator["batch_stats"]) == {"BatchNorm_0", "BatchNorm_1", "BatchNorm_2"}
    biased = {name for name, layer in generator["params"].items() if "kernel" in layer}
    biased = {name for name in biased if "bias" in generator["params"][name]}
    assert biased == {"ConvTranspose_2"}  # the last, which no batch norm follows

    discriminator, _ = shapes(DCGANDiscriminator(32, 4), (2, 32, 32, 3))
    assert set(discriminator["batch_stats"]) == {"BatchNorm_0", "BatchNorm_1"}
    assert "bias" in discriminator["params"]["Conv_0"]
    assert "bias" not in discriminator["params"]["Conv_1"]

    network = DCGANDiscriminator(8, 4, batch_norm=False)
    images, critic, scores, _ = initialised(network, (2, 8, 8, 3))
    assert set(critic) == {"params"}
    layers = {**critic["params"], **critic["params"]["head"]}
    del layers["head"]
    assert all("bias" in layer for layer in layers.values())
    alone = network.apply(critic, images[:1], train=True)  # an example's score is its own affair
    chex.assert_trees_all_close(alone, scores[:1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("network", "shape"),
    [(DCGANGenerator(14, 1, 4), (16, 10)), (DCGANDiscriminator(28, 4), (16, 28, 28, 1))],
    ids=["generator", "discriminator"],
)
def test_batch_statistics_move_in_training_only(network, shape):
    x, variables, made, moved = initialised(network, shape)
    for before, after in zip(
        jax.tree.leaves(variables["batch_stats"]), jax.tree.leaves(moved), strict=True
    ):
        assert not jnp.allclose(before, after)
    still, kept = network.apply(variables, x, train=False, mutable=["batch_stats"])
    chex.assert_trees_all_equal(kept["batch_stats"], variables["batch_stats"])
    assert not jnp.allclose(made, still, atol=1e-5)


def test_batch_statistics_are_the_moving_average():
    network = DCGANGenerator(14, 1, 4)
    x, variables, _, moved = initialised(network, (16, 10))
    projected = np.float64(x) @ np.float64(variables["params"]["Dense_0"]["kernel"])
    projected = projected.reshape(-1, 4)  # [16 * 7 * 7, channels]
    statistics = moved["batch_stats"]["BatchNorm_0"]
    chex.assert_trees_all_close(
        statistics["mean"], np.float32(0.1 * projected.mean(0)), rtol=1e-4, atol=1e-7
    )
    chex.assert_trees_all_close(
        statistics["var"], np.float32(0.9 + 0.1 * projected.var(0)), rtol=1e-5
    )


@pytest.mark.parametrize(("size", "near"), [(0, 8), (4, 8), (7, 8), (30, 32), (63, 64), (100, 96)])
def test_sizes_that_cannot_be_made_name_a_neighbour(size, near):
    message = f"size {size}: take {near}, or"
    with pytest.raises(ValueError, match=message):
        DCGANGenerator(size, 1, 4).init(jax.random.key(0), jnp.ones((1, 10)), train=True)
    images = jnp.ones((1, size, size, 1))
    with pytest.raises(ValueError, match=message):
        DCGANDiscriminator(size, 4).init(jax.random.key(0), images, train=True)


def test_images_of_another_size_are_named():
    with pytest.raises(ValueError, match="28x28 came to a discriminator of image_size=32"):
        DCGANDiscriminator(32, 4).init(jax.random.key(0), jnp.ones((1, 28, 28, 1)), train=True)


def test_a_generator_of_classes():
    """Each class has its own gains and shifts; nothing else changes."""
    latent, label = jnp.ones((2, 10)), jnp.array([0, 2])

    def conditional(key):
        return DCGANGenerator(32, 3, 4, classes=3).init_with_output(key, latent, label, train=True)

    images, variables = jax.eval_shape(conditional, jax.random.key(0))
    chex.assert_shape(images, (2, 32, 32, 3))
    plain, _ = shapes(DCGANGenerator(32, 3, 4), (2, 10))
    gains_and_shifts = 2 * sum(SIZES[32])
    assert count(variables) == count(plain) + 2 * gains_and_shifts
    with pytest.raises(ValueError, match="classes=3 was called without a label"):
        shapes(DCGANGenerator(32, 3, 4, classes=3), (2, 10))
    with pytest.raises(ValueError, match="label 2 is out of range: 2 classes"):
        DCGANGenerator(8, 3, 4, classes=2).init(jax.random.key(0), latent, label, train=True)
