"""How smoothly pictures change along a generator's latent space."""

import numpy as np

from jaxgan.metrics.estimate import Estimate


def perceptual_path_length(
    distances: np.ndarray, *, epsilon: float = 1e-4, low: float = 1.0, high: float = 99.0
) -> Estimate:
    r"""The perceptual path length, of distances between pictures of neighbouring latents.

    $$mean_n \frac{1}{ε^2} d(G(w_n(t)), G(w_n(t + ε)))$$

    without the distances below the lower percentile and those above the higher one. A percentile
    that falls between two distances is the outer one, so both are kept.

    Args:
        distances: `[N]` not negative: perceptual distances d of N pairs, such as LPIPS.
        epsilon: the pairs' step along their path; above 0.
        low: percentile from which on distances count; 0 or more. 0 keeps all.
        high: percentile up to which they count; above `low`, at most 100.

    Returns:
        Mean of the scaled distances that are kept, and their deviation.

    Raises:
        ValueError: where the distances, the step or the percentiles will not do.

    References:
        Karras, Laine and Aila, "A style-based generator architecture for generative adversarial
        networks" (2019), equations 2 (of z) and 3 (of w). The percentiles are of NVIDIA's code.

    >>> perceptual_path_length(np.array([1.0, 3.0]), epsilon=0.5, low=0, high=100)
    Estimate(mean=8.0, deviation=4.0)
    """
    d = np.asarray(distances, np.float64)
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all() or d.min() < 0:
        raise ValueError(
            f"distances must be [N] finite numbers of 0 or more, with 1 or more of them; of shape "
            f"{list(d.shape)}, {np.count_nonzero(~(np.isfinite(d) & (d >= 0)))} are not: look at "
            "the pictures that they are of"
        )
    if not epsilon > 0 or not 0 <= low < high <= 100:
        raise ValueError(
            f"epsilon={epsilon} with percentiles {low} to {high} will not do: give a step above 0, "
            "and percentiles from 0 to 100, the lower first"
        )
    least = np.percentile(d, low, method="lower")
    most = np.percentile(d, high, method="higher")
    kept = d[(d >= least) & (d <= most)] / epsilon**2
    return Estimate(float(kept.mean()), float(kept.std()))
