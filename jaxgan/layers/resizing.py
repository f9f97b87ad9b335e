"""Images of any size from images of any size, by the rules of three libraries.

A resize along one side is a matrix, `[after, before]`, and of images a product with one for their
rows and one for their columns.
"""

from collections.abc import Callable
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp
import numpy as np

Resize: TypeAlias = Callable[[int, int], np.ndarray]
"""The sizes before and after, to the matrix `[after, before]`, whose rows add up to 1."""


def resize(images: jax.Array, size: tuple[int, int], matrix: Resize) -> jax.Array:
    """Images of another size, each side by the same rule.

    Args:
        images: `[B, H, W, C]` floating point.
        size: height and width of what comes out.
        matrix: `corner_bilinear`, `bilinear` or `antialiased_bicubic`.

    Returns:
        `[B, *size, C]`, of the images' dtype; float32 with all its digits on every device.

    >>> resize(jnp.ones((1, 32, 48, 3)), (299, 299), bilinear).shape
    (1, 299, 299, 3)
    """
    chex.assert_rank(images, 4)
    rows, columns = (
        jnp.asarray(matrix(before, after), images.dtype)
        for before, after in zip(images.shape[1:3], size, strict=True)
    )
    exact = jax.lax.Precision.HIGHEST
    images = jnp.einsum("jw,bhwc->bhjc", columns, images, precision=exact)
    return jnp.einsum("ih,bhwc->biwc", rows, images, precision=exact)


def corner_bilinear(before: int, after: int) -> np.ndarray:
    r"""Bilinear, with the pixels' corners in line, as `resize_bilinear` of TensorFlow 1 has it.

    Pixel i lies at $i \cdot before / after$, in float32; what would lie beyond the last pixel is
    the last pixel. Nothing is smoothed where images become smaller.

    >>> corner_bilinear(2, 4).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0]]
    """
    at = np.arange(after, dtype=np.float32) * np.float32(before / after)
    return _between(at, before)


def bilinear(before: int, after: int) -> np.ndarray:
    r"""Bilinear, with the pixels' centres in line, as `interpolate` of PyTorch has it.

    Pixel i lies at $(i + 1/2) \cdot before / after - 1/2$, in float32; what would lie beyond the
    first or the last pixel is that pixel. Nothing is smoothed where images become smaller.

    >>> bilinear(2, 4).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    half = np.float32(0.5)
    at = (np.arange(after, dtype=np.float32) + half) * np.float32(before / after) - half
    return _between(at, before)


def antialiased_bicubic(before: int, after: int) -> np.ndarray:
    r"""Bicubic and smoothed where images become smaller, as `BICUBIC` of Pillow has it.

    $$w_{ij} ∝ k\left(\frac{j + 1/2 - s (i + 1/2)}{max(s, 1)}\right)$$

    with $s = before / after$ and Keys's kernel k of a = -1/2: what is made smaller is seen through
    a kernel that is wider by s. Values may leave the range of what comes in.

    References:
        Keys, "Cubic convolution interpolation for digital image processing" (1981), equation 4.

    >>> antialiased_bicubic(2, 4).round(3).tolist()[:2]
    [[1.088, -0.088], [0.793, 0.207]]
    """
    scale = before / after
    width = max(scale, 1.0)
    centres = (np.arange(after) + 0.5) * scale
    x = abs(np.arange(before) + 0.5 - centres[:, None]) / width
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return weights / weights.sum(1, keepdims=True)


def _between(at: np.ndarray, before: int) -> np.ndarray:
    """The matrix that takes pixels at these places, each from its two neighbours."""
    at = np.clip(at, 0, before - 1)
    low = at.astype(np.int64)
    share = (at - low).astype(np.float64)
    matrix = np.zeros((len(at), before))
    matrix[np.arange(len(at)), low] = 1 - share
    matrix[np.arange(len(at)), np.minimum(low + 1, before - 1)] += share
    return matrix
