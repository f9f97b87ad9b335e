"""What the tables of several styles share."""

HAIR = {
    "black": "#2c1b18",
    "dark_brown": "#4a312c",
    "brown": "#724133",
    "auburn": "#a55728",
    "blond": "#b58143",
    "golden": "#d6b370",
    "platinum": "#ecdcbf",
    "silver": "#e8e1e1",
    "red": "#c93305",
    "pink": "#f59797",
}
"""Hair, as Pablo Stanley colours it."""

CC0 = "CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/)"
CC_BY = "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"


def same(text: str) -> dict[str, str]:
    """Names that are DiceBear's own, apart by spaces."""
    return {name: name for name in text.split()}


def numbered(word: str, count: int) -> dict[str, str]:
    """Names that DiceBear only counts: `variant01`, ..."""
    names = [f"{word}{number:02}" for number in range(1, count + 1)]
    return dict(zip(names, names, strict=True))
