"""What happens to an image between its file and the pipelines, on the host, in uint8."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

File: TypeAlias = str | os.PathLike[str] | IO[bytes]


@dataclass(frozen=True)
class Transform:
    """From an encoded image to pixels: decode, grey or RGB, square, resize.

    Its text, `repr`, names all that it does, for fingerprints.

    Attributes:
        image_size: Pixels on a side; 1 or more.
        channels: 1 (grey) or 3 (RGB).
        pad: Whether an image that is not square is padded with black, rather than cropped.
    """

    image_size: int
    channels: int
    pad: bool = False

    def __post_init__(self) -> None:
        if self.image_size < 1:
            raise ValueError(
                f"images of {self.image_size} pixels are empty: give a size of 1 or more"
            )
        if self.channels not in (1, 3):
            raise ValueError(
                f"images of {self.channels} channels are not supported: give 1 (grey) or 3 (RGB)"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it returns."""
        return self.image_size, self.image_size, self.channels

    def __call__(self, file: File) -> np.ndarray:
        """Apply it.

        Args:
            file: An encoded image: a path or an open binary file.

        Returns:
            `[image_size, image_size, channels]` uint8.

        Raises:
            ValueError: where the file cannot be decoded.
        """
        image = to_channels(decode(file), channels=self.channels)
        square = pad_to_square(image) if self.pad else centre_crop(image)
        return resize(square, image_size=self.image_size)


def decode(file: File) -> np.ndarray:
    """Decode an image, turned as its EXIF orientation says.

    Args:
        file: A path or an open binary file of any format that Pillow reads.

    Returns:
        `[H, W, C]` uint8; C is 1 for grey and 3 for all else. Sixteen bits become eight, and what
        is transparent lies on white.

    Raises:
        ValueError: where the file cannot be decoded.
    """
    from PIL import Image, ImageOps

    with _opened(file) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I;16"):
            return (np.asarray(image) // 257).astype(np.uint8)[..., None]
        if image.mode in ("1", "L"):
            return np.array(image.convert("L"))[..., None]
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return np.array(image.convert("RGB"))


def check_image(file: File) -> None:
    """Check that all of an image can be decoded, as cheaply as its format allows.

    Args:
        file: A path or an open binary file.

    Raises:
        ValueError: where the file is no image, cut short, damaged or far too large.
    """
    with _opened(file) as image:
        # JPEG alone obeys: it is read to its end, but transformed at an eighth of its size.
        image.draft("L", (1, 1))
        image.load()


def to_channels(image: np.ndarray, *, channels: int) -> np.ndarray:
    """Make an image grey or RGB.

    Args:
        image: `[H, W, 1]` or `[H, W, 3]` uint8.
        channels: 1 or 3.

    Returns:
        `[H, W, channels]` uint8; grey is the luma of ITU-R 601-2.
    """
    from PIL import Image

    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=-1)
    return np.array(Image.fromarray(image).convert("L"))[..., None]


def centre_crop(image: np.ndarray) -> np.ndarray:
    """Cut the largest square out of the centre.

    Args:
        image: `[H, W, C]`.

    Returns:
        `[S, S, C]`, S = min(H, W).

    >>> centre_crop(np.zeros((3, 7, 1), np.uint8)).shape
    (3, 3, 1)
    """
    height, width, _ = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def pad_to_square(image: np.ndarray) -> np.ndarray:
    """Lay an image on the centre of the smallest black square that holds it.

    Args:
        image: `[H, W, C]`.

    Returns:
        `[S, S, C]`, S = max(H, W).

    >>> pad_to_square(np.zeros((3, 7, 1), np.uint8)).shape
    (7, 7, 1)
    """
    height, width, _ = image.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(image, [(top, side - height - top), (left, side - width - left), (0, 0)])


def resize(image: np.ndarray, *, image_size: int) -> np.ndarray:
    """Resize a square with Lanczos's filter, widened where the image shrinks, so without aliasing.

    Args:
        image: `[S, S, C]` uint8, C 1 or 3.
        image_size: Pixels on a side afterwards.

    Returns:
        `[image_size, image_size, C]` uint8; the same pixels where the size is right already.
    """
    from PIL import Image

    if image.shape[0] == image_size:
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resized = picture.resize((image_size, image_size), Image.Resampling.LANCZOS)
    return np.array(resized).reshape(image_size, image_size, image.shape[-1])


@contextlib.contextmanager
def _opened(file: File) -> "Iterator[Image.Image]":
    from PIL import Image

    try:
        with Image.open(file) as image:
            yield image
    # Pillow's decoders raise whatever they meet in a damaged file: OSError, SyntaxError,
    # struct.error, and others. All say the same.
    except Exception as error:
        raise ValueError(f"cannot be decoded as an image ({_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
