"""Normalisation whose gain and shift depend on a class, or on several attributes."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers.labels import Classes, label_size, select


class ConditionalBatchNorm(nn.Module):
    r"""Batch norm with a gain and a shift for each class.

    $$g_y (x - mean) / \sqrt{variance + 10^{-5}} + b_y$$

    Mean and variance are those of all examples of the batch in training, of whatever class, and
    moving averages (of momentum 0.9) outside. Dumoulin, Shlens and Kudlur, "A learned
    representation for artistic style" (2017); in GANs since Miyato and Koyama (2018).

    Of several attributes, g and b are the sums of theirs.

    Parameters, float32, of `[label_size(classes), C]`: `scale`, of which the sum is one at first,
    and `bias`, zeros at first.

    Attributes:
        classes: how many there are.
        dtype: of the computation and the result.
    """

    classes: Classes
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, label: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` and labels, as in `one_hot`, to images of the same shape."""
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
        shape = (label_size(self.classes), x.shape[-1])
        attributes = 1 if isinstance(self.classes, int) else len(self.classes)
        ones = nn.initializers.constant(1 / attributes)
        gain = select(self.param("scale", ones, shape), label, self.classes)
        shift = select(self.param("bias", nn.initializers.zeros, shape), label, self.classes)
        gain, shift = (a[:, None, None].astype(self.dtype) for a in (gain, shift))
        return gain * x + shift
