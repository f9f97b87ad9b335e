"""Schedules at their corners."""

import jax
import numpy as np
import pytest

from jaxgan import updates


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.55), (2e-4, 5e-5), (0.9, 0.99)])
def test_cosine_against_numpy(start, end):
    steps = np.arange(0, 15)
    made = [jax.jit(updates.cosine(start, end, steps=10))(step) for step in steps]
    way = np.minimum(steps / 10, 1)
    np.testing.assert_allclose(made, end + (start - end) * (1 + np.cos(np.pi * way)) / 2, rtol=1e-5)


def test_cosine_of_no_length():
    with pytest.raises(ValueError, match="a schedule of 0 steps leads nowhere"):
        updates.cosine(1.0, 0.0, steps=0)
