"""The choice of images, as plain values for a command line."""

from dataclasses import dataclass
from pathlib import Path

from jaxgan.data.decoding import NO_FOLDER_FOR_RANGE
from jaxgan.data.folder import folder_source
from jaxgan.data.licences import licence_of
from jaxgan.data.paths import StrPath, to_path
from jaxgan.data.prepared import Prepared
from jaxgan.data.preparing import prepare_folder
from jaxgan.data.sources import Source
from jaxgan.data.stacked import stacked_digits
from jaxgan.data.tfds import tfds_source
from jaxgan.data.transforms import SizeField, Transform, height_and_width


@dataclass(frozen=True)
class Images:
    """Which images to train on, and how to prepare them.

    >>> Images().image_size
    28
    """

    dataset: str = "digits"
    """Name of a data set of TFDS (mnist, cifar10, ...), or digits, stacked_digits (three in RGB) or
    faces/open_peeps_32, which need no network."""
    folder: Path | None = None
    """Folder of images to use instead of a data set, a zip of one, or one that was prepared of
    either; its sub-folders are the classes, or its dataset.json says them."""
    split: str = "train"
    """Split of the data set; a folder has none."""
    label: str | None = None
    """What of the data set is the label, such as glasses of faces; its own label if not given. Of
    several, as in glasses,beard, labels are vectors."""
    image_size: SizeField = 28
    """Pixels on a side; or height and width, as in 96 128."""
    channels: int = 1
    """1 for grey, 3 for RGB, 4 for RGBA."""
    pad: bool = False
    """Pad images of another shape with black, or with nothing in RGBA, instead of cropping their
    centre."""
    flip: bool = False
    """Flip half of the images from left to right, at random."""
    dequantise: bool = False
    """Fill the steps between the values of a byte: x / 128 - 1 + U(0, 1/128) in training."""
    skip_unreadable: bool = False
    """Leave out the files of the folder that cannot be decoded."""
    range: tuple[float, float] | None = None
    """Values of black and white in the folder's pictures of more than 8 bits or of floats, such as
    0 4095; the file format's own if not given."""
    data_dir: Path | None = None
    """Where data sets are kept; TFDS's own place if not given."""

    def __post_init__(self) -> None:
        for name in ("folder", "data_dir"):
            if (path := getattr(self, name)) is not None:
                object.__setattr__(self, name, to_path(path))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        return *height_and_width(self.image_size), self.channels

    @property
    def labels(self) -> tuple[str, ...]:
        """What `label` names: nothing, one feature of the data set, or several."""
        return () if self.label is None else tuple(name.strip() for name in self.label.split(","))

    @property
    def transform(self) -> Transform:
        """What happens to each image."""
        return Transform(image_size=self.image_size, channels=self.channels, pad=self.pad)

    @property
    def licence(self) -> str | None:
        """Whose the pictures are, in a sentence; None where it is not known."""
        return licence_of(self.dataset) if self.folder is None else None

    def prepare(self, folder: StrPath, output: StrPath) -> list[Prepared]:
        """Prepare a folder once, so that `source` reads it without decoding.

        Args:
            folder: As the field of that name.
            output: Where its pictures go; then the field of that name.

        Returns:
            What is there.

        Raises:
            ValueError: where `prepare_folder` does.
        """
        prepared = prepare_folder(
            folder,
            output,
            transforms=[self.transform],
            skip_unreadable=self.skip_unreadable,
            value_range=self.range,
        )
        return [prepared]

    def source(self) -> Source:
        """Open the folder, or else the data set, which is prepared on first use.

        Returns:
            Random access to the prepared examples.

        Raises:
            ValueError: where the images cannot be had as asked for; says what to do.
        """
        if self.folder is None and self.range is not None:
            raise ValueError(NO_FOLDER_FOR_RANGE)
        if self.label is not None and (self.folder or self.dataset == "stacked_digits"):
            which = "the names of its sub-folders" if self.folder else "its three digits"
            raise ValueError(
                f"the labels of '{self.folder or self.dataset}' are {which}, not '{self.label}': "
                "leave --label out"
            )
        transform = self.transform
        if self.folder is None and self.dataset == "stacked_digits":
            return self._stacked_digits()
        if self.folder is not None:
            return folder_source(
                self.folder,
                transform=transform,
                skip_unreadable=self.skip_unreadable,
                value_range=self.range,
            )
        return tfds_source(
            self.dataset,
            self.split,
            transform=transform,
            label=self.label if len(self.labels) < 2 else self.labels,
            data_dir=self.data_dir,
        )

    def _stacked_digits(self) -> Source:
        if self.channels != 3:
            raise ValueError(
                f"stacked digits are three digits in RGB, and channels is {self.channels}: "
                "give 3 (--channels 3)"
            )
        grey = Transform(image_size=self.image_size, channels=1, pad=self.pad)
        return stacked_digits(
            tfds_source("digits", self.split, transform=grey, data_dir=self.data_dir)
        )
