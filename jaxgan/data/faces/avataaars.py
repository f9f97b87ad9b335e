"""Faces of Avataaars.

Left out are the eye patch, clothes with pictures and the hat with flowers; hearts, crosses and
tears for eyes; vomit; yellow skin; and of the colours of clothes those that are near another's.
Glasses are black and beards dark brown, whatever the hair.
"""

from collections.abc import Mapping

from jaxgan.data.faces.parts import HAIR, same
from jaxgan.data.faces.styles import NONE, Attribute, Style

_HATS = same("hat hijab turban winterHat02 winterHat03 winterHat04 winterHat1")


def _avataaars(face: Mapping[str, str]) -> Mapping[str, str]:
    return {"hair_colour" if face["hair"] in _HATS else "hat_colour": NONE}


AVATAAARS = Style(
    source="avataaars",
    attributes=(
        Attribute(
            "skin_colour",
            "skinColor",
            {
                "pale": "#ffdbb4",
                "light": "#edb98a",
                "tanned": "#fd9841",
                "brown": "#d08b5b",
                "dark_brown": "#ae5d29",
                "black": "#614335",
            },
        ),
        Attribute(
            "hair",
            "topVariant",
            same(
                "bigHair bob bun curly curvy dreads dreads01 dreads02 frizzle fro froBand hat "
                "hijab longButNotTooLong miaWallace shaggy shaggyMullet shavedSides shortCurly "
                "shortFlat shortRound shortWaved sides straight01 straight02 straightAndStrand "
                "theCaesar theCaesarAndSidePart turban winterHat02 winterHat03 winterHat04 "
                "winterHat1"
            ),
        ),
        Attribute("hair_colour", "hairColor", HAIR, optional=True),
        Attribute(
            "hat_colour",
            "hatColor",
            {
                "black": "#262e33",
                "blue": "#5199e4",
                "pale_blue": "#b1e2ff",
                "green": "#a7ffc4",
                "yellow": "#ffffb1",
                "pink": "#ff488e",
                "red": "#ff5c5c",
            },
            optional=True,
        ),
        Attribute(
            "glasses",
            "accessoriesVariant",
            same("kurt prescription01 prescription02 round sunglasses wayfarers"),
            share=0.4,
            optional=True,
        ),
        Attribute(
            "beard",
            "facialHairVariant",
            same("beardLight beardMajestic beardMedium moustacheFancy moustacheMagnum"),
            share=0.35,
            optional=True,
        ),
        Attribute(
            "mouth",
            "mouthVariant",
            same(
                "concerned default disbelief eating grimace sad screamOpen serious smile "
                "tongue twinkle"
            ),
        ),
        Attribute(
            "eyes",
            "eyesVariant",
            same("closed default eyeRoll happy side squint surprised wink winkWacky"),
        ),
        Attribute(
            "eyebrows",
            "eyebrowsVariant",
            same(
                "angry angryNatural default defaultNatural flatNatural frownNatural "
                "raisedExcited raisedExcitedNatural sadConcerned sadConcernedNatural "
                "unibrowNatural upDown upDownNatural"
            ),
        ),
        Attribute(
            "clothes",
            "clothesVariant",
            same(
                "blazerAndShirt blazerAndSweater collarAndSweater hoodie overall shirtCrewNeck "
                "shirtScoopNeck shirtVNeck"
            ),
        ),
        Attribute(
            "clothes_colour",
            "clothesColor",
            {
                "black": "#262e33",
                "blue": "#5199e4",
                "pale_blue": "#b1e2ff",
                "grey": "#929598",
                "green": "#a7ffc4",
                "yellow": "#ffffb1",
                "pink": "#ff488e",
                "red": "#ff5c5c",
            },
        ),
    ),
    view=(30, 0, 220),
    attribution="The drawings are of Avataaars (https://avataaars.com), by Pablo Stanley, free "
    "for personal and commercial use.",
    licence="Free for personal and commercial use",
    homepage="https://avataaars.com",
    fixed={"accessoriesColor": "#262e33", "facialHairColor": "#4a312c"},
    seen=_avataaars,
)
