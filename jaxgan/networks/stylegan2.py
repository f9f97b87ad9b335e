"""StyleGAN2: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020).

A generator whose convolutions are modulated by styles and whose images are sums of what each
resolution adds, and a residual discriminator, as in the authors' code for training with limited
data (Karras et al., 2020), whose names and numbers these are. Parameters:

    generator
    mapping/embed/{kernel [L, W], bias [W]}           conditional only
    mapping/fc{0, 1, ..}/{kernel [in, out], bias [out]}
    synthesis/b4/const [H, W, C]                      H and W are the base's
    synthesis/b{r}/{conv0, conv1}/{kernel [3, 3, C, C'], bias, noise_strength [], affine/...}
    synthesis/b{r}/torgb/{kernel [1, 1, C, channels], bias, affine/{kernel [W, C], bias [C]}}
    discriminator
    b{r}/{fromrgb, conv0, conv1, skip}/{kernel, bias}    fromrgb at the full size, skip no bias
    b4/{conv, fc, out}/{kernel, bias}                 fc takes [H, W, C] in this order
    mapping/{embed, fc0, ..}/{kernel, bias}           conditional only

`b4` has no `conv0`, which doubles: its kernel is of a transposed convolution,
$y[2i + k] = x[i] w[k]$. Beside the parameters lie the collections `latent_mean` (`mapping/mean`
[W]) and `noise` (`synthesis/b{r}/{conv0, conv1}/noise` [H, W]); without noise neither it nor its
strengths are there.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import (
    BINOMIAL,
    Filter,
    StyledConv,
    ToRGB,
    upsample_filtered,
)
from jaxgan.networks.mapping import Mapping, check_styles
from jaxgan.networks.sizes import Size, doublings, stage_widths


class StyleGAN2Generator(nn.Module):
    """Latents to images: a mapping to w, and modulated convolutions from a learnt constant.

    Attributes:
        image_size: height and width of the images, or one number for both: the base's times one
            power of two.
        channels: of the images: 1, 3 or 4.
        base: height and width of the constant.
        latent_size: Z.
        w_size: W.
        mapping_layers: fully connected layers from latents to w.
        channel_base: layers at resolution r have `min(channel_base // r, channel_max)` channels,
            where r is 4 at the base and doubles.
        channel_max: their most channels.
        classes: how many labels there are, or the length of labels that are vectors; None plays
            without.
        filter: of what is enlarged.
        bfloat16_resolutions: how many of the largest resolutions are computed in bfloat16; the base
            never is.
        clamp: the largest absolute value of features and colours; the authors have 256 with half
            precision.
        latent_mean_decay: what the moving mean of w keeps in a pass of training.
        noise: whether the layers add noise.

    >>> generator = StyleGAN2Generator(image_size=8, channel_max=8, latent_size=4, w_size=4)
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
    channel_base: int = 32768
    channel_max: int = 512
    classes: int | None = None
    filter: Filter = BINOMIAL
    bfloat16_resolutions: int = 0
    clamp: float | None = None
    latent_mean_decay: float = 0.995
    noise: bool = True

    def setup(self) -> None:
        """The two halves."""
        last = doublings(self.image_size, self.base)
        self.mapping = Mapping(
            self.w_size, self.mapping_layers, self.classes, mean_decay=self.latent_mean_decay
        )
        self.synthesis = _Synthesis(
            self.base,
            stage_widths(last, self.channel_base, self.channel_max),
            self.channels,
            self.filter,
            self.bfloat16_resolutions,
            self.clamp,
            self.noise,
        )

    @property
    def num_ws(self) -> int:
        """How many layers w styles: two at each resolution."""
        return 2 * doublings(self.image_size, self.base) + 2

    def __call__(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels where there are classes, to images `[B, H, W, C]`.

        One w for all layers; otherwise as `map_latents` and `synthesise`.
        """
        return self.synthesise(self.map_latents(latent, label, train=train), train=train)

    def map_latents(
        self, latent: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]`, and labels `[B]` or `[B, L]`, to the w of each layer, `[B, num_ws, W]`.

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

    def synthesise(self, w: jax.Array, *, train: bool) -> jax.Array:
        """The w of each layer, `[B, num_ws, W]`, to images `[B, H, W, C]` float32, not bounded.

        Noise is drawn in training, from the stream `noise`, and constant outside, so that images
        are a function of w.

        Raises:
            ValueError: where w has another shape.
        """
        check_styles(w, self.num_ws, self.w_size)
        return self.synthesis(w, train=train)


class _Synthesis(nn.Module):
    """The w of each layer to images."""

    base: tuple[int, int]
    widths: tuple[int, ...]
    channels: int
    filter: Filter
    bfloat16_resolutions: int
    clamp: float | None
    noise: bool

    @nn.compact
    def __call__(self, w: jax.Array, *, train: bool) -> jax.Array:
        x, images = None, None
        for n, width in enumerate(self.widths):
            half = n > 0 and len(self.widths) - n <= self.bfloat16_resolutions
            block = _SynthesisBlock(
                *(width, self.base, self.channels, self.filter),
                *(jnp.bfloat16 if half else jnp.float32, self.clamp, self.noise),
                name=f"b{4 << n}",
            )
            # The colours of a resolution have the w of the next one's first layer.
            first = max(0, 2 * n - 1)
            x, colours = block(x, w[:, first : 2 * n + 2], train=train)
            images = colours if images is None else upsample_filtered(images, self.filter) + colours
        assert images is not None
        return images


class _SynthesisBlock(nn.Module):
    """Two layers, the first of which doubles, and colours; at the base a constant and one layer."""

    width: int
    base: tuple[int, int]
    channels: int
    filter: Filter
    dtype: Dtype
    clamp: float | None
    noise: bool

    @nn.compact
    def __call__(
        self, x: jax.Array | None, w: jax.Array, *, train: bool
    ) -> tuple[jax.Array, jax.Array]:
        """Features (none at the base) and the w of each layer to features and colours."""
        options = self.filter, self.dtype, self.clamp, self.noise
        if x is None:
            const = self.param("const", nn.initializers.normal(1.0), (*self.base, self.width))
            x = jnp.broadcast_to(const, (w.shape[0], *const.shape))
        else:
            x = StyledConv(self.width, True, *options, name="conv0")(x, w[:, 0], train=train)
        x = StyledConv(self.width, False, *options, name="conv1")(x, w[:, -2], train=train)
        return x, ToRGB(self.channels, self.dtype, self.clamp, name="torgb")(x, w[:, -1])
