"""Grids of images, and their animation through training."""

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jaxgan.data import StrPath, to_path

if TYPE_CHECKING:
    from PIL.Image import Image as _Image
else:
    _Image = Any

Picture: TypeAlias = _Image
"""A picture of Pillow's, which is imported where one is drawn."""


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1], any shape, as uint8 in 0 to 255, rounded to the nearest."""
    return np.clip(np.round((np.asarray(images, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def picture(image: np.ndarray) -> Picture:
    """One image as a picture.

    Args:
        image: `[H, W, C]` in [-1, 1], C 1 or 3.
    """
    from PIL import Image

    pixels = to_bytes(image)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def grid(images: np.ndarray, *, columns: int | None = None, gap: int = 2) -> Picture:
    """Images side by side, row by row, small ones enlarged so that a person can see them.

    Args:
        images: `[N, H, W, C]` in [-1, 1], C 1 or 3.
        columns: how many stand in a row; about as many as rows where None.
        gap: pixels between two of them.
    """
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.ones(
        (rows * (height + gap) + gap, columns * (width + gap) + gap, channels), np.float32
    )
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = gap + row * (height + gap), gap + column * (width + gap)
        sheet[top : top + height, left : left + width] = image
    scale = max(1, 64 // max(height, width))
    return picture(sheet.repeat(scale, axis=0).repeat(scale, axis=1))


def save_picture(image: Picture, path: StrPath) -> None:
    """Write a PNG that is whole or not there."""
    path = to_path(path)
    draft = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(draft, format="PNG")
    os.replace(draft, path)


def animate(frames: Sequence[StrPath], path: StrPath, *, seconds: float = 8.0) -> None:
    """One animated GIF of pictures of one size; the last of them stays for a while.

    Args:
        frames: the pictures, in order; one at least.
        path: where the GIF goes.
        seconds: about how long it takes, without the rest on the last picture.
    """
    from PIL import Image

    pictures = []
    for frame in frames:
        with Image.open(frame) as opened:
            pictures.append(opened.convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
    each = max(40, int(1000 * seconds / len(pictures)))
    path = to_path(path)
    draft = path.with_suffix(".part")
    pictures[0].save(
        draft,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=[each] * (len(pictures) - 1) + [2000],
        loop=0,
    )
    os.replace(draft, path)
