"""How a person's own pictures become what a network takes, and what of its answer is theirs."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from jaxgan.data import Size, Transform
from jaxgan.data.transforms import in_words, to_channels
from jaxgan.training import RunError, Translates

Fit: TypeAlias = Literal["pad", "round", "run", "stretch", "crop"]


class Fitted(NamedTuple):
    """A picture of a size that a network takes.

    Attributes:
        pixels: `[H, W, C]` uint8.
        rows: those of H that are the picture's own.
        columns: those of W.
    """

    pixels: np.ndarray
    rows: slice = slice(None)
    columns: slice = slice(None)


def fitting(
    experiment: Translates, fit: Fit | None, image_size: Size | None, *, channels: int | None = None
) -> Callable[[np.ndarray], Fitted]:
    """What brings pictures to a size that an experiment's network takes.

    Args:
        experiment: whose network it is.
        fit: how. `pad` and `round` keep a picture's shape: it stays as large as it is, or becomes
            as large as has room in `image_size`; then `pad` lays mirror images around it, and
            `round` resizes it to the nearest sides that go in. `run`, `stretch` and `crop` give all
            pictures `image_size`, or the run's own where there is none: as the run's pictures were
            prepared; as pytorch-CycleGAN-and-pix2pix prepares those of its tests; or by a crop of
            the centre. None: `run` where there is an `image_size`, or the network takes one size
            alone; `pad` elsewhere.
        image_size: height and width, or one number for both.
        channels: of what goes in, 1 or 3; the run's own where None.

    Returns:
        From pixels, `[H, W, 1]` or `[H, W, 3]` uint8, to what goes in; raises ValueError where that
        would have more than `PIL.Image.MAX_IMAGE_PIXELS`.

    Raises:
        RunError: where the network does not take what is asked for; says what it takes.
    """
    own, sizes = experiment.transform, experiment.sizes
    own = replace(own, channels=own.channels if channels is None else channels)
    wanted = own if image_size is None else replace(own, image_size=image_size)
    if fit is None:
        fit = "run" if sizes is None or image_size is not None else "pad"
    if fit in ("pad", "round"):
        if sizes is None:
            raise RunError(
                f"--fit {fit} will not do: the network of this run takes pictures of "
                f"{in_words(own.image_size)} alone; give --fit run, stretch or crop"
            )
        room = None if image_size is None else wanted.shape[:2]
        change = {"pad": _pad, "round": _round}[fit]

        def keep_shape(pixels: np.ndarray) -> Fitted:
            pixels = to_channels(pixels, channels=own.channels)
            return change(pixels if room is None else _scale(pixels, room), sizes)

        return keep_shape
    _check_size(wanted, own, sizes)
    if fit == "stretch":
        return lambda pixels: Fitted(
            _resize(to_channels(pixels, channels=own.channels), *wanted.shape[:2])
        )
    if fit == "crop":
        wanted = Transform(wanted.image_size, own.channels)
    return lambda pixels: Fitted(wanted.prepare(pixels))


def _pad(pixels: np.ndarray, sizes: range) -> Fitted:
    """Mirror images on all sides, up to the next height and width that go in.

    They are mirrored again where a picture is smaller than its margin.
    """
    height, width = (sizes[bisect_left(sizes, side)] for side in pixels.shape[:2])
    _check_room(height, width)
    margins, places = [(0, 0)] * 3, []
    for axis, (side, goes_in) in enumerate(zip(pixels.shape[:2], (height, width), strict=True)):
        before = (goes_in - side) // 2
        margins[axis] = before, goes_in - side - before
        places.append(slice(before, before + side))
    return Fitted(np.pad(pixels, margins, mode="reflect"), *places)


def _round(pixels: np.ndarray, sizes: range) -> Fitted:
    """The nearest height and width that go in.

    As `--preprocess none` of pytorch-CycleGAN-and-pix2pix, whose networks go by steps of 4.
    """
    step = sizes.step
    height, width = (max(sizes.start, round(side / step) * step) for side in pixels.shape[:2])
    _check_room(height, width)
    return Fitted(_resize(pixels, height, width))


def _check_room(height: int, width: int) -> None:
    """Refuse what a narrow picture may become."""
    from PIL import Image

    most = Image.MAX_IMAGE_PIXELS
    if most is not None and height * width > most:
        raise ValueError(
            f"would go in with {height} x {width} pixels, and {most:,} are the most that may: make "
            "it smaller (--image-size)"
        )


def _scale(pixels: np.ndarray, room: tuple[int, int]) -> np.ndarray:
    """As large as has room."""
    factor = min(most / side for most, side in zip(room, pixels.shape[:2], strict=True))
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return _resize(pixels, height, width)


def _resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """By bicubic interpolation, without aliasing."""
    from PIL import Image

    if pixels.shape[:2] == (height, width):
        return pixels
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    resized = np.array(picture.resize((width, height), Image.Resampling.BICUBIC))
    return resized.reshape(height, width, pixels.shape[2])


def _check_size(wanted: Transform, own: Transform, sizes: range | None) -> None:
    """Refuse an `--image-size` that the network does not take."""
    if wanted.shape == own.shape:
        return
    asked = in_words(wanted.image_size)
    if sizes is None:
        raise RunError(
            f"--image-size {asked} will not do: the network of this run takes pictures of "
            f"{in_words(own.image_size)} alone; leave it out"
        )
    for side in wanted.shape[:2]:
        if side not in sizes:
            place = bisect_left(sizes, side)
            near = sizes[max(place - 1, 0) : place + 1]
            raise RunError(
                f"--image-size {asked} will not do: heights and widths that the "
                f"network of this run takes are multiples of {sizes.step} from {sizes.start} on; "
                f"take {' or '.join(map(str, near))} for {side}, or --fit pad"
            )
