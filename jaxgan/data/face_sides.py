"""Faces of two styles as two sides: apart for training, pairs of the same people held out."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from jaxgan.data.faces import FACES_SIZES, NONE, STYLES, FacesName, Style, parse_faces
from jaxgan.data.paired import Paired
from jaxgan.data.paths import StrPath
from jaxgan.data.sources import Subset
from jaxgan.data.tfds import TfdsSource, tfds_arrays, tfds_source
from jaxgan.data.transforms import Size, Transform, height_and_width
from jaxgan.data.unpaired import Unpaired

FACE_WORDS = ("glasses", "beard", "hair_colour", "skin_colour")
"""What two styles can have in common. Of glasses and a beard, whether there are any; of colours,
which of those that have one name in both styles."""

_DEFAULT = "open_peeps_avataaars"
_SOME = "some"


class FacePairs(NamedTuple):
    """The same people in two styles, as far as both can tell them apart.

    Attributes:
        styles: Side a's and side b's.
        images: Row i of one side and row i of the other agree in all that the styles share. First
            comes one pair of each kind of people, then the second of each, and so on.
        words: By attribute of `FACE_WORDS`, as far as the styles share it, what both pictures of a
            pair show, `[N]` texts.
        kinds: How many kinds of people there are: of the first so many pairs, no two are alike.
    """

    styles: tuple[str, str]
    images: Paired
    words: dict[str, np.ndarray]
    kinds: int


def parse_face_sides(dataset: str, *, size: Size) -> tuple[FacesName, FacesName] | None:
    """Read the name of a set of faces in two styles.

    Args:
        dataset: `faces`, or `faces/STYLE_STYLE`, a size and a count of each style's faces as they
            may follow in `parse_faces`.
        size: Height and width that are wanted, or one number for both: where the name says none,
            the smallest of `FACES_SIZES` that is not smaller is read, or the largest.

    Returns:
        Side a's faces and side b's; None where it is a set of something else.

    Raises:
        ValueError: where it does not name two styles that have something in common.

    >>> [side.configuration for side in parse_face_sides("faces/micah_adventurer", size=48)]
    ['micah_64', 'adventurer_64']
    """
    kind, _, name = dataset.partition("/")
    if kind != "faces":
        return None
    name = name or _DEFAULT
    pairs = [(a, b) for a in STYLES for b in STYLES if f"{name}_".startswith(f"{a}_{b}_")]
    if not pairs or name.endswith("_"):
        raise ValueError(
            f"'{dataset}' does not name two styles of faces: give two of {', '.join(STYLES)}, as "
            f"in 'faces/{_DEFAULT}'"
        )
    a, b = pairs[0]
    if a == b:
        others = ", ".join(style for style in STYLES if style != a)
        raise ValueError(
            f"both sides are faces of '{a}', so there is nothing to translate: give another style "
            f"as the second, one of {others}"
        )
    shared_words(a, b)
    rest = name.removeprefix(f"{a}_{b}").removeprefix("_")
    wanted = max(height_and_width(size))
    drawn = min((drawn for drawn in FACES_SIZES if drawn >= wanted), default=max(FACES_SIZES))
    try:
        of_a, of_b = (parse_faces(f"{style}_{rest or drawn}") for style in (a, b))
    except ValueError as error:
        raise ValueError(
            f"'{dataset}' will not do: {error}; of two styles, as in 'faces/{a}_{b}_{drawn}'"
        ) from error
    return of_a, of_b


def shared_words(a: str, b: str) -> dict[str, tuple[str, ...]]:
    """What two styles have in common.

    Args:
        a: One of `STYLES`.
        b: Another.

    Returns:
        The attributes of `FACE_WORDS` that both have, and of each the words that both have.

    Raises:
        ValueError: where there are none.

    >>> shared_words("micah", "adventurer")["skin_colour"]
    ('light', 'brown', 'dark_brown')
    """
    if words := _shared(STYLES[a], STYLES[b]):
        return words
    would_do = []
    for style in (a, b):
        others = [o for o in STYLES if o != style and _shared(STYLES[style], STYLES[o])]
        would_do.append(f"with '{style}' would {' or '.join(others) or 'no other style'}")
    raise ValueError(
        f"faces of '{a}' and of '{b}' have none of {', '.join(FACE_WORDS)} in common, so nothing "
        f"can survive a translation: {' do, and '.join(would_do)} do"
    )


def unpaired_faces(
    sides: tuple[FacesName, FacesName],
    split: str,
    *,
    transform: Transform,
    data_dir: StrPath | None = None,
) -> Unpaired:
    """All faces of each style in a split: each style draws its people by lots of its own.

    Args:
        sides: Of `parse_face_sides`.
        split: `train` or `test`.
        transform: What happens to each picture.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The two sides.

    Raises:
        ValueError: where `tfds_source` does.
    """
    return Unpaired(*_sources(sides, split, transform, data_dir))


def face_pairs(
    sides: tuple[FacesName, FacesName],
    split: str,
    *,
    transform: Transform,
    data_dir: StrPath | None = None,
) -> FacePairs:
    """The faces of a split that both styles drew of the same people.

    People are the same who agree in all that the styles share: glasses or none, a beard or none,
    the colours of hair and skin. What only one of the styles can tell, and all else of a face, is
    left to chance.

    Args:
        sides: Of `parse_face_sides`.
        split: `train` or `test`.
        transform: What happens to each picture.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The pairs, each face in one of them at most.

    Raises:
        ValueError: where `tfds_source` does, and where no two faces of the split agree.
    """
    styles = sides[0].style, sides[1].style
    words = shared_words(*styles)
    rows = [_rows_by_words(side, split, words, data_dir) for side in sides]
    pairs = sorted(
        (turn, *both, person)
        for person in rows[0]
        for turn, both in enumerate(zip(rows[0][person], rows[1][person], strict=False))
    )
    if not pairs:
        raise ValueError(
            f"no face of '{sides[0].configuration}' and '{sides[1].configuration}' in the split "
            f"'{split}' agrees with one of the other in {', '.join(words)}: ask for more faces"
        )
    turns, rows_a, rows_b, people = zip(*pairs, strict=True)
    a, b = _sources(sides, split, transform, data_dir)
    return FacePairs(
        styles,
        Paired(Subset(a, np.array(rows_a)), Subset(b, np.array(rows_b))),
        {name: np.array(said) for name, said in zip(words, zip(*people, strict=True), strict=True)},
        turns.count(0),
    )


def face_words(style: str, name: str, labels: np.ndarray) -> np.ndarray:
    """What labels of an attribute are called between styles.

    Args:
        style: One of `STYLES`.
        name: One of `FACE_WORDS`, which the style has.
        labels: `[N]` integers.

    Returns:
        `[N]` texts: the names of colours; of all else `none` or `some`.
    """
    attribute = next(each for each in STYLES[style].attributes if each.name == name)
    return np.array(_words(attribute.labels, name))[labels]


def _words(labels: tuple[str, ...], name: str) -> list[str]:
    if name.endswith("_colour"):
        return list(labels)
    return [NONE if label == NONE else _SOME for label in labels]


def _shared(a: Style, b: Style) -> dict[str, tuple[str, ...]]:
    of_a, of_b = ({each.name: each.labels for each in style.attributes} for style in (a, b))
    both = {
        name: tuple(
            word
            for word in dict.fromkeys(_words(of_a[name], name))
            if word in _words(of_b[name], name)
        )
        for name in FACE_WORDS
        if name in of_a and name in of_b
    }
    return {name: words for name, words in both.items() if len(words) > 1}


def _rows_by_words(
    side: FacesName, split: str, words: dict[str, tuple[str, ...]], data_dir: StrPath | None
) -> dict[tuple[str, ...], list[int]]:
    """The rows of each kind of people that both styles can draw."""
    arrays = tfds_arrays(_name(side), split, only=list(words), data_dir=data_dir)
    said = [face_words(side.style, name, arrays[name]).tolist() for name in words]
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, person in enumerate(zip(*said, strict=True)):
        if all(word in known for word, known in zip(person, words.values(), strict=True)):
            rows[person].append(row)
    return rows


def _sources(
    sides: tuple[FacesName, FacesName], split: str, transform: Transform, data_dir: StrPath | None
) -> tuple[TfdsSource, TfdsSource]:
    a, b = (
        tfds_source(_name(side), split, transform=transform, data_dir=data_dir) for side in sides
    )
    return a, b


def _name(side: FacesName) -> str:
    return f"faces/{side.configuration}"
