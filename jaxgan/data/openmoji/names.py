"""What the code points of an OpenMoji drawing tell: its name, its family, who is on it."""

import hashlib
import unicodedata
from typing import NamedTuple

from jaxgan.data.openmoji.alike import ALIKE

GENDERS = ("none", "woman", "man")

_JOINER, _VARIATION = 0x200D, 0xFE0F
_TONES = range(0x1F3FB, 0x1F400)
_HAIR = range(0x1F9B0, 0x1F9B4)
_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_FEMALE, _MALE, _RIGHTWARDS = 0x2640, 0x2642, 0x27A1
_BLACK_FLAG = 0x1F3F4
# Squares, which colour the drawing in front of them.
_COLOURS = {*range(0x1F7E5, 0x1F7EC), 0x2B1B, 0x2B1C}
_ADULT, _CHILD, _OLDER_ADULT = 0x1F9D1, 0x1F9D2, 0x1F9D3

# Girls, princesses and grandmothers as well; their male and neutral twins follow.
_WOMEN = {0x1F467, 0x1F469, 0x1F46D, 0x1F475, 0x1F478, 0x1F483, 0x1F930, 0x1F931, 0x1F936, 0x1F9D5}
_MEN = {0x1F385, 0x1F466, 0x1F468, 0x1F46C, 0x1F474, 0x1F57A, 0x1F934, 0x1FAC3}
_NEUTRAL = {
    0x1F468: _ADULT,
    0x1F469: _ADULT,
    0x1F466: _CHILD,
    0x1F467: _CHILD,
    0x1F474: _OLDER_ADULT,
    0x1F475: _OLDER_ADULT,
}

# People, those of tales too, but not hands, faces or silhouettes; then OpenMoji's own.
_PEOPLE = {
    *(0x1F385, 0x1F3C2, 0x1F3C3, 0x1F3C4, 0x1F3C7, 0x1F3CA, 0x1F3CB, 0x1F3CC),
    *range(0x1F466, 0x1F479),
    *(0x1F47C, 0x1F481, 0x1F482, 0x1F483, 0x1F486, 0x1F487, 0x1F48F, 0x1F491),
    *(0x1F574, 0x1F575, 0x1F57A),
    *(0x1F645, 0x1F646, 0x1F647, 0x1F64B, 0x1F64D, 0x1F64E),
    *(0x1F6A3, 0x1F6B4, 0x1F6B5, 0x1F6B6, 0x1F6C0, 0x1F6CC),
    *(0x1F926, 0x1F930, 0x1F931, *range(0x1F934, 0x1F93B), 0x1F93C, 0x1F93D, 0x1F93E),
    *(0x1F977, 0x1F9B8, 0x1F9B9, 0x1F9CD, 0x1F9CE, 0x1F9CF, *range(0x1F9D1, 0x1F9E0)),
    *(0x1FAC2, 0x1FAC3, 0x1FAC4, 0x1FAC5, 0x26F7, 0x26F9),
    *(*range(0xE081, 0xE089), 0xE08B, 0xE0A8, 0xE0AC, 0xE0AD, 0xE0AF, 0xE0B0),
    *(*range(0xE181, 0xE18A), 0xE1CA, 0xE201, *range(0xE2C8, 0xE2CB), *range(0xE2D7, 0xE2DA)),
    *(*range(0xE300, 0xE304), 0xE340, 0xE341),
}
_FLAGS = {0x1F38C, 0x1F3C1, 0x1F3F3, _BLACK_FLAG, 0x1F6A9, *range(0xE420, 0xE436)}

# Named by Unicode 15, 16 and 17; Python 3.11 knows version 14, and names must not depend on that.
NEWER_NAMES = {
    0x1F6D8: "landslide",
    0x1F6DC: "wireless",
    0x1FA75: "light blue heart",
    0x1FA76: "grey heart",
    0x1FA77: "pink heart",
    0x1FA87: "maracas",
    0x1FA88: "flute",
    0x1FA89: "harp",
    0x1FA8A: "trombone",
    0x1FA8E: "treasure chest",
    0x1FA8F: "shovel",
    0x1FAAD: "folding hand fan",
    0x1FAAE: "hair pick",
    0x1FAAF: "khanda",
    0x1FABB: "hyacinth",
    0x1FABC: "jellyfish",
    0x1FABD: "wing",
    0x1FABE: "leafless tree",
    0x1FABF: "goose",
    0x1FAC6: "fingerprint",
    0x1FAC8: "hairy creature",
    0x1FACD: "orca",
    0x1FACE: "moose",
    0x1FACF: "donkey",
    0x1FADA: "ginger root",
    0x1FADB: "pea pod",
    0x1FADC: "root vegetable",
    0x1FADF: "splatter",
    0x1FAE8: "shaking face",
    0x1FAE9: "face with bags under eyes",
    0x1FAEA: "distorted face",
    0x1FAEF: "fight cloud",
    0x1FAF7: "leftwards pushing hand",
    0x1FAF8: "rightwards pushing hand",
}


class Description(NamedTuple):
    """What is known of a drawing.

    Attributes:
        name: The Unicode names of its code points, in lower case, without skin tones; `flag de` for
            a flag of a region; empty for drawings that only OpenMoji has.
        family: The same text for all the variants of one drawing.
        flag: Whether it is a flag.
        person: Whether it shows people, not only hands or a face.
        skin_tone: 1 (light) to 5 (dark); 0 for none, or where the people of a drawing differ.
        gender: `woman` or `man` where the sequence tells; else, or where people differ, `none`.
    """

    name: str
    family: str
    flag: bool
    person: bool
    skin_tone: int
    gender: str


def describe(code_points: str) -> Description:
    """Read what a sequence of code points tells of its drawing.

    Args:
        code_points: Hexadecimal, joined by hyphens, as OpenMoji names its files.

    Returns:
        The description.

    >>> describe("1F469-1F3FD-200D-1F680")
    Description(name='woman, rocket', family='1F9D1-1F680', flag=False, person=True, skin_tone=3, \
gender='woman')
    """
    points = [int(text, 16) for text in code_points.split("-")]
    tones = {point - _TONES.start + 1 for point in points if point in _TONES}
    person = any(point in _PEOPLE for point in points)
    return Description(
        name=_name(points),
        family=family_of(code_points),
        flag=points[0] in _FLAGS or (points[0] in _LETTERS and len(points) == 2),
        person=person,
        skin_tone=tones.pop() if len(tones) == 1 else 0,
        gender=_gender(points) if person else "none",
    )


def family_of(code_points: str) -> str:
    """Name the drawing that a sequence varies in skin, hair, gender, direction or colour.

    Args:
        code_points: Hexadecimal, joined by hyphens.

    Returns:
        What the variants have in common, in the same form.

    >>> family_of("1F3C3-1F3FF-200D-2642-FE0F-200D-27A1-FE0F")
    '1F3C3'
    """
    points = [int(text, 16) for text in code_points.split("-")]
    left_out = {_JOINER, _VARIATION, *_TONES, *_HAIR}
    if _JOINER in points:
        left_out |= {_FEMALE, _MALE, _RIGHTWARDS}
    common = [_NEUTRAL.get(point, point) for point in points if point not in left_out]
    if len(common) == 2 and common[1] in _COLOURS:
        common = common[:1]
    if len(common) > 1 and set(common) <= {_ADULT, _CHILD}:
        common = [0x1F46A]  # parents and children, in any number
    # Nothing is left of a modifier that stands alone: they are variants of one another.
    family = _text(common or points[:1])
    return ALIKE.get(family, family)


def split_of(family: str) -> str:
    """Decide where a family stands, from its name alone, so that new families move no old one.

    Args:
        family: From `family_of`.

    Returns:
        `test` for about a tenth of the families, else `train`.
    """
    return "train" if hashlib.sha256(family.encode()).digest()[0] >= 26 else "test"


def half_of(family: str) -> str:
    """Decide which of two halves a family stands in, from its name alone; split by split.

    Args:
        family: From `family_of`.

    Returns:
        `a` or `b`, each for about a half of the families.
    """
    # Another byte than the split's, so that the two choices have nothing in common.
    return "ab"[hashlib.sha256(family.encode()).digest()[1] % 2]


def _name(points: list[int]) -> str:
    if points[0] in _LETTERS and len(points) == 2:
        return "flag " + "".join(chr(point - _LETTERS.start + ord("a")) for point in points)
    if points[0] == _BLACK_FLAG and points[-1] in _TAGS:
        region = "".join(chr(point - _TAGS.start + 0x20) for point in points[1:-1])
        return f"flag {region[:2]}-{region[2:]}"
    left_out = {_JOINER, _VARIATION, *(_TONES if len(points) > 1 else ())}
    names = [
        NEWER_NAMES.get(point) or unicodedata.name(chr(point), "").lower()
        for point in points
        if point not in left_out
    ]
    return ", ".join(names) if all(names) else ""


def _gender(points: list[int]) -> str:
    # A sign at the end overrules the first code point, which often had a gender of old.
    for sign, gender in ((_FEMALE, "woman"), (_MALE, "man")):
        if _JOINER in points and sign in points:
            return gender
    women, men = (any(point in people for point in points) for people in (_WOMEN, _MEN))
    if women == men:
        return "none"
    return "woman" if women else "man"


def _text(points: list[int]) -> str:
    return "-".join(f"{point:04X}" for point in points)
