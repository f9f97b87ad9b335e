"""Depthwise convolutions against XLA's grouped ones, which are theirs by definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.layers import DepthwiseConv, depthwise_convolution

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def of_xla(y, w, *, stride):
    axes = ("NHWC", "HWIO", "NHWC")
    strides = (stride, stride)
    return lax.conv_general_dilated(
        y, w, strides, "SAME", dimension_numbers=axes, feature_group_count=y.shape[3]
    )


def operands(shape, taps):
    random = np.random.default_rng(0)
    y = random.normal(size=(2, *shape, 3)).astype(np.float32)
    return jnp.asarray(y), jnp.asarray(random.normal(size=(*taps, 1, 3)), jnp.float32)


@pytest.mark.parametrize(
    ("shape", "taps", "stride"),
    [
        ((6, 7), (3, 3), 1),
        ((6, 7), (5, 3), 1),
        ((6, 7), (3, 3), 2),
        ((7, 6), (5, 5), 2),
        ((1, 2), (5, 5), 2),
        ((8, 9), (2, 1), 3),  # pixels that no tap sees
    ],
)
def test_values_and_gradients_of_two_orders(shape, taps, stride):
    y, w = operands(shape, taps)

    def all_of(convolve):
        def energy(y, w):
            return (convolve(y, w, stride=stride) ** 3).sum()

        def slope(y, w):
            return sum((x**2).sum() for x in jax.grad(energy, argnums=(0, 1))(y, w))

        gradients = [jax.grad(f, argnums=(0, 1))(y, w) for f in (energy, slope)]
        return convolve(y, w, stride=stride), gradients

    found, expected = (jax.jit(lambda c=c: all_of(c))() for c in (depthwise_convolution, of_xla))
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        scale = float(abs(theirs).max())
        np.testing.assert_allclose(ours / scale, theirs / scale, **CLOSE)


def test_the_layer_has_a_kernel_and_no_bias():
    y, w = operands((4, 4), (3, 3))
    layer = DepthwiseConv(strides=2)
    variables = layer.init(jax.random.key(0), y)
    assert jax.tree.map(jnp.shape, variables) == {"params": {"kernel": (3, 3, 1, 3)}}
    found = layer.apply({"params": {"kernel": w}}, y)
    np.testing.assert_allclose(found, of_xla(y, w, stride=2), **CLOSE)


def test_it_is_refused():
    y, w = operands((4, 4), (3, 3))
    with pytest.raises(ValueError, match="stride must be 1 or more, not 0"):
        depthwise_convolution(y, w, stride=0)
    with pytest.raises(AssertionError):
        depthwise_convolution(y, w[..., :2])
