"""Any network made conditional on a label, in three ways.

    AppendLabel(generator, classes)     G([z, one_hot(y)])
    MultiplyLabel(generator, classes)   G(z * e_y)         e_y of z's length
    LabelChannel(critic, classes)       D([x, m_y])        m_y of the image's size

The network itself does not change; its condition comes in at the front. Each wrapper is called
`wrapper(x, label, train=train)`. Of several attributes at once, the one-hot rows stand side by side
and the learnt vectors and maps are added up. All three are ways of Mirza and Osindero, "Conditional
generative adversarial nets" (2014): both players are fed the label besides.
"""

from typing import Any

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.layers import Classes, LabelEmbedding, one_hot


class AppendLabel(nn.Module):
    """A generator on the latent with the label behind it, one-hot.

    Attributes:
        network: `(latent [B, Z + label_size(classes)], train) -> images`.
        classes: how many there are.

    >>> from jaxgan.networks import DCGANGenerator
    >>> generator = AppendLabel(DCGANGenerator(28, 1, 8), 10)
    >>> latent, label = jnp.ones((2, 100)), jnp.array([3, 7])
    >>> images, _ = generator.init_with_output(jax.random.key(0), latent, label, train=True)
    >>> images.shape
    (2, 28, 28, 1)
    """

    network: nn.Module
    classes: Classes

    @nn.compact
    def __call__(self, latent: jax.Array, label: jax.Array, *, train: bool) -> Any:
        """Latents `[B, Z]` and labels, as in `one_hot`, to what the network makes."""
        chex.assert_rank(latent, 2)
        chex.assert_equal_shape_prefix([latent, label], 1)
        conditioned = jnp.concatenate([latent, one_hot(label, self.classes)], axis=1)
        return self.network(conditioned, train=train)


class MultiplyLabel(nn.Module):
    """A generator on the latent times a learnt vector of the label.

    The vectors start from N(0, 1). For a latent that is symmetric about zero, a class shows in the
    scales of its coordinates alone: drawn apart, classes differ from the first step on; all at one
    (or all near zero, where nothing of the latent would be left) they would have to part first.

    Attributes:
        network: `(latent [B, Z], train) -> images`.
        classes: how many there are.
    """

    network: nn.Module
    classes: Classes

    @nn.compact
    def __call__(self, latent: jax.Array, label: jax.Array, *, train: bool) -> Any:
        """Latents `[B, Z]` and labels, as in `one_hot`, to what the network makes."""
        chex.assert_rank(latent, 2)
        chex.assert_equal_shape_prefix([latent, label], 1)
        vector = LabelEmbedding(self.classes, latent.shape[1])(label)
        return self.network(latent * vector, train=train)


class LabelChannel(nn.Module):
    """A discriminator on images with a learnt map of the label as one more channel.

    The maps start from N(0, 1), about as strong as the images.

    Attributes:
        network: `(images [B, H, W, C + 1], train) -> scores`.
        classes: how many there are.
    """

    network: nn.Module
    classes: Classes

    @nn.compact
    def __call__(self, images: jax.Array, label: jax.Array, *, train: bool) -> Any:
        """Images `[B, H, W, C]` and labels, as in `one_hot`, to what the network makes."""
        chex.assert_rank(images, 4)
        chex.assert_equal_shape_prefix([images, label], 1)
        batch, height, width, _ = images.shape
        plane = LabelEmbedding(self.classes, height * width)(label)
        plane = plane.reshape(batch, height, width, 1).astype(images.dtype)
        return self.network(jnp.concatenate([images, plane], axis=3), train=train)
