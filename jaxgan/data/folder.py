"""Sources from folders of images."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxgan.data.decoding import ValueRange, check_range, decode
from jaxgan.data.finding import Found, find_images
from jaxgan.data.paths import StrPath, is_text, shown, to_path
from jaxgan.data.prepared import Prepared, open_prepared
from jaxgan.data.seen import Picture, look_at
from jaxgan.data.transforms import Half, Transform
from jaxgan.data.wording import few, pictures_in


@dataclass(frozen=True, eq=False)
class FolderSource:
    """Images in files; the sub-folders of the first level are the classes.

    Attributes:
        folder: Where they are.
        files: Sorted.
        sizes: (H, W) of each, before the transformation.
        labels: `[N]` int32; zeros where there are no classes.
        transform: From an image to pixels, `[H, W, C]` uint8.
        value_range: As `decode` takes it.
        classes: Names of the sub-folders, sorted; empty where the images lie in the folder itself.
        contents: A digest of relative names and of all bytes.
        names_and_sizes: A digest of relative names and sizes, which fingerprints were made of.
        left_out: Files that cannot be decoded.
        passed_over: How many of what else there is, in words; empty where there is nothing.
        prepared: Where the pixels are, if the folder was prepared: the files are then elsewhere.
    """

    folder: Path
    files: tuple[Path, ...]
    sizes: tuple[tuple[int, int], ...]
    labels: np.ndarray
    transform: Transform | Half
    value_range: ValueRange | None
    classes: tuple[str, ...]
    contents: str
    names_and_sizes: str
    left_out: tuple[Path, ...]
    passed_over: str
    prepared: Prepared | None = None

    @property
    def fingerprint(self) -> str:
        """A digest of relative names and contents, the transformation, and the range if given."""
        return f"files:{self.contents}:{self._preparation}"

    @property
    def former_fingerprint(self) -> str:
        """The same, of names and sizes alone, as earlier versions wrote it."""
        return f"folder:{self.names_and_sizes}:{self._preparation}"

    @property
    def _preparation(self) -> str:
        return f"{self.transform}{f':range{self.value_range}' if self.value_range else ''}"

    @property
    def notes(self) -> tuple[str, ...]:
        """How many images of which classes there are, and what is not among them."""
        counts = np.bincount(self.labels, minlength=len(self.classes)).tolist()
        classes = [
            f"{shown(name)} ({count:,})" for name, count in zip(self.classes, counts, strict=False)
        ]
        text = pictures_in(shown(self.folder), len(self), classes)
        unreadable = few([shown(file.relative_to(self.folder)) for file in self.left_out])
        others = [
            *([self.passed_over] if self.passed_over else []),
            *([f"{len(self.left_out):,} unreadable ({unreadable})"] if self.left_out else []),
        ]
        return (f"{text}; passed over: {', '.join(others)}" if others else text,)

    @property
    def skipped(self) -> int:
        """How many files were left out as unreadable."""
        return len(self.left_out)

    def name(self, file: Path) -> str:
        """What a file is called in the folder, without its ending."""
        return file.relative_to(self.folder).with_suffix("").as_posix()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        return self.transform.shape

    def __len__(self) -> int:
        return len(self.files)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Decode the examples at `indices`, `[N]`, or read what was prepared of them."""
        if self.prepared is None:
            images = np.stack([self._image(self.files[index]) for index in indices.tolist()])
        else:
            images = self.prepared.read(indices, self.transform)
        batch = {"image": images}
        if self.classes:
            batch["label"] = self.labels[indices]
        return batch

    def _image(self, file: Path) -> np.ndarray:
        try:
            return self.transform.prepare(decode(file, value_range=self.value_range))
        except ValueError as error:
            raise ValueError(
                f"{shown(file)} {error}: the folder changed since it was opened"
            ) from error


def folder_source(
    folder: StrPath,
    *,
    transform: Transform | Half,
    skip_unreadable: bool = False,
    value_range: ValueRange | None = None,
) -> FolderSource:
    """Open a folder of images. Every file is decoded once, so that training meets no surprise.

    What was seen is kept in the user's cache: the next start decodes only what has changed.

    Args:
        folder: With images in it, or with one sub-folder (of any depth) for each class. Links are
            followed, hidden files and folders passed over, as `find_images` says. Or a folder that
            `prepare_folder` made of such a one.
        transform: What happens to each image.
        skip_unreadable: Whether a file that cannot be decoded is left out, rather than refused.
        value_range: (low, high), the values of black and white in pictures of more than eight bits
            or of floats, as `decode` takes it; None is the formats' own.

    Returns:
        The source; its size and order are fixed from here on.

    Raises:
        ValueError: where the folder is missing, empty or ambiguous, a file cannot be decoded, or
            the range will not do.
    """
    check_range(value_range)
    folder = to_path(folder)
    if (prepared := open_prepared(folder)) is not None:
        return _from_prepared(folder, prepared, transform, value_range)
    found = find_images(folder)
    seen = look_at(folder, found.images, value_range=value_range)
    pictures = _readable(folder, found, seen, skip_unreadable=skip_unreadable)
    names = list(pictures)
    # A class of which nothing can be read keeps its number.
    parts = [name.parts for name in found.images if is_text(name)]
    classes = tuple(sorted({first for first, *deeper in parts if deeper}))
    loose = [name for name in names if len(name.parts) == 1]
    if classes and loose:
        raise ValueError(
            f"{shown(folder)} has images both in sub-folders, which are classes, and beside them, "
            f"like {shown(loose[0])}: move these into a sub-folder"
        )
    number = {name: label for label, name in enumerate(classes)}
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in names),
        sizes=tuple(picture.size for picture in pictures.values()),
        labels=np.array([number.get(name.parts[0], 0) for name in names], np.int32),
        transform=transform,
        value_range=value_range,
        classes=classes,
        contents=_digest([(name, picture.digest) for name, picture in pictures.items()]),
        names_and_sizes=_digest([(name, picture.file_size) for name, picture in pictures.items()]),
        left_out=tuple(folder / name for name in found.images if name not in pictures),
        passed_over=str(found),
    )


def _from_prepared(
    folder: Path,
    prepared: Prepared,
    transform: Transform | Half,
    value_range: ValueRange | None,
) -> FolderSource:
    contents = prepared.check(transform, value_range)
    plan = prepared.plan
    number = {name: label for label, name in enumerate(plan.classes)}
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in plan.names),
        sizes=plan.sizes,
        labels=np.array([number.get(name.split("/")[0], 0) for name in plan.names], np.int32),
        transform=transform,
        value_range=value_range,
        classes=plan.classes,
        contents=contents,
        names_and_sizes=contents if contents != plan.contents else plan.names_and_sizes,
        left_out=tuple(folder / name for name in plan.left_out),
        passed_over=plan.passed_over,
        prepared=prepared,
    )


def names_in(folder: StrPath) -> tuple[Path, ...]:
    """The places of a folder's pictures in it, in order; none has been opened.

    Raises:
        ValueError: where `find_images` does, or a prepared folder is not whole.
    """
    prepared = open_prepared(folder)
    if prepared is not None:
        return tuple(Path(name) for name in prepared.plan.names)
    return find_images(folder).images


def _digest(files: Sequence[tuple[Path, object]]) -> str:
    digest = hashlib.sha256()
    for name, of_it in files:
        digest.update(f"{name.as_posix()}\0{of_it}\0".encode())
    return digest.hexdigest()[:16]


def _readable(
    folder: Path, found: Found, seen: Sequence[Picture | str], *, skip_unreadable: bool
) -> dict[Path, Picture]:
    """The files that can be decoded, by name and in order."""
    names = found.images
    pairs = list(zip(names, seen, strict=True))
    bad = [f"{shown(name)} {reason}" for name, reason in pairs if isinstance(reason, str)]
    if bad and not skip_unreadable:
        raise ValueError(
            f"{shown(folder)}/{bad[0]}; {len(bad):,} of {len(names):,} files are like that: "
            "replace or remove them, or leave them out (--skip-unreadable)"
        )
    if len(bad) == len(names):
        raise ValueError(
            f"none of the {len(names):,} images in {shown(folder)} can be read: {bad[0]}"
        )
    if bad:
        logging.getLogger(__name__).warning(
            "left out %d of %d files in %s that cannot be decoded: %s",
            *(len(bad), len(names), shown(folder), few(bad)),
        )
    return {name: picture for name, picture in pairs if isinstance(picture, Picture)}
