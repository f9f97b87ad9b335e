"""Files of latents, of styles and of labels, as `sample` writes and reads them."""

import tokenize
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxgan.training import RunError

_DAMAGED = (
    *(ValueError, MemoryError, SyntaxError, EOFError, OverflowError, RecursionError),
    tokenize.TokenError,
)
"""What NumPy raises of a file that holds no array of numbers."""
LATENTS = "latents.npy"
LABELS = "labels.npy"


class Widths(NamedTuple):
    """What a run's generator takes.

    Attributes:
        latent: Z.
        style: (L, W); None where images are not made of styles.
    """

    latent: int
    style: tuple[int, int] | None

    def __str__(self) -> str:
        if self.style is None:
            return f"latents [N, {self.latent}]"
        layers, width = self.style
        return f"latents [N, {self.latent}], or styles [N, {layers}, {width}] or [N, 1, {width}]"


def read_latents(path: Path, widths: Widths) -> tuple[str, np.ndarray]:
    """Latents `[N, Z]`, or styles of all layers, `[N, L, W]`, or of none in particular.

    `[N, W]` are styles too where W is another number than Z; `[N, 1, W]` always are.

    Args:
        path: of the file, NumPy's.
        widths: of the run.

    Returns:
        What they are as inputs of `generate`, "latent" or "w", and the array, float32.

    Raises:
        RunError: where there is no such array.
    """
    array = _read(path)
    if array.dtype.kind not in "fiu":
        raise RunError(f"{path} holds {array.dtype}, and latents are numbers: give {widths}")
    if not len(array):
        raise RunError(f"{path} holds no latents at all: give {widths}, with N of 1 or more")
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        bad = np.argwhere(~np.isfinite(floats))[0]
        raise RunError(
            f"{path} holds {array[tuple(bad)]} at {bad.tolist()}, which is no finite number of 32 "
            "bits: give latents that are"
        )
    if array.shape[1:] == (widths.latent,):
        return "latent", floats
    if widths.style is not None:
        layers, width = widths.style
        if array.shape[1:] in ((width,), (1, width), (layers, width)):
            styles = floats.reshape(len(array), -1, width)
            return "w", np.broadcast_to(styles, (len(array), layers, width)).copy()
    raise RunError(
        f"{path} is of shape {list(array.shape)}, and this run's generator takes {widths}: give "
        "such an array"
    )


def read_labels(path: Path, *, count: int, classes: int | tuple[int, ...]) -> np.ndarray:
    """Labels, `[N]` int32; or `[N, A]` of several attributes.

    Args:
        path: of the file, NumPy's.
        count: how many there should be.
        classes: labels are 0 to `classes - 1`; or how many labels each attribute has.

    Raises:
        RunError: where there is no such array.
    """
    array = _read(path)
    shape = [count] if isinstance(classes, int) else [count, len(classes)]
    if array.dtype.kind not in "iu" or list(array.shape) != shape:
        raise RunError(
            f"{path} is {array.dtype} of shape {list(array.shape)}, and {count} latents have "
            f"{count} labels: give whole numbers {shape}, or say one with --label"
        )
    for column, known in zip(array.reshape(count, -1).T, np.atleast_1d(classes), strict=True):
        if column.min() < 0 or column.max() >= known:
            raise RunError(
                f"{path} holds labels {column.min()} to {column.max()}, and the run's are 0 to "
                f"{known - 1}: give these, or say one with --label"
            )
    return array.astype(np.int32)


def _read(path: Path) -> np.ndarray:
    """The array of a file, of one axis or more."""
    if not path.is_file():
        raise RunError(f"{path} is no file: name one of NumPy's, as {LATENTS} of sample")
    try:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror or error}): name another") from None
    except _DAMAGED:
        array = None  # cut short, or of another kind, or with a header that promises too much
    if array is None or array.ndim == 0:
        raise RunError(
            f"{path} holds no array of numbers as NumPy writes it to FILE.npy: name one that does, "
            f"as {LATENTS} of sample"
        )
    return array
