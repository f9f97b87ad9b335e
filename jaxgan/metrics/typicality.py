"""Whether samples lie where real examples do, in a space of features."""

import chex
import numpy as np
from scipy.spatial.distance import cdist


def typicality(
    features: np.ndarray, real: np.ndarray, held_out: np.ndarray, *, share: float = 0.95
) -> float:
    r"""The share of samples that are as near to the real examples as other real ones are.

    $$mean_n [d(x_n) ≤ r], \quad d(x) = min_m ‖x - real_m‖$$

    with r the quantile `share` of d over the held-out real examples. Held-out real
    examples give about `share` themselves. It says nothing about variety: one good sample over and
    over gives 1.

    Args:
        features: `[N, F]` of the samples.
        real: `[M, F]` of real examples.
        held_out: `[L, F]` of real examples that are not among those.
        share: in (0, 1].

    Returns:
        In [0, 1].

    Raises:
        ValueError: where the share is out of range.

    >>> line = np.arange(10.0).reshape(-1, 1)
    >>> typicality(np.array([[0.2], [5.4], [20.0], [-9.0]]), line, line + 0.5)
    0.5
    """
    chex.assert_rank([features, real, held_out], 2)
    if not 0 < share <= 1:
        raise ValueError(f"the share of the real examples must be in (0, 1], not {share}")
    radius = np.quantile(cdist(held_out, real).min(axis=1), share)
    return float(np.mean(cdist(features, real).min(axis=1) <= radius))
