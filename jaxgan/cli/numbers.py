"""Flags that take one number or more, and words that name many."""

import re
from collections.abc import Sequence

from jaxgan.training import RunError

_FLAG = re.compile(r"--((image|load|crop)[-_]size|range|truncation)(=.*)?")
MOST_NUMBERS = 100_000
"""How many a list may name."""
_NUMBER = re.compile(r"-?([\d.]+(e[-+]?\d+)?|nan|inf(inity)?)", re.IGNORECASE)


def numbers_last(arguments: Sequence[str]) -> list[str]:
    """The arguments, flags of sizes, ranges and truncations behind all others.

    Where they stand before a folder or a file, tyro takes that for one of their numbers.

    >>> numbers_last(["prepare", "--image-size", "96", "128", "photos", "--channels", "3"])
    ['prepare', 'photos', '--channels', '3', '--image-size', '96', '128']
    """
    others: list[str] = []
    numbers: list[str] = []
    words = list(arguments)
    while words and words[0] != "--":  # behind that, nothing is a flag
        word = words.pop(0)
        if not _FLAG.fullmatch(word):
            others.append(word)
            continue
        numbers.append(word)
        while words and _NUMBER.fullmatch(words[0]):
            numbers.append(words.pop(0))
    return [*others, *numbers, *words]


def listed_numbers(words: str, flag: str, *, largest: int) -> list[int]:
    """The numbers that words such as 0,3,7-9 name, each once.

    Args:
        words: numbers and ranges, both ends included, between commas.
        flag: that they were given to.
        largest: of the numbers.

    Raises:
        RunError: where they are no such words, or name too many.

    >>> listed_numbers("0,7-9,3", "--seeds", largest=9)
    [0, 7, 8, 9, 3]
    """
    found: dict[int, None] = {}
    for part in words.split(","):
        ends = re.fullmatch(r"\s*(\d{1,12})(?:-(\d{1,12}))?\s*", part)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
        if first > last:
            raise RunError(
                f"{flag} {words} names no numbers: give some, and ranges from the smaller to the "
                "larger, as in 0,3,7-9"
            )
        if last > largest:
            raise RunError(f"{flag} {words}: {last} is too much, {largest} is the largest")
        if last - first + len(found) >= MOST_NUMBERS:
            raise RunError(f"{flag} {words} names more than {MOST_NUMBERS:,} numbers: give fewer")
        found |= dict.fromkeys(range(first, last + 1))
    return list(found)
