"""DCGAN: Radford, Metz and Chintala (2016), by the five rules of its section 3.

Strided convolutions and no pooling; batch norm in both networks, but for the generator's output and
the discriminator's input; no hidden fully connected layers; ReLU in the generator, tanh at its end;
leaky ReLU in the discriminator.
"""

from functools import partial
from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype, Initializer

from jaxgan.layers import Classes, ConditionalBatchNorm, Conv, ConvTranspose, check_label, normal
from jaxgan.networks.heads import Score
from jaxgan.networks.sizes import Size, check_image_size, smallest_maps


class DCGANGenerator(nn.Module):
    """Latents to images: a projection to 4x4 (to 7x7), then doublings (Figure 1).

    At 64x64 with the paper's width of 128 the channels are 1024, 512, 256, 128, and the images'.
    The kernels are 4x4, as in the later implementations (the paper's are 5x5): a multiple of the
    stride, so that every pixel is made of the same number of taps.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times a power of two, 8 or more, and the other a multiple of that power.
        channels: of the images.
        width: channels of the last hidden layer, next to the images; they double towards the
            latent.
        dtype: of the computation; parameters, batch statistics and images are float32.
        classes: how many there are, where images are made of a class: each has its own gains and
            shifts in batch norm, as in Miyato and Koyama (2018); None without.

    >>> generator = DCGANGenerator(image_size=28, channels=1, width=8)
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 100)), train=True)
    >>> images.shape
    (2, 28, 28, 1)
    """

    image_size: Size = 64
    channels: int = 3
    width: int = 128
    dtype: Dtype = jnp.float32
    classes: Classes | None = None

    @nn.compact
    def __call__(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels as in `one_hot`, to images `[B, H, W, C]`.

        The images are float32 in [-1, 1].

        Raises:
            ValueError: where images of that size cannot be made, or a label is missing, unasked for
                or out of range.
        """
        chex.assert_rank(latent, 2)
        check_label(label, self.classes)

        def normalised(x: jax.Array) -> jax.Array:
            if label is None or self.classes is None:
                return _batch_norm(train, self.dtype)(x)
            return ConditionalBatchNorm(self.classes, self.dtype)(x, label, train=train)

        (height, breadth), widths = _plan(self.image_size, self.width)
        *hidden, first = widths
        project = nn.Dense(height * breadth * first, False, self.dtype, kernel_init=normal(0.02))
        x = project(latent).reshape(-1, height, breadth, first)
        x = nn.relu(normalised(x))
        for width in reversed(hidden):
            x = ConvTranspose(width, strides=2, padding=1, use_bias=False, dtype=self.dtype)(x)
            x = nn.relu(normalised(x))
        x = ConvTranspose(self.channels, strides=2, padding=1, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class DCGANDiscriminator(nn.Module):
    """Images to logits: halvings to 4x4 (to 7x7), then the head on all that is there.

    The mirror image of `DCGANGenerator`.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller 4 to 7
            times a power of two, 8 or more, and the other a multiple of that power.
        width: channels of the first layer, next to the images; they double towards the logit.
        batch_norm: False leaves batch norm out and gives every convolution a bias: for critics
            under a penalty on the gradient of each example, which batch norm would mix.
        dtype: of the computation; parameters, batch statistics and logits are float32.
        head: what is asked of the features; one weighted sum.
        kernel_init: of the convolutions; N(0, 0.02), at which what passes through fades where no
            batch norm lifts it.
    """

    image_size: Size = 64
    width: int = 128
    batch_norm: bool = True
    dtype: Dtype = jnp.float32
    head: nn.Module = Score()
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> Any:
        """Images `[B, H, W, C]` in [-1, 1] to what the head gives: logits `[B]`, float32.

        The condition is the head's affair.

        Raises:
            ValueError: where there is no discriminator of that size, or the images have another.
        """
        _, widths = _plan(self.image_size, self.width)
        check_image_size(images, self.image_size, "a discriminator")
        halving = partial(
            Conv, strides=2, padding=1, dtype=self.dtype, kernel_init=self.kernel_init
        )
        x = images
        for layer, width in enumerate(widths):
            normalised = self.batch_norm and layer > 0
            x = halving(width, use_bias=not normalised)(x)
            if normalised:
                x = _batch_norm(train, self.dtype)(x)
            x = nn.leaky_relu(x, 0.2)
        return self.head(x.reshape(len(x), -1), *condition, train=train)


def _plan(image_size: Size, width: int) -> tuple[tuple[int, int], list[int]]:
    """Height and width of the smallest maps, then the widths from the images to there."""
    smallest, halvings = smallest_maps(image_size, "a DCGAN")
    return smallest, [width << halving for halving in range(halvings)]


def _batch_norm(train: bool, dtype: Dtype) -> nn.BatchNorm:
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=0.9,
        epsilon=1e-5,
        dtype=dtype,
        scale_init=normal(0.02, mean=1.0),
    )
