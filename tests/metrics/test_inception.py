import numpy as np
import pytest

from jaxgan.metrics import inception_score

LOGITS = np.random.default_rng(0).normal(size=(37, 5)) * 2


def by_hand(logits):
    """The logarithm is the entropy of the mean less the mean entropy."""
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)

    def entropy(q):
        return -np.sum(q * np.log(q), axis=-1)

    return np.exp(entropy(p.mean(0)) - entropy(p).mean())


def test_by_hand():
    """In order where there is no seed; the splits of 37 samples are of 9, 9, 9 and 10."""
    parts = [LOGITS[:9], LOGITS[9:18], LOGITS[18:27], LOGITS[27:]]
    scores = [by_hand(part) for part in parts]
    found = inception_score(LOGITS, splits=4, seed=None)
    assert found.mean == pytest.approx(np.mean(scores), rel=1e-12)
    assert found.deviation == pytest.approx(np.std(scores), rel=1e-12)


def test_shuffled_by_the_seed():
    order = np.random.RandomState(3).permutation(37)
    expected = inception_score(LOGITS[order], splits=4, seed=None)
    assert inception_score(LOGITS, splits=4, seed=3) == expected
    assert inception_score(LOGITS, splits=4, seed=4) != expected


def test_bounds():
    """1 where all look alike, K where each class is sure and as often, 1 of single samples."""
    alike = np.repeat(LOGITS[:1], 20, axis=0)
    assert inception_score(alike, splits=2) == pytest.approx((1, 0), abs=1e-12)
    sure = np.tile(np.eye(5) * 1e4, (4, 1))  # also where probabilities are 0
    assert inception_score(sure, splits=1).mean == pytest.approx(5, rel=1e-12)
    assert inception_score(sure[:, :4], splits=20) == pytest.approx((1, 0), abs=1e-12)


def test_constants_do_not_matter():
    found = inception_score(LOGITS, splits=3)
    moved = inception_score(LOGITS + np.arange(37.0)[:, None] * 100, splits=3)
    assert moved == pytest.approx(found, rel=1e-10)
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    assert inception_score(np.log(p), splits=3) == pytest.approx(found, rel=1e-10)


@pytest.mark.parametrize(
    ("logits", "splits", "message"),
    [
        (LOGITS, 38, "37 samples cannot be divided into 38 splits: give 1 to 37"),
        (LOGITS, 0, "into 0 splits"),
        (LOGITS[0], 1, r"must be \[N, F\]"),
        (np.where(np.eye(3) > 0, -np.inf, 0), 1, "3 of 3 features are not"),
    ],
)
def test_refusals(logits, splits, message):
    with pytest.raises(ValueError, match=message):
        inception_score(logits, splits=splits)
