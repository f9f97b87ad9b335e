"""Pictures as Inception sees them: three ways, which give three different distances.

Each is of a library whose figures people compare: 299x299 of pictures of any size, RGB from grey.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.layers import antialiased_bicubic, bilinear, corner_bilinear, resize

_SIZE = (299, 299)


@dataclass(frozen=True)
class InputProtocol:
    """One way from pictures to what Inception v3 takes.

    Attributes:
        name: as people write it beside a figure.
        resize: in words, how pictures are brought to 299x299.
        prepare: a pure function of pictures, `[N, H, W, C]` uint8 of grey (C = 1) or RGB (3), to
            `[N, 299, 299, 3]` float32 in about [-1, 1]. It raises ValueError for others.
    """

    name: str
    resize: str
    prepare: Callable[[jax.Array], jax.Array]


def tensorflow_input(pictures: jax.Array) -> jax.Array:
    """TensorFlow 1's: `corner_bilinear`, then (x - 128) / 128. See `InputProtocol.prepare`."""
    return (as_rgb(resize(as_floats(pictures), _SIZE, corner_bilinear)) - 128) / 128


def pytorch_fid_input(pictures: jax.Array) -> jax.Array:
    """pytorch-fid's: `bilinear` of x / 255, then 2x - 1. See `InputProtocol.prepare`."""
    return 2 * as_rgb(resize(as_floats(pictures) / 255, _SIZE, bilinear)) - 1


def clean_input(pictures: jax.Array) -> jax.Array:
    """clean-fid's: `antialiased_bicubic`, clipped to [0, 255] and not rounded, (x - 128) / 128.

    See `InputProtocol.prepare`.

    Parmar, Zhang and Zhu, "On aliased resizing and surprising subtleties in GAN evaluation" (2022).
    """
    x = as_rgb(resize(as_floats(pictures), _SIZE, antialiased_bicubic))
    return (jnp.clip(x, 0, 255) - 128) / 128


def check_pictures(pictures: jax.Array | np.ndarray) -> None:
    """Nothing, where pictures are `[N, H, W, C]` uint8, grey or RGB.

    Raises:
        ValueError: where they are something else; says what.
    """
    kind = pictures.ndim == 4 and pictures.dtype == jnp.uint8 and pictures.shape[3] in (1, 3)
    if not kind or 0 in pictures.shape[1:]:
        raise ValueError(
            f"pictures of shape {list(pictures.shape)} and type {pictures.dtype} cannot be "
            "compared: give [N, H, W, C] uint8 of grey (C = 1) or RGB (C = 3)"
        )


def as_floats(pictures: jax.Array) -> jax.Array:
    """Pictures `[N, H, W, C]` uint8, grey or RGB, as float32 from 0 to 255.

    Raises:
        ValueError: as `check_pictures`.
    """
    check_pictures(pictures)
    return jnp.asarray(pictures).astype(jnp.float32)


def as_rgb(x: jax.Array) -> jax.Array:
    """`[N, H, W, 1]` or `[N, H, W, 3]` to `[N, H, W, 3]`: grey three times."""
    return jnp.broadcast_to(x, (*x.shape[:3], 3))


TENSORFLOW = InputProtocol(
    "tensorflow",
    "bilinear with corners in line, as TensorFlow 1, without antialiasing",
    tensorflow_input,
)
"""Of torch-fidelity, NVIDIA and the paper of FID."""
PYTORCH_FID = InputProtocol(
    "pytorch-fid",
    "bilinear with centres in line, as PyTorch, without antialiasing",
    pytorch_fid_input,
)
"""Of pytorch-fid."""
CLEAN = InputProtocol(
    "clean", "bicubic with antialiasing, as Pillow, of floats, not rounded", clean_input
)
"""Of clean-fid."""
INPUT_PROTOCOLS = (TENSORFLOW, PYTORCH_FID, CLEAN)
"""All three."""
