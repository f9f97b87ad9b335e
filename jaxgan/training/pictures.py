"""Grids of images, and their animation through training."""

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jaxgan.data import StrPath, labels_by_attribute, to_path
from jaxgan.training.lines import draft

if TYPE_CHECKING:
    from PIL.Image import Image as _Image
else:
    _Image = Any

Picture: TypeAlias = _Image
"""A picture of Pillow's, which is imported where one is drawn."""

_PIXELS = 25_000_000
"""Of all frames of an animation together, at the most, where it has more than ten."""


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1], any shape, as uint8 in 0 to 255, rounded to the nearest."""
    return np.clip(np.round((np.asarray(images, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def picture(image: np.ndarray) -> Picture:
    """One image as a picture.

    Args:
        image: `[H, W, C]` in [-1, 1], C 1, 3 or 4 (RGBA).
    """
    from PIL import Image

    pixels = to_bytes(image)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def grid(images: np.ndarray, *, columns: int | None = None, gap: int = 2) -> Picture:
    """Images side by side, row by row, small ones enlarged so that a person can see them.

    Between them is white, or in RGBA nothing.

    Args:
        images: `[N, H, W, C]` in [-1, 1], C 1, 3 or 4.
        columns: how many stand in a row; about as many as rows where None.
        gap: pixels between two of them.
    """
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.ones(
        (rows * (height + gap) + gap, columns * (width + gap) + gap, channels), np.float32
    )
    sheet[..., 3:] = -1
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = gap + row * (height + gap), gap + column * (width + gap)
        sheet[top : top + height, left : left + width] = image
    scale = max(1, 64 // max(height, width))
    return picture(sheet.repeat(scale, axis=0).repeat(scale, axis=1))


def class_grid(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> Picture:
    """Images under the names of their classes, in columns.

    Of several attributes there is a column for each vector of labels, in the order in which they
    come, under what it has that the first has not.

    Args:
        images: `[N, H, W, C]` in [-1, 1], C 1, 3 or 4.
        labels: `[N]` integers of 0 or more; or `[N, A]`.
        names: of the classes 0, 1, ...; a label beyond them is its own name. Of several attributes,
            ATTRIBUTE=LABEL, one attribute after the other.

    Returns:
        The grid; one without names where the images are of more than 20 classes.
    """
    present, first, which = np.unique(labels, axis=0, return_index=True, return_inverse=True)
    if len(present) > 20:
        return grid(images)
    order = np.argsort(first) if labels.ndim == 2 else np.arange(len(present))
    groups = [images[which.reshape(-1) == number] for number in order]
    each = max(1, 10 // len(present))
    rows = math.ceil(max(len(group) for group in groups) / each)
    cells = np.ones((len(present), rows * each, *images.shape[1:]), np.float32)
    cells[..., 3:] = -1
    for cell, group in zip(cells, groups, strict=True):
        cell[: len(group)] = group
    cells = cells.reshape(len(present), rows, each, *images.shape[1:]).swapaxes(0, 1)
    below = grid(cells.reshape(-1, *images.shape[1:]), columns=len(present) * each)
    if labels.ndim == 2:
        for words in _differences(present[order], labels_by_attribute(names)):
            below = captioned(below, words)
        return below
    return captioned(below, [(_name(names, label), 1) for label in present.tolist()])


def _name(names: Sequence[str], label: int) -> str:
    return names[label] if label < len(names) else str(label)


def _differences(
    vectors: np.ndarray, attributes: Mapping[str, Sequence[str]]
) -> list[list[tuple[str, int]]]:
    """Captions of columns: labels that are not the first column's, and over them attributes."""
    named = attributes.items()
    told = [
        [(name, _name(labels, y)) for y, (name, labels) in zip(row, named, strict=True)]
        for row in vectors.tolist()
    ]
    if len(told) == 1:
        return [[(", ".join(f"{name}={label}" for name, label in told[0]), 1)]]
    others = [[pair for pair in row if pair not in told[0]] for row in told]
    below = [(", ".join(label for _, label in row), 1) for row in others]
    over = [", ".join(name for name, _ in row) for row in others]
    return [below, [(name, len(list(same))) for name, same in itertools.groupby(over)]]


def captioned(below: Picture, captions: Sequence[tuple[str, int]]) -> Picture:
    """A picture with words above it, each over its part of the width.

    Args:
        below: the picture.
        captions: each with its share of the width, 1 or more; what has no room is cut short.
    """
    from PIL import Image, ImageDraw, ImageFont

    font, band = ImageFont.load_default(12), 18
    sheet = Image.new(below.mode, (below.width, below.height + band), "white")
    sheet.paste(below, (0, band))
    draw, unit = ImageDraw.Draw(sheet), below.width / sum(share for _, share in captions)
    left = 0.0
    for name, share in captions:
        while len(name) > 1 and draw.textlength(name, font) > share * unit - 4:
            name = f"{name.removesuffix('…')[:-1]}…"
        draw.text((left + 3, 2), name, "black", font)
        left += share * unit
    return sheet


def stacked(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one width and mode, one below the other."""
    from PIL import Image

    first = pictures[0]
    sheet = Image.new(first.mode, (first.width, sum(picture.height for picture in pictures)))
    top = 0
    for part in pictures:
        sheet.paste(part, (0, top))
        top += part.height
    return sheet


def on_white(image: Picture) -> Picture:
    """A picture in RGB; what is transparent lies on white."""
    from PIL import Image

    if image.mode != "RGBA":
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def shrunk(image: Picture, *, side: int = 1024) -> Picture:
    """A picture whose sides are at most so many pixels, of the same shape."""
    from PIL import Image

    longest = max(image.size)
    if longest <= side:
        return image
    size = [max(1, round(length * side / longest)) for length in image.size]
    return on_white(image).resize((size[0], size[1]), Image.Resampling.BOX)


def save_picture(image: Picture, path: StrPath) -> None:
    """Write a PNG that is whole or not there.

    Raises:
        OSError: where it cannot be written; it names the file.
    """
    path = to_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft(path) as part:
        image.save(part, format="PNG")


def animate(frames: Sequence[StrPath], path: StrPath, *, seconds: float = 8.0) -> list[Path]:
    """One animated GIF of pictures of one size; the last of them stays for a while.

    Large pictures are shrunk to 1024 pixels a side. Of many only some are taken, evenly, the first
    and the last among them: 100 of small pictures, 25 of large ones. What cannot be read, or is of
    another size than the last one that can, is passed over. Where none can be read, nothing is
    written.

    Args:
        frames: the pictures, in order.
        path: where the GIF goes.
        seconds: about how long it takes, without the rest on the last picture.

    Returns:
        The pictures that were passed over.

    Raises:
        OSError: where the GIF cannot be written; it names the file.
    """
    paths = [to_path(frame) for frame in frames]
    last = next(filter(None, map(read_picture, reversed(paths))), None)
    if last is None:
        return paths
    width, height = shrunk(last).size
    count = min(len(paths), max(10, min(100, _PIXELS // (width * height))))
    chosen = [paths[index * (len(paths) - 1) // max(count - 1, 1)] for index in range(count)]
    pictures, passed_over = [], []
    for path_of_frame in chosen:
        found = read_picture(path_of_frame)
        if found is None or found.size != last.size:
            passed_over.append(path_of_frame)
            continue
        pictures.append(shrunk(found))
    if pictures:
        each = max(40, int(1000 * seconds / len(pictures)))
        durations = [each] * (len(pictures) - 1) + [2000]
        save_animation(pictures, path, durations=durations)
    return passed_over


def save_animation(
    frames: Sequence[Picture], path: StrPath, *, durations: int | list[int] = 40
) -> None:
    """Write a GIF that goes round for ever, and is whole or not there.

    Large pictures are shrunk to 1024 pixels a side; what is transparent lies on white.

    Args:
        frames: pictures of one size, one or more.
        path: where the GIF goes.
        durations: milliseconds of each frame.

    Raises:
        OSError: where it cannot be written; it names the file.
    """
    path = to_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(_in_few_colours, frames)
    with draft(path) as part:
        first.save(
            part, format="GIF", save_all=True, append_images=others, duration=durations, loop=0
        )


def _in_few_colours(frame: Picture) -> Picture:
    from PIL import Image

    frame = on_white(shrunk(frame))
    # Colours are chosen from a smaller picture: from all pixels it takes a second a frame.
    colours = shrunk(frame, side=256).quantize(64)
    return frame.quantize(palette=colours, dither=Image.Dither.NONE)


def read_picture(path: Path) -> Picture | None:
    """A whole picture, in grey or colour, on white; None where there is none."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large, but our own
            with Image.open(path) as opened:
                return on_white(opened) if opened.mode not in ("L", "RGB") else opened.copy()
    except Exception:  # Pillow raises as many kinds as there are ways to be damaged
        return None
