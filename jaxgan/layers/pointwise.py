"""Convolutions of 1x1, whose derivatives of every order are fast on the CPU.

The gradient of `x @ w` with respect to w is `x.T @ y`, and for it XLA on the CPU writes x down
again, transposed, which takes longer than the product. Here it transposes the narrower of x and y.
Products and such outer products are a closed family under differentiation, in reverse mode.
"""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype, Initializer

from jaxgan.layers.initialisers import normal


@jax.custom_vjp
def product(x: jax.Array, w: jax.Array) -> jax.Array:
    """`x @ w`, of matrices `[N, C]` and `[C, O]`, with derivatives that are fast on the CPU."""
    return x @ w


@jax.custom_vjp
def _outer(x: jax.Array, y: jax.Array) -> jax.Array:
    """`[N, C]` and `[N, O]` to `[C, O]`."""
    if y.shape[1] < x.shape[1]:
        return jnp.einsum("no,nc->oc", y, x).T
    return jnp.einsum("nc,no->co", x, y)


product.defvjp(
    lambda x, w: (product(x, w), (x, w)),
    lambda operands, y: (product(y, operands[1].T), _outer(operands[0], y)),
)
_outer.defvjp(
    lambda x, y: (_outer(x, y), (x, y)),
    lambda operands, w: (product(operands[1], w.T), product(operands[0], w)),
)


class Pointwise(nn.Module):
    """A weighted sum of the channels of each pixel: a convolution of 1x1.

    Parameters, float32: `kernel` `[C, features]`, `bias` `[features]`.

    Attributes:
        features: channels that come out.
        use_bias: whether a bias is added.
        dtype: of the computation and the result.
        kernel_init: of the kernel; N(0, 0.02), as in `Conv`.

    >>> layer = Pointwise(5)
    >>> layer.init_with_output(jax.random.key(0), jnp.ones((2, 8, 8, 3)))[0].shape
    (2, 8, 8, 5)
    """

    features: int
    use_bias: bool = True
    dtype: Dtype = jnp.float32
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]`, or rows `[B, C]`, to the same with `features` channels."""
        chex.assert_rank(x, {2, 4})
        kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.features))
        x, kernel = promote_dtype(x, kernel, dtype=self.dtype)
        rows = product(x.reshape(-1, x.shape[-1]), kernel)
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            rows = rows + bias.astype(rows.dtype).reshape(1, -1)
        return rows.reshape(*x.shape[:-1], self.features)
