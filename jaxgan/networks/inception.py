"""Inception v3 as the Fréchet inception distance has it: the network of 2015-12-05.

Szegedy et al., "Rethinking the Inception architecture for computer vision" (2015), as TensorFlow's
graph of that date has it and as pytorch-fid and torch-fidelity took it over: means of neighbours
leave out what is beyond the edges, the last block takes maxima where the one before it takes means,
and there are 1008 logits. The layers have the names that they have in PyTorch's file.
"""

from collections.abc import Sequence
from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.layers import max_window, mean_window

_CLASSES = 1008


class InceptionOutputs(NamedTuple):
    """What Inception v3 makes of images; under `jit`, what is not used costs nothing.

    Attributes:
        features: means of the last layer's maps, `[N, 2048]`, 0 or more: FID's and KID's.
        logits: `[N, 1008]`.
        logits_unbiased: `[N, 1008]` without the last layer's bias: the inception score's of NVIDIA
            and of torch-fidelity.
    """

    features: jax.Array
    logits: jax.Array
    logits_unbiased: jax.Array


class InceptionV3(nn.Module):
    """A trained network's layers, with its batch statistics as they are: it is not trained here.

    >>> images = jnp.ones((2, 299, 299, 3))
    >>> outputs, _ = jax.eval_shape(InceptionV3().init_with_output, jax.random.key(0), images)
    >>> [x.shape for x in outputs]
    [(2, 2048), (2, 1008), (2, 1008)]
    """

    @nn.compact
    def __call__(self, images: jax.Array) -> InceptionOutputs:
        """Images `[N, 299, 299, 3]` float32 in [-1, 1], by an `InputProtocol`, to all outputs."""
        chex.assert_shape(images, (None, 299, 299, 3))
        chex.assert_type(images, jnp.float32)
        x = _Unit(32, (3, 3), stride=2, name="Conv2d_1a_3x3")(images)
        x = _Unit(32, (3, 3), name="Conv2d_2a_3x3")(x)
        x = _Unit(64, (3, 3), same=True, name="Conv2d_2b_3x3")(x)
        x = max_window(x, stride=2)
        x = _Unit(80, (1, 1), name="Conv2d_3b_1x1")(x)
        x = _Unit(192, (3, 3), name="Conv2d_4a_3x3")(x)
        x = max_window(x, stride=2)
        x = _BlockA(32, name="Mixed_5b")(x)
        x = _BlockA(64, name="Mixed_5c")(x)
        x = _BlockA(64, name="Mixed_5d")(x)
        x = _BlockB(name="Mixed_6a")(x)
        x = _BlockC(128, name="Mixed_6b")(x)
        x = _BlockC(160, name="Mixed_6c")(x)
        x = _BlockC(160, name="Mixed_6d")(x)
        x = _BlockC(192, name="Mixed_6e")(x)
        x = _BlockD(name="Mixed_7a")(x)
        x = _BlockE(name="Mixed_7b")(x, mean_window(x))
        x = _BlockE(name="Mixed_7c")(x, max_window(x, padding=1))
        features = x.mean((1, 2))
        unbiased = nn.Dense(_CLASSES, use_bias=False, name="fc")(features)
        bias = self.param("fc_bias", nn.initializers.zeros, (_CLASSES,))
        return InceptionOutputs(features, unbiased + bias.reshape(1, -1), unbiased)


class _Unit(nn.Module):
    """Convolution, batch norm, ReLU."""

    features: int
    kernel: tuple[int, int]
    stride: int = 1
    same: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        edges = [(size // 2, size // 2) if self.same else (0, 0) for size in self.kernel]
        x = nn.Conv(
            self.features, self.kernel, self.stride, padding=edges, use_bias=False, name="conv"
        )(x)
        return nn.relu(nn.BatchNorm(use_running_average=True, epsilon=1e-3, name="bn")(x))


def _chain(x: jax.Array, units: Sequence[tuple[str, int, tuple[int, int]]]) -> jax.Array:
    """Units one after another, by name, features and kernel; each keeps the maps' size."""
    for name, features, kernel in units:
        x = _Unit(features, kernel, same=True, name=name)(x)
    return x


class _BlockA(nn.Module):
    pooled: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        fives = [("branch5x5_1", 48, (1, 1)), ("branch5x5_2", 64, (5, 5))]
        branches = [
            _Unit(64, (1, 1), name="branch1x1")(x),
            _chain(x, fives),
            _chain(x, [*_DOUBLE, ("branch3x3dbl_3", 96, (3, 3))]),
            _Unit(self.pooled, (1, 1), name="branch_pool")(mean_window(x)),
        ]
        return jnp.concatenate(branches, 3)


class _BlockB(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        double = _chain(x, _DOUBLE)
        branches = [
            _Unit(384, (3, 3), stride=2, name="branch3x3")(x),
            _Unit(96, (3, 3), stride=2, name="branch3x3dbl_3")(double),
            max_window(x, stride=2),
        ]
        return jnp.concatenate(branches, 3)


class _BlockC(nn.Module):
    inner: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        inner, row, column = self.inner, (1, 7), (7, 1)
        single = [
            ("branch7x7_1", inner, (1, 1)),
            ("branch7x7_2", inner, row),
            ("branch7x7_3", 192, column),
        ]
        double = [
            ("branch7x7dbl_1", inner, (1, 1)),
            ("branch7x7dbl_2", inner, column),
            ("branch7x7dbl_3", inner, row),
            ("branch7x7dbl_4", inner, column),
            ("branch7x7dbl_5", 192, row),
        ]
        branches = [
            _Unit(192, (1, 1), name="branch1x1")(x),
            _chain(x, single),
            _chain(x, double),
            _Unit(192, (1, 1), name="branch_pool")(mean_window(x)),
        ]
        return jnp.concatenate(branches, 3)


class _BlockD(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        three = _Unit(192, (1, 1), name="branch3x3_1")(x)
        seven = [
            ("branch7x7x3_1", 192, (1, 1)),
            ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)),
        ]
        branches = [
            _Unit(320, (3, 3), stride=2, name="branch3x3_2")(three),
            _Unit(192, (3, 3), stride=2, name="branch7x7x3_4")(_chain(x, seven)),
            max_window(x, stride=2),
        ]
        return jnp.concatenate(branches, 3)


class _BlockE(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array, pooled: jax.Array) -> jax.Array:
        three = _Unit(384, (1, 1), name="branch3x3_1")(x)
        double = _chain(x, [("branch3x3dbl_1", 448, (1, 1)), ("branch3x3dbl_2", 384, (3, 3))])
        branches = [
            _Unit(320, (1, 1), name="branch1x1")(x),
            _Unit(384, (1, 3), same=True, name="branch3x3_2a")(three),
            _Unit(384, (3, 1), same=True, name="branch3x3_2b")(three),
            _Unit(384, (1, 3), same=True, name="branch3x3dbl_3a")(double),
            _Unit(384, (3, 1), same=True, name="branch3x3dbl_3b")(double),
            _Unit(192, (1, 1), name="branch_pool")(pooled),
        ]
        return jnp.concatenate(branches, 3)


_DOUBLE = (("branch3x3dbl_1", 64, (1, 1)), ("branch3x3dbl_2", 96, (3, 3)))
"""The first two of three convolutions, of the blocks A and B."""
