"""StyleGAN2's networks: the published counts, what styles what, and the mean of w."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import StyleGAN2Discriminator, StyleGAN2Generator, StyleGANGenerator

TINY = {"channel_max": 4, "latent_size": 6, "w_size": 5, "mapping_layers": 2}


def count(network, *inputs):
    shapes = jax.eval_shape(lambda key: network.init(key, *inputs, train=True), jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes["params"]))


@pytest.mark.parametrize(
    ("size", "channel_base", "of_generator", "of_discriminator"),
    [
        (32, 16384, 21_523_475, 21_507_073),
        (64, 32768, 27_032_600, 26_488_833),
        (256, 16384, 24_767_458, 24_001_089),
        (256, 32768, 30_034_338, 28_864_129),
        (1024, 32768, 30_370_060, 29_012_513),
    ],
)
def test_parameters_are_as_many_as_the_published(
    size, channel_base, of_generator, of_discriminator
):
    generator = StyleGAN2Generator(size, channel_base=channel_base)
    assert count(generator, jnp.ones((1, 512))) == of_generator
    discriminator = StyleGAN2Discriminator(size, channel_base=channel_base)
    assert count(discriminator, jnp.ones((1, size, size, 3))) == of_discriminator


def test_parameters_for_cifar():
    z, x, y = jnp.ones((1, 512)), jnp.ones((1, 32, 32, 3)), jnp.zeros(1, int)
    assert count(StyleGAN2Generator(32, mapping_layers=2), z) == 19_947_539
    assert count(StyleGAN2Generator(32, mapping_layers=2, classes=10), z, y) == 20_215_315
    assert count(StyleGAN2Discriminator(32, original=True), x) == 20_720_641


@pytest.fixture(scope="module")
def tiny():
    """A generator of 6x16 RGBA images, from a base that is not square."""
    generator = StyleGAN2Generator((6, 16), 4, (3, 8), classes=3, **TINY)
    inputs = jax.random.normal(jax.random.key(0), (2, 6)), jnp.array([0, 2])
    variables = jax.jit(lambda key: generator.init(key, *inputs, train=True))(jax.random.key(1))
    return generator, variables, inputs


def test_images_are_a_function_of_their_w(tiny):
    generator, variables, inputs = tiny
    w = generator.apply(variables, *inputs, train=False, method="map_latents")
    assert generator.num_ws == 4
    assert w.shape == (2, 4, 5)
    images = generator.apply(variables, *inputs, train=False)
    assert images.shape == (2, 6, 16, 4)
    synthesised = generator.apply(variables, w, train=False, method="synthesise")
    np.testing.assert_allclose(images, synthesised, rtol=1e-6)
    vectors = generator.apply(variables, inputs[0], jnp.eye(3)[jnp.array([0, 2])], train=False)
    np.testing.assert_allclose(images, vectors, rtol=1e-6)


def test_which_layer_has_which_w(tiny):
    """The colours of the base share a w with the first layer of the next size, as published."""
    generator, variables, _ = tiny
    w = jax.random.normal(jax.random.key(2), (1, 4, 5))

    def features(w):
        _, seen = generator.apply(
            variables, w, train=False, method="synthesise", capture_intermediates=True, mutable=True
        )
        layers = seen["intermediates"]["synthesis"]
        return {
            f"{block}/{layer}": outputs["__call__"][0]
            for block in ("b4", "b8")
            for layer, outputs in layers[block].items()
            if layer != "__call__"
        }

    before = features(w)
    assert set(before) == {"b4/conv1", "b4/torgb", "b8/conv0", "b8/conv1", "b8/torgb"}
    changed = [
        {name for name, x in features(w.at[:, layer].add(1)).items() if (x != before[name]).any()}
        for layer in range(4)
    ]
    assert changed == [
        {"b4/conv1", "b4/torgb", "b8/conv0", "b8/conv1", "b8/torgb"},
        {"b4/torgb", "b8/conv0", "b8/conv1", "b8/torgb"},
        {"b8/conv1", "b8/torgb"},
        {"b8/torgb"},
    ]


def test_the_mean_of_w_moves_in_training_alone(tiny):
    generator, variables, inputs = tiny
    w = generator.apply(variables, *inputs, train=False, method="map_latents")
    _, moved = generator.apply(
        variables, *inputs, train=True, method="map_latents", mutable=["latent_mean"]
    )
    mean = moved["latent_mean"]["mapping"]["mean"]
    np.testing.assert_allclose(mean, 0.005 * w[:, 0].mean(axis=0), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("kind", [StyleGAN2Generator, StyleGANGenerator])
def test_without_noise_it_is_as_with_none_of_it(kind):
    """Strengths are 0 at first, so that the two begin alike, but for the leaves of noise."""
    z, options = jax.random.normal(jax.random.key(0), (2, 6)), {"image_size": 8, **TINY}
    noisy, plain = kind(**options), kind(**options, noise=False)

    @jax.jit
    def images(key):
        variables = noisy.init(key, z, train=False)
        fewer = plain.init(key, z, train=False)
        rngs = {"noise": key}
        options = {"train": True, "mutable": ["latent_mean"], "rngs": rngs}
        return (
            variables,
            fewer,
            [
                network.apply(found, z, **options)[0]
                for network, found in ((noisy, variables), (plain, fewer))
            ],
        )

    variables, fewer, (expected, made) = images(jax.random.key(1))
    np.testing.assert_allclose(made, expected, atol=1e-5)
    assert fewer.keys() == variables.keys() - {"noise"}
    paths = [
        {jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(found["params"])}
        for found in (variables, fewer)
    ]
    assert paths[0] - paths[1] == {path for path in paths[0] if "noise_strength" in path} != set()


def test_bfloat16_is_near_float32_and_clamped():
    z, options = jax.random.normal(jax.random.key(0), (2, 6)), {"image_size": 8, **TINY}
    full, half, clamped = (
        StyleGAN2Generator(**options, **others)
        for others in ({}, {"bfloat16_resolutions": 1, "clamp": 256.0}, {"clamp": 0.01})
    )

    @jax.jit
    def images(key):
        variables = full.init(key, z, train=False)
        return [network.apply(variables, z, train=False) for network in (full, half, clamped)]

    expected, made, small = images(jax.random.key(1))
    assert made.dtype == jnp.float32
    assert 0 < jnp.abs(made - expected).max() < 0.1
    assert jnp.abs(small).max() < 0.05


def test_the_base_is_never_computed_in_bfloat16():
    """Also where as many resolutions are asked for as there are, as published at 32x32."""
    network = StyleGAN2Generator(8, **TINY, bfloat16_resolutions=2)

    def features(z):
        _, seen = network.init_with_output(
            jax.random.key(0), z, train=False, capture_intermediates=True
        )
        return seen["intermediates"]["synthesis"]

    seen = jax.eval_shape(features, jnp.ones((1, 6)))
    assert seen["b4"]["conv1"]["__call__"][0].dtype == jnp.float32
    assert seen["b8"]["conv1"]["__call__"][0].dtype == jnp.bfloat16


@pytest.mark.parametrize("widths", [{"channel_base": 7}, {"channel_max": 0}])
def test_networks_without_channels_are_named(widths):
    with pytest.raises(ValueError, match="leave no channel at resolution 8: give 8 or more"):
        count(StyleGAN2Generator(8, **widths), jnp.ones((1, 512)))
    with pytest.raises(ValueError, match="leave no channel"):
        count(StyleGAN2Discriminator(8, **widths), jnp.ones((1, 8, 8, 3)))


def test_scores_are_of_images_and_labels():
    images, labels = jax.random.normal(jax.random.key(0), (4, 8, 8, 1)), jnp.array([0, 1, 0, 1])
    plain = StyleGAN2Discriminator(8, channel_max=4, group_size=2, original=True)
    network = StyleGAN2Discriminator(8, channel_max=4, classes=2, mapping_layers=1, group_size=2)

    @jax.jit
    def score(key):
        unconditional, _ = plain.init_with_output(key, images, train=True)
        scores, variables = network.init_with_output(key, images, labels, train=True)
        return unconditional, scores, network.apply(variables, images, 1 - labels, train=True)

    unconditional, scores, swapped = score(jax.random.key(1))
    assert unconditional.shape == scores.shape == (4,)
    assert (scores != swapped).all()


@pytest.mark.parametrize(
    ("size", "base", "sentence"),
    [
        (48, (4, 4), "starts from 4 makes no images of size 48"),
        (4, (4, 4), "starts from 4 makes no images of size 4"),
        ((32, 64), (4, 4), "makes no images of size 32x64"),
        (32, (0, 4), "a base of 0x4 has no pixels"),
    ],
)
def test_sizes_that_no_base_is_doubled_to(size, base, sentence):
    with pytest.raises(ValueError, match=sentence):
        count(StyleGAN2Generator(size, base=base), jnp.ones((1, 512)))


def test_what_networks_are_not_called_with(tiny):
    generator, variables, (latents, labels) = tiny
    with pytest.raises(ValueError, match="latents of 5 numbers"):
        generator.apply(variables, latents[:, :5], labels, train=False)
    with pytest.raises(ValueError, match="without a label"):
        generator.apply(variables, latents, train=False)
    with pytest.raises(ValueError, match="label 3 is out of range"):
        generator.apply(variables, latents, jnp.array([0, 3]), train=False)
    with pytest.raises(ValueError, match=r"labels of shape \(2,\)"):
        generator.apply(variables, latents, jnp.ones((2, 2)), train=False)
    with pytest.raises(ValueError, match=r"w of shape \(2, 3, 5\) .* give \[B, 4, 5\]"):
        generator.apply(variables, jnp.ones((2, 3, 5)), train=False, method="synthesise")
    with pytest.raises(ValueError, match="images of 8x4"):
        StyleGAN2Discriminator(8).init(jax.random.key(0), jnp.ones((1, 8, 4, 3)), train=True)
