"""SNGAN's CNN: the paper's Table 3, and the same networks in float64 NumPy."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import SpectralNorm
from jaxgan.networks import Projection, SNGANDiscriminator, SNGANGenerator


def variables_of(network, shape):
    return jax.eval_shape(
        lambda x: network.init(jax.random.key(0), x, train=True), jnp.zeros(shape)
    )


def count(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize(("size", "base"), [(32, 4), (48, 6)], ids=["CIFAR-10", "STL-10"])
def test_parameters_are_those_of_table_3(size, base):
    variables = variables_of(SNGANGenerator(size), (2, 128))
    first = base * base * 512
    doublings = 16 * (512 * 256 + 256 * 128 + 128 * 64)
    norms = 2 * (first + 256 + 128 + 64)
    assert count(variables) == 128 * first + doublings + 9 * 64 * 3 + 3 + norms
    variables = variables_of(SNGANDiscriminator(size), (2, size, size, 3))
    layers = [(3, 3, 64), (4, 64, 64), (3, 64, 128), (4, 128, 128)]
    layers += [(3, 128, 256), (4, 256, 256), (3, 256, 512)]
    convolutions = sum(kernel**2 * inputs * outputs + outputs for kernel, inputs, outputs in layers)
    assert count(variables) == convolutions + first + 1
    kernels = [variables["params"][f"Conv_{layer}"]["kernel"].shape for layer in range(7)]
    assert kernels == [(kernel, kernel, *widths) for kernel, *widths in layers]


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_shapes_and_types(dtype):
    def play(latent):
        images, g = SNGANGenerator(24, 1, 2, dtype).init_with_output(
            jax.random.key(0), latent, train=True
        )
        network = SpectralNorm(SNGANDiscriminator(24, 2, dtype=dtype))
        scores, d = network.init_with_output(jax.random.key(0), images, train=True)
        return images, scores, g, d

    images, scores, *variables = jax.eval_shape(play, jnp.ones((3, 9)))
    chex.assert_shape(images, (3, 24, 24, 1))
    chex.assert_shape(scores, (3,))
    chex.assert_type([images, scores, *jax.tree.leaves(variables)], jnp.float32)
    assert set(variables[1]) == {"params", "spectral"}
    assert len(variables[1]["spectral"]) == 8  # each layer, the last included


def drawn(variables):
    """Variables of which none is zero or one, batch statistics included."""
    random = np.random.default_rng(1)

    def values(path, leaf):
        near = 1.0 if path[-1].key in ("scale", "var") else 0.0
        spread = 0.3 if leaf.ndim > 1 else 0.1
        return (near + spread * random.uniform(-1, 1, leaf.shape)).astype(np.float32)

    return jax.tree_util.tree_map_with_path(values, variables)


def convolved(x, kernel, stride=1):
    """Padded by one zero on each side: `[B, H, W, C]`, `[K, K, C, D]`."""
    size = len(kernel)
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return np.einsum("bhwckl,klcd->bhwd", windows[:, ::stride, ::stride], kernel)


def enlarged(x, kernel):
    """Each number of x, times the kernel `[4, 4, D, C]`, at twice its place; one row cut off."""
    batch, height, width, _ = x.shape
    made = np.zeros((batch, 2 * height + 2, 2 * width + 2, kernel.shape[2]))
    for row in range(height):
        for column in range(width):
            patch = np.einsum("bc,kldc->bkld", x[:, row, column], kernel)
            made[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4] += patch
    return made[:, 1:-1, 1:-1]


def normed(x, variables, name, train):
    axes = tuple(range(x.ndim - 1))
    moving = variables["batch_stats"][name]
    mean, var = (x.mean(axes), x.var(axes)) if train else (moving["mean"], moving["var"])
    affine = variables["params"][name]
    x = (x - mean) / np.sqrt(var + 1e-5) * affine["scale"] + affine["bias"]
    return np.maximum(x, 0)


def generated(variables, latent, train):
    parameters = variables["params"]
    x = normed(latent @ parameters["Dense_0"]["kernel"], variables, "BatchNorm_0", train)
    x = x.reshape(len(x), 2, 2, 16)
    for layer in range(3):
        x = enlarged(x, parameters[f"ConvTranspose_{layer}"]["kernel"])
        x = normed(x, variables, f"BatchNorm_{layer + 1}", train)
    return np.tanh(convolved(x, parameters["Conv_0"]["kernel"]) + parameters["Conv_0"]["bias"])


def scored(variables, images, train):
    x = images
    for layer in range(7):
        parameters = variables["params"][f"Conv_{layer}"]
        x = convolved(x, parameters["kernel"], 1 + layer % 2) + parameters["bias"]
        x = np.where(x > 0, x, 0.1 * x)
    head = variables["params"]["head"]["Dense_0"]
    return (x.reshape(len(x), -1) @ head["kernel"] + head["bias"])[:, 0]


@pytest.mark.parametrize("train", [True, False], ids=["train", "evaluate"])
@pytest.mark.parametrize(
    ("network", "twin", "shape"),
    [
        (SNGANGenerator(16, 3, 2), generated, (5, 7)),
        (SNGANDiscriminator(16, 2), scored, (3, 16, 16, 3)),
    ],
    ids=["generator", "discriminator"],
)
def test_outputs_are_those_of_numpy(network, twin, shape, train):
    variables = drawn(variables_of(network, shape))
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    apply = jax.jit(lambda v, x: network.apply(v, x, train=train, mutable=["batch_stats"])[0])
    theirs = twin(jax.tree.map(np.float64, variables), np.float64(x), train)
    assert theirs.std() > 0.03
    np.testing.assert_allclose(apply(variables, x), theirs, rtol=1e-4, atol=1e-5)


def test_any_head_fits():
    network = SNGANDiscriminator(8, 2, Projection(3))
    scores = jax.eval_shape(
        lambda x, y: network.init_with_output(jax.random.key(0), x, y, train=True)[0],
        jnp.ones((2, 8, 8, 3)),
        jnp.ones(2, int),
    )
    chex.assert_shape(scores, (2,))


@pytest.mark.parametrize("size", [0, 28, -8])
def test_sizes_that_cannot_be_made_are_named(size):
    with pytest.raises(ValueError, match=f"{size} has no eighth"):
        SNGANGenerator(size).init(jax.random.key(0), jnp.ones((2, 9)), train=True)
    with pytest.raises(ValueError, match=f"{size} has no eighth"):
        SNGANDiscriminator(size).init(jax.random.key(0), jnp.ones((2, 8, 8, 3)), train=True)


def test_images_of_another_size_are_named():
    with pytest.raises(ValueError, match="32x32 came to a discriminator of image_size=48"):
        SNGANDiscriminator(48).init(jax.random.key(0), jnp.ones((1, 32, 32, 3)), train=True)
