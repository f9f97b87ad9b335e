"""CycleGAN's generator: Zhu, Park, Isola and Efros (2017), after Johnson, Alahi and Li (2016)."""

import sys

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, ConvTranspose, InstanceNorm, MinibatchNorm, reflection_padding
from jaxgan.networks.sizes import check_multiple


class ResNetTranslator(nn.Module):
    """Images to images: two halvings, residual blocks, two doublings.

    Appendix 7.2 of the paper (c7s1-64, d128, d256, R256 ..., u128, u64, c7s1-3); in details that of
    the authors' later code.

    Attributes:
        channels: of the images that come out.
        width: channels next to the images; four times as many in the blocks.
        blocks: residual blocks (paper: 6 at 128x128, 9 at 256x256).
        dropout: how much is set to zero between a block's two convolutions, in [0, 1); drawn from
            the stream `dropout`, in training and outside. CycleGAN has none, pix2pix a half.
        norm: `InstanceNorm`, `MinibatchNorm` or None.
        dtype: of the computation; parameters and images are float32.

    >>> network, images = ResNetTranslator(width=4, blocks=1), jnp.ones((2, 32, 24, 1))
    >>> made = jax.eval_shape(
    ...     lambda key: network.init_with_output(key, images, train=True)[0], jax.random.key(0)
    ... )
    >>> made.shape
    (2, 32, 24, 3)
    """

    channels: int = 3
    width: int = 64
    blocks: int = 9
    dropout: float = 0.0
    norm: type[MinibatchNorm] | type[InstanceNorm] | None = InstanceNorm
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to images `[B, H, W, channels]`, float32 in [-1, 1].

        H and W are among `sizes`.

        Raises:
            ValueError: where they are not.
        """
        chex.assert_rank(images, 4)
        check_multiple(images, self.sizes.step, self.sizes.start)
        use_bias = self.norm is InstanceNorm  # as in the authors' code: batch norm has its own

        def rectified(x: jax.Array, name: str) -> jax.Array:
            x = x if self.norm is None else self.norm(self.dtype, name=name)(x, train=train)
            return nn.relu(x)

        x = Conv(self.width, (7, 7), 1, 0, use_bias, self.dtype, name="first")(
            reflection_padding(images, 3)
        )
        x = rectified(x, "first_norm")
        for layer, width in enumerate([2 * self.width, 4 * self.width]):
            x = Conv(width, (3, 3), 2, 1, use_bias, self.dtype, name=f"down_{layer}")(x)
            x = rectified(x, f"down_norm_{layer}")
        for block in range(self.blocks):
            x = _Block(self.norm, self.dropout, self.dtype, name=f"block_{block}")(x, train=train)
        for layer, width in enumerate([2 * self.width, self.width]):
            x = ConvTranspose(
                width, (3, 3), 2, 1, use_bias, self.dtype, output_padding=1, name=f"up_{layer}"
            )(x)
            x = rectified(x, f"up_norm_{layer}")
        x = Conv(self.channels, (7, 7), dtype=self.dtype, name="last")(reflection_padding(x, 3))
        return jnp.tanh(x.astype(jnp.float32))

    @property
    def sizes(self) -> range:
        """Heights and widths that it takes: multiples of 4, 8 or more."""
        return range(8, sys.maxsize, 4)


class _Block(nn.Module):
    """x + f(x): convolution, norm, ReLU, dropout, convolution, norm."""

    norm: type[MinibatchNorm] | type[InstanceNorm] | None
    dropout: float
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        def convolved(x: jax.Array, layer: int) -> jax.Array:
            convolve = Conv(
                x.shape[-1],
                (3, 3),
                use_bias=self.norm is InstanceNorm,
                dtype=self.dtype,
                name=f"conv_{layer}",
            )
            x = convolve(reflection_padding(x, 1))
            if self.norm is None:
                return x
            return self.norm(self.dtype, name=f"norm_{layer}")(x, train=train)

        change = nn.relu(convolved(x, 0))
        change = nn.Dropout(self.dropout)(change, deterministic=False)
        return x + convolved(change, 1)
