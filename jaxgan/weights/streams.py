"""Files as they are opened, and PyTorch's older format: pickles in a row, then the numbers."""

import io
import os
import struct
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from jaxgan.weights.inert import Maker
from jaxgan.weights.pickles import CHARACTERS, read_pickle
from jaxgan.weights.refusals import RefusedError, refuse, shown
from jaxgan.weights.views import Storage, UnreadType

Taken = TypeVar("Taken")

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001

_OVERLAP = 16
"""How many times larger than its file all tensors together may be: a few may share their bytes."""


def whole_file(path: str | os.PathLike[str]) -> tuple[Path, bytes]:
    """A file's path and bytes.

    Raises:
        TypeError: where it is no path.
        ValueError: where it is no regular file.
        OSError: where it cannot be read.
    """
    try:
        path = Path(path)
    except TypeError:
        raise TypeError(f"{path!r} is no path: give a str or an os.PathLike") from None
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ValueError(f"{path} is no regular file, and what waits behind it may never come")
    return path, path.read_bytes()


@contextmanager
def refusals_of(path: Path, otherwise: str) -> Iterator[None]:
    """Whatever reading the file trips over, as a ValueError of one sentence.

    Args:
        path: the file's.
        otherwise: what it may be where it is neither cut short nor damaged.
    """
    try:
        yield
    except RefusedError as error:
        raise ValueError(f"{path} {error}") from None
    # A damaged file trips the readers of zip files and of pickles anywhere. All says the same.
    except (
        *(ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, OverflowError),
        *(struct.error, zipfile.BadZipFile, NotImplementedError, RuntimeError),
    ) as error:
        reason = shown((str(error) or type(error).__name__).splitlines()[0])[1:-1]
        raise ValueError(
            f"{path} is cut short, damaged or {otherwise} ({reason}): fetch it again"
        ) from error


def check_spread(sizes: Collection[int], size: int) -> None:
    """Refuse tensors of so many bytes each that are far more than their file's."""
    spread = sum(sizes)
    if spread > _OVERLAP * size:
        refuse(f"has {size} bytes, and its tensors would take far more: {spread} bytes")


def is_stream(first: Any) -> bool:
    """Whether an object is what such a stream begins with."""
    return isinstance(first, int) and first == _MAGIC


def read_stream(
    raw: bytes,
    names: Mapping[tuple[str, str], Any],
    take: Callable[[Any], Taken],
    records: Callable[[str, str], Maker | None] | None = None,
) -> Taken:
    """What is taken of the object of a stream, with its storages, as PyTorch wrote it before 1.6.

    Five pickles, and numbers in little-endian order behind them. The pickles: a number that says
    what this is, a version, the machine that wrote it, the object, and the keys of its storages.

    Args:
        raw: the stream, and what may lie behind it.
        names: as of `read_pickle`.
        take: makes it of the object, whose storages are not yet filled; or refuses the object.
        records: as of `read_pickle`.
    """
    file = io.BytesIO(raw)
    storages: dict[str, Storage] = {}
    if not raw.startswith(b"\x80") or not is_stream(read_object(file, names, storages)):
        refuse("is no file of PyTorch's: give one that torch.save wrote, or one of safetensors")
    if read_object(file, names, storages) != _VERSION:
        refuse("is of a version of PyTorch's format that is not known: save it again with PyTorch")
    read_object(file, names, storages)
    taken = take(read_object(file, names, storages, records))
    keys = read_object(file, names, storages)
    listed = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not listed or len(keys) != len(storages) or set(keys) != set(storages):
        refuse("is damaged: it does not list the storages that its tensors use")
    for key in keys:
        storage = storages[key]
        (length,) = struct.unpack("<q", file.read(8))
        if length != storage.length:
            refuse(f"is damaged: the length of its storage {shown(key)} is said in two ways")
        storage.fill(file.read(length * storage.dtype.itemsize), swapped=False)
    return taken


def read_object(
    file: io.BytesIO,
    names: Mapping[tuple[str, str], Any],
    storages: dict[str, Storage],
    records: Callable[[str, str], Maker | None] | None = None,
) -> Any:
    """One pickle, as of `read_pickle`; storages that it names are added to `storages`."""

    def load(identifier: Any) -> Storage:
        match identifier:
            case ("storage", UnreadType() as unread, *_):
                unread.refuse()
            case ("storage", np.dtype() as dtype, str(key), str(), int(length), *view) if (
                length >= 0 and len(key) <= CHARACTERS and view in ([], [None])
            ):
                storage = storages.get(key) or Storage(key, dtype, length)
                storages[key] = storage
                if (storage.dtype, storage.length) != (dtype, length):
                    refuse(f"is damaged: its storage {shown(key)} is said to be of two kinds")
                return storage
        refuse("names something that is no storage of numbers")

    return read_pickle(file, names=names, load=load, records=records)
