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
and `synthesis/b{r}/{conv0, conv1}/noise`, each [H, W]. Without noise neither it nor its strengths
are there.
"""

import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.layers import EqualisedConv, EqualisedDense, check_label, label_vectors, upsample
from jaxgan.networks.mapping import check_styles, normalised
from jaxgan.networks.sizes import Size, doublings, stage_widths
from jaxgan.networks.stylegan_layers import GAIN, StyledLayer, blended, checked_stage, rectify


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
        latent_mean_decay: what the moving mean of w keeps in a pass of training.
        noise: whether the layers add noise.

    >>> generator = StyleGANGenerator(image_size=8, channel_max=8, latent_size=4, w_size=4)
    >>> generator.num_ws  # two layers at 4x4, and two at 8x8
    4
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
    noise: bool = True

    def setup(self) -> None:
        """The mapping and the synthesis."""
        self.mapping = _Mapping(
            self.w_size, self.mapping_layers, self.classes, self.latent_mean_decay
        )
        stages = doublings(self.image_size, self.base)
        channels = stage_widths(stages, self.channel_base, self.channel_max)
        self.synthesis = _Synthesis(self.base, channels, self.channels, self.noise)

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
        if latent.shape[-1] != self.latent_size:
            raise ValueError(
                f"latents of {latent.shape[-1]} numbers came to a generator of "
                f"latent_size={self.latent_size}: make the two agree"
            )
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
            ValueError: where there is no such stage, or w has another shape.
        """
        check_styles(w, self.num_ws, self.w_size)
        return self.synthesis(w, train=train, stage=stage, fade=fade)


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
            embed = EqualisedDense(
                latent.shape[1], gain=math.sqrt(self.classes), use_bias=False, name="embed"
            )
            x = jnp.concatenate([latent, embed(label_vectors(label, self.classes))], axis=1)
        x = normalised(x)
        for layer in range(self.layers):
            dense = EqualisedDense(self.w_size, 0.01, gain=GAIN, name=f"fc{layer}")
            x = rectify(dense(x))
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
    noise: bool

    @nn.compact
    def __call__(
        self, w: jax.Array, *, train: bool, stage: int | None, fade: jax.Array | float
    ) -> jax.Array:
        stage = checked_stage(stage, len(self.widths) - 1)
        x, before, images = None, None, None
        for n, width in enumerate(self.widths[: stage + 1]):
            block = _SynthesisBlock(width, self.base, self.channels, self.noise, name=f"b{4 << n}")
            x, colours = block(x, w[:, 2 * n], w[:, 2 * n + 1], train=train)
            before, images = images, colours
        assert images is not None
        return images if before is None else blended(upsample(before), images, fade)


class _SynthesisBlock(nn.Module):
    """Two layers, and their features' colours; the first block starts from a learnt constant."""

    width: int
    base: tuple[int, int]
    channels: int
    noise: bool

    @nn.compact
    def __call__(
        self, x: jax.Array | None, first: jax.Array, second: jax.Array, *, train: bool
    ) -> tuple[jax.Array, jax.Array]:
        """Features (none in the first block) and two w, `[B, W]`, to features and images."""
        if x is None:
            const = self.param("const", nn.initializers.ones, (*self.base, self.width))
            x = jnp.broadcast_to(const, (first.shape[0], *const.shape))
            x = StyledLayer(None, False, self.noise, name="input")(x, first, train=train)
        else:
            x = StyledLayer(self.width, True, self.noise, name="conv0")(x, first, train=train)
        x = StyledLayer(self.width, False, self.noise, name="conv1")(x, second, train=train)
        return x, EqualisedConv(self.channels, taps=1, name="torgb")(x)
