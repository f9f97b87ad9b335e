"""Faces of Adventurer: nothing is left out but a brown beside another."""

from collections.abc import Mapping

from jaxgan.data.faces.parts import CC_BY, numbered, same
from jaxgan.data.faces.styles import NONE, Attribute, Style

# Hair over the ears, of which Adventurer draws none then.
_OVER_EARS = same("long01 long04 long05 long06 long20 long22 long24 long26")


def _adventurer(face: Mapping[str, str]) -> Mapping[str, str]:
    if face["hair"] == "short19":  # in ink
        return {"hair_colour": NONE}
    return {"earrings": NONE} if face["hair"] in _OVER_EARS else {}


ADVENTURER = Style(
    source="adventurer",
    attributes=(
        Attribute(
            "skin_colour",
            "skinColor",
            {
                "pale": "#f2d3b1",
                "light": "#ecad80",
                "brown": "#9e5622",
                "dark_brown": "#763900",
            },
        ),
        Attribute("hair", "hairVariant", numbered("long", 26) | numbered("short", 19)),
        Attribute(
            "hair_colour",
            "hairColor",
            {
                "black": "#0e0e0e",
                "blond": "#e5d7a3",
                "dark_blond": "#b9a05f",
                "olive": "#796a45",
                "brown": "#6a4e35",
                "dark_brown": "#562306",
                "grey": "#afafaf",
                "orange": "#cb6820",
                "red": "#ab2a18",
                "pink": "#dba3be",
                "violet": "#592454",
                "blue": "#85c2c6",
                "green": "#3eac2c",
            },
            optional=True,
        ),
        Attribute("glasses", "glassesVariant", numbered("variant", 5), share=0.4, optional=True),
        Attribute("earrings", "earringsVariant", numbered("variant", 6), share=0.35, optional=True),
        Attribute(
            "details",
            "detailsVariant",
            same("birthmark blush freckles mustache"),
            share=0.35,
            optional=True,
        ),
        Attribute("mouth", "mouthVariant", numbered("variant", 30)),
        Attribute("eyes", "eyesVariant", numbered("variant", 26)),
        Attribute("eyebrows", "eyebrowsVariant", numbered("variant", 15)),
    ),
    view=(0, 0, 762),
    attribution="The drawings are of Adventurer "
    "(https://www.figma.com/community/file/1184595184137881796), by Lisa Wischofsky, under "
    f"{CC_BY}, put together anew.",
    licence="CC BY 4.0",
    homepage="https://www.figma.com/community/file/1184595184137881796",
    seen=_adventurer,
)
