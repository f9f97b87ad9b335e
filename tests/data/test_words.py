"""Words, their vectors, and the tags that are made of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxgan.data import (
    common_neighbours,
    incidence,
    neighbours_words,
    tokenise,
    vocabulary,
    word_vectors,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Woman, Rocket", ("woman", "rocket")),
        ("heart-shaped eyes", ("heart", "shaped", "eyes")),
        ("keycap 10, u5272 x-ray", ("keycap", "ray")),
        ("up up and away", ("up", "away")),
        ("", ()),
    ],
)
def test_words_of_names(name, words):
    assert tokenise(name, stop_words={"and"}) == words


def test_vocabulary_is_ordered():
    examples = [("b", "a"), ("a", "c"), ("c", "a"), ("b",), ("d",)]
    assert vocabulary(examples) == ("a", "b", "c", "d")
    assert vocabulary(examples, minimum=2) == ("a", "b", "c")
    assert vocabulary(reversed(examples), minimum=2) == ("a", "b", "c")
    with pytest.raises(ValueError, match="met 4 times or more"):
        vocabulary(examples, minimum=4)


def test_table_leaves_unknown_words_out():
    table = incidence([("a", "x"), (), ("b", "a")], ["b", "a"])
    np.testing.assert_array_equal(table, [[False, True], [False, False], [True, True]])


def reference_vectors(table, size):
    """The formula, count by count, with LAPACK's decomposition."""
    count = table.shape[1]
    together = np.zeros((count, count))
    for row in table:
        for i, j in itertools.product(np.flatnonzero(row), repeat=2):
            together[i, j] += 1
    n_i, n = together.sum(1), together.sum()
    information = np.zeros((count, count))
    for i, j in itertools.product(range(count), repeat=2):
        if together[i, j]:
            information[i, j] = max(0.0, np.log(together[i, j] * n / (n_i[i] * n_i[j])))
    u, s, _ = np.linalg.svd(information)
    vectors = u[:, :size] * np.sqrt(s[:size])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("size", [1, 4, 11])
def test_vectors_against_the_formula(size):
    table = np.random.default_rng(3).random((60, 12)) < 0.25
    vectors = word_vectors(table, size=size)
    assert vectors.shape == (12, size)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    expected = reference_vectors(table, size)
    # Signs of the columns are free: cosines between words are what is meant.
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-5)


def test_company_makes_words_alike():
    """Two words that always go together are nearer than two that never do."""
    table = incidence([("a", "b"), ("a", "b", "c"), ("d", "e"), ("d", "e"), ("c",)], "abcde")
    cosines = word_vectors(table, size=3) @ word_vectors(table, size=3).T
    assert cosines[0, 1] > 0.99
    assert cosines[3, 4] > 0.99
    assert abs(cosines[0, 3]) < 0.1


def test_vectors_repeat():
    table = np.random.default_rng(4).random((80, 40)) < 0.1
    np.testing.assert_array_equal(word_vectors(table, size=9), word_vectors(table, size=9))
    largest = np.abs(word_vectors(table, size=1)).argmax(axis=0)
    assert word_vectors(table, size=1)[largest] > 0


@pytest.mark.parametrize("size", [0, 3])
def test_length_of_vectors_out_of_range(size):
    with pytest.raises(ValueError, match=f"3 words cannot have vectors of length {size}"):
        word_vectors(np.ones((5, 3), bool), size=size)


def test_word_without_example():
    with pytest.raises(ValueError, match="word 1 is in no example"):
        word_vectors(np.array([[True, False, True]] * 2), size=1)


def test_tags_by_hand():
    """Samples near to words (0, 1), (0, 2), (0, 1): word 0 is met three times, 1 twice, 2 once."""
    vectors = np.float32([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    samples = np.float32([[[5, 3, 2, 1], [4, 1, 3, 2], [0.3, 0.2, 0.1, 0]]])
    assert common_neighbours(samples, vectors, nearest=2).tolist() == [[0, 1, 2, 3]]
    # Each sample votes for one word alone: ties are settled by the sum of cosines.
    assert common_neighbours(-samples, vectors, nearest=1)[0, 0] == 3


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_tags_against_a_count(seed, nearest):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(6, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    samples = random.normal(size=(2, 9, 3))
    for tags, of_one in zip(
        common_neighbours(samples, vectors, nearest=nearest), samples, strict=True
    ):
        votes, cosines = np.zeros(6), np.zeros(6)
        for sample in of_one:
            cosine = [sample @ vector / np.linalg.norm(sample) for vector in vectors]
            votes[sorted(range(6), key=lambda word: -cosine[word])[:nearest]] += 1
            cosines += cosine
        assert tags.tolist() == sorted(range(6), key=lambda word: (-votes[word], -cosines[word]))


def test_tags_do_not_depend_on_length_and_order_of_samples():
    random = np.random.default_rng(5)
    vectors = word_vectors(random.random((30, 8)) < 0.3, size=4)
    samples = random.normal(size=(3, 20, 4)).astype(np.float32)
    tags = common_neighbours(samples, vectors, nearest=3)
    np.testing.assert_array_equal(tags, common_neighbours(7 * samples, vectors, nearest=3))
    np.testing.assert_array_equal(tags, common_neighbours(samples[:, ::-1], vectors, nearest=3))
    np.testing.assert_array_equal(np.sort(tags), np.tile(np.arange(8), (3, 1)))


@pytest.mark.parametrize("nearest", [0, 3])
def test_nearest_out_of_range(nearest):
    with pytest.raises(ValueError, match=f"{nearest} nearest words of 2"):
        common_neighbours(np.ones((1, 1, 2)), np.eye(2), nearest=nearest)


def test_words_of_neighbours():
    known = np.array([[1.0, 0.0], [3.0, 3.0], [0.0, 0.1]])
    table = np.array([[0, 0, 1, 0], [1, 1, 0, 0], [0, 1, 0, 1]], bool)
    features = np.array([[2.0, 0.1], [0.0, 5.0]])
    # Nearest first: drawings 0, 1, 2 for one, 2, 1, 0 for the other; a word counts once.
    assert neighbours_words(features, known, table).tolist() == [[2, 0, 1, 3], [1, 3, 0, 2]]
    with pytest.raises(AssertionError):
        neighbours_words(features[:, :1], known, table)
