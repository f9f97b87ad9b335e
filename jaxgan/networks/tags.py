"""Networks that tag images: word vectors given features of an image."""

from collections.abc import Sequence

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.layers import normal


class TagGenerator(nn.Module):
    """Noise and an image's features to a word vector (Mirza and Osindero 2014, section 4.2).

    The noise and the features each pass a layer of rectifiers; both together give the vector.

    $$G(z, f) = W [relu(W_z z), relu(W_f f)]$$

    Attributes:
        size: E, length of a word vector.
        latent_width: rectifiers of the noise.
        feature_width: rectifiers of the features; where None, they pass as they are.
        joint_widths: further layers of rectifiers behind both; the paper has none, and its noise
            therefore moves the vectors of all images by the same amounts.
        dropout: share of all rectifiers that is left out in training.
        choose: a softmax comes last, for words whose vectors are one-hot: G chooses one, or some
            of each.

    >>> generator, noise, features = TagGenerator(), jnp.ones((2, 100)), jnp.ones((2, 4096))
    >>> vectors, _ = generator.init_with_output(jax.random.key(0), noise, features, train=False)
    >>> vectors.shape
    (2, 200)
    """

    size: int = 200
    latent_width: int = 500
    feature_width: int | None = 2000
    joint_widths: Sequence[int] = ()
    dropout: float = 0.5
    choose: bool = False

    @nn.compact
    def __call__(self, latent: jax.Array, features: jax.Array, *, train: bool) -> jax.Array:
        """Noise `[B, Z]` and features `[B, F]` to word vectors `[B, E]`, float32."""
        chex.assert_rank([latent, features], 2)
        noise = _rectifiers(latent, self.latent_width, self.dropout, train)
        image = features
        if self.feature_width is not None:
            image = _rectifiers(image, self.feature_width, self.dropout, train)
        x = jnp.concatenate([noise, image], axis=-1)
        for width in self.joint_widths:
            x = _rectifiers(x, width, self.dropout, train)
        x = _dense(x, self.size, gain=1.0)
        return nn.softmax(x) if self.choose else x


class TagDiscriminator(nn.Module):
    """A word vector and an image's features to a logit (Mirza and Osindero 2014, section 4.2).

    The word and the features each pass a layer of rectifiers, both together a layer of maxout.

    Attributes:
        word_width: rectifiers of the word vector.
        feature_width: rectifiers of the features.
        joint_width: maxout units behind both.
        pieces: linear functions of which a maxout unit is the greatest.
        dropout: share of all units that is left out in training.
    """

    word_width: int = 500
    feature_width: int = 1200
    joint_width: int = 1000
    pieces: int = 3
    dropout: float = 0.5

    @nn.compact
    def __call__(self, word_vector: jax.Array, features: jax.Array, *, train: bool) -> jax.Array:
        """Word vectors `[B, E]` and features `[B, F]` to logits `[B]`, float32."""
        chex.assert_rank([word_vector, features], 2)
        word = _rectifiers(word_vector, self.word_width, self.dropout, train)
        image = _rectifiers(features, self.feature_width, self.dropout, train)
        x = jnp.concatenate([word, image], axis=-1)
        x = _dense(x, self.joint_width * self.pieces, gain=1.0)
        x = jnp.max(x.reshape(len(x), self.joint_width, self.pieces), axis=-1)
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        return _dense(x, 1, gain=1.0)[:, 0]


class TagProjection(nn.Module):
    r"""A word vector and an image's features to a logit, by their product.

    $$w · h(v) + b + h(v) · V f / \sqrt{width}$$

    Miyato and Koyama, "cGANs with projection discriminator" (2018), equation 4, with features in
    the place of the label: the two meet in a product alone, which few images suffice to learn.

    Attributes:
        width: rectifiers of the word vector v, in each layer of h.
        layers: of h; without any, h(v) is v, and D is linear in the word as well: it sees no more
            than what features each word goes with on average, as a regression does.
    """

    width: int = 128
    layers: int = 2

    @nn.compact
    def __call__(self, word_vector: jax.Array, features: jax.Array, *, train: bool) -> jax.Array:
        """Word vectors `[B, E]` and features `[B, F]` to logits `[B]`, float32."""
        chex.assert_rank([word_vector, features], 2)
        word = word_vector
        for _ in range(self.layers):
            word = _rectifiers(word, self.width, 0.0, train)
        width = word.shape[-1]
        image = nn.Dense(width, use_bias=False, kernel_init=normal(features.shape[-1] ** -0.5))
        alike = jnp.sum(word * image(features), axis=-1) * width**-0.5
        return _dense(word, 1, gain=1.0)[:, 0] + alike


def _rectifiers(x: jax.Array, width: int, dropout: float, train: bool) -> jax.Array:
    x = nn.relu(_dense(x, width, gain=2.0))
    return nn.Dropout(dropout, deterministic=not train)(x)


def _dense(x: jax.Array, features: int, *, gain: float) -> jax.Array:
    # N(0, gain / inputs): with gain 2 in front of rectifiers, the size of what passes stays.
    return nn.Dense(features, kernel_init=normal((gain / x.shape[-1]) ** 0.5))(x)
