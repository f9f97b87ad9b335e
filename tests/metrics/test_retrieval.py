"""Retrieval by hand and by chance."""

import numpy as np
import pytest

from jaxgan.metrics import retrieval_at

RANDOM = np.random.default_rng(0)


def test_by_hand():
    queries = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    targets = np.array([[1.0, 0.0], [0.5, 0.0], [0.0, 9.0]])
    # Of query 0, target 1 is nearer than its partner; of query 1, target 0 is.
    assert retrieval_at(queries, targets, nearest=1) == pytest.approx(1 / 3)
    assert retrieval_at(queries, targets, nearest=2) == 1


def test_partners_and_chance():
    points = RANDOM.normal(size=(2000, 8))
    assert retrieval_at(points, points, nearest=1) == 1
    other = RANDOM.normal(size=(2000, 8))
    # The share of 2,000 hits with probability 0.1 deviates by 0.0067.
    assert retrieval_at(points, other, nearest=200) == pytest.approx(0.1, abs=0.03)


def test_all_in_one_place_is_no_hit():
    assert retrieval_at(np.zeros((10, 3)), np.zeros((10, 3)), nearest=5) == 0


@pytest.mark.parametrize("nearest", [0, 11])
def test_nearest_out_of_range(nearest):
    with pytest.raises(ValueError, match=f"the nearest {nearest} of 10 targets"):
        retrieval_at(np.zeros((10, 3)), np.zeros((10, 3)), nearest=nearest)
