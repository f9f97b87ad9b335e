"""Means and maxima of the neighbourhoods of pixels."""

import chex
import flax.linen as nn
import jax


def mean_window(x: jax.Array) -> jax.Array:
    r"""The mean of the 3x3 pixels around each, of those that are there.

    $$y[i, j] = \frac{1}{|N_{ij}|} Σ_{(k, l) ∈ N_{ij}} x[k, l]$$

    with $N_{ij}$ the pixels at most one row and one column from (i, j): 9 inside, 6 at an edge, 4
    in a corner. TensorFlow pools so; PyTorch counts the margin as zeros, unless told otherwise.

    Args:
        x: `[B, H, W, C]` floating point.

    Returns:
        The same shape and dtype.

    >>> mean_window(jax.numpy.arange(3.0).reshape(1, 1, 3, 1)).ravel().tolist()
    [0.5, 1.0, 1.5]
    """
    chex.assert_rank(x, 4)
    return nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)


def max_window(x: jax.Array, *, stride: int = 1, padding: int = 0) -> jax.Array:
    """The largest of 3x3 pixels, of those that are there.

    Args:
        x: `[B, H, W, C]` floating point.
        stride: s, positive: of how many pixels, in both directions, one is kept.
        padding: rows and columns beyond the edges, where there is nothing: 0 or 1.

    Returns:
        `[B, (H + 2p - 3) // s + 1, (W + 2p - 3) // s + 1, C]`, of the same dtype.

    >>> max_window(jax.numpy.arange(7.0 * 7).reshape(1, 7, 7, 1), stride=2).shape
    (1, 3, 3, 1)
    """
    chex.assert_rank(x, 4)
    edges = ((padding, padding), (padding, padding))
    return nn.max_pool(x, (3, 3), (stride, stride), edges)
