"""Bilinear resampling: against loops in float64, and each against the other."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import bilinear_downsample, bilinear_upsample

modes = pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])


def images(height, width):
    return np.random.default_rng(0).standard_normal((2, height, width, 3)).astype(np.float32)


def doubling(size):
    """The docstring's two lines as a matrix, [2 size, size]."""
    matrix = np.zeros((2 * size, size))
    for i in range(size):
        matrix[2 * i, i] = matrix[2 * i + 1, i] = 3 / 4
        if i > 0:
            matrix[2 * i, i - 1] = 1 / 4
        if i < size - 1:
            matrix[2 * i + 1, i + 1] = 1 / 4
    return matrix


def along_both(rows, columns, x):
    return np.float32(np.einsum("hi,wj,bijc->bhwc", rows, columns, np.float64(x)))


@modes
@pytest.mark.parametrize("size", [(7, 4), (1, 3)])
def test_upsample(size, mode):
    x = images(*size)
    made = mode(bilinear_upsample)(x)
    chex.assert_trees_all_close(made, along_both(*map(doubling, size), x), atol=1e-6)


@modes
@pytest.mark.parametrize("size", [(7, 4), (1, 3)])
def test_downsample(size, mode):
    x = images(2 * size[0], 2 * size[1])
    made = mode(bilinear_downsample)(x)
    matrices = [doubling(length).T / 2 for length in size]
    chex.assert_trees_all_close(made, along_both(*matrices, x), atol=1e-6)


def test_each_is_the_others_adjoint():
    """Which is also what the gradients are."""
    small, large = jnp.asarray(images(4, 5)), jnp.asarray(images(8, 10))
    gradient = jax.grad(lambda x: jnp.vdot(bilinear_upsample(x), large))(small)
    chex.assert_trees_all_close(gradient, 4 * bilinear_downsample(large), atol=1e-5)
    gradient = jax.grad(lambda x: jnp.vdot(bilinear_downsample(x), small))(large)
    chex.assert_trees_all_close(gradient, bilinear_upsample(small) / 4, atol=1e-6)


def test_flat_images_stay_flat_inside():
    flat = jnp.full((1, 6, 6, 1), 3.0)
    chex.assert_trees_all_close(
        bilinear_upsample(flat)[:, 1:-1, 1:-1], jnp.full((1, 10, 10, 1), 3.0)
    )
    chex.assert_trees_all_close(
        bilinear_downsample(flat)[:, 1:-1, 1:-1], jnp.full((1, 1, 1, 1), 3.0)
    )


def test_as_pytorch_inside():
    torch = pytest.importorskip("torch")
    x = images(6, 5)
    made = bilinear_upsample(x)[:, 1:-1, 1:-1]
    true = torch.nn.functional.interpolate(
        torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), scale_factor=2, mode="bilinear"
    )
    chex.assert_trees_all_close(made, true.numpy().transpose(0, 2, 3, 1)[:, 1:-1, 1:-1], atol=1e-6)


def test_dtype_is_kept():
    for resample in (bilinear_upsample, bilinear_downsample):
        assert resample(jnp.ones((1, 4, 4, 2), jnp.bfloat16)).dtype == jnp.bfloat16


def test_odd_sizes_are_named():
    with pytest.raises(ValueError, match="images of 7x4 have no half"):
        bilinear_downsample(jnp.ones((1, 7, 4, 1)))
