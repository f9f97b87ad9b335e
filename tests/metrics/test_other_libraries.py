"""Same features in, same figures out: torch-fidelity, clean-fid and prdc, where they are there."""

import numpy as np
import pytest

from experiments.benchmarks.metric_pairs import pairs

RNG = np.random.default_rng(0)
TURN = RNG.normal(size=(24, 24)) / 5
X, Y = (np.abs(RNG.normal(size=(count, 24)) @ TURN) for count in (230, 310))


@pytest.mark.parametrize(
    "pair", pairs(subsets=7, subset_size=90), ids=lambda p: f"{p.metric}, {p.library}"
)
def test_as_theirs(pair):
    pytest.importorskip(pair.library)
    theirs = pair.theirs(X * 1.1, Y)
    assert (theirs > 0).all()
    np.testing.assert_allclose(pair.ours(X * 1.1, Y), theirs, rtol=pair.tolerance)
