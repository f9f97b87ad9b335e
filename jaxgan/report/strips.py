"""Pictures inside a page, thinned and compressed so that it stays small."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jaxgan.training import read_picture, shrunk

_SMALL = 60_000
"""Bytes of a file that is taken as it is."""
_SIDES = (1024, 768, 512, 384, 256, 128)
"""Of pictures, in pixels: the first at which enough of them have room."""
_ENOUGH = 8
_MOST = 60


def strip(pictures: Mapping[int, Path], room: int) -> tuple[dict[int, str], list[str]]:
    """Pictures through training: the last, the first, and as many between them as have room.

    Args:
        pictures: by their steps, in order.
        room: letters that all of them together take; the last one is there even so.

    Returns:
        `data:` addresses by step, and sentences about pictures that cannot be read.
    """
    steps, damaged = list(pictures), set()
    while steps and embedded(pictures[steps[-1]]) is None:
        damaged.add(steps.pop())
    if not steps:
        return {}, _notes(pictures, damaged)
    wanted = min(_ENOUGH, len(steps))
    side = next(
        (
            side
            for side in _SIDES
            if len(embedded(pictures[steps[-1]], side) or "") <= room // wanted
        ),
        _SIDES[-1],
    )
    seen = _fitting(pictures, steps, side, room)
    made = {step: address for step, address in seen.items() if address is not None}
    return made, _notes(pictures, damaged | (seen.keys() - made.keys()))


def _notes(pictures: Mapping[int, Path], damaged: Iterable[int]) -> list[str]:
    return [f"{pictures[step]} cannot be read and is left out." for step in sorted(damaged)]


def embedded(path: Path, side: int = _SIDES[0]) -> str | None:
    """A picture as a `data:` address, its sides at most so many pixels; None where it is damaged.

    A small file stays as it is. Of others the smaller one is taken of PNG and WebP, which is lossy.
    """
    whole = read_picture(path)
    if whole is None:
        return None
    picture, files = shrunk(whole, side=side), {}
    if picture is whole:
        files["png"] = path.read_bytes()
    if picture is not whole or len(files["png"]) > _SMALL:
        for kind in ("webp", "png") if not files else ("webp",):
            file = io.BytesIO()
            picture.save(file, format=kind, quality=80)
            files[kind] = file.getvalue()
    kind = min(files, key=lambda kind: len(files[kind]))
    return f"data:image/{kind};base64,{base64.b64encode(files[kind]).decode()}"


def _fitting(
    pictures: Mapping[int, Path], steps: Sequence[int], side: int, room: int
) -> dict[int, str | None]:
    """As many of the pictures as have room; None for one that is damaged."""
    seen: dict[int, str | None] = {}

    def size(chosen: Sequence[int]) -> int:
        for step in chosen:
            if step not in seen:
                seen[step] = embedded(pictures[step], side)
        return sum(len(seen[step] or "") for step in chosen)

    # The first ones may be larger than the last, or smaller.
    count = max(1, min(len(steps), _MOST, 5 * room // (4 * size(steps[-1:]))))
    while size(chosen := _evenly(steps, count)) > room and count > 1:
        count = max(1, min(count - 1, count * room // size(chosen)))
    return {step: seen[step] for step in chosen}


def _evenly(steps: Sequence[int], count: int) -> list[int]:
    """So many of the steps, the first and the last among them; of one alone it is the last."""
    if count == 1:
        return [steps[-1]]
    return [steps[index * (len(steps) - 1) // (count - 1)] for index in range(count)]
