"""The labels of a folder's pictures: its sub-folders, or a `dataset.json` of NVIDIA's form.

    {"labels": [["00000/img00000000.png", 6], ["00000/img00000001.png", 9], ...]}

A label is a whole number from 0, or a list of numbers as long as every other; or `labels` is null.
"""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.archives import Archive
from jaxgan.data.finding import LABEL_FILE
from jaxgan.data.paths import is_text, shown
from jaxgan.data.wording import few

_MOST_CLASSES = 2**16
_MOST_BYTES = 2**28
_LARGEST = float(np.finfo(np.float32).max)

_FORM = '{"labels": [["a.png", 0], ["b.png", 1]]}'


class Labels(NamedTuple):
    """The labels of pictures.

    Attributes:
        labels: `[N]` int32, zeros where there are none; or `[N, L]` float32.
        classes: Names of the first kind; empty where there are none.
        from_file: Whether they are others than they would be without a `dataset.json`.
    """

    labels: np.ndarray
    classes: tuple[str, ...]
    from_file: bool


def labels_of(
    folder: Path, archive: Archive | None, found: Sequence[Path], names: Sequence[Path]
) -> Labels:
    """The labels of a folder's pictures.

    Args:
        folder: Or a zip.
        archive: The zip, if it is one.
        found: The places of all pictures in it.
        names: Of those that can be decoded, in the same order.

    Raises:
        ValueError: where pictures lie both in sub-folders and beside them, or `read_labels` does.
    """
    # A class of which nothing can be read keeps its number.
    found = [name for name in found if is_text(name)]
    folders = tuple(sorted({name.parts[0] for name in found if len(name.parts) > 1}))
    content = _content(folder, archive)
    if content is None:
        loose = [name for name in names if len(name.parts) == 1]
        if folders and loose:
            raise ValueError(
                f"{shown(folder)} has images both in sub-folders, which are classes, and beside "
                f"them, like {shown(loose[0])}: move these into a sub-folder"
            )
        number = {name: label for label, name in enumerate(folders)}
        labels = np.array([number.get(name.parts[0], 0) for name in names], np.int32)
        return Labels(labels, folders, from_file=False)
    # All that was found has its place in the file, also what is left out as unreadable.
    labels = read_labels(content, found, folder / LABEL_FILE)
    if labels is None:
        return Labels(np.zeros(len(names), np.int32), (), from_file=bool(folders))
    kept = set(names)
    classes = tuple(map(str, range(labels.max() + 1))) if labels.ndim == 1 else ()
    return Labels(labels[[name in kept for name in found]], classes, from_file=True)


def _content(folder: Path, archive: Archive | None) -> bytes | None:
    """What stands in the `dataset.json`; None where there is none."""
    place = folder / LABEL_FILE
    if archive is not None:
        size = archive.members[LABEL_FILE].size if LABEL_FILE in archive.members else None
    else:
        size = place.stat().st_size if place.is_file() else None
    if size is None:
        return None
    if size > _MOST_BYTES:
        raise ValueError(
            f"{shown(place)} has {size:,} bytes, and no more than {_MOST_BYTES:,} are read: give "
            "fewer pictures, or shorter labels"
        )
    try:
        return place.read_bytes() if archive is None else archive.read(LABEL_FILE)
    except OSError as error:
        raise ValueError(f"{shown(place)} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise ValueError(f"{shown(place)} {error}") from error


def read_labels(content: bytes, names: Sequence[Path], place: Path) -> np.ndarray | None:
    """The labels of pictures.

    Args:
        content: Of the file.
        names: The pictures' places beside it.
        place: The file, for what is said of it.

    Returns:
        `[N]` int32 in {0, ..., 65535}, or `[N, L]` float32, in the order of `names`;
        None where the file says that there are none.

    Raises:
        ValueError: where it is of another form, names what is not there, or leaves out or names
            twice what is.
    """
    given = _pairs(content, place)
    if given is None:
        return None
    labels: dict[str, Any] = {}
    for name, label in given:
        key = PurePosixPath(name).as_posix()
        if key in labels:
            raise ValueError(f"{shown(place)} names {_short(name)} twice: leave one out")
        labels[key] = label
    there = [name.as_posix() for name in names]
    if strangers := sorted(labels.keys() - set(there)):
        raise ValueError(
            f"{shown(place)} names {len(strangers):,} of {len(labels):,} pictures that are not "
            f"there ({few([_short(name) for name in strangers])}): add them, or write it anew"
        )
    if alone := [name for name in there if name not in labels]:
        raise ValueError(
            f"{len(alone):,} of {len(there):,} pictures have no label in {shown(place)} "
            f"({few([shown(name) for name in alone])}): remove them, or write it anew"
        )
    for name, label in labels.items():
        if fault := _fault(label, next(iter(labels.values()))):
            raise ValueError(
                f"{shown(place)} gives {_short(name)} the label {_short(label)}, {fault}"
            )
    in_order = [labels[name] for name in there]
    return np.array(in_order, np.float32 if isinstance(in_order[0], list) else np.int32)


def _pairs(content: bytes, place: Path) -> list[tuple[str, Any]] | None:
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{shown(place)} is no JSON ({str(error).splitlines()[0]}): mend it, or remove it"
        ) from error
    if not isinstance(values, dict) or "labels" not in values:
        raise ValueError(
            f"{shown(place)} has no labels in it, as in {_FORM}: give it that form, or another name"
        )
    pairs = values["labels"]
    if pairs is None:
        return None
    if not isinstance(pairs, list):
        raise ValueError(f"{shown(place)} has labels that are no list, as in {_FORM}: mend it")
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            raise ValueError(
                f"{shown(place)} has {_short(pair)} among its labels: give pairs of a name and a "
                f"label, as in {_FORM}"
            )
    return [(name, label) for name, label in pairs]


def _fault(label: Any, first: Any) -> str | None:
    """What is wrong with a label, where `first` is one of those beside it."""
    if type(label) is int:
        if not 0 <= label < _MOST_CLASSES:
            return f"which is no class: give whole numbers from 0 to {_MOST_CLASSES - 1:,}"
        if type(first) is not int:
            return f"and others are like {_short(first)}: give labels of one kind"
        return None
    if not isinstance(label, list):
        return "which is neither a whole number nor a list of numbers: give one of these"
    if not label or not all(type(x) in (int, float) and abs(x) <= _LARGEST for x in label):
        return "which is no list of finite numbers: give one"
    if not isinstance(first, list) or len(first) != len(label):
        return f"and others are like {_short(first)}: give labels of one kind and length"
    return None


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
