"""StyleGAN of 2018: counts, layers against float64 references, and how it grows."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import mean_pool, upsample
from jaxgan.networks import StyleGANDiscriminator, StyleGANGenerator
from jaxgan.networks.stylegan_layers import StyledLayer

KEY = jax.random.key(0)
SMALL = {"channel_max": 4}


def shapes_filled(network, *inputs):
    """Random numbers for all variables, also in the place of what starts at zero or one."""
    random = np.random.default_rng(0)
    shapes = jax.eval_shape(partial(network.init, train=False), KEY, *inputs)
    leaves, tree = jax.tree.flatten(shapes)
    return tree.unflatten(
        [jnp.asarray(random.standard_normal(leaf.shape), jnp.float32) for leaf in leaves]
    )


def generator_and_variables(*label, **options):
    generator = StyleGANGenerator(16, latent_size=3, w_size=4, mapping_layers=2, **SMALL, **options)
    latent = jnp.asarray(np.random.default_rng(1).standard_normal((2, 3)), jnp.float32)
    return generator, shapes_filled(generator, latent, *label), latent


def discriminator_and_variables():
    discriminator = StyleGANDiscriminator(16, **SMALL)
    images = jnp.asarray(np.random.default_rng(1).standard_normal((4, 16, 16, 3)), jnp.float32)
    return discriminator, shapes_filled(discriminator, images), images


def parameters(shapes):
    return sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))


def test_counts_at_1024():
    """The published networks' figures."""
    latent = jax.ShapeDtypeStruct((1, 512), jnp.float32)
    images = jax.ShapeDtypeStruct((1, 1024, 1024, 3), jnp.float32)
    of_generator = jax.eval_shape(lambda x: StyleGANGenerator().init(KEY, x, train=False), latent)
    of_discriminator = jax.eval_shape(
        lambda x: StyleGANDiscriminator().init(KEY, x, train=False), images
    )
    assert parameters(of_generator) == 26_219_627
    assert parameters(of_discriminator) == 23_087_249


def test_starts_as_in_the_paper():
    """The constant of ones, noise without strength, no shift, scales of about one."""
    generator = StyleGANGenerator(8, latent_size=3, w_size=4, mapping_layers=1, **SMALL)
    variables = jax.jit(partial(generator.init, train=True))(KEY, jnp.ones((1, 3)))
    first = variables["params"]["synthesis"]["b4"]
    chex.assert_trees_all_equal(first["const"], jnp.ones((4, 4, 4)))
    chex.assert_trees_all_equal(first["input"]["noise_strength"], jnp.zeros(4))
    chex.assert_trees_all_equal(first["input"]["affine"]["bias"], jnp.zeros(8))
    kernel = variables["params"]["mapping"]["fc0"]["kernel"]
    assert 40 < float(jnp.std(kernel)) < 250  # N(0, 1) over a multiplier of 0.01
    chex.assert_trees_all_equal(variables["latent_mean"]["mapping"]["mean"], jnp.zeros(4))


@pytest.mark.parametrize(("side", "way"), [(64, "fused"), (8, "apart")])
def test_a_layer_that_doubles(side, way):
    """Convolution, [1, 2, 1], noise, bias, rectifier, instance norm, style: in float64."""
    random = np.random.default_rng(2)
    x, w = random.standard_normal((1, side, 4, 2)), random.standard_normal((1, 3))
    x = np.tile(x, (1, 1, side // 4, 1))
    layer = StyledLayer(2, up=True)
    arrays = jnp.asarray(x, jnp.float32), jnp.asarray(w, jnp.float32)
    variables = shapes_filled(layer, *arrays)
    made = jax.jit(partial(layer.apply, train=False))(variables, *arrays)

    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["params"])
    kernel = p["kernel"] * np.sqrt(2 / (9 * 2))
    # The fused way is the adjoint of a convolution: its kernel is upside down to the other's.
    large = np.pad(x.repeat(2, 1).repeat(2, 2), ((0, 0), (1, 1), (1, 1), (0, 0)))
    kernel = kernel[::-1, ::-1] if way == "fused" else kernel
    y = sum(
        large[:, k : k + 2 * side, m : m + 2 * side] @ kernel[k, m]
        for k in range(3)
        for m in range(3)
    )
    padded = np.pad(y, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = sum(
        padded[:, k : k + 2 * side, m : m + 2 * side] * (2 - abs(k - 1)) * (2 - abs(m - 1)) / 16
        for k in range(3)
        for m in range(3)
    )
    noise = np.asarray(variables["noise"]["noise"], np.float64)
    y = y + noise[:, :, None] * p["noise_strength"] + p["bias"]
    y = np.where(y < 0, 0.2 * y, y)
    y = (y - y.mean((1, 2))) / np.sqrt(y.var((1, 2)) + 1e-8)
    style = w[0] @ p["affine"]["kernel"] / np.sqrt(3) + p["affine"]["bias"]
    chex.assert_trees_all_close(made, y * (1 + style[:2]) + style[2:], rtol=1e-4, atol=1e-4)


def test_labels_are_normalised_with_the_latent():
    """Against float64; a label as its row of a unit matrix is the same label."""
    label = jnp.array([2, 0])
    generator, variables, latent = generator_and_variables(label, classes=3)
    map_latents = lambda y: generator.apply(  # noqa: E731
        variables, latent, y, train=False, method="map_latents"
    )
    made = map_latents(label)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["params"]["mapping"])
    x = np.concatenate([np.asarray(latent, np.float64), p["embed"]["kernel"][[2, 0]]], 1)
    x = x / np.sqrt(np.mean(x**2, 1, keepdims=True) + 1e-8)
    for layer in ("fc0", "fc1"):
        kernel, bias = p[layer]["kernel"], p[layer]["bias"]
        x = x @ kernel * 0.01 * np.sqrt(2 / len(kernel)) + 0.01 * bias
        x = np.where(x < 0, 0.2 * x, x)
    chex.assert_trees_all_close(made, np.repeat(x[:, None], 6, 1), rtol=1e-5, atol=1e-7)
    chex.assert_trees_all_close(map_latents(jnp.eye(3)[label]), made)


def test_training_draws_noise_and_moves_the_mean():
    generator, variables, latent = generator_and_variables()
    seen = ["latent_mean", "noise"]
    apply = jax.jit(
        lambda key: generator.apply(variables, latent, train=True, rngs=key, mutable=seen)
    )
    (first, moved), (again, _), (other, _) = apply(KEY), apply(KEY), apply(jax.random.key(1))
    chex.assert_trees_all_equal(first, again)
    assert float(jnp.abs(first - other).max()) > 1e-3
    w = generator.apply(variables, latent, train=False, method="map_latents")
    before = variables["latent_mean"]["mapping"]["mean"]
    chex.assert_trees_all_close(
        moved["latent_mean"]["mapping"]["mean"],
        0.995 * before + 0.005 * w[:, 0].mean(0),
        rtol=1e-5,
    )
    chex.assert_trees_all_equal(moved["noise"], variables["noise"])


@pytest.mark.parametrize("stage", [1])
def test_generator_fades_in(stage):
    """From the stage before, enlarged, to the stage."""
    generator, variables, latent = generator_and_variables()

    @jax.jit
    def made(fades):
        apply = partial(generator.apply, variables, latent, train=False)
        before, now = (apply(stage=number) for number in (stage - 1, stage))
        return before, now, [apply(stage=stage, fade=fade) for fade in fades]

    before, now, (at_0, at_1, between) = made(jnp.array([0.0, 1.0, 0.25]))
    assert now.shape == (2, 4 << stage, 4 << stage, 3)
    close = partial(chex.assert_trees_all_close, rtol=1e-5, atol=1e-5)
    close(at_0, upsample(before))
    close(at_1, now)
    close(between, 0.75 * upsample(before) + 0.25 * now)


@pytest.mark.parametrize("stage", [2])
def test_discriminator_fades_in(stage):
    """At 0 the first halving is the images' own."""
    discriminator, variables, images = discriminator_and_variables()
    images = images[:, : 4 << stage, : 4 << stage]

    @jax.jit
    def scores(fades):
        apply = partial(discriminator.apply, variables, train=True)
        before, now = apply(mean_pool(images), stage=stage - 1), apply(images, stage=stage)
        return before, now, [apply(images, stage=stage, fade=fade) for fade in fades]

    before, now, (at_0, at_1, between) = scores(jnp.array([0.0, 1.0, 0.5]))
    chex.assert_trees_all_close((at_0, at_1), (before, now), rtol=1e-4, atol=1e-4)
    assert float(jnp.abs(between - now).max()) > 1e-3


def test_a_base_that_is_not_square():
    generator = StyleGANGenerator(
        (8, 12), 4, base=(4, 6), latent_size=3, w_size=4, mapping_layers=1, **SMALL
    )
    discriminator = StyleGANDiscriminator((8, 12), base=(4, 6), **SMALL)

    def play(latent):
        images, variables = generator.init_with_output(KEY, latent, train=False)
        return images, variables, discriminator.init_with_output(KEY, images, train=False)[0]

    images, variables, scores = jax.eval_shape(play, jnp.ones((2, 3)))
    assert images.shape == (2, 8, 12, 4)
    assert variables["params"]["synthesis"].keys() == {"b4", "b8"}
    assert scores.shape == (2,)


def test_bad_input():
    generator, variables, latent = generator_and_variables()
    discriminator, critic, images = discriminator_and_variables()

    def make(latent, *label, **options):
        apply = partial(generator.apply, variables, train=False, **options)
        return jax.eval_shape(apply, latent, *label)

    def score(images, **options):
        return jax.eval_shape(partial(discriminator.apply, critic, train=False, **options), images)

    with pytest.raises(ValueError, match=r"no stage 3 of growing: take 0 .* to 2"):
        make(latent, stage=3)
    with pytest.raises(ValueError, match="no stage -1"):
        score(images, stage=-1)
    with pytest.raises(ValueError, match=r"images of 16x16 came to a discriminator of .*8"):
        score(images, stage=1)
    with pytest.raises(ValueError, match="with a label"):
        make(latent, jnp.array([0, 1]))
    with pytest.raises(ValueError, match=r"latents of 2 numbers .* latent_size=3"):
        make(latent[:, :2])
    with pytest.raises(
        ValueError, match=r"w of shape \(\d, 2, \d\) came to a generator of 6 layers"
    ):
        make(jnp.ones((2, 2, 5)), method=generator.synthesise)
    with pytest.raises(ValueError, match="minibatch of 6 cannot be split into groups of 4"):
        score(jnp.concatenate([images, images[:2]]))
    with pytest.raises(ValueError, match=r"starts from 4 makes no images of size 24"):
        StyleGANGenerator(24, latent_size=3).init(KEY, latent, train=False)
