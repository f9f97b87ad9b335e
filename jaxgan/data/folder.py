"""Sources from folders of images."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxgan.data.decoding import check_image, size_of
from jaxgan.data.finding import find_images
from jaxgan.data.paths import StrPath, to_path
from jaxgan.data.prepared import Prepared, open_prepared
from jaxgan.data.transforms import Half, Transform


@dataclass(frozen=True, eq=False)
class FolderSource:
    """Images in files; the sub-folders of the first level are the classes.

    Attributes:
        folder: Where they are.
        files: Sorted.
        labels: `[N]` int32; zeros where there are no classes.
        transform: From a file to pixels, `[H, W, C]` uint8.
        classes: Names of the sub-folders, sorted; empty where the images lie in the folder itself.
        fingerprint: A digest of relative names and sizes, and the transformation.
        left_out: Files that cannot be decoded.
        prepared: Where the pixels are, if the folder was prepared: the files are then elsewhere.
    """

    folder: Path
    files: tuple[Path, ...]
    labels: np.ndarray
    transform: Transform | Half
    classes: tuple[str, ...]
    fingerprint: str
    left_out: tuple[Path, ...]
    prepared: Prepared | None = None

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

    def size(self, row: int) -> tuple[int, int]:
        """(H, W) of a picture before it is transformed."""
        if self.prepared is None:
            return size_of(self.files[row])
        height, width = self.prepared.sizes[row].tolist()
        return height, width

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
            return self.transform(file)
        except ValueError as error:
            raise ValueError(f"{file} {error}: the folder changed since it was opened") from error


def folder_source(
    folder: StrPath, *, transform: Transform | Half, skip_unreadable: bool = False
) -> FolderSource:
    """Open a folder of images. Every file is decoded once, so that training meets no surprise.

    Args:
        folder: With images in it, or with one sub-folder (of any depth) for each class; or a
            folder that `prepare_folder` made of such a one.
        transform: What happens to each image.
        skip_unreadable: Whether a file that cannot be decoded is left out, rather than refused.

    Returns:
        The source; its size and order are fixed from here on.

    Raises:
        ValueError: where the folder is missing, empty or ambiguous, or a file cannot be decoded.
    """
    folder = to_path(folder)
    if (prepared := open_prepared(folder)) is not None:
        return _from_prepared(folder, prepared, transform)
    found = list(find_images(folder).images)
    classes = tuple(sorted({name.parts[0] for name in found if len(name.parts) > 1}))
    loose = [name for name in found if len(name.parts) == 1]
    if classes and loose:
        raise ValueError(
            f"{folder} has images both in sub-folders, which are classes, and beside them, like "
            f"{loose[0]}: move these into a sub-folder"
        )
    names = _readable(folder, found, skip_unreadable=skip_unreadable)
    number = {name: label for label, name in enumerate(classes)}
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name.as_posix()}\0{(folder / name).stat().st_size}\0".encode())
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in names),
        labels=np.array([number.get(name.parts[0], 0) for name in names], np.int32),
        transform=transform,
        classes=classes,
        fingerprint=f"folder:{digest.hexdigest()[:16]}:{transform}",
        left_out=tuple(folder / name for name in sorted(set(found) - set(names))),
    )


def _from_prepared(folder: Path, prepared: Prepared, transform: Transform | Half) -> FolderSource:
    prepared.check(transform)
    plan = prepared.plan
    number = {name: label for label, name in enumerate(plan.classes)}
    return FolderSource(
        folder=folder,
        files=tuple(folder / name for name in plan.names),
        labels=np.array([number.get(name.split("/")[0], 0) for name in plan.names], np.int32),
        transform=transform,
        classes=plan.classes,
        fingerprint=prepared.fingerprint(transform),
        left_out=tuple(folder / name for name in plan.left_out),
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


def _readable(folder: Path, names: list[Path], *, skip_unreadable: bool) -> list[Path]:
    """The names, in order, of the files that can be decoded."""
    from rich.console import Console
    from rich.progress import track

    def problem(name: Path) -> str | None:
        try:
            check_image(folder / name)
        except ValueError as error:
            return str(error)
        return None

    with ThreadPoolExecutor() as threads:
        problems = list(
            track(
                threads.map(problem, names),
                description="checking images",
                total=len(names),
                console=Console(stderr=True),
                disable=len(names) < 2000,
                transient=True,
            )
        )
    bad = [(name, reason) for name, reason in zip(names, problems, strict=True) if reason]
    if bad and not skip_unreadable:
        name, reason = bad[0]
        raise ValueError(
            f"{folder / name} {reason}; {len(bad)} of {len(names)} files are like that: "
            "remove them, or leave them out (--skip-unreadable)"
        )
    if len(bad) == len(names):
        raise ValueError(
            f"none of the {len(names)} images in {folder} can be decoded: replace them"
        )
    if bad:
        logging.getLogger(__name__).warning(
            "left out %d of %d files in %s that cannot be decoded", len(bad), len(names), folder
        )
    return [name for name, reason in zip(names, problems, strict=True) if reason is None]
