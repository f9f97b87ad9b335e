"""Which files of a folder are pictures."""

import functools
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from jaxgan.data.archives import Archive
from jaxgan.data.paths import StrPath, shown, to_path

LABEL_FILE = "dataset.json"
"""NVIDIA's name for the labels that lie beside pictures."""

# Pillow knows these and gives no picture, or not on every machine: data of the weather and of the
# stars, videos, programs and records that others would have to draw.
_NO_PICTURES = frozenset(
    {"BUFR", "EPS", "FITS", "FLI", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"}
)

# What systems leave beside people's files, apart from names that begin with a dot.
_OF_SYSTEMS = frozenset(
    {
        *("@eadir", "@recycle", "#recycle", "$recycle.bin", "__macosx", "lost+found"),
        *("desktop.ini", "ehthumbs.db", "icon\r", "system volume information", "thumbs.db"),
    }
)


@dataclass(frozen=True)
class Found:
    """The pictures of a folder, and what is no picture.

    Attributes:
        images: Their places in the folder, sorted.
        passed_over: How many entries were passed over, by reason, in words that follow a number:
            `hidden`, `of other types (.json, .txt)`, `leading in circles`.
    """

    images: tuple[Path, ...]
    passed_over: dict[str, int]

    def __str__(self) -> str:
        """What was passed over, as a part of a sentence; empty where nothing was."""
        return ", ".join(f"{count:,} {reason}" for reason, count in self.passed_over.items())


def find_images(folder: StrPath) -> Found:
    """Find the pictures of a folder, at any depth, by the endings of their names.

    Links are followed, but not in circles. Hidden files and folders, and those that systems make
    for themselves (`.ipynb_checkpoints`, `._x.jpg`, `__MACOSX`, `@eaDir`), are passed over.

    Args:
        folder: Any.

    Returns:
        Its pictures, of which none has been opened, and what was passed over and why.

    Raises:
        ValueError: where the folder is missing or cannot be listed, or has no pictures.
    """
    folder = to_path(folder)
    if not folder.is_dir():
        raise ValueError(f"there is no folder {shown(folder)}: give the path of a folder of images")
    above = [_identity(path) for path in folder.resolve().parents]
    search = _Search(folder)
    search.enter(Path(), [*above, _identity(folder)])
    return search.found()


def find_in_archive(archive: Archive) -> tuple[Found, Archive]:
    """Find the pictures of a zip, as `find_images` those of a folder.

    Folders that all of them lie in, and a `dataset.json` if there is one, count nothing: a zip of
    the folder `flowers` holds `flowers/rose/1.png`, and the picture's place is `rose/1.png`.

    Args:
        archive: The whole zip.

    Returns:
        Its pictures, of which none has been unpacked, and what was passed over and why; and the
        part of the zip that their places lie in.

    Raises:
        ValueError: where the zip has no pictures.
    """
    search, label_files = _Search(archive.path), []
    for place in map(Path, archive.members):
        if any(map(is_hidden, place.parts)):
            search.counts["hidden"] += 1
        elif place.name == LABEL_FILE:
            label_files.append(place)
        else:
            search.add(place)
    files = (*search.images, *label_files)
    together = os.path.commonpath([file.parent for file in files]) if files else ""
    for place in label_files:
        if place != Path(together, LABEL_FILE):
            search.add(place)
    found = search.found()
    images = tuple(image.relative_to(together) for image in found.images)
    return replace(found, images=images), archive.below(f"{together}/" if together else "")


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a system's own.

    >>> is_hidden("._cat.jpg"), is_hidden("__MACOSX"), is_hidden("cat.jpg")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


@functools.cache
def image_suffixes() -> frozenset[str]:
    """The endings of names that are taken for pictures, lower case: what Pillow here can open.

    >>> {".jpg", ".jfif", ".png", ".avif"} <= image_suffixes()
    True
    """
    from PIL import Image

    endings = Image.registered_extensions()
    # Pillow opens MPO, pictures of several JPEGs, as JPEG.
    return frozenset(
        ending
        for ending, kind in endings.items()
        if (kind in Image.OPEN or kind == "MPO") and kind not in _NO_PICTURES
    )


class _Search:
    """One walk through a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.images: list[Path] = []
        self.counts: Counter[str] = Counter()
        self._endings: set[str] = set()

    def found(self) -> Found:
        found = Found(tuple(sorted(self.images, key=lambda image: image.parts)), self._reasons())
        if not found.images:
            passed_over = f" (passed over: {found})" if found.passed_over else ""
            raise ValueError(
                f"there are no images in {shown(self.folder)}{passed_over}: give a folder with "
                "files of types that Pillow reads, such as .jpg, .png, .tiff and .webp"
            )
        return found

    def add(self, file: Path) -> None:
        """Take a file for a picture, or for none."""
        if (ending := file.suffix.lower()) in image_suffixes():
            self.images.append(file)
        else:
            self.counts[""] += 1
            self._endings.add(shown(ending) or "without an ending")

    def _reasons(self) -> dict[str, int]:
        reasons = {reason: count for reason, count in self.counts.items() if count}
        if others := reasons.pop("", 0):
            endings = sorted(self._endings)
            more = [f"{len(endings) - 5} more"] if len(endings) > 5 else []
            reasons[f"of other types ({', '.join([*endings[:5], *more])})"] = others
        return reasons

    def enter(self, place: Path, path: list[tuple[int, int]]) -> None:
        """Search a folder; `path` is those that it lies in, and itself."""
        try:
            with os.scandir(self.folder / place) as entries:
                listed = list(entries)
        except OSError as error:
            if place == Path():
                raise ValueError(
                    f"the folder {shown(self.folder)} cannot be listed ({error.strerror}): give "
                    "yourself the right to read it"
                ) from error
            self.counts["that cannot be listed"] += 1
            return
        for entry in listed:
            if is_hidden(entry.name):
                self.counts["hidden"] += 1
            elif _is(entry, "folder"):
                self._enter_folder(place / entry.name, path)
            elif not _is(entry, "file"):
                # A named pipe would be waited for.
                lost = entry.is_symlink() and not (self.folder / place / entry.name).exists()
                self.counts["leading nowhere" if lost else "neither file nor folder"] += 1
            elif place / entry.name != Path(LABEL_FILE):
                self.add(place / entry.name)

    def _enter_folder(self, place: Path, path: list[tuple[int, int]]) -> None:
        identity, before = _identity(self.folder / place), len(self.images)
        if identity in path:
            self.counts["leading in circles"] += 1
            return
        self.enter(place, [*path, identity])
        self.counts["without pictures"] += len(self.images) == before


def _is(entry: os.DirEntry[str], kind: str) -> bool:
    try:
        return entry.is_dir() if kind == "folder" else entry.is_file()
    except OSError:  # of links to themselves
        return False


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
