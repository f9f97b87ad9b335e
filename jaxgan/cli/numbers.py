"""Flags that take one number or more."""

import re
from collections.abc import Sequence

_FLAG = re.compile(r"--((image|load|crop)[-_]size|range|truncation)(=.*)?")
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
