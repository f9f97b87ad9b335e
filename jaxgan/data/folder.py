"""Sources from folders of images."""

import hashlib
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxgan.data.archives import Archive, open_archive
from jaxgan.data.decoding import ValueRange, check_range, decode
from jaxgan.data.finding import LABEL_FILE, Found, find_images, find_in_archive
from jaxgan.data.label_files import labels_of
from jaxgan.data.paths import StrPath, shown, to_path
from jaxgan.data.prepared import Prepared, open_prepared
from jaxgan.data.seen import Picture, look_at
from jaxgan.data.transforms import Half, Transform
from jaxgan.data.wording import few, pictures_in


@dataclass(frozen=True, eq=False)
class FolderSource:
    """Images in files; the sub-folders of the first level are the classes, or a file of labels.

    Attributes:
        folder: Where they are; it may be a zip.
        files: Sorted; those in a zip as if it were a folder.
        sizes: (H, W) of each, before the transformation.
        labels: `[N]` int32, zeros where there are no classes; or `[N, L]` float32.
        transform: From an image to pixels, `[H, W, C]` uint8.
        value_range: As `decode` takes it.
        classes: Names of the sub-folders, sorted, or the numbers that a `dataset.json` gives;
            empty where the images lie in the folder itself, or labels are vectors.
        contents: A digest of relative names and of all bytes.
        names_and_sizes: A digest of relative names and sizes, which fingerprints were made of.
        left_out: Files that cannot be decoded.
        passed_over: How many of what else there is, in words; empty where there is nothing.
        transparent: How many have pixels that are not opaque.
        from_file: Whether the labels, or that there are none, are those of a `dataset.json`.
        archive: The zip that they are in.
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
    transparent: int
    from_file: bool
    archive: Archive | None = None
    prepared: Prepared | None = None

    @property
    def fingerprint(self) -> str:
        """Of relative names and contents, the transformation, the range and the labels if given."""
        return f"files:{self.contents}:{self._preparation}"

    @property
    def former_fingerprint(self) -> str:
        """The same, of names and sizes alone, as earlier versions wrote it."""
        return f"folder:{self.names_and_sizes}:{self._preparation}"

    @property
    def _preparation(self) -> str:
        text = f"{self.transform}{f':range{self.value_range}' if self.value_range else ''}"
        if not self.from_file:
            return text
        digest = hashlib.sha256(self.labels.tobytes() if self.has_labels else b"")
        return f"{text}:labels{digest.hexdigest()[:16]}"

    @property
    def has_labels(self) -> bool:
        """Whether there are any."""
        return bool(self.classes) or self.labels.ndim == 2

    @property
    def notes(self) -> tuple[str, ...]:
        """How many images of which classes there are, what is not among them, and their alpha."""
        classes = []
        if self.classes:
            counts = np.bincount(self.labels, minlength=len(self.classes)).tolist()
            classes = [
                f"{shown(name)} ({n:,})" for name, n in zip(self.classes, counts, strict=True)
            ]
        text = pictures_in(shown(self.folder), len(self), classes)
        unreadable = few([shown(file.relative_to(self.folder)) for file in self.left_out])
        others = [
            *([self.passed_over] if self.passed_over else []),
            *([f"{len(self.left_out):,} unreadable ({unreadable})"] if self.left_out else []),
        ]
        notes = [f"{text}; passed over: {', '.join(others)}" if others else text]
        if self.from_file:
            kind = f"vectors of {self.labels.shape[1]}" if self.labels.ndim == 2 else "classes"
            said = f"labels are {kind}" if self.has_labels else "there are no labels"
            notes.append(f"{said}, as {LABEL_FILE} has it; sub-folders count nothing")
        opaque = len(self) - self.transparent
        if self.transform.alpha and opaque:
            notes.append(f"{opaque:,} of {len(self):,} pictures have no transparency: alpha is 1")
        if self.transparent and not self.transform.alpha:
            notes.append(
                f"{self.transparent:,} of {len(self):,} pictures are transparent in places, which "
                "lie on white"
            )
        return tuple(notes)

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
        if self.has_labels:
            batch["label"] = self.labels[indices]
        return batch

    def _image(self, file: Path) -> np.ndarray:
        return self.transform.prepare(self.decode(file, alpha=self.transform.alpha))

    def decode(self, file: Path, *, alpha: bool) -> np.ndarray:
        """Decode one of the files, as `decode` does.

        Raises:
            ValueError: where that is no longer possible; names the file.
        """
        try:
            if self.archive is None:
                return decode(file, value_range=self.value_range, alpha=alpha)
            content = self.archive.read(file.relative_to(self.folder).as_posix())
            return decode(io.BytesIO(content), value_range=self.value_range, alpha=alpha)
        except (OSError, ValueError) as error:
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
            followed, hidden files and folders passed over, as `find_images` says. Or a zip of such
            a folder, which is read in place; or a folder that `prepare_folder` made of either. The
            labels are those of its `dataset.json`, of NVIDIA's form, where it has one.
        transform: What happens to each image.
        skip_unreadable: Whether a file that cannot be decoded is left out, rather than refused.
        value_range: (low, high), the values of black and white in pictures of more than eight bits
            or of floats, as `decode` takes it; None is the formats' own.

    Returns:
        The source; its size and order are fixed from here on.

    Raises:
        ValueError: where the folder is missing, empty or ambiguous, a file cannot be decoded, the
            labels do not fit the pictures, or the range will not do.
    """
    check_range(value_range)
    folder = to_path(folder)
    if (prepared := open_prepared(folder)) is not None:
        return _from_prepared(folder, prepared, transform, value_range)
    found, archive = _find(folder)
    seen = look_at(folder, found.images, value_range=value_range, archive=archive)
    pictures = _readable(folder, found, seen, skip_unreadable=skip_unreadable)
    names = list(pictures)
    labels = labels_of(folder, archive, found.images, names)
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in names),
        sizes=tuple(picture.size for picture in pictures.values()),
        labels=labels.labels,
        transform=transform,
        value_range=value_range,
        classes=labels.classes,
        contents=_digest([(name, picture.digest) for name, picture in pictures.items()]),
        names_and_sizes=_digest([(name, picture.file_size) for name, picture in pictures.items()]),
        left_out=tuple(folder / name for name in found.images if name not in pictures),
        passed_over=str(found),
        transparent=sum(picture.transparent for picture in pictures.values()),
        from_file=labels.from_file,
        archive=archive,
    )


def _find(folder: Path) -> tuple[Found, Archive | None]:
    if folder.is_file():
        return find_in_archive(open_archive(folder))
    return find_images(folder), None


def _from_prepared(
    folder: Path,
    prepared: Prepared,
    transform: Transform | Half,
    value_range: ValueRange | None,
) -> FolderSource:
    contents = prepared.check(transform, value_range)
    plan = prepared.plan
    if plan.labels:
        labels = np.array(plan.labels, np.int32 if plan.classes else np.float32)
    else:
        number = {name: label for label, name in enumerate(plan.classes)}
        labels = np.array([number.get(name.split("/")[0], 0) for name in plan.names], np.int32)
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in plan.names),
        sizes=plan.sizes,
        labels=labels,
        transform=transform,
        value_range=value_range,
        classes=plan.classes,
        contents=contents,
        names_and_sizes=contents if contents != plan.contents else plan.names_and_sizes,
        left_out=tuple(folder / name for name in plan.left_out),
        passed_over=plan.passed_over,
        transparent=plan.transparent,
        from_file=plan.from_file,
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
    return _find(to_path(folder))[0].images


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
