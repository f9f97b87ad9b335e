"""Convolutions: values and derivatives against loops in float64 and against XLA's own rules."""

import importlib
import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.layers import Conv, ConvTranspose, convolution, transposed_convolution

# (height, width), (K, L), stride, padding: odd, even, not square, rows left over, DCGAN's own.
GEOMETRIES = [
    ((7, 9), (3, 3), 1, 1),
    ((7, 8), (4, 4), 2, 1),
    ((9, 6), (3, 5), 2, 2),
    ((6, 5), (4, 3), 1, 0),
    ((5, 6), (4, 4), 1, 3),
    ((4, 3), (2, 2), 1, 2),
    ((10, 11), (4, 4), 3, 0),
]


def _eager(function):
    return function


geometries = pytest.mark.parametrize("geometry", GEOMETRIES)
# Every geometry under jit, two of them eagerly too.
modes = pytest.mark.parametrize(
    ("geometry", "mode"),
    [
        *(pytest.param(geometry, jax.jit, id=f"{geometry}-jit") for geometry in GEOMETRIES),
        *(
            pytest.param(geometry, lambda f: f, id=f"{geometry}-eager")
            for geometry in GEOMETRIES[1:3]
        ),
    ],
)


def operands(geometry, dtype=np.float32):
    batch, channels = 2, (3, 2)
    (height, width), kernel, stride, padding = geometry
    smaller = [
        (size + 2 * padding - taps) // stride + 1
        for size, taps in zip((height, width), kernel, strict=True)
    ]
    random = np.random.default_rng(0)
    y, w, x = (
        random.standard_normal(shape).astype(dtype)
        for shape in [
            (batch, height, width, channels[0]),
            (*kernel, *channels),
            (batch, *smaller, channels[1]),
        ]
    )
    return y, w, x


def loops(y, w, stride, padding):
    """The sum of the docstring, in float64."""
    y, w = np.float64(y), np.float64(w)
    y = np.pad(y, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    taps = w.shape[:2]
    height, width = ((size - k) // stride + 1 for size, k in zip(y.shape[1:3], taps, strict=True))
    x = np.zeros((len(y), height, width, w.shape[3]))
    for i, j in np.ndindex(height, width):
        patch = y[:, stride * i : stride * i + taps[0], stride * j : stride * j + taps[1]]
        x[:, i, j] = np.einsum("bklc,klco->bo", patch, w)
    return x


def stamped(x, w, stride, padding):
    """Transposed convolution as stamping: each pixel adds its multiple of the kernel, float64."""
    x, w = np.float64(x), np.float64(w)
    taps = w.shape[:2]
    size = [stride * (n - 1) + k for n, k in zip(x.shape[1:3], taps, strict=True)]
    y = np.zeros((len(x), *size, w.shape[2]))
    for i, j in np.ndindex(*x.shape[1:3]):
        y[:, stride * i : stride * i + taps[0], stride * j : stride * j + taps[1]] += np.einsum(
            "bo,klco->bklc", x[:, i, j], w
        )
    return y[:, padding : size[0] - padding, padding : size[1] - padding]


def xla(y, w, stride, padding):
    return lax.conv_general_dilated(
        y,
        w,
        (stride, stride),
        ((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def xla_transposed(x, w, stride, padding):
    taps = w.shape[:2]
    return lax.conv_transpose(
        x,
        w,
        (stride, stride),
        [(k - 1 - padding, k - 1 - padding) for k in taps],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        transpose_kernel=True,
    )


@modes
def test_values_are_the_sum_of_the_docstring(geometry, mode):
    *_, stride, padding = geometry
    y, w, x = operands(geometry)
    made = mode(lambda y, w: convolution(y, w, stride=stride, padding=padding))(y, w)
    chex.assert_trees_all_close(made, np.float32(loops(y, w, stride, padding)), atol=1e-4)
    made = mode(lambda x, w: transposed_convolution(x, w, stride=stride, padding=padding))(x, w)
    chex.assert_trees_all_close(made, np.float32(stamped(x, w, stride, padding)), atol=1e-4)


@modes
@pytest.mark.parametrize(
    ("ours", "theirs", "transposed"),
    [(convolution, xla, False), (transposed_convolution, xla_transposed, True)],
    ids=["convolution", "transposed"],
)
def test_derivatives_of_two_orders_are_those_of_xlas_rules(
    geometry, ours, theirs, transposed, mode
):
    *_, stride, padding = geometry

    def derivatives(function):
        # A nonlinear function of the result, so that no order of derivative is trivially zero.
        def value(images, w):
            return jnp.mean(jnp.sin(function(images, w)))

        def first(images, w):
            gradients = jax.grad(value, argnums=(0, 1))(images, w)
            return sum(jnp.sum(jnp.sin(3 * g)) for g in gradients), gradients

        def both(images, w):
            second, first_ = jax.grad(first, argnums=(0, 1), has_aux=True)(images, w)
            return first_, second

        return both

    with jax.enable_x64(True):
        y, w, x = (jnp.asarray(a) for a in operands(geometry, np.float64))
        images = x if transposed else y
        made = mode(derivatives(lambda a, w: ours(a, w, stride=stride, padding=padding)))
        true = jax.jit(derivatives(lambda a, w: theirs(a, w, stride, padding)))
        for order_made, order_true in zip(made(images, w), true(images, w), strict=True):
            scale = max(float(jnp.abs(leaf).max()) for leaf in order_true)
            assert scale > 1e-4
            chex.assert_trees_all_close(order_made, order_true, atol=1e-11 * scale)


@geometries
def test_transposed_convolution_is_the_adjoint(geometry):
    *_, stride, padding = geometry
    y, w, x = operands(geometry)
    back = transposed_convolution(x, w, stride=stride, padding=padding)
    y = y[:, : back.shape[1], : back.shape[2]]  # rows left over by the stride take no part
    forth = convolution(y, w, stride=stride, padding=padding)
    assert float(jnp.vdot(x, forth)) == pytest.approx(float(jnp.vdot(back, y)), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(
    ("layer", "channels"), [(Conv, (3, 5)), (ConvTranspose, (5, 3))], ids=["Conv", "Transpose"]
)
@pytest.mark.parametrize(
    ("use_bias", "dtype"), list(itertools.product([True, False], [jnp.float32, jnp.bfloat16]))
)
def test_layers(layer, channels, use_bias, dtype):
    module = layer(5, (4, 3), strides=2, padding=1, use_bias=use_bias, dtype=dtype)
    images = jnp.asarray(np.random.default_rng(0).standard_normal((2, 8, 6, 3), np.float32))
    variables = module.init(jax.random.key(1), images)
    assert set(variables["params"]) == ({"kernel", "bias"} if use_bias else {"kernel"})
    assert variables["params"]["kernel"].shape == (4, 3, *channels)
    chex.assert_type(jax.tree.leaves(variables), jnp.float32)
    variables = jax.tree.map(lambda leaf: leaf + 0.5, variables)  # a bias that is not zero
    made = module.apply(variables, images)
    assert made.dtype == dtype
    function = {Conv: convolution, ConvTranspose: transposed_convolution}[layer]
    true = function(images, variables["params"]["kernel"], stride=2, padding=1)
    true = true + (0.5 if use_bias else 0.0)
    tolerance = 1e-5 if dtype == jnp.float32 else 0.02 * float(jnp.abs(true).max())
    chex.assert_trees_all_close(made.astype(jnp.float32), true, atol=tolerance)


def test_bfloat16_gradients_reach_float32_parameters():
    module = ConvTranspose(4, strides=2, padding=1, dtype=jnp.bfloat16)
    images = jnp.ones((2, 4, 4, 3))
    variables = module.init(jax.random.key(0), images)

    def objective(variables, module):
        return jnp.sum(module.apply(variables, images).astype(jnp.float32) ** 2)

    gradients = jax.grad(objective)(variables, module)
    chex.assert_type(jax.tree.leaves(gradients), jnp.float32)
    exact = jax.grad(objective)(variables, module.clone(dtype=jnp.float32))
    chex.assert_trees_all_close(gradients, exact, rtol=0.1, atol=0.05)


def test_layers_start_from_a_narrow_normal():
    variables = Conv(64).init(jax.random.key(0), jnp.ones((1, 8, 8, 32)))
    kernel = variables["params"]["kernel"]
    assert float(kernel.std()) == pytest.approx(0.02, rel=0.02)
    assert abs(float(kernel.mean())) < 5e-4
    chex.assert_trees_all_equal(variables["params"]["bias"], jnp.zeros(64))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stride": 0}, "stride must be 1 or more, not 0"),
        ({"padding": -1}, "padding must be 0 or more, not -1"),
        ({"stride": 1}, "too small for a kernel of 5x5"),
    ],
)
def test_impossible_geometries_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolution(jnp.ones((1, 4, 4, 1)), jnp.ones((5, 5, 1, 1)), **arguments)


def test_nothing_left_of_the_images_is_named():
    with pytest.raises(ValueError, match="0x0"):
        transposed_convolution(jnp.ones((1, 1, 1, 1)), jnp.ones((2, 2, 1, 1)), padding=1)


def test_channels_must_agree():
    with pytest.raises(AssertionError):
        convolution(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 1, 1)))


@pytest.mark.parametrize("mode", [_eager, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(("taps", "stride", "padding", "more"), [(3, 2, 1, 1), (4, 3, 1, 2)])
def test_output_padding_is_the_lower_right_edge_of_a_larger_image(
    taps, stride, padding, more, mode
):
    """Values, derivatives of two orders and adjointness, where the stride leaves rows over."""
    random = np.random.default_rng(0)

    def transposed(x, w):
        return transposed_convolution(x, w, stride=stride, padding=padding, output_padding=more)

    def of_xla(x, w):
        edges = (taps - 1 - padding, taps - 1 - padding + more)
        flipped = jnp.flip(w, (0, 1)).swapaxes(2, 3)
        return lax.conv_general_dilated(
            x,
            flipped,
            (1, 1),
            (edges, edges),
            lhs_dilation=(stride, stride),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )

    def derivatives(function):
        def first(x, w):
            gradients = jax.grad(lambda x, w: jnp.mean(jnp.sin(function(x, w))), (0, 1))(x, w)
            return sum(jnp.sum(jnp.sin(3 * g)) for g in gradients), gradients

        return lambda x, w: jax.grad(first, argnums=(0, 1), has_aux=True)(x, w)

    with jax.enable_x64(True):
        x, w = random.standard_normal((2, 4, 5, 2)), random.standard_normal((taps, taps, 3, 2))
        made = mode(transposed)(x, w)
        size = [stride * (n - 1) + taps - 2 * padding + more for n in (4, 5)]
        chex.assert_shape(made, (2, *size, 3))
        np.testing.assert_allclose(made, of_xla(x, w), atol=1e-12)
        y = random.standard_normal(made.shape)
        forth = convolution(y, w, stride=stride, padding=padding)
        assert float(jnp.vdot(x, forth)) == pytest.approx(float(jnp.vdot(made, y)), rel=1e-12)
        ours, theirs = (mode(derivatives(f))(x, w) for f in (transposed, of_xla))
        chex.assert_trees_all_close(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("more", [-1, 2])
def test_output_padding_is_below_the_stride(more):
    layer = ConvTranspose(3, (3, 3), 2, 1, output_padding=more)
    with pytest.raises(ValueError, match=f"output_padding must be in 0 to 1, not {more}"):
        layer.init(jax.random.key(0), jnp.ones((1, 4, 4, 2)))


@geometries
def test_kernel_gradient_tap_by_tap(geometry):
    """What large images take on the CPU is what XLA's own rule gives, for every geometry."""
    y, w, x = operands(geometry, np.float32)
    shape = (geometry[0], geometry[1], *geometry[2:])
    module = importlib.import_module("jaxgan.layers.convolution")
    taps = module._kernel_gradient_by_taps(y, x, module._Geometry(*shape))
    _, pull = jax.vjp(lambda w: xla(y, w, *geometry[2:]), w)
    np.testing.assert_allclose(taps, pull(x)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("channels", "dots"), [(8, 1), (9, 0)])
def test_few_channels_take_overlapping_products(channels, dots):
    random = np.random.default_rng(0)
    y = random.standard_normal((2, 12, 10, 5), np.float32)
    w = random.standard_normal((7, 7, 5, channels), np.float32)
    ours = jax.jit(lambda y, w: convolution(y, w, padding=2))
    assert ours.lower(y, w).as_text().count("dot_general") == dots
    chex.assert_trees_all_close(ours(y, w), xla(y, w, 1, 2), atol=1e-4)
    back = jax.jit(lambda x, w: transposed_convolution(x, w, padding=2))
    w = w.swapaxes(2, 3)
    x = random.standard_normal((2, 8, 6, 5), np.float32)
    assert back.lower(x, w).as_text().count("dot_general") == dots
    chex.assert_trees_all_close(back(x, w), xla_transposed(x, w, 1, 2), atol=1e-4)


def test_large_images_take_the_taps():
    y = np.random.default_rng(0).standard_normal((1, 32, 32, 32), np.float32)
    w = np.random.default_rng(1).standard_normal((4, 4, 32, 4), np.float32)

    def loss(w, convolve):
        return jnp.sum(convolve(y, w) ** 2)

    ours = jax.jit(jax.grad(loss), static_argnums=1)
    lowered = ours.lower(w, lambda y, w: convolution(y, w, stride=2, padding=1)).as_text()
    assert lowered.count("dot_general") == 16
    np.testing.assert_allclose(
        ours(w, lambda y, w: convolution(y, w, stride=2, padding=1)),
        ours(w, lambda y, w: xla(y, w, 2, 1)),
        rtol=1e-4,
        atol=1e-3,
    )
