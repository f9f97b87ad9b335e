"""Faces of Lorelei, black on white: nothing is left out. Hair can hide earrings and brows."""

from jaxgan.data.faces.parts import CC0, numbered, same
from jaxgan.data.faces.styles import Attribute, Style

LORELEI = Style(
    source="lorelei",
    attributes=(
        Attribute("hair", "hairVariant", numbered("variant", 48)),
        Attribute("glasses", "glassesVariant", numbered("variant", 5), share=0.4, optional=True),
        Attribute("beard", "beardVariant", numbered("variant", 2), share=0.35, optional=True),
        Attribute("earrings", "earringsVariant", numbered("variant", 3), share=0.3, optional=True),
        Attribute("flowers", "hairAccessoriesVariant", same("flowers"), 0.2, optional=True),
        Attribute("freckles", "frecklesVariant", {"freckles": "variant01"}, 0.2, optional=True),
        Attribute("head", "headVariant", numbered("variant", 4)),
        Attribute("mouth", "mouthVariant", numbered("happy", 18) | numbered("sad", 9)),
        Attribute("eyes", "eyesVariant", numbered("variant", 24)),
        Attribute("eyebrows", "eyebrowsVariant", numbered("variant", 13)),
        Attribute("nose", "noseVariant", numbered("variant", 6)),
    ),
    view=(80, 0, 820),
    attribution="The drawings are of Lorelei "
    "(https://www.figma.com/community/file/1198749693280469639), by Lisa Wischofsky, under "
    f"{CC0}.",
    licence="CC0 1.0",
    homepage="https://www.figma.com/community/file/1198749693280469639",
)
