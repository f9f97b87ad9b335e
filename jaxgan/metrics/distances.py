"""Distances between two sets of features, a block of rows at a time, and what the sets must be."""

from collections.abc import Iterator

import numpy as np

_ROUNDING = 1e-12
"""Squares below this share of the lengths' squares are rounding, and count as 0."""


def feature_sets(*sets: np.ndarray, least: int = 2) -> list[np.ndarray]:
    """Sets of features in float64, on the host.

    Args:
        sets: each `[N, F]`, with its own N, of NumPy or JAX.
        least: how many features a set must have.

    Raises:
        ValueError: where a set is not `[N, F]`, has another F than the first or fewer features than
            `least`, or where one of them is not finite.
    """
    arrays = [np.asarray(x, np.float64) for x in sets]
    if any(x.ndim != 2 or not x.shape[1] or x.shape[1] != arrays[0].shape[-1] for x in arrays):
        shapes = " and ".join(str(list(x.shape)) for x in arrays)
        raise ValueError(f"features must be [N, F] with the same F in each set, not {shapes}")
    for x in arrays:
        if len(x) < least:
            raise ValueError(
                f"a set of {len(x)} features is too small here: give {least} or more in each set"
            )
        faulty = np.count_nonzero(~np.isfinite(x).all(axis=1))
        if faulty:
            raise ValueError(
                f"{faulty} of {len(x)} features are not finite: look at what they were computed "
                "from, and leave those out"
            )
    return arrays


def squared_distances(
    features: np.ndarray, others: np.ndarray, *, block_size: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances, by blocks of rows.

    By a product of matrices in float64, about the others' mean. A distance below a millionth of the
    features' own distance from that mean cannot be told from rounding, and is 0: so that copies are
    0 apart.

    Memory: a float64 copy of `others`, and two blocks of `[block_size, M]` float64.

    Args:
        features: `[N, F]` float64.
        others: `[M, F]` float64.
        block_size: how many rows at a time; 1 or more.

    Yields:
        Which rows, and `[rows, M]` float64, which the caller may change.

    Raises:
        ValueError: where the block size is not positive.
    """
    centre = others.mean(axis=0)
    others = others - centre
    squares = np.einsum("mf,mf->m", others, others)
    for rows in _blocks(len(features), block_size):
        yield rows, _block(features[rows] - centre, others, squares)


def squared_distances_within(
    features: np.ndarray, *, block_size: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances of a set's features to each other, each pair's once.

    As `squared_distances` has them, in little more than half the time.

    Args:
        features: `[N, F]` float64.
        block_size: how many rows at a time; 1 or more.

    Yields:
        Which rows, and `[rows, N - rows.start]` float64: their distances to the features from the
        first of these rows on.

    Raises:
        ValueError: where the block size is not positive.
    """
    features = features - features.mean(axis=0)
    squares = np.einsum("nf,nf->n", features, features)
    for rows in _blocks(len(features), block_size):
        yield rows, _block(features[rows], features[rows.start :], squares[rows.start :])


def _blocks(count: int, block_size: int) -> Iterator[slice]:
    if block_size < 1:
        raise ValueError(f"a block of {block_size} rows cannot be computed: give 1 or more")
    for start in range(0, count, block_size):
        yield slice(start, min(start + block_size, count))


def _block(part: np.ndarray, others: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Of features about one centre, and the squared lengths of the second ones."""
    scale = np.einsum("nf,nf->n", part, part)[:, None] + squares
    block = part @ others.T
    block *= -2
    block += scale
    scale *= _ROUNDING
    block[block <= scale] = 0
    return block
