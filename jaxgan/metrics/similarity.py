"""How near images are to the ones that they should be."""

import chex
import numpy as np


def absolute_error(images: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute difference of images in [-1, 1], as a share of their range: 0 to 1.

    Args:
        images: `[N, H, W, C]`.
        truth: `[N, H, W, C]`.
    """
    chex.assert_equal_shape([images, truth])
    return float(np.abs(np.float64(images) - truth).mean()) / 2


def structural_similarity(images: np.ndarray, truth: np.ndarray) -> float:
    """SSIM, mean over images, channels and places.

    Wang et al., "Image quality assessment" (2004), equation 13, with a Gaussian window of 11x11 and
    deviation 1.5. Computed by dm-pix.

    Args:
        images: `[N, H, W, C]` in [-1, 1], H and W 11 or more.
        truth: `[N, H, W, C]` in [-1, 1].

    Returns:
        At most 1, which only equal images reach.

    Raises:
        ValueError: where the images are smaller than the window.
    """
    import dm_pix

    chex.assert_equal_shape([images, truth])
    if min(images.shape[1:3]) < 11:
        raise ValueError(
            f"images of {images.shape[1]}x{images.shape[2]} are smaller than SSIM's window: "
            "give images of 11x11 or more"
        )
    pairs = zip(images, truth, strict=True)
    return float(np.mean([float(dm_pix.ssim((a + 1) / 2, (b + 1) / 2)) for a, b in pairs]))


def chroma(images: np.ndarray) -> np.ndarray:
    """How colourful each pixel is: the largest of its channels less the smallest, 0 to 1.

    Args:
        images: `[N, H, W, 3]` in [-1, 1].

    Returns:
        `[N, H, W]`.
    """
    return (images.max(axis=3) - images.min(axis=3)) / 2


def colour_placement(
    images: np.ndarray, truth: np.ndarray, *, threshold: float = 0.1
) -> tuple[float, float]:
    """Mean chroma of images where the truth has colour, and where it has none.

    Args:
        images: `[N, H, W, 3]` in [-1, 1].
        truth: `[N, H, W, 3]` in [-1, 1].
        threshold: chroma from which on a pixel of the truth has colour.

    Returns:
        Two numbers in [0, 1]; 0 where there are no such pixels.

    >>> red, grey = np.array([1.0, -1.0, -1.0]), np.zeros(3)
    >>> truth = np.stack([red, grey]).reshape(1, 1, 2, 3)
    >>> colour_placement(truth, truth)
    (1.0, 0.0)
    """
    chex.assert_equal_shape([images, truth])
    coloured, made = chroma(np.asarray(truth)) >= threshold, chroma(np.asarray(images))

    def mean(pixels: np.ndarray) -> float:
        return float(pixels.mean(dtype=np.float64)) if pixels.size else 0.0

    return mean(made[coloured]), mean(made[~coloured])
