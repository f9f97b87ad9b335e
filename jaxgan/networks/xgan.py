"""XGAN's two autoencoders with one embedding.

Royer et al., "XGAN: unsupervised image-to-image translation for many-to-many mappings" (2017). At
64x64 the sizes and channels are those of its Table 1; what the two domains share is marked *:

    encoder   32x32x32  16x16x64  8x8x128*  4x4x256*  1024*  1024*
    decoder   4x4x512*  8x8x256*  16x16x128  32x32x64  64x64x3
"""

from typing import Any, NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from jaxgan.layers import Conv, ConvTranspose, glorot, reverse_gradient
from jaxgan.networks.sizes import Size, height_and_width, in_words


class XGANOutputs(NamedTuple):
    """What two minibatches a and b, one of each domain, become.

    Attributes:
        embedding_a: $e_1(a)$, `[B, E]`.
        embedding_b: $e_2(b)$, `[B, E]`.
        reconstruction_a: $d_1(e_1(a))$, `[B, H, W, C]`.
        reconstruction_b: $d_2(e_2(b))$, `[B, H, W, C]`.
        a_to_b: $g_12(a) = d_2(e_1(a))$, `[B, H, W, C]`.
        b_to_a: $g_21(b) = d_1(e_2(b))$, `[B, H, W, C]`.
        embedding_a_to_b: $e_2(g_12(a))$, `[B, E]`.
        embedding_b_to_a: $e_1(g_21(b))$, `[B, E]`.
        domain_a: logits that the embeddings of a are of domain b, `[B]`.
        domain_b: logits that the embeddings of b are of domain b, `[B]`.
    """

    embedding_a: jax.Array
    embedding_b: jax.Array
    reconstruction_a: jax.Array
    reconstruction_b: jax.Array
    a_to_b: jax.Array
    b_to_a: jax.Array
    embedding_a_to_b: jax.Array
    embedding_b_to_a: jax.Array
    domain_a: jax.Array
    domain_b: jax.Array


class XGAN(nn.Module):
    """Encoders e_1 and e_2, decoders d_1 and d_2, and a classifier of domains on embeddings.

    The innermost layers of both encoders are one and the same, and so are those of both decoders
    (Table 1). The classifier's gradient is reversed on its way to the embeddings.

    Of this library: kernels of 4x4; layer norm behind every convolution but the last; one hidden
    layer in the classifier. And embeddings behind batch norm without gain and shift, of moments of
    its own for each domain and each direction of translation: every number of an embedding has mean
    0 and variance 1. Without it, all images come to one point, where semantic consistency and the
    confusion of domains are perfect, before a decoder has learnt to tell points apart. A minibatch
    has two images or more of each domain.

    Attributes:
        image_size: height and width of the images, or one number for both: the smaller a power of
            two, 32 or more, and the other a multiple of its quarter; further layers at larger sizes
            are each domain's own.
        channels: of the images.
        embedding: E, numbers of an embedding.
        width: channels of the encoder's first layer; they double from layer to layer.
        reversal: how strongly the classifier's gradient comes back.
        dtype: of the computation; parameters and all outputs are float32.

    >>> network, images = XGAN(), jnp.ones((2, 64, 64, 3))
    >>> made = jax.eval_shape(
    ...     lambda key: network.init_with_output(key, images, images, train=True)[0],
    ...     jax.random.key(0),
    ... )
    >>> made.a_to_b.shape, made.embedding_a.shape, made.domain_a.shape
    ((2, 64, 64, 3), (2, 1024), (2,))
    """

    image_size: Size = 64
    channels: int = 3
    embedding: int = 1024
    width: int = 32
    reversal: float = 1.0
    dtype: Dtype = jnp.float32

    def setup(self) -> None:
        """Make the parts."""
        height, width = height_and_width(self.image_size)
        layers = (min(height, width) // 4).bit_length() - 1  # halvings down to 4x4
        if layers < 3 or 4 << layers != min(height, width) or max(height, width) % (1 << layers):
            raise ValueError(
                f"there is no XGAN for images of size {in_words(self.image_size)}: take 32, 64, "
                "128, or another power of two from 32 on, for the smaller side, and a multiple of "
                "its quarter for the other"
            )
        up = [self.width << layer for layer in range(layers)]
        down = [2 * width for width in reversed(up)]
        self.encoder_a = _Halvings(tuple(up[:-2]), self.dtype)
        self.encoder_b = _Halvings(tuple(up[:-2]), self.dtype)
        self.encoder_shared = _SharedEncoder(tuple(up[-2:]), self.embedding, self.dtype)
        self.norm_a, self.norm_b, self.norm_a_to_b, self.norm_b_to_a = (
            nn.BatchNorm(momentum=0.99, epsilon=1e-5, use_bias=False, use_scale=False)
            for _ in range(4)
        )
        self.decoder_shared = _SharedDecoder(
            (down[0], down[1]), (height >> layers, width >> layers), self.dtype
        )
        self.decoder_a = _Decoder((*down[2:], self.channels), self.dtype)
        self.decoder_b = _Decoder((*down[2:], self.channels), self.dtype)
        self.classifier = _DomainClassifier(self.dtype)

    def __call__(self, a: jax.Array, b: jax.Array, *, train: bool) -> XGANOutputs:
        """Images of both domains, each `[B, H, W, C]` in [-1, 1], to all that the losses ask for.

        Raises:
            ValueError: where there is no XGAN of `image_size`, or the images are of another shape.
        """
        embedding_a, embedding_b = self.embed_a(a, train=train), self.embed_b(b, train=train)
        middle_a, middle_b = self.decoder_shared(embedding_a), self.decoder_shared(embedding_b)
        a_to_b, b_to_a = self.decoder_b(middle_a), self.decoder_a(middle_b)
        return XGANOutputs(
            embedding_a,
            embedding_b,
            self.decoder_a(middle_a),
            self.decoder_b(middle_b),
            a_to_b,
            b_to_a,
            self.norm_a_to_b(self._embed_b(a_to_b), use_running_average=not train),
            self.norm_b_to_a(self._embed_a(b_to_a), use_running_average=not train),
            self.classifier(reverse_gradient(embedding_a, self.reversal)),
            self.classifier(reverse_gradient(embedding_b, self.reversal)),
        )

    def embed_a(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images of domain a, `[B, H, W, C]`, to embeddings `[B, E]`."""
        return self.norm_a(self._embed_a(images), use_running_average=not train)

    def embed_b(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images of domain b, `[B, H, W, C]`, to embeddings `[B, E]`."""
        return self.norm_b(self._embed_b(images), use_running_average=not train)

    def translate_a(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images of domain a to images of domain b, `[B, H, W, C]` both."""
        return self.decoder_b(self.decoder_shared(self.embed_a(images, train=train)))

    def translate_b(self, images: jax.Array, *, train: bool) -> jax.Array:
        """Images of domain b to images of domain a, `[B, H, W, C]` both."""
        return self.decoder_a(self.decoder_shared(self.embed_b(images, train=train)))

    def _embed_a(self, images: jax.Array) -> jax.Array:
        return self.encoder_shared(self.encoder_a(self._checked(images)))

    def _embed_b(self, images: jax.Array) -> jax.Array:
        return self.encoder_shared(self.encoder_b(self._checked(images)))

    def _checked(self, images: jax.Array) -> jax.Array:
        chex.assert_rank(images, 4)
        shape = (*height_and_width(self.image_size), self.channels)
        if images.shape[1:] != shape:
            raise ValueError(
                f"images of shape {images.shape[1:]} came to an XGAN for images of shape {shape}: "
                "make the two agree"
            )
        return images


def alike(parameters: Any) -> Any:
    """Give each domain's own layers the same weights, for two domains that look alike.

    Which embedding of domain b belongs to one of a is then what it is in the pictures from the
    beginning, rather than chance: nothing in the losses prefers that dark skin stays dark.

    Args:
        parameters: of `XGAN`.

    Returns:
        The same with those of domain a for both.
    """
    same = {f"{part}_b": parameters[f"{part}_a"] for part in ("encoder", "decoder")}
    return {**parameters, **same}


class _Halvings(nn.Module):
    """Convolutions that halve."""

    widths: tuple[int, ...]
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for width in self.widths:
            x = Conv(width, strides=2, padding=1, dtype=self.dtype)(x)
            x = nn.leaky_relu(_layer_norm(self.dtype)(x), 0.2)
        return x


class _SharedEncoder(nn.Module):
    """Maps to embeddings: convolutions that halve, then two fully connected layers."""

    widths: tuple[int, ...]
    embedding: int
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = _Halvings(self.widths, self.dtype)(x).reshape(x.shape[0], -1)
        x = nn.Dense(self.embedding, dtype=self.dtype, kernel_init=glorot())(x)
        x = nn.Dense(self.embedding, dtype=self.dtype, kernel_init=glorot())(nn.leaky_relu(x, 0.2))
        return x.astype(jnp.float32)


class _SharedDecoder(nn.Module):
    """Embeddings to maps: a projection to 4x4, then a doubling."""

    widths: tuple[int, int]
    smallest: tuple[int, int]
    dtype: Dtype

    @nn.compact
    def __call__(self, embedding: jax.Array) -> jax.Array:
        first, second = self.widths
        height, width = self.smallest
        project = nn.Dense(height * width * first, dtype=self.dtype, kernel_init=glorot())
        x = project(embedding).reshape(-1, height, width, first)
        x = nn.relu(_layer_norm(self.dtype)(x))
        x = ConvTranspose(second, strides=2, padding=1, dtype=self.dtype)(x)
        return nn.relu(_layer_norm(self.dtype)(x))


class _Decoder(nn.Module):
    """Maps to images: doublings."""

    widths: tuple[int, ...]
    dtype: Dtype

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        *hidden, channels = self.widths
        for width in hidden:
            x = ConvTranspose(width, strides=2, padding=1, dtype=self.dtype)(x)
            x = nn.relu(_layer_norm(self.dtype)(x))
        x = ConvTranspose(channels, strides=2, padding=1, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class _DomainClassifier(nn.Module):
    """Embeddings `[B, E]` to logits `[B]`."""

    dtype: Dtype

    @nn.compact
    def __call__(self, embedding: jax.Array) -> jax.Array:
        hidden = nn.Dense(embedding.shape[1], dtype=self.dtype, kernel_init=glorot())(embedding)
        logit = nn.Dense(1, dtype=jnp.float32, kernel_init=glorot())
        return logit(nn.leaky_relu(hidden, 0.2))[:, 0]


def _layer_norm(dtype: Dtype) -> nn.LayerNorm:
    """Over all of one example's numbers, with a gain and a shift for each channel."""
    return nn.LayerNorm(1e-5, dtype, reduction_axes=(1, 2, 3), feature_axes=-1)
