"""The U-Net of pix2pix: Isola, Zhu, Zhou and Efros, "Image-to-image translation" (2017)."""

import math
import sys

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, ConvTranspose, InstanceNorm, MinibatchNorm
from jaxgan.networks.sizes import Size, check_multiple, height_and_width, near_size


class UNetGenerator(nn.Module):
    """Images to images: halvings to a point and doublings back, each pair joined by a skip.

    Section 3.2.1 and appendix 6.1.1; in details that of the authors' later code: the innermost maps
    are not normalised, and dropout stands in the blocks of the decoder between the innermost and
    the first that is narrower. Dropout is the only noise that there is, so it stays on outside
    training.

    Channels double from `width` up to eight times as many. At 256x256 they are 64, 128, 256, and
    512 in the other five.

    Attributes:
        image_size: height and width of the images, or one number for both, which can be halved
            twice or more; of the smallest images where there are fewer halvings than that.
        channels: of the images that come out.
        width: channels next to the images.
        dropout: how much is set to zero, in [0, 1); drawn from the stream `dropout`.
        halvings: how many, 2 or more; None goes down to one pixel of the smaller side, or to 3, 5
            or 7 where that is no power of two.
        norm: `MinibatchNorm`, `InstanceNorm` or None.
        dtype: of the computation; parameters and images are float32.

    >>> network, images = UNetGenerator(image_size=32, width=4), jnp.ones((2, 32, 32, 1))
    >>> made = jax.eval_shape(
    ...     lambda key: network.init_with_output(key, images, train=True)[0], jax.random.key(0)
    ... )
    >>> made.shape
    (2, 32, 32, 3)
    """

    image_size: Size = 256
    channels: int = 3
    width: int = 64
    dropout: float = 0.5
    halvings: int | None = None
    norm: type[MinibatchNorm] | type[InstanceNorm] | None = MinibatchNorm
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` to images `[B, H, W, channels]`, float32 in [-1, 1].

        H and W are among `sizes`.

        Raises:
            ValueError: where they are not, or there is no such network.
        """
        chex.assert_rank(images, 4)
        levels = self.levels
        check_multiple(images, self.sizes.step, self.sizes.start)
        widths = [self.width << min(level, 3) for level in range(levels)]
        innermost = levels - 1
        use_bias = self.norm is InstanceNorm  # as in the authors' code: batch norm has its own

        def normalised(x: jax.Array, name: str) -> jax.Array:
            return x if self.norm is None else self.norm(self.dtype, name=name)(x, train=train)

        x, skips = images, []
        for level, width in enumerate(widths):
            if level > 0:
                x = nn.leaky_relu(x, 0.2)
            x = Conv(width, (4, 4), 2, 1, use_bias, self.dtype, name=f"down_{level}")(x)
            if 0 < level < innermost:
                x = normalised(x, f"down_norm_{level}")
            skips.append(x)

        x = skips.pop()
        for level in range(innermost, 0, -1):
            width = widths[level - 1]
            x = nn.relu(x)
            x = ConvTranspose(width, (4, 4), 2, 1, use_bias, self.dtype, name=f"up_{level}")(x)
            x = normalised(x, f"up_norm_{level}")
            if 4 <= level < innermost:
                x = nn.Dropout(self.dropout)(x, deterministic=False)
            x = jnp.concatenate([skips.pop(), x], axis=-1)
        x = nn.relu(x)
        x = ConvTranspose(self.channels, (4, 4), 2, 1, dtype=self.dtype, name="up_0")(x)
        return jnp.tanh(x.astype(jnp.float32))

    @property
    def sizes(self) -> range:
        """Heights and widths that it takes: multiples of 2^levels."""
        return range(1 << self.levels, sys.maxsize, 1 << self.levels)

    @property
    def levels(self) -> int:
        """How often the images are halved."""
        sides = height_and_width(self.image_size)
        together = math.gcd(*sides)
        most = (together & -together).bit_length() - 1  # the power of two that divides both
        levels = most if self.halvings is None else self.halvings
        if not 2 <= levels <= most or (self.halvings is None and min(sides) >> levels > 7):
            raise ValueError(
                f"there is no U-Net of image_size={self.image_size} and halvings={self.halvings}: "
                f"take {near_size(sides, unit=4)}, or another size that can be halved until 7 "
                "pixels or fewer of its smaller side are left, and 2 halvings or more that leave a "
                "pixel"
            )
        return levels
