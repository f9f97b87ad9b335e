"""What happens to an image between its file and the pipelines, on the host, in uint8."""

from dataclasses import dataclass

import numpy as np

from jaxgan.data.decoding import File, decode


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
        return self.prepare(decode(file))

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Apply all but the decoding.

        Args:
            image: `[H, W, 1]` or `[H, W, 3]` uint8.

        Returns:
            `[image_size, image_size, channels]` uint8.
        """
        image = to_channels(image, channels=self.channels)
        return resize(self._square(image), image_size=self.image_size)

    def _square(self, image: np.ndarray) -> np.ndarray:
        return pad_to_square(image) if self.pad else centre_crop(image)


@dataclass(frozen=True)
class Stretch(Transform):
    """The same, but an image that is not square is stretched, rather than cropped or padded."""

    def _square(self, image: np.ndarray) -> np.ndarray:
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

    def __call__(self, file: File) -> np.ndarray:
        """Cut the file in the middle and prepare one half, `[H, W, C]` uint8."""
        return self.prepare(decode(file))

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
    """Resize to a square with Lanczos's filter, widened where the image shrinks: no aliasing.

    Args:
        image: `[H, W, C]` uint8, C 1 or 3.
        image_size: Pixels on a side afterwards.

    Returns:
        `[image_size, image_size, C]` uint8; the same pixels where the size is right already.
    """
    from PIL import Image

    if image.shape[:2] == (image_size, image_size):
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resized = picture.resize((image_size, image_size), Image.Resampling.LANCZOS)
    return np.array(resized).reshape(image_size, image_size, image.shape[-1])
