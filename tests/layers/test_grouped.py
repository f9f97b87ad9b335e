"""Grouped convolutions: values and derivatives against loops in float64 and XLA's own rules."""

import importlib
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.layers import GroupedConv, convolution, grouped_convolution

# (height, width), (K, L), groups, channels in and out of a group: one and many blocks, odd sizes.
GEOMETRIES = [
    ((4, 5), (3, 3), 4, 2, 2),
    ((5, 3), (3, 5), 3, 1, 2),
    ((3, 4), (1, 1), 2, 3, 1),
    ((4, 3), (3, 3), 6, 32, 3),
    ((3, 3), (5, 3), 1, 2, 3),
]
geometries = pytest.mark.parametrize("geometry", GEOMETRIES)
modes = pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])


def operands(geometry, dtype=np.float32):
    size, kernel, groups, channels, features = geometry
    random = np.random.default_rng(0)
    y = random.standard_normal((2, *size, groups * channels)).astype(dtype)
    w = random.standard_normal((*kernel, channels, groups * features)).astype(dtype)
    return y, w


def loops(y, w, groups):
    """The sum of the docstring, in float64."""
    y, w = np.float64(y), np.float64(w)
    (_, height, width, _), (rows, columns, channels, features) = y.shape, w.shape
    features //= groups
    y = np.pad(y, ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0)))
    x = np.zeros((len(y), height, width, groups * features))
    for i, j, g in np.ndindex(height, width, groups):
        patch = y[:, i : i + rows, j : j + columns, g * channels : (g + 1) * channels]
        out = slice(g * features, (g + 1) * features)
        x[:, i, j, out] = np.einsum("bklc,klco->bo", patch, w[..., out])
    return x


def xla(y, w, groups):
    return lax.conv_general_dilated(
        y,
        w,
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


@modes
@geometries
def test_values_are_the_sum_of_the_docstring(geometry, mode):
    y, w = operands(geometry)
    made = mode(lambda y, w: grouped_convolution(y, w, groups=geometry[2]))(y, w)
    chex.assert_trees_all_close(made, np.float32(loops(y, w, geometry[2])), atol=1e-4)


@geometries
def test_what_other_devices_take_is_the_same(geometry):
    module = importlib.import_module("jaxgan.layers.grouped")
    y, w = operands(geometry)
    made = module._of_xla(y, w, geometry[2])
    chex.assert_trees_all_close(made, np.float32(loops(y, w, geometry[2])), atol=1e-4)


@pytest.mark.parametrize(  # every geometry under jit, one of them eagerly too
    ("geometry", "mode"),
    [*((geometry, jax.jit) for geometry in GEOMETRIES), (GEOMETRIES[0], lambda f: f)],
)
def test_derivatives_of_two_orders_are_those_of_xlas_rules(geometry, mode):
    def derivatives(function):
        # A nonlinear function of the result, so that no order of derivative is trivially zero.
        def value(y, w):
            return jnp.mean(jnp.sin(function(y, w)))

        def first(y, w):
            gradients = jax.grad(value, argnums=(0, 1))(y, w)
            return sum(jnp.sum(jnp.sin(3 * g)) for g in gradients), gradients

        def both(y, w):
            second, first_ = jax.grad(first, argnums=(0, 1), has_aux=True)(y, w)
            return first_, second

        return both

    groups = geometry[2]
    with jax.enable_x64(True):
        y, w = (jnp.asarray(a) for a in operands(geometry, np.float64))
        made = mode(derivatives(lambda y, w: grouped_convolution(y, w, groups=groups)))(y, w)
        true = jax.jit(derivatives(lambda y, w: xla(y, w, groups)))(y, w)
        for order_made, order_true in zip(made, true, strict=True):
            scale = max(float(jnp.abs(leaf).max()) for leaf in order_true)
            assert scale > 1e-4
            chex.assert_trees_all_close(order_made, order_true, atol=1e-11 * scale)


def test_one_group_is_a_convolution():
    y, w = operands(((5, 6), (3, 3), 1, 3, 4))
    true = convolution(y, w, padding=1)
    chex.assert_trees_all_close(grouped_convolution(y, w, groups=1), true, atol=1e-5)


def test_groups_do_not_see_each_other():
    y, w = map(jnp.asarray, operands(GEOMETRIES[0]))
    slopes = jax.jacobian(lambda y: grouped_convolution(y, w, groups=4).sum((0, 1, 2)))
    seen = np.abs(slopes(y)).sum(axis=(1, 2, 3)) > 0  # [channels out, channels in]
    np.testing.assert_array_equal(seen, np.kron(np.eye(4), np.ones((2, 2))) > 0)


def test_under_vmap_no_array_has_seven_axes():
    y, w = map(jnp.asarray, operands(GEOMETRIES[0]))

    def value(y, w):
        return grouped_convolution(y, w, groups=4).sum()

    each = jax.vmap(jax.grad(value, argnums=(0, 1)))
    lowered = jax.jit(each).lower(y[:, None], jnp.stack([w, w]))
    shapes = re.findall(r"tensor<([\dx]+)x[a-z]", lowered.as_text())
    assert 5 <= max(shape.count("x") + 1 for shape in shapes) <= 6


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_layer(dtype, use_bias):
    module = GroupedConv(6, 3, use_bias=use_bias, dtype=dtype)
    images = jnp.asarray(np.random.default_rng(0).standard_normal((2, 5, 4, 9), np.float32))
    variables = module.init(jax.random.key(1), images)
    assert set(variables["params"]) == ({"kernel", "bias"} if use_bias else {"kernel"})
    assert variables["params"]["kernel"].shape == (3, 3, 3, 6)
    assert float(variables["params"]["kernel"].std()) == pytest.approx(0.02, rel=0.2)
    chex.assert_type(jax.tree.leaves(variables), jnp.float32)
    variables = jax.tree.map(lambda leaf: leaf + 0.5, variables)  # a bias that is not zero
    made = module.apply(variables, images)
    assert made.dtype == dtype
    true = loops(images, variables["params"]["kernel"], 3) + (0.5 if use_bias else 0.0)
    tolerance = 1e-4 if dtype == jnp.float32 else 0.02 * np.abs(true).max()
    chex.assert_trees_all_close(made.astype(jnp.float32), np.float32(true), atol=tolerance)


@pytest.mark.parametrize(
    ("channels", "kernel", "groups", "message"),
    [
        (4, (2, 3, 2, 4), 2, "a kernel of 2x3 has no middle"),
        (4, (3, 3, 2, 4), 3, "4 channels cannot be split into 3 groups"),
        (4, (3, 3, 2, 3), 2, "3 channels cannot be split into 2 groups"),
        (4, (3, 3, 2, 4), 0, "4 channels cannot be split into 0 groups"),
    ],
)
def test_impossible_groups_are_named(channels, kernel, groups, message):
    with pytest.raises(ValueError, match=message):
        grouped_convolution(jnp.ones((1, 4, 4, channels)), jnp.ones(kernel), groups=groups)


def test_channels_and_dtypes_must_agree():
    with pytest.raises(AssertionError):
        grouped_convolution(jnp.ones((1, 4, 4, 4)), jnp.ones((3, 3, 3, 4)), groups=2)
    kernel = jnp.ones((3, 3, 2, 4), jnp.bfloat16)
    with pytest.raises(AssertionError):
        grouped_convolution(jnp.ones((1, 4, 4, 4)), kernel, groups=2)


def test_the_layer_names_groups_that_do_not_divide():
    with pytest.raises(ValueError, match="8 channels cannot be split into 3 groups"):
        GroupedConv(6, 3).init(jax.random.key(0), jnp.ones((1, 4, 4, 8)))
