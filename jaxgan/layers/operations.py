"""Which operations adaptive augmentation draws, and how often: values, with the field's names."""

import zlib
from typing import NamedTuple

import jax
import jax.numpy as jnp


class Operations(NamedTuple):
    """What the probability is multiplied by for each operation; 0 leaves it out, at no cost.

    Karras et al., Training GANs with Limited Data, 2020, appendix B; in its order.

    Attributes:
        x_flip: mirror left and right, or not: one of the two at random.
        rotate90: turn by 0 to 3 quarters.
        integer_shift: move by whole pixels, $U(-1/8, 1/8)$ of the side.
        scale: scale by $2^N(0, 0.2^2)$.
        rotate: turn by $U(-pi, pi)$, before and after the anisotropic scale; each has a probability
            of $1 - sqrt(1 - p)$, so that p is that of any turn.
        anisotropic_scale: widths by $2^N(0, 0.2^2)$, heights by its inverse.
        fractional_shift: move by $N(0, (1/8)^2)$ of the side.
        brightness: add $N(0, 0.2^2)$.
        contrast: multiply by $2^N(0, 0.5^2)$.
        luma_flip: mirror the luma, or not: one of the two at random.
        hue: turn about the luma axis by $U(-pi, pi)$.
        saturation: multiply what is across the luma axis by $2^N(0, 1)$.
        filter: amplify each of four bands of frequencies by $2^N(0, 1)$, at the same power.
        noise: add $N(0, s^2)$, with s half normal, $|N(0, 0.1^2)|$.
        cutout: a rectangle of half the sides, centred anywhere, becomes 0.
    """

    x_flip: float = 0.0
    rotate90: float = 0.0
    integer_shift: float = 0.0
    scale: float = 0.0
    rotate: float = 0.0
    anisotropic_scale: float = 0.0
    fractional_shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    luma_flip: float = 0.0
    hue: float = 0.0
    saturation: float = 0.0
    filter: float = 0.0
    noise: float = 0.0
    cutout: float = 0.0


BLIT = Operations(x_flip=1.0, rotate90=1.0, integer_shift=1.0)
"""Pixels keep their values, and move."""
GEOM = Operations(scale=1.0, rotate=1.0, anisotropic_scale=1.0, fractional_shift=1.0)
"""What moves pixels between pixels."""
COLOUR = Operations(brightness=1.0, contrast=1.0, luma_flip=1.0, hue=1.0, saturation=1.0)
"""What changes colours."""
BG = GEOM._replace(x_flip=1.0, rotate90=1.0, integer_shift=1.0)
"""Blits and geometry."""
BGC = BG._replace(brightness=1.0, contrast=1.0, luma_flip=1.0, hue=1.0, saturation=1.0)
"""Blits, geometry and colour: the paper's choice for all of its data."""
BGCF = BGC._replace(filter=1.0)
"""The same, and filters."""
BGCFN = BGCF._replace(noise=1.0)
"""The same, and noise."""
BGCFNC = BGCFN._replace(cutout=1.0)
"""Everything."""
PIPELINES = {
    **{"blit": BLIT, "geom": GEOM, "color": COLOUR},
    **{"bg": BG, "bgc": BGC, "bgcf": BGCF, "bgcfn": BGCFN, "bgcfnc": BGCFNC},
}
"""By the names that the authors' code has for them."""


class Draw(NamedTuple):
    """What an operation has drawn for each image.

    Attributes:
        choice: U(0, 1), `[B]`: below the operation's probability, it is done.
        uniform: U(0, 1), `[2, B]`.
        normal: N(0, 1), `[2, B]`.
    """

    choice: jax.Array
    uniform: jax.Array
    normal: jax.Array


_STREAMS = (
    *("x_flip", "rotate90", "integer_shift", "scale", "rotate_before", "anisotropic_scale"),
    *("rotate_after", "fractional_shift", "brightness", "contrast", "luma_flip", "hue"),
    *("saturation", "filter_0", "filter_1", "filter_2", "filter_3", "noise", "cutout"),
)


def draw_all(key: jax.Array, count: int) -> dict[str, Draw]:
    """Draw for every operation, whether it is wanted or not.

    Each has its own fold of the key, so that what it draws does not depend on which others there
    are. All are drawn at once: one generator of random numbers compiles faster than forty.

    Args:
        key: a typed key.
        count: B.

    Returns:
        By the operation's name; of `rotate` and `filter`, by that of each part.
    """
    names = jnp.array([zlib.crc32(name.encode()) for name in _STREAMS], jnp.uint32)
    keys = jax.vmap(lambda name: jax.random.split(jax.random.fold_in(key, name)))(names)
    uniform = jax.vmap(lambda key: jax.random.uniform(key, (3, count)))(keys[:, 0])
    normal = jax.vmap(lambda key: jax.random.normal(key, (2, count)))(keys[:, 1])
    return {name: Draw(uniform[n, 0], uniform[n, 1:], normal[n]) for n, name in enumerate(_STREAMS)}
