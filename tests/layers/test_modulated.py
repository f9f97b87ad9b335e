"""The layers of StyleGAN2 against float64 NumPy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal

from jaxgan.layers import (
    EqualisedConv,
    EqualisedDense,
    StyledConv,
    minibatch_deviation,
    modulated_convolution,
    rectify,
)


def modulated(x, kernel, style, demodulate):
    """Each image by a kernel of its own, as the paper has it; no stride."""
    made = []
    for image, s in zip(x, style, strict=True):
        w = kernel * s[:, None]
        if demodulate:
            w = w / np.sqrt((w**2).sum((0, 1, 2)) + 1e-8)
        padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
        height, width, _ = image.shape
        made.append(
            sum(padded[k : k + height, m : m + width] @ w[k, m] for k in range(3) for m in range(3))
        )
    return np.stack(made)


@pytest.fixture(scope="module")
def numbers():
    random = np.random.default_rng(0)
    x, kernel, style = (
        random.standard_normal(shape) for shape in ((2, 4, 5, 3), (3, 3, 3, 4), (2, 3))
    )
    return x, kernel, style


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("normalise", [True, False])
def test_modulated_convolution(numbers, demodulate, normalise):
    expected = modulated(*numbers, demodulate)
    arrays = [jnp.asarray(x, jnp.float32) for x in numbers]
    made = modulated_convolution(*arrays, demodulate=demodulate, normalise=normalise)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)


def test_its_gradients_are_those_of_finite_differences(numbers):
    cotangent = np.random.default_rng(1).standard_normal((2, 4, 5, 4))
    arrays = [jnp.asarray(x, jnp.float32) for x in numbers]

    def total(*arrays):
        return jnp.vdot(modulated_convolution(*arrays), jnp.asarray(cotangent, jnp.float32))

    for place, gradient in enumerate(jax.grad(total, argnums=(0, 1, 2))(*arrays)):
        direction = np.random.default_rng(place).standard_normal(numbers[place].shape)
        ends = []
        for step in (1e-6, -1e-6):
            moved = list(numbers)
            moved[place] = moved[place] + step * direction
            ends.append((modulated(*moved, True) * cotangent).sum())
        slope = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(np.vdot(gradient, direction), slope, rtol=2e-4)


def test_doubling_spreads_each_pixel_and_filters(numbers):
    x, kernel, style = numbers
    filter = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
    expected = np.zeros((2, 8, 10, 4))
    for b in range(2):
        w = kernel * style[b][:, None]
        w = w / np.sqrt((w**2).sum((0, 1, 2)) + 1e-8)
        spread = np.zeros((9, 11, 4))
        for i in range(4):
            for j in range(5):
                spread[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += np.einsum("klio,i", w, x[b, i, j])
        for channel in range(4):
            padded = np.pad(spread[..., channel], 1)
            expected[b, ..., channel] = 4 * scipy.signal.convolve2d(padded, filter, mode="valid")
    arrays = [jnp.asarray(x, jnp.float32) for x in numbers]
    np.testing.assert_allclose(
        modulated_convolution(*arrays, up=True), expected, rtol=1e-4, atol=1e-5
    )


def test_demodulated_features_have_unit_variance():
    key = jax.random.key(0)
    x, style = jax.random.normal(key, (4, 16, 16, 32)), 3 * jax.random.normal(key, (4, 32))
    kernel = jax.random.normal(jax.random.key(1), (3, 3, 32, 16))
    made = modulated_convolution(x, kernel, style)[:, 1:-1, 1:-1]
    np.testing.assert_allclose(jnp.std(made), 1, atol=0.1)


@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_equalised_layers_keep_the_variance(multiplier):
    x = jax.random.normal(jax.random.key(0), (256, 100))
    layer = EqualisedDense(64, multiplier, bias_init=1.0)
    made, variables = layer.init_with_output(jax.random.key(1), x)
    np.testing.assert_allclose(jnp.std(variables["params"]["kernel"]), 1 / multiplier, rtol=0.05)
    np.testing.assert_allclose(made.mean(), 1, atol=0.1)
    np.testing.assert_allclose(jnp.std(made), 1, rtol=0.1)
    np.testing.assert_allclose(jnp.mean(rectify(x) ** 2), 1.04, rtol=0.05)


def test_a_halving_convolution_is_filter_and_stride():
    x = np.random.default_rng(0).standard_normal((1, 6, 6, 1))
    for taps in (1, 3):
        layer = EqualisedConv(1, taps, down=True)
        made, variables = layer.init_with_output(jax.random.key(0), jnp.asarray(x, jnp.float32))
        kernel = np.asarray(variables["params"]["kernel"], np.float64)[:, :, 0, 0] / taps
        filtered = scipy.signal.convolve2d(
            np.pad(x[0, :, :, 0], 1 + taps // 2), np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64, "valid"
        )
        expected = scipy.signal.correlate2d(filtered, kernel, mode="valid")[::2, ::2]
        assert made.shape == (1, 3, 3, 1)
        np.testing.assert_allclose(made[0, :, :, 0], expected, rtol=1e-4, atol=1e-5)


def test_noise_of_no_strength_changes_nothing_and_is_constant_outside_training():
    x, w = jax.random.normal(jax.random.key(0), (2, 4, 4, 3)), jnp.ones((2, 5))
    layer = StyledConv(3)
    variables = layer.init(jax.random.key(1), x, w, train=True)

    def apply(variables, key, train):
        return layer.apply(variables, x, w, train=train, rngs=jax.random.key(key))

    np.testing.assert_array_equal(apply(variables, 0, True), apply(variables, 1, True))
    strong = {**variables, "params": {**variables["params"], "noise_strength": jnp.float32(1)}}
    assert jnp.abs(apply(strong, 0, True) - apply(strong, 1, True)).max() > 0.1
    np.testing.assert_array_equal(apply(strong, 0, False), apply(strong, 1, False))


def test_minibatch_deviation_is_of_strided_groups():
    x = np.random.default_rng(0).standard_normal((6, 2, 3, 4))
    made = np.asarray(minibatch_deviation(jnp.asarray(x, jnp.float32), 3))
    np.testing.assert_array_equal(made[..., :4], np.float32(x))
    for group in range(2):  # of three: 0, 2, 4 and 1, 3, 5
        expected = np.sqrt(x[group::2].var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(made[group::2, ..., 4], expected, rtol=1e-5)
    assert minibatch_deviation(jnp.ones((2, 1, 1, 1)), 4).shape == (2, 1, 1, 2)
    with pytest.raises(ValueError, match="minibatch of 6 cannot be split into groups of 4"):
        minibatch_deviation(jnp.ones((6, 1, 1, 1)), 4)


def test_demodulation_is_in_full_precision():
    """Where products are TF32 by default, an error of its coefficients is one of whole channels."""
    operands = jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 2)), jnp.ones((1, 2))
    assert str(jax.make_jaxpr(modulated_convolution)(*operands)).count("HIGHEST") > 0
    plain = partial(modulated_convolution, demodulate=False)
    assert str(jax.make_jaxpr(plain)(*operands)).count("HIGHEST") == 0


def test_noise_of_each_image_in_the_place_of_the_constant_one():
    layer, random = StyledConv(3), np.random.default_rng(0)
    x, w, noise = (
        jnp.asarray(random.standard_normal(shape), jnp.float32)
        for shape in ((2, 4, 4, 3), (2, 5), (2, 4, 4))
    )
    variables = layer.init(jax.random.key(0), x, w, train=False)
    variables["params"]["noise_strength"] += 0.5
    made = layer.apply(variables | {"noise": {"noise": noise}}, x, w, train=False)
    for n in range(2):
        alone = variables | {"noise": {"noise": noise[n]}}
        expected = layer.apply(alone, x[n : n + 1], w[n : n + 1], train=False)
        np.testing.assert_allclose(made[n : n + 1], expected, rtol=1e-5, atol=1e-6)
