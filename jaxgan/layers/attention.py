"""Self-attention over the pixels of feature maps."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers.convolutional import Conv
from jaxgan.layers.initialisers import glorot
from jaxgan.layers.resampling import max_pool


class SelfAttention(nn.Module):
    r"""Every pixel plus a learnt amount of what it looks for anywhere in the image.

    $$o_i = v(Σ_j a_{ij} h(x_j)), \quad a_{ij} = softmax_j(f(x_i) · g(x_j)), \quad y = x + γ o$$

    f and g are 1x1 convolutions to C / 8 channels, h to C / 2, v back to C; g and h see maps of
    half the size, the largest of each 2x2 pixels. γ starts at 0.

    Zhang, Goodfellow, Metaxas and Odena, "Self-attention generative adversarial networks" (2019),
    section 3; the halved maps are those of the authors' code.

    Attributes:
        dtype: of the computation and the result; the softmax is float32.
    """

    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Feature maps `[B, H, W, C]` to feature maps of the same shape.

        Raises:
            ValueError: where H or W is odd, or C no multiple of 8.
        """
        chex.assert_rank(x, 4)
        batch, _, _, channels = x.shape
        if channels % 8:
            raise ValueError(f"{channels} channels cannot attend: give a multiple of 8")

        def convolved(x: jax.Array, features: int, name: str) -> jax.Array:
            layer = Conv(features, (1, 1), 1, 0, False, self.dtype, glorot(), name=name)
            return layer(x)

        query = convolved(x, channels // 8, "f").reshape(batch, -1, channels // 8)
        key = max_pool(convolved(x, channels // 8, "g")).reshape(batch, -1, channels // 8)
        value = max_pool(convolved(x, channels // 2, "h")).reshape(batch, -1, channels // 2)
        likeness = jnp.einsum("bic,bjc->bij", query, key).astype(jnp.float32)
        attention = nn.softmax(likeness, axis=-1).astype(self.dtype)
        found = jnp.einsum("bij,bjc->bic", attention, value).reshape(*x.shape[:3], -1)
        gamma = self.param("gamma", nn.initializers.zeros, ())
        return x.astype(self.dtype) + gamma.astype(self.dtype) * convolved(found, channels, "v")
