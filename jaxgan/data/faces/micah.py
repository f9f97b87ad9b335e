"""Faces of Micah's Avatar Illustration System.

Left out are the head of three hairs, and hair and clothes of a colour that skin has too.
"""

from collections.abc import Mapping

from jaxgan.data.faces.parts import CC_BY, same
from jaxgan.data.faces.styles import NONE, Attribute, Style


def _micah(face: Mapping[str, str]) -> Mapping[str, str]:
    bald = {"hair_colour": NONE} if face["hair"] == "mrClean" else {}
    return bald if face["glasses"] != NONE else {**bald, "glasses_colour": NONE}


MICAH = Style(
    source="micah",
    attributes=(
        Attribute(
            "skin_colour",
            "baseColor",
            {"light": "#f9c9b6", "brown": "#ac6651", "dark_brown": "#77311d"},
        ),
        Attribute("hair", "hairVariant", same("dannyPhantom fonze full mrClean mrT pixie turban")),
        Attribute(
            "hair_colour",
            "hairColor",
            {
                "black": "#000000",
                "yellow": "#f4d150",
                "blond": "#ffeba4",
                "pink": "#fc909f",
                "violet": "#9287ff",
                "blue": "#6bd9e9",
                "white": "#ffffff",
            },
            optional=True,
        ),
        Attribute("glasses", "glassesVariant", same("round square"), share=0.4, optional=True),
        Attribute(
            "glasses_colour",
            "glassesColor",
            {
                "black": "#000000",
                "yellow": "#f4d150",
                "pink": "#fc909f",
                "violet": "#9287ff",
                "blue": "#6bd9e9",
            },
            optional=True,
        ),
        Attribute("beard", "facialHairVariant", same("beard scruff"), share=0.35, optional=True),
        Attribute("earrings", "earringsVariant", same("hoop stud"), share=0.4, optional=True),
        Attribute(
            "mouth",
            "mouthVariant",
            same("frown laughing nervous pucker sad smile smirk surprised"),
        ),
        Attribute("eyes", "eyesVariant", same("eyes eyesShadow round smiling smilingShadow")),
        Attribute("eyebrows", "eyebrowsVariant", same("down eyelashesDown eyelashesUp up")),
        Attribute(
            "nose", "noseVariant", {"curve": "curve", "pointed": "pointed", "round": "tound"}
        ),
        Attribute("ears", "earsVariant", same("attached detached")),
        Attribute("clothes", "clothesVariant", same("collared crew open")),
        Attribute(
            "clothes_colour",
            "shirtColor",
            {
                "black": "#000000",
                "yellow": "#f4d150",
                "blond": "#ffeba4",
                "pink": "#fc909f",
                "violet": "#9287ff",
                "blue": "#6bd9e9",
                "white": "#ffffff",
            },
        ),
    ),
    view=(20, 0, 320),
    attribution="The drawings are of the Avatar Illustration System "
    "(https://www.figma.com/community/file/829741575478342595), by Micah Lanier, under "
    f"{CC_BY}, put together anew.",
    licence="CC BY 4.0",
    homepage="https://www.figma.com/community/file/829741575478342595",
    fixed={
        "earringColor": "#f4d150",
        "eyeShadowColor": "#d2eff3",
        "eyebrowsColor": "#000000",
        "eyesColor": "#000000",
        "facialHairColor": "#000000",
        "mouthColor": "#000000",
    },
    seen=_micah,
)
