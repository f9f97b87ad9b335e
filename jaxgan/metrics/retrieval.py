"""Whether what belongs together lies together, in a space of features."""

import chex
import numpy as np
from scipy.spatial.distance import cdist


def retrieval_at(queries: np.ndarray, targets: np.ndarray, *, nearest: int) -> float:
    """How often the partner of a query is among its nearest targets.

    By chance it is `nearest / N`.

    Args:
        queries: `[N, F]`.
        targets: `[N, F]`: row i is the partner of query i.
        nearest: in {1, ..., N}.

    Returns:
        The share of the queries, 0 to 1. Of targets at one distance the partner counts as the last.

    Raises:
        ValueError: where `nearest` is out of range.

    >>> line = np.arange(4.0).reshape(-1, 1)
    >>> retrieval_at(line, line + 0.6, nearest=1)
    0.25
    """
    chex.assert_rank([queries, targets], 2)
    chex.assert_equal_shape([queries, targets])
    if not 1 <= nearest <= len(queries):
        raise ValueError(
            f"the nearest {nearest} of {len(queries)} targets cannot be looked at: give a number "
            f"from 1 to {len(queries)}"
        )
    distances = cdist(queries, targets)
    rank = (distances <= np.diag(distances)[:, None]).sum(axis=1)
    return float(np.mean(rank <= nearest))
