"""How data are told of."""

from collections.abc import Sequence


def few(texts: Sequence[str], most: int = 3) -> str:
    """The first of several texts, and how many more there are.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c, and 2 more'
    """
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return ", ".join([*texts[:most], *more])


def pictures_in(place: str, count: int, classes: Sequence[str] = ()) -> str:
    """How many pictures there are, of which classes.

    >>> pictures_in("flowers", 1204, ["daisy (700)", "rose (504)"])
    '1,204 pictures of 2 classes in flowers: daisy (700), rose (504)'
    >>> pictures_in("flowers", 1)
    '1 picture in flowers'
    """
    pictures = f"{count:,} picture{'' if count == 1 else 's'}"
    if not classes:
        return f"{pictures} in {place}"
    number = f"{len(classes):,} class{'' if len(classes) == 1 else 'es'}"
    return f"{pictures} of {number} in {place}: {few(classes, 12)}"
