"""From an encoded image to pixels of bytes."""

import contextlib
import math
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

File: TypeAlias = str | os.PathLike[str] | IO[bytes]

ValueRange: TypeAlias = tuple[float, float]
"""The values that are black and white, in this order."""

NO_FOLDER_FOR_RANGE = (
    "--range is of pictures in folders, and those of data sets have eight bits: leave it out, or "
    "give a folder (--folder)"
)

# Pillow keeps the key colour of a PNG as the file has it, and spreads pixels over 0 to 255.
_STEPS = {"L;2": 85, "L;4": 17}


_STRIP = 2**22  # pixels
_LARGE = 2**25


class RangeError(ValueError):
    """A picture that could be decoded, if it were known which of its values are black and white."""


def check_range(value_range: ValueRange | None) -> None:
    """Check that a range has a width.

    Args:
        value_range: (low, high), or None.

    Raises:
        ValueError: where `low` is not below `high`, or one of them is not finite.
    """
    if value_range is None:
        return
    low, high = value_range
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"the range {low:g} to {high:g} is not finite: give two numbers (--range)")
    if low >= high:
        remedy = f": give the lower value first (--range {high:g} {low:g})" if low > high else ""
        raise ValueError(
            f"the range {low:g} to {high:g} is {'the wrong way round' if remedy else 'empty'}"
            f"{remedy or ': give two values that differ (--range)'}"
        )


def decode(file: File, *, value_range: ValueRange | None = None, alpha: bool = False) -> np.ndarray:
    """Decode an image, turned as its EXIF orientation says. Of several, the first is taken.

        pixel = round(255 (value - low) / (high - low)), clipped to {0, ..., 255}

    That is for grey pictures of more than eight bits or of floats. Without a range, the format's
    own is taken: 0 to 65,535 for sixteen bits, 0 to 4,095 for twelve. Floats that all lie in
    [0, 1] fill that range. Whatever else there is (whole numbers of 32 bits, floats beyond [0, 1])
    is ambiguous, and refused. Colours of sixteen bits are read as eight.

    Args:
        file: A path or an open binary file of any format that Pillow reads.
        value_range: (low, high), the values of black and of white in every grey picture of more
            than eight bits or of floats; values beyond are clipped. Pictures of eight bits or
            fewer are read as they are.
        alpha: Whether pictures keep what is transparent in them.

    Returns:
        `[H, W, C]` uint8, not writable; C is 1 for grey and 3 for all else. What is transparent
        lies on white, and so does the one colour or grey that a file declares transparent. With
        `alpha`, C is 4 where a file says of any pixel that it is not opaque, or might not be: red,
        green, blue, and alpha from 0 (clear) to 255; colours are not multiplied by it.

    Raises:
        RangeError: a ValueError, where a range is needed, or given and cannot be obeyed.
        ValueError: where the file cannot be decoded, is no picture in its last values (NaN), or has
            more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.
    """
    check_range(value_range)
    with _opened(file) as image, _ROOM.taken(image.width * image.height):
        if image.width * image.height < _LARGE:
            return _pixels(image, value_range, alpha)
        # The C library keeps for each thread what it had: a thread that ends leaves it to the next.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_pixels, image, value_range, alpha).result()


def _pixels(image: "Image.Image", value_range: ValueRange | None, alpha: bool) -> np.ndarray:
    from PIL import ImageOps

    raw_mode = _raw_mode(image)
    if ";16" in raw_mode and image.mode[0] not in "IF":
        _sixteen_bit_colours(image, value_range)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":
        return _without_key(*_scaled(image, raw_mode, value_range), alpha)
    if image.mode in ("1", "L"):
        grey = np.asarray(image.convert("L"))
        key = image.info.get("transparency")
        clear = grey == key * _STEPS.get(raw_mode, 1) if isinstance(key, int) else None
        return _without_key(grey, clear, alpha)
    if alpha and image.has_transparency_data:
        return _as_array(image if image.mode == "RGBA" else image.convert("RGBA"))
    return _as_array(_on_white(image))


def _without_key(grey: np.ndarray, clear: np.ndarray | None, alpha: bool) -> np.ndarray:
    """Grey, `[H, W]`, with white where it is `clear`; or RGBA, if that is wanted."""
    if clear is None:
        return grey[..., None]
    white = np.where(clear, np.uint8(255), grey)
    if not alpha:
        return white[..., None]
    return np.stack([white, white, white, np.where(clear, np.uint8(0), np.uint8(255))], axis=-1)


def _sixteen_bit_colours(image: "Image.Image", value_range: ValueRange | None) -> None:
    """Pillow takes the upper eight bits of each, but leaves the key colour whole."""
    if value_range is not None:
        raise RangeError(
            "has colours of sixteen bits, which are read as eight, so that no range can be given: "
            "save it with eight bits, or leave out the range (--range)"
        )
    clear = image.info.get("transparency")
    if clear is not None and image.mode in ("L", "RGB"):
        upper = clear >> 8 if isinstance(clear, int) else tuple(value >> 8 for value in clear)
        image.info["transparency"] = upper


def _scaled(
    image: "Image.Image", raw_mode: str, value_range: ValueRange | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Grey of more than eight bits, or of floats, as bytes, `[H, W]`; and where it is clear."""
    values = np.asarray(image)
    if raw_mode.startswith("I;32") and not raw_mode.endswith("S"):
        values = values.view(np.uint32)  # which Pillow has no mode for
    clear = image.info.get("transparency")
    if np.isnan(values).any():
        raise ValueError("it holds values that are no numbers, NaN")
    if image.mode.startswith("I;16") and value_range is None and raw_mode != "I;12":
        grey = (values // 257).astype(np.uint8)
    else:
        low, high = value_range or _range_of(image, raw_mode, values)
        scaled = values.astype(np.float64)
        scaled -= low
        scaled *= 255 / (high - low)
        grey = np.rint(scaled, out=scaled).clip(0, 255, out=scaled).astype(np.uint8)
    return grey, None if clear is None else values == clear


def _range_of(image: "Image.Image", raw_mode: str, values: np.ndarray) -> ValueRange:
    """The range that the format has, or that the values leave no doubt about."""
    if raw_mode == "I;12":
        return 0, 2**12 - 1
    # Pillow's mode for sixteen bits of these, in old versions or still.
    if image.mode == "I" and image.format in ("PNG", "PPM"):
        return 0, 2**16 - 1
    low, high = values.min().item(), values.max().item()
    if image.mode == "F" and low >= 0 and high <= 1:
        return 0, 1
    kind = "floats" if image.mode == "F" else "whole numbers"
    raise RangeError(
        f"holds {kind} from {low:g} to {high:g}, and nothing says which are black and white: say "
        "which (--range LOW HIGH)"
    )


def _on_white(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _as_array(image: "Image.Image") -> np.ndarray:
    """The pixels, by strips: all at once would pass through small pieces, which threads keep."""
    rows = max(1, _STRIP // image.width)
    if rows >= image.height:
        return np.asarray(image)
    pixels = np.empty((image.height, image.width, len(image.getbands())), np.uint8)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = np.asarray(strip)
    return pixels


def _raw_mode(image: "Image.Image") -> str:
    """How the pixels lie in the file, in Pillow's words, as far as a format says it."""
    tiles: Any = getattr(image, "tile", None)
    if not tiles:
        return ""
    codec, *_, details = tiles[0]
    details = details if isinstance(details, tuple) else (details,)
    if codec.startswith("ppm") and isinstance(details[-1], int) and details[-1] > 255:
        return f"{details[0]};16"
    return details[0] if details and isinstance(details[0], str) else ""


@contextlib.contextmanager
def _opened(file: File) -> "Iterator[Image.Image]":
    from PIL import Image

    try:
        with Image.open(file) as image:
            most = Image.MAX_IMAGE_PIXELS
            if most is not None and image.width * image.height > most:
                raise ValueError(
                    f"it has {image.width} x {image.height} pixels, and no more than {most:,} are "
                    "read: make it smaller"
                )
            yield image
    except (RangeError, MemoryError):
        raise
    # Pillow's decoders raise whatever they meet in a damaged file: OSError, SyntaxError,
    # struct.error, and others. All say the same.
    except Exception as error:
        raise ValueError(f"cannot be decoded as an image ({_one_line(error)})") from error


def _one_line(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "it is of no type that Pillow knows"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has far more than the {Image.MAX_IMAGE_PIXELS:,} pixels that are read"
    return (str(error) or type(error).__name__).splitlines()[0]


class _Room:
    """How many pixels the threads of a process decode at a time, as each takes ten bytes or more.

    Attributes:
        pixels: As many as in four large photographs; a picture of more is decoded alone.
    """

    def __init__(self, pixels: int):
        self.pixels = pixels
        self._used = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for so many pixels, and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + pixels <= self.pixels)
            self._used += pixels
        try:
            yield
        finally:
            with self._changed:
                self._used -= pixels
                self._changed.notify_all()


_ROOM = _Room(100_000_000)
