"""InfoGAN: Chen et al. (2016), the networks of appendix C.1, for MNIST.

The generator takes the code as a part of its latent. The discriminator ends in the head `Codes`:
the score, and what Q says of the code. Q shares the discriminator's trunk.

The leaky rectifiers have the paper's slope, 0.1; those of the authors' code have 0.01. All weights
start from $N(0, 0.02^2)$, whose tails their code cuts off in the discriminator's convolutions.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype, Initializer

from jaxgan.layers import Conv, ConvTranspose, normal
from jaxgan.networks.heads import Score
from jaxgan.networks.sizes import Size, check_image_size, height_and_width, in_words

_SLOPE = 0.1
_LARGEST = 6.0
"""Bound on a log variance: deviations of 0.05 to 20, for codes in [-1, 1]."""


class CodeDistribution(NamedTuple):
    """What Q tells of the codes of a batch, Q(c|x).

    Attributes:
        logits: of each categorical code, `[B, K]`.
        mean: of the continuous codes, `[B, C]`.
        log_variance: of the continuous codes, `[B, C]`.
    """

    logits: tuple[jax.Array, ...]
    mean: jax.Array
    log_variance: jax.Array


class Codes(nn.Module):
    """A head: a score, and Q's distribution of the codes, behind a layer of Q's own.

    A continuous code is Gaussian. Its density has no upper bound as the variance falls, so a learnt
    log variance is bounded, smoothly: $6 tanh(s / 6)$, s the layer's output.

    Attributes:
        categorical: of how many values each categorical code is.
        continuous: how many continuous codes there are.
        fixed_variance: True gives every continuous code the variance one, as the authors' code has
            it for MNIST.
        width: of Q's hidden layer.
        scale_init: of batch norm's gains; one. The authors' code draws them from $N(1, 0.02^2)$.

    >>> head = Codes(categorical=(10,), continuous=2)
    >>> (scores, codes), _ = head.init_with_output(
    ...     jax.random.key(0), jnp.ones((4, 1024)), train=True
    ... )
    >>> scores.shape, codes.logits[0].shape, codes.mean.shape
    ((4,), (4, 10), (4, 2))
    """

    categorical: Sequence[int] = (10,)
    continuous: int = 2
    fixed_variance: bool = True
    width: int = 128
    scale_init: Initializer = nn.initializers.ones

    @nn.compact
    def __call__(
        self, features: jax.Array, *condition: jax.Array, train: bool
    ) -> tuple[jax.Array, CodeDistribution]:
        """Features `[B, F]` to scores `[B]` and Q's distribution, all float32.

        Raises:
            ValueError: where a condition comes, there is no code, or one has fewer than two values.
        """
        sizes = (*self.categorical, self.continuous)
        if self.continuous < 0 or any(size < 2 for size in self.categorical) or not sum(sizes):
            raise ValueError(
                f"categorical={tuple(self.categorical)} and continuous={self.continuous} are no "
                "codes: give categorical codes of 2 values or more each, or continuous ones, or "
                "both"
            )
        scores = Score(name="score")(features, *condition, train=train)
        hidden = _dense(self.width, jnp.float32, use_bias=False)(features)
        hidden = nn.leaky_relu(_batch_norm(train, jnp.float32, self.scale_init)(hidden), _SLOPE)
        numbers = sum(sizes) + (0 if self.fixed_variance else self.continuous)
        outputs = _dense(numbers, jnp.float32)(hidden)
        ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
        *logits, mean, spread = jnp.split(outputs, ends, axis=1)
        log_variance = (
            jnp.zeros_like(mean) if self.fixed_variance else _LARGEST * jnp.tanh(spread / _LARGEST)
        )
        return scores, CodeDistribution(tuple(logits), mean, log_variance)


class InfoGANGenerator(nn.Module):
    """Latents to images: two fully connected layers, then two doublings (Table 1).

    The paper's images end in a sigmoid; these in tanh, for [-1, 1].

    Attributes:
        image_size: height and width of the images, or one number for both: multiples of 4.
        channels: of the images.
        width: channels of the last hidden layer; 2 and 16 times as many in those before it.
        dtype: of the computation; parameters, batch statistics and images are float32.
        scale_init: of batch norm's gains; one. The authors' code draws them from $N(1, 0.02^2)$.

    >>> generator = InfoGANGenerator(width=4)
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 74)), train=True)
    >>> images.shape
    (2, 28, 28, 1)
    """

    image_size: Size = 28
    channels: int = 1
    width: int = 64
    dtype: Dtype = jnp.float32
    scale_init: Initializer = nn.initializers.ones

    @nn.compact
    def __call__(self, latent: jax.Array, *, train: bool) -> jax.Array:
        """Latents `[B, Z]`, noise and codes, to images `[B, H, W, C]`, float32 in [-1, 1].

        Raises:
            ValueError: where images of that size cannot be made.
        """
        chex.assert_rank(latent, 2)
        height, breadth = _quarter(self.image_size)

        def normalised(x: jax.Array) -> jax.Array:
            return _batch_norm(train, self.dtype, self.scale_init)(x)

        x = latent
        for features in (16 * self.width, height * breadth * 2 * self.width):
            x = _dense(features, self.dtype, use_bias=False)(x)
            x = nn.relu(normalised(x))
        x = x.reshape(-1, height, breadth, 2 * self.width)
        x = ConvTranspose(self.width, strides=2, padding=1, use_bias=False, dtype=self.dtype)(x)
        x = nn.relu(normalised(x))
        x = ConvTranspose(self.channels, strides=2, padding=1, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class InfoGANDiscriminator(nn.Module):
    """Images to what the head asks: two halvings, then a fully connected layer (Table 1).

    Attributes:
        image_size: height and width of the images, or one number for both: multiples of 4.
        width: channels of the first layer; 2 and 16 times as many in those after it.
        head: what is asked of the features; InfoGAN's code for MNIST.
        dtype: of the computation; parameters, batch statistics and the head's are float32.
        batch_norm: False leaves batch norm out of the trunk and gives every layer a bias: for
            critics under a penalty on the gradient of each example, which batch norm would mix.
        scale_init: of batch norm's gains; one. The authors' code draws them from $N(1, 0.02^2)$.
        kernel_init: of the trunk's weights; N(0, 0.02), at which what passes through fades where no
            batch norm lifts it.
    """

    image_size: Size = 28
    width: int = 64
    head: nn.Module = Codes()
    dtype: Dtype = jnp.float32
    batch_norm: bool = True
    scale_init: Initializer = nn.initializers.ones
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, images: jax.Array, *condition: jax.Array, train: bool) -> Any:
        """Images `[B, H, W, C]` in [-1, 1] to what the head returns, float32.

        Raises:
            ValueError: where there is no discriminator of that size, or the images have another.
        """
        chex.assert_rank(images, 4)
        _quarter(self.image_size)
        check_image_size(images, self.image_size, "a discriminator")

        def activated(x: jax.Array) -> jax.Array:
            if self.batch_norm:
                x = _batch_norm(train, self.dtype, self.scale_init)(x)
            return nn.leaky_relu(x, _SLOPE)

        bias, init = not self.batch_norm, self.kernel_init
        halving = partial(Conv, strides=2, padding=1, dtype=self.dtype, kernel_init=init)
        x = nn.leaky_relu(halving(self.width)(images), _SLOPE)
        x = activated(halving(2 * self.width, use_bias=bias)(x))
        dense = nn.Dense(16 * self.width, bias, self.dtype, kernel_init=init)
        features = activated(dense(x.reshape(len(x), -1)))
        return self.head(features, *condition, train=train)


def _quarter(image_size: Size) -> tuple[int, int]:
    height, breadth = height_and_width(image_size)
    if any(side <= 0 or side % 4 for side in (height, breadth)):
        raise ValueError(
            f"InfoGAN's networks halve and double twice, and {in_words(image_size)} has no "
            "quarter: take an image_size of multiples of 4"
        )
    return height // 4, breadth // 4


def _dense(features: int, dtype: Dtype, use_bias: bool = True) -> nn.Dense:
    return nn.Dense(features, use_bias, dtype, kernel_init=normal(0.02))


def _batch_norm(train: bool, dtype: Dtype, scale_init: Initializer) -> nn.BatchNorm:
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=0.9,
        epsilon=1e-5,
        dtype=dtype,
        scale_init=scale_init,
    )
