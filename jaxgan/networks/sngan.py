"""SNGAN's networks without residual blocks: Miyato, Kataoka, Koyama and Yoshida (2018), Table 3.

The paper calls them its standard CNN, for CIFAR-10 (32x32) and STL-10 (48x48); its residual
networks are those of `jaxgan.networks.resnet`. Where the table and the authors' code differ, the
discriminator follows the table: in the code a convolution of stride 2 already has the channels of
the next size. What the table leaves out follows the code: batch norm and ReLU behind the
generator's projection, and weights from $N(0, 0.02^2)$.
"""

from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, ConvTranspose, normal
from jaxgan.networks.heads import Score
from jaxgan.networks.sizes import Size, check_image_size, height_and_width, in_words

_SLOPE = 0.1


class SNGANGenerator(nn.Module):
    """Latents to images: a projection to an eighth of their size, then three doublings (Table 3a).

    With the paper's width of 64 the channels are 512, 256, 128, 64, and the images'.

    Attributes:
        image_size: height and width of the images, multiples of 8 (paper: 32 and 48).
        channels: of the images.
        width: channels of the last hidden layer; they double towards the latent.
        dtype: of the computation; parameters, batch statistics and images are float32.

    >>> generator = SNGANGenerator(image_size=16, width=4)
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 128)), train=True)
    >>> images.shape
    (2, 16, 16, 3)
    """

    image_size: Size = 32
    channels: int = 3
    width: int = 64
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, latent: jax.Array, *, train: bool) -> jax.Array:
        """Latents `[B, Z]` to images `[B, H, W, C]`, float32 in [-1, 1].

        Raises:
            ValueError: where images of that size cannot be made.
        """
        chex.assert_rank(latent, 2)
        height, breadth = _eighth(self.image_size)

        def normalised(x: jax.Array) -> jax.Array:
            norm = nn.BatchNorm(
                use_running_average=not train, momentum=0.9, epsilon=1e-5, dtype=self.dtype
            )
            return nn.relu(norm(x))

        features = height * breadth * 8 * self.width
        x = nn.Dense(features, False, self.dtype, kernel_init=normal(0.02))(latent)
        x = normalised(x).reshape(-1, height, breadth, 8 * self.width)
        for multiple in (4, 2, 1):
            width = multiple * self.width
            x = ConvTranspose(width, strides=2, padding=1, use_bias=False, dtype=self.dtype)(x)
            x = normalised(x)
        x = Conv(self.channels, (3, 3), padding=1, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class SNGANDiscriminator(nn.Module):
    """Images to what the head asks: seven convolutions, every second of which halves (Table 3b).

    Kernels are 3x3 and 4x4 in turn, and the channels 64, 64, 128, 128, 256, 256 and 512 with the
    paper's width of 64. For SNGAN, wrap it: `SpectralNorm(SNGANDiscriminator())`.

    Attributes:
        image_size: height and width of the images, multiples of 8 (paper: 32 and 48).
        width: channels of the first layer.
        head: what is asked of the features; one weighted sum.
        dtype: of the computation; parameters and scores are float32.
    """

    image_size: Size = 32
    width: int = 64
    head: nn.Module = Score()
    dtype: Dtype = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> Any:
        """Images `[B, H, W, C]` in [-1, 1] to what the head gives: scores `[B]`, float32.

        The condition is the head's affair.

        Raises:
            ValueError: where there is no discriminator of that size, or the images have another.
        """
        chex.assert_rank(images, 4)
        _eighth(self.image_size)
        check_image_size(images, self.image_size, "a discriminator")
        x = images
        for multiple in (1, 2, 4):
            width = multiple * self.width
            x = nn.leaky_relu(Conv(width, (3, 3), padding=1, dtype=self.dtype)(x), _SLOPE)
            x = nn.leaky_relu(Conv(width, strides=2, padding=1, dtype=self.dtype)(x), _SLOPE)
        x = nn.leaky_relu(Conv(8 * self.width, (3, 3), padding=1, dtype=self.dtype)(x), _SLOPE)
        return self.head(x.reshape(len(x), -1), *condition, train=train)


def _eighth(image_size: Size) -> tuple[int, int]:
    height, width = height_and_width(image_size)
    if height <= 0 or width <= 0 or height % 8 or width % 8:
        raise ValueError(
            f"SNGAN's networks halve and double three times, and {in_words(image_size)} has no "
            "eighth: take an image_size of multiples of 8, such as 32 or 48"
        )
    return height // 8, width // 8
