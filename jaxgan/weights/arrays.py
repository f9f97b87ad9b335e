"""What a pickle may ask of NumPy: arrays and single numbers, read and not made by NumPy's code."""

import math
from typing import Any

import numpy as np

from jaxgan.weights.inert import Aside, Record
from jaxgan.weights.refusals import refuse, shown
from jaxgan.weights.views import AXES

_TYPES = frozenset(
    {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"}
)
"""NumPy's names of plain numbers; texts, objects and records have others."""

_LARGEST = 2**60
"""As in `views`: more numbers than any machine holds."""


class NumberType(Record):
    """`numpy.dtype` of plain numbers; the order of the bytes is what it is built of.

    Attributes:
        dtype: NumPy's, once the order is known.
    """

    def __init__(self, name: str) -> None:
        super().__init__("numpy.dtype")
        self.dtype = np.dtype(name)

    def build(self, attributes: Any) -> None:
        """Of `(version, order, no subarray, no names, no fields, size, alignment, flags...)`."""
        match attributes:
            case (int(), "<" | ">" | "=" | "|" as order, None, None, None, *_):
                self.dtype = self.dtype.newbyteorder(order)
            case _:
                refuse("is damaged: it makes a numpy.dtype of something else than an order")


class Array(Record):
    """`numpy.ndarray`, known first, and built of its shape, type and bytes."""

    def __init__(self) -> None:
        super().__init__("numpy.ndarray")
        self.size: tuple[int, ...] = (0,)
        self.dtype, self.raw, self.columns = np.dtype(np.float32), b"", False

    def build(self, attributes: Any) -> None:
        """Of `(version, shape, type, whether columns come first, bytes)`."""
        match attributes:
            case (int(), tuple(size), NumberType() as numbers, bool(columns), bytes(raw)):
                pass
            case (int(), tuple(size), NumberType() as numbers, 0 | 1 as columns, bytes(raw)):
                pass
            case _:
                refuse("is damaged: it makes a numpy.ndarray of something else than numbers")
        plain = len(size) <= AXES and all(isinstance(n, int) and 0 <= n < _LARGEST for n in size)
        if not plain or math.prod(max(n, 1) for n in size) >= _LARGEST:
            refuse(f"is damaged: an array in it has the shape {shown(size[:AXES])[1:-1]}")
        if math.prod(size) * numbers.dtype.itemsize != len(raw):
            refuse(
                f"is damaged: an array of shape {shown(size)[1:-1]} and type {numbers.dtype} in it "
                f"has {len(raw)} bytes"
            )
        self.size, self.dtype, self.raw, self.columns = size, numbers.dtype, raw, bool(columns)

    @property
    def nbytes(self) -> int:
        """Of the array for itself."""
        return len(self.raw)

    def array(self, name: str) -> np.ndarray:
        """A copy, in the machine's own order of bytes; `name` is for the reader of tensors."""
        del name  # all was checked when it was built
        flat = np.frombuffer(self.raw, self.dtype)
        shaped = flat.reshape(self.size, order="F" if self.columns else "C")
        return np.array(shaped, self.dtype.newbyteorder("="), order="C")


def single(number: float) -> Array:
    """An array of no axes, float32: what a number of NumPy's was."""
    array = Array()
    array.size, array.raw = (), np.float32(number).tobytes()
    return array


def _type(*arguments: Any) -> NumberType:
    """`numpy.dtype` of a name, and of how it is to be copied."""
    match arguments:
        case [str(name), *_] if name in _TYPES:
            return NumberType(name)
        case [str(name), *_]:
            refuse(f"has a numpy.dtype {shown(name)}, and plain numbers alone are read")
        case _:
            refuse("is damaged: it makes a numpy.dtype of something else than a name")


def _reconstruct(*arguments: Any) -> Array:
    """`numpy._core.multiarray._reconstruct` of the class, an empty shape and any type."""
    match arguments:
        case [Aside(), (0,), _]:
            return Array()
        case _:
            refuse("is damaged: it makes a numpy.ndarray of something else than nothing")


def _scalar(*arguments: Any) -> bool | int | float:
    """`numpy._core.multiarray.scalar` of a type and bytes, as a number of Python's."""
    match arguments:
        case [NumberType(dtype=dtype), bytes(raw)] if (
            len(raw) == dtype.itemsize and dtype.kind != "c"
        ):
            return np.frombuffer(raw, dtype)[0].item()
        case _:
            refuse("is damaged: it makes a number of NumPy's of something else than its bytes")


ARRAY_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _type,
    ("numpy", "ndarray"): Aside(),
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
}
"""What each (module, name) stands for."""
