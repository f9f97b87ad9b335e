"""Drawings with their words: OpenMoji's, ready for an experiment that tags them."""

import functools
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxgan import metrics
from jaxgan.data import (
    StrPath,
    incidence,
    neighbours_words,
    tfds_arrays,
    to_floats,
    tokenise,
    vocabulary,
    word_vectors,
)
from jaxgan.recipes.drawings import Drawings, Features, classifier_features, word_features
from jaxgan.training import Picture

# They bind words, or belong to the catalogue; black, heavy and white say how a font prints what is
# in colour here: the red heart's name is "heavy black heart".
_STOP_WORDS = frozenset(
    tokenise(
        "and at black component digit emoji for from heavy in letter mark of on or over sign "
        "symbol the to white with without"
    )
)

_SKIN_TONES = {f"{point:X}" for point in range(0x1F3FB, 0x1F400)}


_SIZE = 32


class TaggedDrawings(NamedTuple):
    """A vocabulary, and drawings in two parts that share no family.

    Attributes:
        words: V words, the most frequent of `train` first.
        vectors: `[V, E]` float32, of length 1: `data.word_vectors` of `train`, or one-hot.
        train: for training; words, vectors and classifier come from them alone.
        test: held out.
    """

    words: tuple[str, ...]
    vectors: np.ndarray
    train: Drawings
    test: Drawings


@functools.cache
def tagged_drawings(
    *,
    image_size: int,
    minimum: int,
    vector_size: int | None,
    features: Features = classifier_features,
    data_dir: StrPath | None = None,
    say: Callable[[str], None] = print,
) -> TaggedDrawings:
    """Read OpenMoji's drawings, the words of their Unicode names, and features.

    Left out are flags (their names are countries' codes), drawings without a word of the
    vocabulary, and all skin tones but the plain one: a few drawings of people would else weigh
    more than all things together. Classifier and features are made on first use, within about a
    minute, then read from `$XDG_CACHE_HOME/jaxgan`.

    Args:
        image_size: S, pixels on a side: 32, 64, 128 or 256.
        minimum: on how many drawings of `train` a word of the vocabulary is at least.
        vector_size: E, in [1, V); one-hot vectors where None.
        features: what is seen in drawings.
        data_dir: where data sets are kept; TFDS's own place where None.
        say: is told what happens.

    Returns:
        The drawings; for the same arguments the same object.

    Raises:
        ValueError: where a size does not fit, or what the features need is not installed.
    """
    words, train, test = _with_words(image_size, minimum, data_dir)
    if vector_size is None:
        vectors = np.eye(len(words), dtype=np.float32)
    else:
        vectors = word_vectors(train.table, size=vector_size)
    see = features(train, say)
    return TaggedDrawings(
        words,
        vectors,
        train._replace(features=see(train.images)),
        test._replace(features=see(test.images)),
    )


def evaluate_drawings(
    images: np.ndarray, *, data_dir: StrPath | None = None, say: Callable[[str], None] = print
) -> dict[str, float]:
    """How far samples are from OpenMoji's drawings.

    Args:
        images: `[N, H, W, 3]` float32 in [-1, 1].
        data_dir: where data sets are kept; TFDS's own place where None.
        say: is told what happens.

    Returns:
        `frechet_distance`, of samples and held-out drawings, and `real_frechet_distance`, the same
        of drawings for training instead of the samples; in the features of `tagged_drawings` at
        32 pixels. No family of drawings is in both splits, so that the latter is far from 0.

    Raises:
        ValueError: where the images are not in colour.
    """
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(
            f"drawings are judged in colour, and the samples' shape is {images.shape}: evaluate a "
            "run of 3 channels (--channels 3)"
        )
    _, drawings, _ = _with_words(_SIZE, 3, data_dir)
    features = word_features(drawings, say)

    def real(split: str) -> np.ndarray:
        arrays = tfds_arrays(f"openmoji/{_SIZE}", split, only=["image"], data_dir=data_dir)
        return features(to_floats(arrays["image"]))

    trained, unseen = real("train"), real("test")
    return {
        "frechet_distance": metrics.frechet_distance(features(images), unseen),
        "real_frechet_distance": metrics.frechet_distance(trained, unseen),
    }


def evaluate_tags(ranked: np.ndarray, drawings: TaggedDrawings) -> dict[str, float]:
    """How many of the first tags of held-out drawings are true, beside two baselines.

    Args:
        ranked: `[N, K]` integers in {0, ..., V - 1}, K >= 10: words of each drawing of `test`, the
            best first.
        drawings: which words are true.

    Returns:
        `precision_5` and `precision_10`; the same under `frequent_`, for the most frequent words of
        `train`; under `neighbour_`, for the words of the drawing of `train` whose features are
        nearest by cosine, then of the next, and so on; and under `attainable_`, the most that
        can be, as drawings have fewer true words than are counted.
    """
    train, test = drawings.train, drawings.test
    true = [set(np.flatnonzero(row).tolist()) for row in test.table]
    methods = {
        "": ranked,
        "frequent_": np.tile(np.arange(len(drawings.words)), (len(test.table), 1)),
        "neighbour_": neighbours_words(test.features, train.features, train.table),
    }
    return {
        f"{name}precision_{k}": metrics.precision_at(words.tolist(), true, k=k)
        for name, words in methods.items()
        for k in (5, 10)
    } | {f"attainable_precision_{k}": metrics.attainable_precision_at(true, k=k) for k in (5, 10)}


def draw_tags(drawings: TaggedDrawings, shown: np.ndarray, ranked: np.ndarray) -> Picture:
    """A table of held-out drawings: true words | generated words.

    Args:
        drawings: images and words.
        shown: `[N]` integers: the drawings of `test` that the rows show.
        ranked: `[N, K]` integers in {0, ..., V - 1}: generated words, the best first.
    """
    from PIL import Image, ImageDraw, ImageFont

    side, width, top = 72, 300, 30
    true = [np.flatnonzero(row) for row in drawings.test.table[shown]]
    sheet = Image.new("RGB", (side + 2 * width, top + len(shown) * side), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for row, image in enumerate(drawings.test.images[shown]):
        drawing = Image.fromarray(image).resize((side - 8, side - 8), Image.Resampling.LANCZOS)
        sheet.paste(drawing, (4, top + row * side + 4))
    for column, (heading, lists) in enumerate(
        {"true words": true, "generated words": ranked}.items()
    ):
        left = side + column * width
        pen.text((left, 7), heading, "#777777", font)
        for row, words in enumerate(lists):
            text = textwrap.fill(", ".join(drawings.words[word] for word in words), 40)
            pen.multiline_text((left, top + row * side + 4), text, "black", font, spacing=3)
    return sheet


def _read_drawings(
    split: str, image_size: int, data_dir: StrPath | None
) -> tuple[np.ndarray, np.ndarray]:
    arrays = tfds_arrays(f"openmoji/{image_size}", split, data_dir=data_dir)
    toned = np.array([bool(_SKIN_TONES & {*text.split("-")}) for text in arrays["code_points"]])
    kept = ~arrays["flag"] & ~toned
    return arrays["image"][kept], arrays["name"][kept]


def _with_words(
    image_size: int, minimum: int, data_dir: StrPath | None
) -> tuple[tuple[str, ...], Drawings, Drawings]:
    """A vocabulary, and the drawings that have a word of it, in two parts, without features."""
    images, names = _read_drawings("train", image_size, data_dir)
    words = vocabulary([_words(name) for name in names], minimum=minimum)

    def chosen(images: np.ndarray, names: np.ndarray) -> Drawings:
        table = incidence([_words(name) for name in names], words)
        some = table.any(axis=1)
        return Drawings(images[some], names[some], table[some], np.empty((some.sum(), 0)))

    return words, chosen(images, names), chosen(*_read_drawings("test", image_size, data_dir))


def _words(name: str) -> tuple[str, ...]:
    return tokenise(name, stop_words=_STOP_WORDS)
