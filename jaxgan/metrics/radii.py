"""How far the nearest neighbours of features are, in their own set."""

import numpy as np

from jaxgan.metrics.distances import squared_distances_within


def squared_radii(x: np.ndarray, k: int, block_size: int) -> np.ndarray:
    """`[N]`: squared distances to the k-th nearest neighbour in the set, itself not counted.

    Args:
        x: `[N, F]` float64, with more than k features.
        k: 1 or more.
        block_size: how many rows of distances are computed at once.
    """
    # The nearest of all is itself.
    return _nearest(x, [slice(0, len(x))], k, block_size)[0].max(axis=1)


def squared_radii_without(x: np.ndarray, parts: list[slice], k: int, block_size: int) -> np.ndarray:
    """`[G, N]`: `squared_radii` in the set without each group; below 0 of that group itself.

    Args:
        x: `[N, F]` float64, with more than k features without any of the groups.
        parts: which rows each of G groups has: all of them, one group after another.
        k: 1 or more.
        block_size: how many rows of distances are computed at once.
    """
    nearest = _nearest(x, parts, k, block_size)
    radii = np.empty((len(parts), len(x)))
    for g, part in enumerate(parts):
        others = np.concatenate([*nearest[:g], *nearest[g + 1 :]], axis=1)
        radii[g] = np.partition(others, k, axis=1)[:, k]
        radii[g, part] = -1
    return radii


def _nearest(x: np.ndarray, parts: list[slice], k: int, block_size: int) -> np.ndarray:
    """`[G, N, k + 1]`: the least squared distances to each group; infinite where it has fewer."""
    nearest = np.full((len(parts), len(x), k + 1), np.inf)
    for rows, squares in squared_distances_within(x, block_size=block_size):
        size = rows.stop - rows.start
        for known, part in zip(nearest, parts, strict=True):
            start, stop = max(part.start - rows.start, 0), part.stop - rows.start
            # Each pair is there once: of these rows and those below, and the other way round.
            for of, found in [
                (known[rows], squares[:, start : max(stop, 0)]),
                (known[rows.stop :], squares[start : max(min(stop, size), 0), size:].T),
            ]:
                if found.shape[1]:
                    of[:] = _least(np.concatenate([of, found], axis=1), k)
    return nearest


def _least(squares: np.ndarray, k: int) -> np.ndarray:
    return np.partition(squares, k, axis=1)[:, : k + 1]
