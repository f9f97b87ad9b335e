"""Words of names: which there are, and where each stands in the space that its company gives it."""

import collections
import re
from collections.abc import Collection, Iterable, Sequence

import chex
import numpy as np


def tokenise(name: str, *, stop_words: Collection[str] = ()) -> tuple[str, ...]:
    """The words of a name, each once, in their order.

    Args:
        name: any text.
        stop_words: words, in lower case, that tell nothing.

    Returns:
        Runs of two or more letters from a to z, in lower case.

    >>> tokenise("Smiling cat face with heart-shaped eyes", stop_words={"with"})
    ('smiling', 'cat', 'face', 'heart', 'shaped', 'eyes')
    """
    words = re.findall("[a-z]{2,}", name.lower())
    return tuple(word for word in dict.fromkeys(words) if word not in stop_words)


def vocabulary(examples: Iterable[Collection[str]], *, minimum: int = 1) -> tuple[str, ...]:
    """The words that are met often enough.

    Args:
        examples: the words of each example, no word twice.
        minimum: in how many examples a word is met at least.

    Returns:
        The most frequent word first; words as frequent as each other in alphabetic order.

    Raises:
        ValueError: where no word is met so often.

    >>> vocabulary([("cat", "face"), ("face",), ("cloud", "face"), ("cat",)], minimum=2)
    ('face', 'cat')
    """
    counts = collections.Counter(word for words in examples for word in words)
    found = sorted((-count, word) for word, count in counts.items() if count >= minimum)
    if not found:
        raise ValueError(f"no word is met {minimum} times or more: give a smaller minimum")
    return tuple(word for _, word in found)


def incidence(examples: Sequence[Collection[str]], words: Sequence[str]) -> np.ndarray:
    """Which example has which word.

    Args:
        examples: the words of each of N examples; those that are not among `words` count nothing.
        words: the V words that count.

    Returns:
        [N, V] bool.

    >>> incidence([("cat", "face"), ("dog",)], ["face", "cat"]).tolist()
    [[True, True], [False, False]]
    """
    table = np.zeros((len(examples), len(words)), bool)
    column = {word: index for index, word in enumerate(words)}
    for row, example in zip(table, examples, strict=True):
        row[[column[word] for word in example if word in column]] = True
    return table


def word_vectors(table: np.ndarray, *, size: int) -> np.ndarray:
    r"""Vectors of words from the words that they are met with, of length 1.

    $$M_{ij} = max(0, log(n_{ij} n / (n_i n_j))), \quad M \approx U S U^T$$

    The vectors are the rows of $U S^{1/2}$. $n_{ij}$ counts the examples with both words, $n_{ii}$
    those with word i, $n_i = Σ_j n_{ij}$, and $n = Σ_i n_i$. A word is thus met with itself, too:
    else words that are always alone would all have the vector 0. Levy and Goldberg,
    "Neural word embedding as implicit matrix factorization" (2014): positive pointwise mutual
    information in section 3, the square root of S in section 3.3.

    Args:
        table: [N, V] bool: which example has which word; each word is in one at least.
        size: E, length of a vector, in [1, V).

    Returns:
        [V, E] float32. The largest entry of a column is positive.

    Raises:
        ValueError: where `size` is out of range, or a word is in no example.
    """
    chex.assert_rank(table, 2)
    chex.assert_type(table, bool)
    if not 1 <= size < table.shape[1]:
        raise ValueError(
            f"{table.shape[1]} words cannot have vectors of length {size}: "
            f"give a length from 1 to {table.shape[1] - 1}"
        )
    each = table.astype(np.float64)
    counts = each.T @ each
    met = counts.sum(axis=0)
    if not met.all():
        raise ValueError(f"word {int(np.argmin(met))} is in no example: leave it out")
    with np.errstate(divide="ignore"):
        information = np.log(counts * met.sum() / np.outer(met, met))
    # M is symmetric: U are its eigenvectors, S the sizes of its eigenvalues. An iterative method
    # would begin anew at random where many are equal, as they are of words that are always alone.
    values, vectors = np.linalg.eigh(np.maximum(information, 0))
    first = np.argsort(-np.abs(values), kind="stable")[:size]
    vectors = vectors[:, first] * np.sqrt(np.abs(values[first]))
    largest = np.take_along_axis(vectors, np.argmax(np.abs(vectors), axis=0)[None], axis=0)
    vectors = vectors * np.sign(largest)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)


def common_neighbours(samples: np.ndarray, vectors: np.ndarray, *, nearest: int) -> np.ndarray:
    """Words by how many samples they are near to, most often first: an image's tags.

    Of each sample, the words with the nearest vectors by cosine; of all these, the most common.
    Mirza and Osindero, "Conditional generative adversarial nets" (2014), section 4.2: the 20
    nearest to each of 100 samples.

    Args:
        samples: [N, S, E] float32: S vectors for each of N images.
        vectors: [V, E] float32, of length 1.
        nearest: how many words a sample is near to, in [1, V].

    Returns:
        [N, V] integers: all the words in their order. Of words as common as each other, the one
        with the greater sum of cosines is first.

    Raises:
        ValueError: where `nearest` is out of range.
    """
    chex.assert_rank([samples, vectors], [3, 2])
    chex.assert_equal_shape([samples, vectors], dims=-1)
    if not 1 <= nearest <= len(vectors):
        raise ValueError(
            f"{nearest} nearest words of {len(vectors)} cannot be: give 1 to {len(vectors)}"
        )
    lengths = np.linalg.norm(samples, axis=-1, keepdims=True)
    cosines = (samples / np.maximum(lengths, np.finfo(np.float32).tiny)) @ vectors.T
    near = np.argpartition(-cosines, nearest - 1, axis=-1)[..., :nearest]
    common = np.zeros(cosines.shape, np.int64)
    np.put_along_axis(common, near, 1, axis=-1)
    return np.lexsort((-cosines.sum(axis=1), -common.sum(axis=1)), axis=-1)


def neighbours_words(
    features: np.ndarray, known_features: np.ndarray, known_table: np.ndarray
) -> np.ndarray:
    """Words of the known drawing with the nearest features, then those of the next, and so on.

    Args:
        features: `[N, F]`.
        known_features: `[M, F]`; near is what has a large cosine.
        known_table: `[M, V]` bool, which known drawing has which word; no word is on none.

    Returns:
        `[N, V]` integers: all words. Those of one drawing come in the order of the table.

    >>> known = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[True, False], [False, True]])
    >>> neighbours_words(np.array([[0.1, 1.0]]), *known).tolist()
    [[1, 0]]
    """
    chex.assert_equal_shape([features, known_features], dims=1)
    chex.assert_equal_shape([known_features, known_table], dims=0)
    # The length of `features` changes no order.
    lengths = np.linalg.norm(known_features, axis=1)
    cosines = features @ known_features.T / np.maximum(lengths, np.finfo(np.float32).tiny)
    nearest = np.argsort(-cosines, axis=1, kind="stable")
    first = np.stack([known_table[order].argmax(axis=0) for order in nearest])
    return np.argsort(first, axis=1, kind="stable")
