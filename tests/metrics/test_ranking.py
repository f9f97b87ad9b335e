import pytest

from jaxgan.metrics import attainable_precision_at, precision_at

RANKED = [["a", "b", "c", "d"], ["d", "c", "b", "a"]]
RELEVANT = [{"a", "c"}, {"b"}]


@pytest.mark.parametrize(
    ("k", "precision", "attainable"),
    [(1, 0.5, 1.0), (2, 0.25, 0.75), (3, 0.5, 0.5), (4, 0.375, 0.375)],
)
def test_by_hand(k, precision, attainable):
    assert precision_at(RANKED, RELEVANT, k=k) == pytest.approx(precision)
    assert attainable_precision_at(RELEVANT, k=k) == pytest.approx(attainable)


def test_order_within_k_does_not_matter():
    assert precision_at([["b", "a", "c"]], [{"a"}], k=2) == precision_at([["a", "b"]], [{"a"}], k=2)


@pytest.mark.parametrize(
    ("ranked", "relevant", "k"),
    [(RANKED, RELEVANT, 0), ([], [], 1), (RANKED, RELEVANT[:1], 1), (RANKED, RELEVANT, 5)],
)
def test_refusals(ranked, relevant, k):
    with pytest.raises(ValueError, match=f"k={k}|{k} different things"):
        precision_at(ranked, relevant, k=k)


def test_a_thing_twice():
    with pytest.raises(ValueError, match="2 different things"):
        precision_at([["a", "a"]], [{"a"}], k=2)
