"""Layers of StyleGAN (2018) and ProGAN, whose gains are in their weights and not in rectifiers."""

import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.layers import convolution, normal, one_hot, transposed_convolution
from jaxgan.networks.sizes import Size, height_and_width, in_words

GAIN = math.sqrt(2)
"""Of weights in front of a rectifier."""
EPSILON = 1e-8
_FUSED = 128
"""Resolution from which the authors' code doubles by a transposed convolution."""


class EqualisedDense(nn.Module):
    r"""A product whose weights are scaled at run time: He et al.'s deviation, one learning rate.

    $$y = m (gain / \sqrt{n} \; W x + b)$$

    for n numbers that come in. Parameters, float32: `kernel` `[n, features]`, N(0, 1 / m^2) at
    first, and `bias` `[features]`, zeros.

    Karras et al., Progressive Growing of GANs, 2018, section 4.1.

    Attributes:
        features: numbers that come out.
        gain: of the weights.
        multiplier: m, of the learning rate.
        use_bias: whether a bias is added.
    """

    features: int
    gain: float = GAIN
    multiplier: float = 1.0
    use_bias: bool = True

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """`[B, n]` to `[B, features]`."""
        inputs = x.shape[1]
        kernel = self.param("kernel", normal(1 / self.multiplier), (inputs, self.features))
        y = x @ (kernel * (self.gain * self.multiplier / math.sqrt(inputs)))
        if not self.use_bias:
            return y
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return y + self.multiplier * bias[None]


class EqualisedConv(nn.Module):
    """A convolution whose weights are scaled at run time, as `EqualisedDense` has them.

    Parameters, float32: `kernel` `[taps, taps, C, features]`, N(0, 1) at first, and `bias`
    `[features]`, zeros.

    Attributes:
        features: channels that come out.
        taps: height and width of the kernel, odd.
        gain: of the weights.
        down: whether the images that come out are the means of each 2x2 pixels.
    """

    features: int
    taps: int
    gain: float = GAIN
    down: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to `[B, H, W, features]`, or half as large."""
        kernel = equalised_kernel(self, self.taps, x.shape[3], self.features, gain=self.gain)
        if self.down:
            y = convolution(x, four_taps(kernel) / 4, stride=2, padding=1)
        else:
            y = convolution(x, kernel, padding=self.taps // 2)
        return y + of_channels(self.param("bias", nn.initializers.zeros, (self.features,)))


class StyledLayer(nn.Module):
    r"""A convolution (or none), noise, bias, leaky rectifier, and a style.

    $$(1 + s) norm(a(x + strength * noise + b)) + t, \quad (s, t) = A w$$

    with `norm` as in `adaptive_instance_norm`.

    Parameters, float32: `kernel` `[3, 3, C, features]`, `noise_strength` `[features]`, `bias`
    `[features]`, `affine`. Collection `noise`, float32: `noise` `[H, W]`, N(0, 1), for all images
    outside training.

    Karras, Laine and Aila, StyleGAN, 2019, sections 2 and 3.2.

    Attributes:
        features: channels that come out; None convolves nothing.
        up: whether the convolution doubles the size, and a blur follows.
    """

    features: int | None
    up: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, *, train: bool) -> jax.Array:
        """Images `[B, H, W, C]` and `[B, W]` to `[B, H, W, features]`, or twice as large.

        In training noise is drawn from the stream `noise`, for each image its own.
        """
        if self.features is not None:
            kernel = equalised_kernel(self, 3, x.shape[3], self.features, gain=GAIN)
            if self.up:
                # The authors' two ways of doubling hold their kernels upside down to each other.
                fused = 2 * min(x.shape[1:3]) >= _FUSED
                taps = four_taps(kernel if fused else kernel[::-1, ::-1])
                x = transposed_convolution(x, taps.swapaxes(2, 3), stride=2, padding=1)
                x = blur(x)
            else:
                x = convolution(x, kernel, padding=1)
        batch, height, width, channels = x.shape

        def draw(key: jax.Array, images: int) -> jax.Array:
            return jax.random.normal(key, (images, height, width, 1))

        constant = self.variable(
            "noise", "noise", lambda: draw(self.make_rng("params"), 1)[0, ..., 0]
        )
        noise = draw(self.make_rng("noise"), batch) if train else constant.value[None, ..., None]
        strength = self.param("noise_strength", nn.initializers.zeros, (channels,))
        bias = self.param("bias", nn.initializers.zeros, (channels,))
        x = rectify(x + noise * of_channels(strength) + of_channels(bias))
        style = EqualisedDense(2 * channels, gain=1.0, name="affine")(w)
        scale, shift = jnp.split(style, 2, axis=1)
        return adaptive_instance_norm(x, 1 + scale, shift)


def adaptive_instance_norm(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
    r"""Each channel of each image to a mean and a deviation that are given.

    $$scale (x - mean) / \sqrt{variance + 10^{-8}} + shift$$

    Args:
        x: images, `[B, H, W, C]` floating point.
        scale: `[B, C]`.
        shift: `[B, C]`.

    Returns:
        `[B, H, W, C]`.

    Huang and Belongie, Arbitrary style transfer in real-time with AdaIN, 2017, equation 8; the
    epsilon is StyleGAN's.
    """
    chex.assert_rank([x, scale, shift], [4, 2, 2])
    x = x - jnp.mean(x, (1, 2), keepdims=True)
    x = x * lax.rsqrt(jnp.mean(x**2, (1, 2), keepdims=True) + EPSILON)
    return x * scale[:, None, None] + shift[:, None, None]


def minibatch_deviation(x: jax.Array, *, group_size: int) -> jax.Array:
    """One more channel, the same number everywhere: how different the images of a group are.

    A group holds the images i, i + N / G, i + 2 N / G, ... of N, G of them.

    Args:
        x: `[N, H, W, C]` floating point.
        group_size: G; N where there are fewer images.

    Returns:
        `[N, H, W, C + 1]`.

    Raises:
        ValueError: where G does not divide N.

    Karras et al., Progressive Growing of GANs, 2018, section 3.
    """
    size = min(group_size, len(x))
    if len(x) % size:
        raise ValueError(
            f"{len(x)} images cannot be put in groups of {size}: give a batch size that "
            f"group_size={group_size} divides"
        )
    groups = x.reshape(size, -1, *x.shape[1:])
    variance = jnp.mean((groups - jnp.mean(groups, axis=0, keepdims=True)) ** 2, axis=0)
    deviation = jnp.mean(jnp.sqrt(variance + EPSILON), axis=(1, 2, 3))
    deviation = jnp.tile(deviation, size)[:, None, None, None]
    return jnp.concatenate([x, jnp.broadcast_to(deviation, (*x.shape[:3], 1))], axis=3)


def equalised_kernel(
    layer: nn.Module, taps: int, inputs: int, outputs: int, *, gain: float
) -> jax.Array:
    """A layer's parameter `kernel`, `[taps, taps, inputs, outputs]`, as it is used."""
    kernel = layer.param("kernel", normal(1.0), (taps, taps, inputs, outputs))
    return kernel * (gain / math.sqrt(taps * taps * inputs))


def four_taps(kernel: jax.Array) -> jax.Array:
    """A kernel of 3x3 and its copies a pixel on, summed to 4x4: what sees pixels by 2x2."""
    for axis in (0, 1):
        after, before = (
            [(0, 0)] * axis + [one] + [(0, 0)] * (3 - axis) for one in ((0, 1), (1, 0))
        )
        kernel = jnp.pad(kernel, after) + jnp.pad(kernel, before)
    return kernel


def blur(x: jax.Array) -> jax.Array:
    """The filter [1, 2, 1] / 4 along height and width, zeros beyond the edges."""
    for axis in (1, 2):
        edges = [(1, 1) if axis == other else (0, 0) for other in range(4)]
        padded, size = jnp.pad(x, edges), x.shape[axis]
        before, after = (lax.slice_in_dim(padded, k, k + size, axis=axis) for k in (0, 2))
        x = (before + 2 * x + after) / 4
    return x


def rectify(x: jax.Array) -> jax.Array:
    """The leaky rectifier of slope 0.2."""
    return nn.leaky_relu(x, 0.2)


def of_channels(numbers: jax.Array) -> jax.Array:
    """`[C]` to `[1, 1, 1, C]`."""
    return numbers[None, None, None]


def doublings(image_size: Size, base: tuple[int, int]) -> int:
    """How often the base is doubled to make images of that size."""
    sides = height_and_width(image_size)
    count = max(0, (sides[0] // base[0]).bit_length() - 1)
    if count < 1 or tuple(side << count for side in base) != sides:
        raise ValueError(
            f"a StyleGAN that starts from {in_words(base)} makes no images of size "
            f"{in_words(image_size)}: give base and image_size such that one is the other times "
            "2, 4, 8, ..."
        )
    return count


def widths(doublings: int, channel_base: int, channel_max: int) -> tuple[int, ...]:
    """Channels at each resolution, from the base on."""
    channels = tuple(min(channel_base // (4 << n), channel_max) for n in range(doublings + 1))
    if min(channels) < 1:
        raise ValueError(
            f"channel_base={channel_base} and channel_max={channel_max} leave no channels at a "
            f"resolution of {4 << doublings}: give a base of that and more, a maximum of 1 and more"
        )
    return channels


def checked_stage(stage: int | None, last: int) -> int:
    """A stage of growing; the last where none is given."""
    if stage is None:
        return last
    if not 0 <= stage <= last:
        raise ValueError(f"there is no stage {stage} of growing: take 0 (the base) to {last}")
    return stage


def blended(before: jax.Array, now: jax.Array, fade: jax.Array | float) -> jax.Array:
    """What is shown while something fades in."""
    if isinstance(fade, float) and fade == 1.0:
        return now  # what has faded out is not computed
    return fade * now + (1 - fade) * before


def vectors(label: jax.Array, classes: int) -> jax.Array:
    """Labels as rows of a unit matrix; vectors as they are."""
    if jnp.issubdtype(label.dtype, jnp.integer):
        return one_hot(label, classes)
    chex.assert_shape(label, (None, classes))
    return label
