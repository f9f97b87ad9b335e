"""The choice of images of two sides, as plain values for a command line."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from jaxgan.data.decoding import NO_FOLDER_FOR_RANGE
from jaxgan.data.face_sides import face_pairs, parse_face_sides, unpaired_faces
from jaxgan.data.faces import FacesName, attribution
from jaxgan.data.folder import folder_source, names_in
from jaxgan.data.layouts import Folders, folders_of, share_of
from jaxgan.data.licences import licence_of
from jaxgan.data.openmoji_sides import openmoji_halves, openmoji_pairs
from jaxgan.data.paired import Paired, paired_folders, side_by_side
from jaxgan.data.paths import StrPath, to_path
from jaxgan.data.prepared import Prepared
from jaxgan.data.preparing_sides import prepare_sides
from jaxgan.data.sources import Grey, Source, Subset
from jaxgan.data.tfds import tfds_source
from jaxgan.data.transforms import Size, SizeField, Stretch, Transform
from jaxgan.data.unpaired import Unpaired


@dataclass(frozen=True)
class Sides:
    """Which images to translate between, side a to side b, and how to prepare them.

    >>> Sides().crop_size
    64
    """

    dataset: str = "openmoji"
    """openmoji (line drawings to colour) or faces (of one style to another, as in
    faces/open_peeps_avataaars), which need no network; or a set of TFDS with two sides
    (cycle_gan/horse2zebra, ...)."""
    folder: Path | None = None
    """Folder to use instead of a data set: with trainA, trainB, testA and testB in it, or with
    train and test (or val), whose files are pairs side by side, a on the left."""
    folder_a: Path | None = None
    """Folder of images of side a; with folder_b, instead of a data set. One in ten is held out."""
    folder_b: Path | None = None
    """Folder of images of side b. A pair has one name on both sides."""
    swap: bool = False
    """Exchange the two sides: translate b to a."""
    load_size: SizeField = 64
    """Pixels on a side that images are prepared at, or height and width, as in 110 146: crop_size
    or more."""
    crop_size: SizeField = 64
    """Pixels on a side that networks see, or height and width, as in 96 128: a crop, at random, of
    what was prepared."""
    channels: int = 3
    """1 for grey, 3 for RGB."""
    channels_b: Literal[1, 3] | None = None
    """Those of side b, where they are others than side a's; --swap leaves both as they are."""
    stretch: bool = False
    """Stretch images of another shape, instead of cropping their centre."""
    flip: bool = False
    """Flip half of the images from left to right, at random; the two of a pair alike."""
    skip_unreadable: bool = False
    """Leave out the files of folders that cannot be decoded."""
    range: tuple[float, float] | None = None
    """Values of black and white in pictures of folders that have more than 8 bits or are floats,
    such as 0 4095; the file format's own if not given."""
    data_dir: Path | None = None
    """Where data sets are kept; TFDS's own place if not given."""

    def __post_init__(self) -> None:
        for name in ("folder", "folder_a", "folder_b", "data_dir"):
            if (path := getattr(self, name)) is not None:
                object.__setattr__(self, name, to_path(path))

    @property
    def licence(self) -> str | None:
        """Whose the pictures are, in a sentence; None where it is not known."""
        if self.folder is not None or self.folder_a is not None:
            return None
        if faces := self.faces:
            return " ".join(attribution(side.style) for side in faces)
        return licence_of(self.dataset)

    @property
    def faces(self) -> tuple[FacesName, FacesName] | None:
        """The faces of both sides, as the name of the data set has them, whatever `swap` is.

        None where the images are something else.

        Raises:
            ValueError: where `parse_face_sides` does.
        """
        if self.folder is not None or self.folder_a is not None or self.folder_b is not None:
            return None
        return parse_face_sides(self.dataset, size=self.load_size)

    def prepare(self, folder: StrPath, output: StrPath) -> list[Prepared]:
        """Prepare a folder once, so that training and testing read it without decoding.

        Args:
            folder: As the field of that name; or images of one side.
            output: Where its pictures go, in the sub-folders that `folder` has; then the field of
                that name, or folder_a or folder_b.

        Returns:
            What is there, one for each folder of pictures.

        Raises:
            ValueError: where `prepare_sides` does.
        """
        return prepare_sides(
            to_path(folder),
            to_path(output),
            transforms=[self._transform(size) for size in (self.load_size, self.crop_size)],
            skip_unreadable=self.skip_unreadable,
            value_range=self.range,
        )

    def paired(self, split: str = "train") -> Paired:
        """Open the pairs of a split.

        Args:
            split: `train` or `test`.

        Returns:
            Random access to `a` and `b`, each `[N, H, W, C]` uint8, of load_size and of the
            channels of its side.

        Raises:
            ValueError: where there are no pairs, or they cannot be had as asked for.
        """
        pairs = self._pairs(split, self.load_size)
        return Paired(*self._in_order(pairs.a, pairs.b))

    def unpaired(self, split: str = "train") -> Unpaired:
        """Open the two sides of a split.

        Those of OpenMoji, for training, share no drawing; of faces, each draws its own people.

        Args:
            split: `train` or `test`.

        Returns:
            Random access to each side: `image`, `[N, H, W, channels]` uint8, of load_size.

        Raises:
            ValueError: where the images cannot be had as asked for; says what to do.
        """
        sides = self._apart(split) if split == "train" else None
        sides = sides or self._sides(split, self.load_size)
        return Unpaired(*self._in_order(sides.a, sides.b))

    def held_out(self, count: int | None = None) -> dict[str, np.ndarray]:
        """Read test images at the size that networks see, without jitter.

        Args:
            count: How many of each side at most, the first ones; None for all.

        Returns:
            `a` and `b`, each `[N, H, W, channels]` uint8, of crop_size. Where `has_pairs`, row i
            of `a` belongs to row i of `b`; else they may differ in length.

        Raises:
            ValueError: where the images cannot be had as asked for; says what to do.
        """
        sides = self._sides("test", self.crop_size)
        a, b = (
            side.read(np.arange(len(side))[:count])["image"]
            for side in self._in_order(sides.a, sides.b)
        )
        return {"a": a, "b": b}

    @property
    def has_pairs(self) -> bool:
        """Whether what belongs together is known of test images.

        Of folders, by names; of faces, the same people are known, and not how each is drawn.
        """
        folders = self._folders("test")
        if folders is None:
            return self.dataset == "openmoji" or self.faces is not None
        if folders.b is None:
            return True
        a, b = (
            sorted(image.with_suffix("") for image in names_in(folder))
            for folder in (folders.a, folders.b)
        )
        return a == b

    @property
    def transform(self) -> Transform:
        """From an image to what networks see, without jitter: crop_size pixels on a side."""
        return self._transform(self.crop_size)

    def _transform(self, size: Size) -> Transform:
        if self.channels not in (1, 3):
            raise ValueError(
                f"images of {self.channels} channels are not translated: give 1 (grey) or 3 (RGB)"
            )
        kind = Stretch if self.stretch else Transform
        return kind(image_size=size, channels=max(self.channels, self.channels_b or 0))

    def _in_order(self, a: Source, b: Source) -> tuple[Source, Source]:
        """Side a and side b as they were asked for: exchanged, and grey where one of them is."""
        sides = (b, a) if self.swap else (a, b)
        channels = self.channels, self.channels_b or self.channels
        if channels[0] == channels[1]:
            return sides
        one, other = (
            Grey(side) if count == 1 else side for side, count in zip(sides, channels, strict=True)
        )
        return one, other

    def _pairs(self, split: str, size: Size) -> Paired:
        folders, transform = self._folders(split), self._transform(size)
        if faces := self.faces:
            return face_pairs(faces, split, transform=transform, data_dir=self.data_dir).images
        if folders is None and self.dataset == "openmoji":
            return openmoji_pairs(
                split, size=self.load_size, transform=transform, data_dir=self.data_dir
            )
        if folders is None:
            raise ValueError(
                f"the data set '{self.dataset}' has no pairs: choose openmoji or faces, or give "
                "folders of pairs (--folder, or --folder-a and --folder-b)"
            )
        a, b, shared = folders
        opened = partial(side_by_side, a) if b is None else partial(paired_folders, a, b)
        pairs = opened(
            transform=transform, skip_unreadable=self.skip_unreadable, value_range=self.range
        )
        return Paired(*(share_of(side, split, shared=shared) for side in (pairs.a, pairs.b)))

    def _apart(self, split: str) -> Unpaired | None:
        """Both sides of our own sets, without pairs; None of others."""
        transform, data_dir = self._transform(self.load_size), self.data_dir
        if self._folders(split) is not None:
            return None
        if faces := self.faces:
            return unpaired_faces(faces, split, transform=transform, data_dir=data_dir)
        if self.dataset != "openmoji":
            return None
        return openmoji_halves(split, size=self.load_size, transform=transform, data_dir=data_dir)

    def _sides(self, split: str, size: Size) -> Unpaired:
        """Both sides whole; in the order of their names, so that pairs of folders stay pairs."""
        folders, transform = self._folders(split), self._transform(size)
        if folders is None and self.dataset != "openmoji" and self.faces is None:
            return Unpaired(
                *(
                    tfds_source(
                        self.dataset, f"{split}{side}", transform=transform, data_dir=self.data_dir
                    )
                    for side in "AB"
                )
            )
        if folders is None or folders.b is None:
            pairs = self._pairs(split, size)
            return Unpaired(pairs.a, pairs.b)

        def open_side(folder: Path) -> Source:
            source = folder_source(
                folder,
                transform=transform,
                skip_unreadable=self.skip_unreadable,
                value_range=self.range,
            )
            names = [source.name(file) for file in source.files]
            in_order = Subset(source, np.array(sorted(range(len(names)), key=names.__getitem__)))
            return share_of(in_order, split, shared=folders.shared)

        return Unpaired(open_side(folders.a), open_side(folders.b))

    def _folders(self, split: str) -> Folders | None:
        """The folders of a split, or None where a data set is asked for."""
        if split not in ("train", "test"):
            raise ValueError(f"there is no split '{split}' of two sides: give train or test")
        if (self.folder_a is None) != (self.folder_b is None):
            raise ValueError("one side has a folder and the other has none: give both")
        if self.folder_a is not None and self.folder_b is not None:
            if self.folder is not None:
                raise ValueError(
                    f"both {self.folder} and folders of the two sides are given: choose one"
                )
            return Folders(self.folder_a, self.folder_b, shared=True)
        if self.folder is None:
            if self.range is not None:
                raise ValueError(NO_FOLDER_FOR_RANGE)
            return None
        train, test, val = (folders_of(self.folder, name) for name in ("train", "test", "val"))
        test = test or val
        if split == "test" and test is not None:
            return test
        if train is None:
            raise ValueError(
                f"{self.folder} has neither trainA and trainB nor train in it: give a folder that "
                "has, or the folders of the two sides (--folder-a and --folder-b)"
            )
        return train._replace(shared=test is None)
