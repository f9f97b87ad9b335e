"""From an encoded image to pixels of bytes."""

import contextlib
import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

File: TypeAlias = str | os.PathLike[str] | IO[bytes]


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


def size_of(file: File) -> tuple[int, int]:
    """Read how large an image is, turned as its EXIF orientation says, without decoding it.

    Args:
        file: A path or an open binary file.

    Returns:
        (H, W).

    Raises:
        ValueError: where the file is no image.
    """
    from PIL import ExifTags

    with _opened(file) as image:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return image.size if turned else image.size[::-1]


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
