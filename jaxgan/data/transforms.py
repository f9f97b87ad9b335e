"""What happens to an image between its file and the pipelines, on the host, in uint8."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from pydantic import BeforeValidator

from jaxgan.data.decoding import File, decode

Size: TypeAlias = int | tuple[int, int]
"""Height and width of images in pixels; one number is both."""


def _one_or_two(value: Any) -> Any:
    numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
    if not all(type(number) is int for number in numbers):
        raise ValueError("one whole number of pixels, or two: height and width")
    return value


SizeField: TypeAlias = Annotated[Size, BeforeValidator(_one_or_two)]
"""The same in a configuration, of which a value that will not do is told in one sentence."""


RESIZE = "Lanczos"
"""The filter of `resize`, for protocols."""
CLEAR = np.array([255, 255, 255, 0], np.uint8)
"""A pixel of RGBA of which nothing is seen."""


@dataclass(frozen=True)
class Transform:
    """From an encoded image to pixels: decode, grey, RGB or RGBA, the right shape, resize.

    In RGBA, colours are as they look where a pixel is opaque: not multiplied by its alpha. While
    an image is resized they are, so that what is invisible leaves no fringe. A pixel that is clear
    altogether becomes white, as files have there whatever was left behind.

    Its text, `repr`, names all that it does, for fingerprints.

    Attributes:
        image_size: Height and width, or one number for both; 1 or more each. Two equal numbers are
            kept as one.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        pad: Whether an image of another shape is padded with black, or in RGBA with what is clear,
            rather than cropped.
    """

    image_size: Size
    channels: int
    pad: bool = False

    def __post_init__(self) -> None:
        height, width = height_and_width(self.image_size)
        if min(height, width) < 1:
            raise ValueError(
                f"images of {in_words(self.image_size)} pixels are empty: give a size of 1 or more"
            )
        if height == width:
            object.__setattr__(self, "image_size", height)
        if self.channels not in (1, 3, 4):
            raise ValueError(
                f"images of {self.channels} channels are not supported: give 1 (grey), 3 (RGB) or "
                "4 (RGBA)"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it returns."""
        return *height_and_width(self.image_size), self.channels

    def __call__(self, file: File) -> np.ndarray:
        """Apply it.

        Args:
            file: An encoded image: a path or an open binary file.

        Returns:
            `[H, W, channels]` uint8.

        Raises:
            ValueError: where the file cannot be decoded.
        """
        return self.prepare(decode(file, alpha=self.alpha))

    @property
    def alpha(self) -> bool:
        """Whether `decode` shall keep what is transparent."""
        return self.channels == 4

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Apply all but the decoding.

        Args:
            image: `[H, W, C]` uint8, C 1, 3 or 4.

        Returns:
            `[H, W, channels]` uint8.
        """
        image = to_channels(image, channels=self.channels)
        image = resize(self._shaped(image), image_size=self.image_size)
        return np.where(image[..., 3:] == 0, CLEAR, image) if self.channels == 4 else image

    def _shaped(self, image: np.ndarray) -> np.ndarray:
        fit = pad_to_aspect if self.pad else centre_crop
        return fit(image, aspect=height_and_width(self.image_size))


@dataclass(frozen=True)
class Stretch(Transform):
    """The same, but an image of another shape is stretched, rather than cropped or padded."""

    def _shaped(self, image: np.ndarray) -> np.ndarray:
        return image


@dataclass(frozen=True)
class Half:
    """From a file with two pictures side by side to the pixels of one of them.

    Attributes:
        transform: What happens to the picture.
        right: Whether it is the right one.
    """

    transform: Transform
    right: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of what it returns."""
        return self.transform.shape

    @property
    def alpha(self) -> bool:
        """Whether `decode` shall keep what is transparent."""
        return self.transform.alpha

    def __call__(self, file: File) -> np.ndarray:
        """Cut the file in the middle and prepare one half, `[H, W, C]` uint8."""
        return self.prepare(decode(file, alpha=self.alpha))

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Apply all but the decoding to both pictures, `[H, 2 W, C]` uint8."""
        middle = image.shape[1] // 2
        return self.transform.prepare(image[:, middle:] if self.right else image[:, :middle])


def to_floats(image: np.ndarray) -> np.ndarray:
    """Images of bytes, of any shape, as networks see them: float32, (2 x - 255) / 255.

    >>> to_floats(np.array([0, 51, 255], np.uint8)).tolist()
    [-1.0, -0.6000000238418579, 1.0]
    """
    return (2.0 * image.astype(np.float32) - 255.0) / 255.0


def to_channels(image: np.ndarray, *, channels: int) -> np.ndarray:
    """Make an image grey, RGB or RGBA.

    Args:
        image: `[H, W, C]` uint8, C 1, 3 or 4.
        channels: 1, 3 or 4.

    Returns:
        `[H, W, channels]` uint8; grey is the luma of ITU-R 601-2. What is transparent comes to lie
        on white, and what has no alpha is opaque.
    """
    from PIL import Image

    if image.shape[-1] == channels:
        return image
    if image.shape[-1] == 4:
        white = Image.new("RGBA", (image.shape[1], image.shape[0]), "white")
        on_white = Image.alpha_composite(white, Image.fromarray(image)).convert("RGB")
        return to_channels(np.array(on_white), channels=channels)
    if image.shape[-1] == 1:
        image = np.repeat(image, 3, axis=-1)
    if channels == 3:
        return image
    if channels == 4:
        return np.pad(image, [(0, 0), (0, 0), (0, 1)], constant_values=255)
    return np.array(Image.fromarray(image).convert("L"))[..., None]


def centre_crop(image: np.ndarray, *, aspect: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Cut the largest rectangle of an aspect ratio out of the centre.

    Args:
        image: `[H, W, C]`.
        aspect: Height to width of what is cut, as (96, 128); a square where none is said.

    Returns:
        `[H', W', C]`, H' = H or W' = W; the other to the nearest pixel.

    >>> image = np.zeros((3, 7, 1), np.uint8)
    >>> centre_crop(image).shape, centre_crop(image, aspect=(1, 2)).shape
    ((3, 3, 1), (3, 6, 1))
    """
    height, width, _ = image.shape
    tall = height * aspect[1] > width * aspect[0]
    rows = max(1, _nearest(width * aspect[0], aspect[1])) if tall else height
    columns = width if tall else max(1, _nearest(height * aspect[1], aspect[0]))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


def pad_to_aspect(image: np.ndarray, *, aspect: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Lay an image on the centre of the smallest black rectangle of an aspect ratio that holds it.

    Args:
        image: `[H, W, C]`.
        aspect: Height to width of the rectangle, as (96, 128); a square where none is said.

    Returns:
        `[H', W', C]`, H' = H or W' = W; the other to the nearest pixel.

    >>> image = np.zeros((3, 7, 1), np.uint8)
    >>> pad_to_aspect(image).shape, pad_to_aspect(image, aspect=(1, 2)).shape
    ((7, 7, 1), (4, 7, 1))
    """
    height, width, _ = image.shape
    tall = height * aspect[1] > width * aspect[0]
    rows = height if tall else _nearest(width * aspect[0], aspect[1])
    columns = _nearest(height * aspect[1], aspect[0]) if tall else width
    top, left = (rows - height) // 2, (columns - width) // 2
    return np.pad(image, [(top, rows - height - top), (left, columns - width - left), (0, 0)])


def resize(image: np.ndarray, *, image_size: Size) -> np.ndarray:
    """Resize with Lanczos's filter, widened where the image shrinks: no aliasing.

    Args:
        image: `[H, W, C]` uint8, C 1, 3 or 4. Pillow multiplies colours by alpha meanwhile.
        image_size: Height and width afterwards, or one number for both.

    Returns:
        `[H', W', C]` uint8; the same pixels where the size is right already.
    """
    from PIL import Image

    height, width = height_and_width(image_size)
    if image.shape[:2] == (height, width):
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resized = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.array(resized).reshape(height, width, image.shape[-1])


def height_and_width(image_size: Size) -> tuple[int, int]:
    """Both, of one number or two.

    >>> height_and_width(28), height_and_width((96, 128))
    ((28, 28), (96, 128))
    """
    return (image_size, image_size) if isinstance(image_size, int) else image_size


def in_words(image_size: Size) -> str:
    """A size as people write it.

    >>> in_words(28), in_words((96, 128))
    ('28', '96 x 128')
    """
    height, width = height_and_width(image_size)
    return str(height) if height == width else f"{height} x {width}"


def _nearest(numerator: int, denominator: int) -> int:
    """The quotient, to the nearest whole number: exact where it is whole."""
    return (2 * numerator + denominator) // (2 * denominator)
