"""StyleGAN: Karras, Laine and Aila, "A Style-Based Generator Architecture for GANs" (2019).

The networks of 2018's code: styles by adaptive instance normalisation, a learnt constant that
starts as ones, noise with a strength for each channel, resampling blurred with [1, 2, 1], and
growing from 4x4 (or 8x8) to the full resolution.

Parameters lie in the tree under the names that StyleGAN2's have, wherever both have the same
thing, and are stored as the authors' files store them (N(0, 1), over the learning rate's
multiplier; what scales them is applied at run time):

    generator
    mapping/embed/kernel [L, Z]                       conditional only; no bias
    mapping/fc{0..7}/{kernel [in, out], bias [out]}
    synthesis/b4/const [H, W, C]                      H and W are the base's
    synthesis/b4/input/{bias [C], noise_strength [C], affine/{kernel [W, 2C], bias [2C]}}
    synthesis/b4/conv1/{kernel [3, 3, C, C'], bias, noise_strength, affine/{kernel, bias}}
    synthesis/b{r}/{conv0, conv1}/{kernel, bias, noise_strength, affine/{kernel, bias}}   r >= 8
    synthesis/b{r}/torgb/{kernel [1, 1, C, channels], bias}                               r >= 4
    discriminator
    b{r}/fromrgb/{kernel [1, 1, channels, C], bias}                                       r >= 4
    b{r}/{conv0, conv1}/{kernel, bias}                                                    r >= 8
    b4/{conv, fc, out}/{kernel, bias}                 out: [C, max(1, labels)]

An affine's first C numbers are the scale less one, its others the shift. Beside the parameters lie
the collections `latent_mean` (`mapping/mean` [W]) and `noise`: `synthesis/b4/{input, conv1}/noise`
and `synthesis/b{r}/{conv0, conv1}/noise`, each [H, W].
"""

import itertools
import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.layers import (
    check_label,
    convolution,
    mean_pool,
    normal,
    one_hot,
    transposed_convolution,
    upsample,
)
from jaxgan.networks.sizes import Size, check_image_size, doublings, stage_widths

_GAIN = math.sqrt(2)
"""Of weights before a rectifier."""
_FUSED = 128
"""Resolution from which the authors' code doubles by a transposed convolution."""
_EPSILON = 1e-8
_SLOPE = 0.2


class StyleGANGenerator(nn.Module):
    """Latents to images: a mapping to w, and layers that w styles.

    Attributes:
        image_size: height and width of the images, or one number for both: the base's times the
            same power of two.
        channels: of the images: 1, 3 or 4.
        base: height and width of what the layers start from.
        latent_size: Z.
        w_size: W.
        mapping_layers: fully connected layers from latents to w.
        channel_base: the layers at a resolution r have `min(channel_base // r, channel_max)`
            channels, where r is 4 at the base and doubles.
        channel_max: their most channels.
        classes: how many labels there are, or the length of labels that are vectors; None plays
            without.
        latent_mean_decay: what the moving mean of w keeps in a round.

    >>> generator = StyleGANGenerator(image_size=8, channel_max=8, latent_size=4, w_size=4)
    >>> images, _ = generator.init_with_output(jax.random.key(0), jnp.ones((2, 4)), train=False)
    >>> images.shape
    (2, 8, 8, 3)
    """

    image_size: Size = 1024
    channels: int = 3
    base: tuple[int, int] = (4, 4)
    latent_size: int = 512
    w_size: int = 512
    mapping_layers: int = 8
    channel_base: int = 16384
    channel_max: int = 512
    classes: int | None = None
    latent_mean_decay: float = 0.995

    def setup(self) -> None:
        """The two halves."""
        self.mapping = _Mapping(
            self.w_size, self.mapping_layers, self.classes, self.latent_mean_decay
        )
        stages = doublings(self.image_size, self.base)
        widths = stage_widths(stages, self.channel_base, self.channel_max)
        self.synthesis = _Synthesis(self.base, widths, self.channels)

    @property
    def num_ws(self) -> int:
        """How many layers w styles: two at each resolution."""
        return 2 * (doublings(self.image_size, self.base) + 1)

    def __call__(
        self,
        latent: jax.Array,
        label: jax.Array | None = None,
        *,
        train: bool,
        stage: int | None = None,
        fade: jax.Array | float = 1.0,
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels `[B]` or `[B, L]` where there are classes, to images.

        One w for all layers; otherwise as `map_latents` and `synthesise`.
        """
        w = self.map_latents(latent, label, train=train)
        return self.synthesise(w, train=train, stage=stage, fade=fade)

    def map_latents(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels where there are classes, to w, `[B, num_ws, W]`.

        In training the moving mean of w moves (collection `latent_mean`).

        Raises:
            ValueError: where latents have another length, or a label is missing, unasked for or out
                of range.
        """
        w = self.mapping(latent, label, train=train)
        return jnp.repeat(w[:, None], self.num_ws, axis=1)

    def synthesise(
        self,
        w: jax.Array,
        *,
        train: bool,
        stage: int | None = None,
        fade: jax.Array | float = 1.0,
    ) -> jax.Array:
        """The w of each layer, `[B, num_ws, W]`, to images of the stage's size.

        Noise is drawn in training and constant outside, so that images are a function of w.

        Args:
            w: of all layers, also at a stage that does not use them all.
            train: whether noise is drawn, from the key of the stream `noise`.
            stage: how often the base is doubled; None makes full images.
            fade: in [0, 1], how much of the stage's last doubling is faded in: at 0 the images are
                those of the stage before, enlarged.

        Returns:
            `[B, H, W, C]` float32, H and W the base's times $2^{stage}$; not bounded.

        Raises:
            ValueError: where there is no such stage.
        """
        chex.assert_shape(w, (None, self.num_ws, None))
        return self.synthesis(w, train=train, stage=stage, fade=fade)


class StyleGANDiscriminator(nn.Module):
    """Images to scores: halvings to the base, the minibatch's deviation, and two dense layers.

    Attributes:
        image_size: height and width of the images, or one number for both: the base's times the
            same power of two.
        base: height and width of the last features.
        channel_base: as in the generator.
        channel_max: as in the generator.
        classes: how many labels there are, or the length of labels that are vectors; None plays
            without.
        group_size: images that the minibatch's deviation is taken over; it divides the batch, or
            the batch is smaller.
    """

    image_size: Size = 1024
    base: tuple[int, int] = (4, 4)
    channel_base: int = 16384
    channel_max: int = 512
    classes: int | None = None
    group_size: int = 4

    @nn.compact
    def __call__(
        self,
        images: jax.Array,
        label: jax.Array | None = None,
        *,
        train: bool,
        stage: int | None = None,
        fade: jax.Array | float = 1.0,
    ) -> jax.Array:
        """Images `[B, H, W, C]` of the stage's size, and labels, to scores `[B]`.

        Args:
            images: H and W the base's times $2^{stage}$.
            label: `[B]` integers or `[B, L]` where there are classes.
            train: the same in both.
            stage: how often the base is doubled; None takes full images.
            fade: in [0, 1], how much of the stage's first halving is faded in: at 0 the scores are
                those of the images' halves at the stage before.

        Raises:
            ValueError: where there is no such stage, images have another size, or a label is
                missing, unasked for or out of range.
        """
        del train
        last = doublings(self.image_size, self.base)
        stage = _checked_stage(stage, last)
        widths = stage_widths(last, self.channel_base, self.channel_max)
        check_label(label, self.classes)
        chex.assert_rank(images, 4)
        check_image_size(images, tuple(side << stage for side in self.base), "a discriminator")
        outputs = 1 if self.classes is None else self.classes
        blocks = [_LastBlock(widths[0], outputs, self.group_size, name="b4")] + [
            _Block(width, narrow, name=f"b{8 << n}")
            for n, (narrow, width) in enumerate(itertools.pairwise(widths))
        ]
        x = images
        for n in range(stage, -1, -1):
            # At sizes that do not come in this is not used, but at the first call gets its weights.
            colours = blocks[n].features(images)
            x = colours if n == stage else _blended(colours, x, fade) if n == stage - 1 else x
            x = blocks[n](x)
            images = mean_pool(images) if n else images
        return x[:, 0] if label is None else jnp.sum(x * _vectors(label, outputs), axis=1)


def fade_reals(images: jax.Array, fade: jax.Array | float) -> jax.Array:
    """Images as a growing generator makes them: their last doubling faded in.

    $$fade x + (1 - fade) enlarged(halved(x))$$

    Args:
        images: of the stage's size, `[B, H, W, C]` floating point, H and W even.
        fade: in [0, 1].

    Returns:
        Of the same shape.

    >>> fade_reals(jnp.arange(4.0).reshape(1, 2, 2, 1), 0.0).ravel().tolist()
    [1.5, 1.5, 1.5, 1.5]
    """
    return _blended(upsample(mean_pool(images)), images, fade)


class _Mapping(nn.Module):
    """Latents and labels, side by side and normalised together, to w."""

    w_size: int
    layers: int
    classes: int | None
    decay: float

    @nn.compact
    def __call__(self, latent: jax.Array, label: jax.Array | None, *, train: bool) -> jax.Array:
        check_label(label, self.classes)
        chex.assert_rank(latent, 2)
        x = latent
        if label is not None:
            assert self.classes is not None
            # Of weights that nothing scales, unlike all others.
            embed = _Dense(latent.shape[1], math.sqrt(self.classes), use_bias=False, name="embed")
            x = jnp.concatenate([latent, embed(_vectors(label, self.classes))], axis=1)
        x = x * lax.rsqrt(jnp.mean(x**2, axis=1, keepdims=True) + _EPSILON)
        for layer in range(self.layers):
            dense = _Dense(self.w_size, _GAIN, multiplier=0.01, name=f"fc{layer}")
            x = _rectified(dense(x))
        mean = self.variable("latent_mean", "mean", jnp.zeros, (self.w_size,), jnp.float32)
        if train and not self.is_initializing():
            now = lax.stop_gradient(jnp.mean(x, axis=0))
            mean.value = now + self.decay * (mean.value - now)
        return x


class _Synthesis(nn.Module):
    """The w of each layer to images."""

    base: tuple[int, int]
    widths: tuple[int, ...]
    channels: int

    @nn.compact
    def __call__(
        self, w: jax.Array, *, train: bool, stage: int | None, fade: jax.Array | float
    ) -> jax.Array:
        stage = _checked_stage(stage, len(self.widths) - 1)
        x, before, images = None, None, None
        for n, width in enumerate(self.widths[: stage + 1]):
            block = _SynthesisBlock(width, self.base, self.channels, name=f"b{4 << n}")
            x, colours = block(x, w[:, 2 * n], w[:, 2 * n + 1], train=train)
            before, images = images, colours
        assert images is not None
        return images if before is None else _blended(upsample(before), images, fade)


class _SynthesisBlock(nn.Module):
    """Two layers, and their features' colours; the first block starts from a learnt constant."""

    width: int
    base: tuple[int, int]
    channels: int

    @nn.compact
    def __call__(
        self, x: jax.Array | None, first: jax.Array, second: jax.Array, *, train: bool
    ) -> tuple[jax.Array, jax.Array]:
        """Features (none in the first block) and two w, `[B, W]`, to features and images."""
        if x is None:
            const = self.param("const", nn.initializers.ones, (*self.base, self.width))
            x = jnp.broadcast_to(const, (len(first), *const.shape))
            x = _Styled(name="input")(x, first, train=train)
        else:
            x = _Styled(self.width, up=True, name="conv0")(x, first, train=train)
        x = _Styled(self.width, name="conv1")(x, second, train=train)
        return x, _Conv(self.channels, taps=1, gain=1.0, name="torgb")(x)


class _Styled(nn.Module):
    """A convolution (or none), noise, bias, rectifier, and a style in the place of the image's own.

    Attributes:
        width: channels that come out; None has no convolution.
        up: whether the convolution doubles the size, and a blur follows.
    """

    width: int | None = None
    up: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, *, train: bool) -> jax.Array:
        if self.width is not None:
            kernel = _kernel(self, 3, x.shape[3], self.width, _GAIN)
            if self.up:
                # The authors' two ways of doubling differ in which way up the kernel is.
                fused = 2 * min(x.shape[1:3]) >= _FUSED
                taps = _four_taps(kernel if fused else kernel[::-1, ::-1])
                x = transposed_convolution(x, taps.swapaxes(2, 3), stride=2, padding=1)
                x = _blur(x)
            else:
                x = convolution(x, kernel, padding=1)
        batch, height, width, channels = x.shape
        constant = self.variable(
            "noise", "noise", lambda: jax.random.normal(self.make_rng("params"), (height, width))
        )
        noise = (
            jax.random.normal(self.make_rng("noise"), (batch, height, width, 1))
            if train
            else constant.value[None, :, :, None]
        )
        strength = self.param("noise_strength", nn.initializers.zeros, (channels,))
        bias = self.param("bias", nn.initializers.zeros, (channels,))
        x = _rectified(x + noise * _row(strength) + _row(bias))
        style = _Dense(2 * channels, 1.0, name="affine")(w)
        scale, shift = jnp.split(style[:, None, None], 2, axis=3)
        return adaptive_instance_norm(x, 1 + scale, shift)


class _Block(nn.Module):
    """A convolution, a blur, and a convolution that halves the size."""

    width: int
    narrow: int

    def setup(self) -> None:
        self.fromrgb = _Conv(self.width, 1, _GAIN)
        self.conv0 = _Conv(self.width, 3, _GAIN)
        self.conv1 = _Conv(self.narrow, 3, _GAIN, down=True)

    def features(self, images: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to the block's features, `[B, H, W, width]`."""
        return _rectified(self.fromrgb(images))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Features to `[B, H / 2, W / 2, narrow]`."""
        return _rectified(self.conv1(_blur(_rectified(self.conv0(x)))))


class _LastBlock(nn.Module):
    """The minibatch's deviation, a convolution and two dense layers."""

    width: int
    outputs: int
    group_size: int

    def setup(self) -> None:
        self.fromrgb = _Conv(self.width, 1, _GAIN)
        self.conv = _Conv(self.width, 3, _GAIN)
        self.fc = _Dense(self.width, _GAIN)
        self.out = _Dense(self.outputs, 1.0)

    def features(self, images: jax.Array) -> jax.Array:
        """Images `[B, H, W, C]` to the block's features, `[B, H, W, width]`."""
        return _rectified(self.fromrgb(images))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Features to `[B, outputs]`."""
        x = _rectified(self.conv(_minibatch_deviation(x, self.group_size)))
        return self.out(_rectified(self.fc(x.reshape(len(x), -1))))


class _Dense(nn.Module):
    features: int
    gain: float
    multiplier: float = 1.0
    use_bias: bool = True

    @nn.compact
    def __call__(self, x):
        kernel = self.param("kernel", normal(1 / self.multiplier), (x.shape[-1], self.features))
        x = x @ (kernel * (self.gain * self.multiplier / math.sqrt(x.shape[-1])))
        if self.use_bias:
            x = (
                x
                + self.multiplier
                * self.param("bias", nn.initializers.zeros, (self.features,))[None]
            )
        return x


class _Conv(nn.Module):
    features: int
    taps: int
    gain: float
    down: bool = False

    @nn.compact
    def __call__(self, x):
        kernel = _kernel(self, self.taps, x.shape[3], self.features, self.gain)
        if self.down:
            x = convolution(x, _four_taps(kernel) / 4, stride=2, padding=1)
        else:
            x = convolution(x, kernel, padding=self.taps // 2)
        return x + _row(self.param("bias", nn.initializers.zeros, (self.features,)))


def _kernel(layer, taps, inputs, outputs, gain):
    kernel = layer.param("kernel", normal(1.0), (taps, taps, inputs, outputs))
    return kernel * (gain / math.sqrt(taps * taps * inputs))


def _minibatch_deviation(x, group_size):
    size = min(group_size, len(x))
    g = x.reshape(size, -1, *x.shape[1:])
    d = jnp.sqrt(jnp.mean((g - g.mean(0, keepdims=True)) ** 2, axis=0) + _EPSILON).mean((1, 2, 3))
    d = jnp.tile(d, size)[:, None, None, None]
    return jnp.concatenate([x, jnp.broadcast_to(d, (*x.shape[:3], 1))], axis=3)


def adaptive_instance_norm(x, scale, shift):
    x = x - jnp.mean(x, (1, 2), keepdims=True)
    x = x * lax.rsqrt(jnp.mean(x**2, (1, 2), keepdims=True) + _EPSILON)
    return x * scale + shift


def _four_taps(kernel: jax.Array) -> jax.Array:
    """A kernel of three taps and its copies a pixel on, summed: enlarged pixels seen at once."""
    for axis in (0, 1):
        widths = [(0, 0)] * 4
        widths[axis] = (1, 1)
        padded = jnp.pad(kernel, widths)
        kernel = lax.slice_in_dim(padded, 1, None, axis=axis) + lax.slice_in_dim(
            padded, 0, -1, axis=axis
        )
    return kernel


def _blur(x: jax.Array) -> jax.Array:
    """The filter [1, 2, 1] / 4 along height and width, zeros beyond the edges."""
    for axis in (1, 2):
        widths = [(0, 0)] * 4
        widths[axis] = (1, 1)
        padded = jnp.pad(x, widths)
        before = lax.slice_in_dim(padded, 0, -2, axis=axis)
        after = lax.slice_in_dim(padded, 2, None, axis=axis)
        x = (before + 2 * x + after) / 4
    return x


def _rectified(x: jax.Array) -> jax.Array:
    return nn.leaky_relu(x, _SLOPE)


def _row(numbers: jax.Array) -> jax.Array:
    return numbers.reshape(1, 1, 1, -1)


def _blended(before: jax.Array, now: jax.Array, fade: jax.Array | float) -> jax.Array:
    if isinstance(fade, float) and fade == 1.0:
        return now  # and what would have been faded out is not computed
    return fade * now + (1 - fade) * before


def _vectors(label: jax.Array, size: int) -> jax.Array:
    return one_hot(label, size) if jnp.issubdtype(label.dtype, jnp.integer) else label


def _checked_stage(stage: int | None, last: int) -> int:
    if stage is None:
        return last
    if not 0 <= stage <= last:
        raise ValueError(f"there is no stage {stage} of growing: take 0 (the base) to {last}")
    return stage
