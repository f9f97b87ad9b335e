"""The augmentation of StyleGAN2-ADA: everything is drawn per image, with one probability.

Karras et al., Training Generative Adversarial Networks with Limited Data, 2020, appendix B.
"""

import chex
import jax

from jaxgan.layers.colour_matrices import recolour
from jaxgan.layers.corruption import add_noise, amplify_bands, cut_out
from jaxgan.layers.geometric import geometric
from jaxgan.layers.operations import BGC, Operations, draw_all


def adaptive_augmentation(
    key: jax.Array,
    images: jax.Array,
    probability: jax.Array | float,
    *,
    operations: Operations = BGC,
) -> jax.Array:
    """Augment images so that a discriminator sees more of few, and a generator learns none of it.

    Geometry, colour, bands of frequencies, noise, cutout, in this order; each operation is drawn
    for each image by itself, with the probability times its multiplier. An image without a draw
    comes out to the bit as it went in. Linear in the images, but for brightness and noise, and
    differentiable as often as one likes.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats in [-1, 1]; C is 1, 3 or 4, of which the fourth is opacity.
            They may leave the range.
        probability: p, [] or `[B]`; below 0.8 the augmentation does not leak into what a generator
            makes (paper: section 3 and figure 5); above 1 it means 1.
        operations: `BGC` or another of the constants, or multipliers of one's own; those of 0 cost
            nothing.

    Returns:
        `[B, H, W, C]`, of the images' dtype; computed in float32 or wider.

    Raises:
        ValueError: where the images have another count of channels, or a multiplier is negative.
        AssertionError: where the images are not floats of rank 4.

    >>> images = jax.random.normal(jax.random.key(0), (16, 32, 32, 3))
    >>> cutout = Operations(cutout=1.0)
    >>> adaptive_augmentation(jax.random.key(1), images, 0.5, operations=cutout).shape
    (16, 32, 32, 3)
    """
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
    if images.shape[3] not in (1, 3, 4):
        raise ValueError(
            f"images of {images.shape[3]} channels have no colours to change: give grey images of "
            "1 channel, RGB of 3 or RGBA of 4"
        )
    for name, multiplier in zip(operations._fields, operations, strict=True):
        if not multiplier >= 0:
            raise ValueError(f"{name} cannot be drawn {multiplier} times as often: give 0 or more")
    key_draws, key_noise = jax.random.split(key)
    draws = draw_all(key_draws, len(images))
    images = geometric(draws, images, probability, operations)
    images = recolour(draws, images, probability, operations)
    images = amplify_bands(draws, images, probability, operations)
    images = add_noise(key_noise, draws, images, probability, operations)
    return cut_out(draws, images, probability, operations)
