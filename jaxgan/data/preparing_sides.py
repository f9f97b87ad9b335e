"""Folders of two sides prepared once, whatever their layout."""

from collections.abc import Sequence
from pathlib import Path

from jaxgan.data.decoding import ValueRange
from jaxgan.data.layouts import folders_of
from jaxgan.data.paths import shown
from jaxgan.data.prepared import Prepared
from jaxgan.data.preparing import open_unprepared, prepare_folder
from jaxgan.data.transforms import Transform


def prepare_sides(
    folder: Path,
    output: Path,
    *,
    transforms: Sequence[Transform],
    skip_unreadable: bool = False,
    value_range: ValueRange | None = None,
) -> list[Prepared]:
    """Prepare each folder of pictures in a folder of two sides; or a folder of one side.

    Args:
        folder: As `folders_of` knows it; or images of one side.
        output: Where its pictures go, in the sub-folders that `folder` has.
        transforms: What is prepared of each picture.
        skip_unreadable: As for `folder_source`.
        value_range: As for `folder_source`.

    Returns:
        What is there, one for each folder of pictures.

    Raises:
        ValueError: where `prepare_folder` does, and where `output` holds something else.
    """
    layouts = [folders_of(folder, split) for split in ("train", "test", "val")]
    parts = [
        (path, layout.b is None)
        for layout in layouts
        if layout is not None
        for path in (layout.a, layout.b)
        if path is not None and path.is_dir()
    ]
    parts = parts or [(folder, False)]
    places = [output / path.relative_to(folder) for path, _ in parts]
    if output not in places and output.is_dir() and {*output.iterdir()} - {*places}:
        raise ValueError(f"{shown(output)} already holds something: name another folder (--output)")
    for path, halves in parts:  # all of them before the first is written
        open_unprepared(
            path,
            transform=transforms[0],
            halves=halves,
            skip_unreadable=skip_unreadable,
            value_range=value_range,
        )
    return [
        prepare_folder(
            path,
            place,
            transforms=list(dict.fromkeys(transforms)),
            halves=halves,
            skip_unreadable=skip_unreadable,
            value_range=value_range,
        )
        for (path, halves), place in zip(parts, places, strict=True)
    ]
