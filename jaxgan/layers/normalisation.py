"""Normalisation whose gain and shift depend on a class."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers.labels import select


class ConditionalBatchNorm(nn.Module):
    r"""Batch norm with a gain and a shift for each class.

    $$g_y (x - mean) / \sqrt{variance + 10^{-5}} + b_y$$

    Mean and variance are those of all examples of the batch in training, of whatever class, and
    moving averages (of momentum 0.9) outside. Dumoulin, Shlens and Kudlur, "A learned
    representation for artistic style" (2017); in GANs since Miyato and Koyama (2018).

    Parameters, float32: `scale` `[classes, C]`, ones at first; `bias` `[classes, C]`, zeros at
    first.

    Attributes:
        classes: how many there are.
        dtype: of the computation and the result.
    """

    classes: int
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, label: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` and labels `[B]`, as in `one_hot`, to images of the same shape."""
        chex.assert_rank(x, 4)
        chex.assert_equal_shape_prefix([x, label], 1)
        normalise = nn.BatchNorm(
            use_running_average=not train,
            momentum=0.9,
            epsilon=1e-5,
            dtype=self.dtype,
            use_scale=False,
            use_bias=False,
        )
        x = normalise(x)
        shape = (self.classes, x.shape[-1])
        gain = select(self.param("scale", nn.initializers.ones, shape), label)
        shift = select(self.param("bias", nn.initializers.zeros, shape), label)
        gain, shift = (a[:, None, None].astype(self.dtype) for a in (gain, shift))
        return gain * x + shift
