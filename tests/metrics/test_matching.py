import itertools

import numpy as np
import pytest

from jaxgan.metrics import best_matching, confusion


def test_a_permutation_is_undone():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 500)
    assert best_matching(rng.permutation(10)[labels], labels, classes=10) == 1.0


def test_against_all_permutations():
    rng = np.random.default_rng(1)
    for _ in range(20):
        codes, labels = rng.integers(0, 4, (2, 30))
        best = max(np.mean(np.array(m)[codes] == labels) for m in itertools.permutations(range(4)))
        assert best_matching(codes, labels, classes=4) == pytest.approx(best, abs=1e-12)


def test_one_code_for_all_gets_one_class():
    labels = np.arange(40) % 4
    assert best_matching(np.zeros(40, int), labels, classes=4) == 0.25


def test_two_codes_do_not_share_a_class():
    assert best_matching(np.array([0, 1]), np.array([0, 0]), classes=2) == 0.5


def test_confusion():
    counts = confusion(np.array([0, 0, 2]), np.array([1, 1, 0]), classes=3)
    np.testing.assert_array_equal(counts, [[0, 2, 0], [0, 0, 0], [1, 0, 0]])


def test_refusals():
    with pytest.raises(ValueError, match="2 codes cannot be compared with 1 labels"):
        best_matching(np.array([0, 1]), np.array([0]), classes=2)
    with pytest.raises(ValueError, match="are not of 2 classes"):
        best_matching(np.array([0, 2]), np.array([0, 1]), classes=2)
    with pytest.raises(ValueError, match="are not of 2 classes"):
        best_matching(np.array([0, 1]), np.array([0, -1]), classes=2)
