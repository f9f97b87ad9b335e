"""Means and maxima of neighbourhoods."""

import jax
import numpy as np
import pytest

from jaxgan.layers import max_window, mean_window
from tests.reference import pooled


def pixels(height, width):
    return np.random.default_rng(0).standard_normal((2, height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
@pytest.mark.parametrize("size", [(5, 8), (1, 4)])
def test_means_leave_out_what_is_not_there(mode, size):
    x = pixels(*size)
    np.testing.assert_allclose(mode(mean_window)(x), pooled(x, np.nanmean, edge=1), atol=1e-6)


@pytest.mark.parametrize(("stride", "padding"), [(2, 0), (1, 1), (1, 0), (2, 1)])
def test_maxima(stride, padding):
    """Of negative numbers too: beyond the edges there is no 0."""
    x = pixels(7, 8) - 5
    found = max_window(x, stride=stride, padding=padding)
    np.testing.assert_array_equal(found, pooled(x, np.nanmax, stride, padding))
