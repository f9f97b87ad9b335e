"""Faces of Open Peeps.

Left out are masks, the eye patch and the bear's head; one eye, three eyes, hearts for eyes and a
fang; moustaches of thin lines (1, 4, 8) and one that only its shape tells from its neighbour (6);
and the two beards that take the hair's colour (`full4`, `moustache9`), as all the others are black.
"""

from collections.abc import Mapping

from jaxgan.data.faces.parts import CC0, HAIR, same
from jaxgan.data.faces.styles import NONE, Attribute, Style

_SKIN = {
    "pale": "#ffdbb4",
    "light": "#edb98a",
    "brown": "#d08b5b",
    "dark_brown": "#ae5d29",
    "black": "#694d3d",
}
# Open Peeps draws hair in ink, but for these heads.
_COLOURED = same(
    "bangs cornrows grayBun grayMedium grayShort mediumBangs2 mohawk mohawk2 noHair3 short4"
)
_COVERED = same("noHair1 noHair2 hatBeanie hatHip hijab turban")


def _open_peeps(face: Mapping[str, str]) -> Mapping[str, str]:
    if face["hair"] in _COVERED:
        return {"hair_colour": NONE}
    return {} if face["hair"] in _COLOURED else {"hair_colour": "black"}


OPEN_PEEPS = Style(
    source="open-peeps",
    attributes=(
        Attribute("skin_colour", "skinColor", _SKIN),
        Attribute(
            "hair",
            "headVariant",
            same(
                "afro bangs bangs2 bantuKnots bun bun2 buns cornrows cornrows2 dreads1 dreads2 "
                "flatTop flatTopLong grayBun grayMedium grayShort hatBeanie hatHip hijab long "
                "longAfro longBangs longCurly medium1 medium2 medium3 mediumBangs mediumBangs2 "
                "mediumBangs3 mediumStraight mohawk mohawk2 noHair1 noHair2 noHair3 pomp "
                "shaved1 shaved2 shaved3 short1 short2 short3 short4 short5 turban twists "
                "twists2"
            ),
            weights=dict.fromkeys(_COLOURED, 4.0),
        ),
        Attribute("hair_colour", "headContrastColor", HAIR, optional=True),
        Attribute(
            "glasses",
            "accessoriesVariant",
            same("glasses glasses2 glasses3 glasses4 glasses5 sunglasses sunglasses2"),
            share=0.4,
            optional=True,
        ),
        Attribute(
            "beard",
            "facialHairVariant",
            same(
                "chin full full2 full3 goatee1 goatee2 moustache2 moustache3 moustache5 moustache7"
            ),
            share=0.35,
            optional=True,
        ),
        Attribute(
            "expression",
            "expressionVariant",
            same(
                "awe blank calm cheeky concerned concernedFear contempt cute driven "
                "eatingHappy explaining eyesClosed fear hectic old rage serious smile smileBig "
                "smileLOL smileTeethGap solemn suspicious tired veryAngry"
            ),
        ),
        Attribute(
            "clothes_colour",
            "clothingColor",
            {
                "blue": "#8fa7df",
                "green": "#78e185",
                "orange": "#ffcf77",
                "magenta": "#e279c7",
                "red": "#e78276",
                "turquoise": "#9ddadb",
                "yellow": "#fdea6b",
            },
        ),
    ),
    view=(0, 0, 704),
    attribution="The drawings are of Open Peeps (https://www.openpeeps.com), by Pablo Stanley, "
    f"under {CC0}.",
    licence="CC0 1.0",
    homepage="https://www.openpeeps.com",
    fixed={"maskProbability": 0, "inkColor": "#000000"},
    seen=_open_peeps,
)
