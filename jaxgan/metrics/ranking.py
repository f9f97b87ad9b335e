"""How good ranked lists are."""

from collections.abc import Collection, Hashable, Sequence

import numpy as np


def precision_at(
    ranked: Sequence[Sequence[Hashable]], relevant: Sequence[Collection[Hashable]], *, k: int
) -> float:
    """The share of the first k of each list that is relevant, on average over the lists.

        mean over n of |{ranked_n1, ..., ranked_nk} intersected with relevant_n| / k

    A list with fewer than k relevant things cannot reach 1: see `attainable_precision_at`.

    Args:
        ranked: N lists, the best first, of k things or more; none stands twice in a list.
        relevant: N sets of the right things.
        k: how many count; 1 or more.

    Returns:
        In [0, 1].

    Raises:
        ValueError: where k is not positive, there are no lists, a list is too short or names a
            thing twice, or the counts of lists and sets differ.

    >>> precision_at([["cat", "dog", "fish"]], [{"cat", "fish", "bird"}], k=2)
    0.5
    """
    if k < 1 or not ranked or len(ranked) != len(relevant):
        raise ValueError(
            f"k={k} with {len(ranked)} lists and {len(relevant)} sets will not do: "
            "give a k of 1 or more, and one set for each list"
        )
    firsts = [list(words)[:k] for words in ranked]
    if any(len(set(first)) < k for first in firsts):
        raise ValueError(f"every list must begin with {k} different things for a precision at {k}")
    hits = [len(set(first) & set(right)) / k for first, right in zip(firsts, relevant, strict=True)]
    return float(np.mean(hits))


def attainable_precision_at(relevant: Sequence[Collection[Hashable]], *, k: int) -> float:
    """The most that `precision_at` can be, as some sets hold fewer than k.

    >>> attainable_precision_at([{"cat"}, {"cat", "dog"}], k=2)
    0.75
    """
    return float(np.mean([min(k, len(right)) / k for right in relevant]))
