"""Tensors from PyTorch's files, without PyTorch and without running what a file contains.

A file of PyTorch is a pickle, beside the tensors' bytes. Python's own reader of pickles would call
whatever the file says; the one here knows types of numbers and the functions at the end of this
file, and refuses all else.
"""

import io
import math
import os
import struct
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.weights.pickles import RefusedError, kind, read_pickle, refuse, shown, with_items

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001

_DTYPES = {
    "DoubleStorage": np.dtype(np.float64),
    "FloatStorage": np.dtype(np.float32),
    "HalfStorage": np.dtype(np.float16),
    "BFloat16Storage": np.dtype(jnp.bfloat16),
    "LongStorage": np.dtype(np.int64),
    "IntStorage": np.dtype(np.int32),
    "ShortStorage": np.dtype(np.int16),
    "CharStorage": np.dtype(np.int8),
    "ByteStorage": np.dtype(np.uint8),
    "BoolStorage": np.dtype(np.bool_),
}

_OVERLAP = 16
"""How many times larger than its file all tensors together may be: a few may share their bytes."""


def read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the tensors of a `state_dict` that `torch.save` wrote, in the zip or the older format.

    Nothing in the file is run: a file that asks for any function or class but those that make a
    dict of tensors is refused by the name of what it asks for.

    Args:
        path: the file, as in `latest_net_G.pth`.

    Returns:
        Arrays of the tensors' shapes and dtypes, by their keys in the file's order. Each has its
        own memory. A key `_metadata` is left out.

    Raises:
        ValueError: where the file is cut short or damaged, holds anything but a dict of dense
            tensors, or asks for code.
        OSError: where it cannot be read.
    """
    try:
        path = Path(path)
    except TypeError:
        raise TypeError(f"{path!r} is no path: give a str or an os.PathLike") from None
    raw = path.read_bytes()
    try:
        tensors = _read_zip(raw) if raw.startswith(b"PK\x03\x04") else _read_legacy(raw)
        spread = sum(math.prod(x.size) * x.storage.dtype.itemsize for x in tensors.values())
        if spread > _OVERLAP * len(raw):
            refuse(f"has {len(raw)} bytes, and its tensors would take far more: {spread} bytes")
        return {name: _array(name, tensor) for name, tensor in tensors.items()}
    except RefusedError as error:
        raise ValueError(f"{path} {error}") from None
    # A damaged file trips the readers of zip files and of pickles anywhere. All says the same.
    except (
        *(ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, OverflowError),
        *(struct.error, zipfile.BadZipFile, NotImplementedError, RuntimeError),
    ) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise ValueError(
            f"{path} is cut short, damaged or no file of PyTorch's ({reason}): fetch it again"
        ) from error


class _Storage:
    """Numbers in a row, which tensors are views of; known by name first, filled later."""

    def __init__(self, key: str, dtype: np.dtype, length: int) -> None:
        self.key, self.dtype, self.length = key, dtype, length
        self.numbers = np.empty(0, dtype)

    def fill(self, raw: bytes, *, swapped: bool) -> None:
        """Put the numbers in, as they lie in the file."""
        if len(raw) != self.length * self.dtype.itemsize:
            refuse(
                f"is cut short or damaged: its storage {shown(self.key)} has {len(raw)} bytes, "
                f"which are not {self.length} numbers of type {self.dtype}"
            )
        bits = np.frombuffer(raw, f"u{self.dtype.itemsize}")
        self.numbers = (bits.byteswap() if swapped else bits).view(self.dtype)


class _Tensor(NamedTuple):
    """A view of a storage; offset and strides count elements."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    strides: tuple[int, ...]


def _read_zip(raw: bytes) -> dict[str, _Tensor]:
    """Of PyTorch 1.6 and later: members NAME/data.pkl, NAME/data/KEY and, of late, NAME/byteorder.

    No member is compressed, and together they are no larger than the file: none is a bomb.
    """
    archive = zipfile.ZipFile(io.BytesIO(raw))
    members = archive.infolist()
    names = {member.filename for member in members}
    if len(names) < len(members):
        refuse("has two members of the same name: nothing says which of them is meant")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        refuse("is compressed inside, as no file of PyTorch's is: save it again with PyTorch")
    if sum(member.file_size for member in members) > len(raw):
        refuse("is damaged: its members claim more bytes than it has")
    roots = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
    if len(roots) != 1:
        refuse("is a zip file, but none that torch.save wrote: its data.pkl is missing")
    (root,) = roots
    storages: dict[str, _Storage] = {}
    tensors = _tensors(_read_object(io.BytesIO(archive.read(f"{root}data.pkl")), storages))
    order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
    for key, storage in storages.items():
        if f"{root}data/{key}" not in names:
            refuse(f"is damaged: its storage {shown(key)} is missing")
        storage.fill(archive.read(f"{root}data/{key}"), swapped=order == b"big")
    return tensors


def _read_legacy(raw: bytes) -> dict[str, _Tensor]:
    """Of PyTorch before 1.6: five pickles in a row, then the storages, little-endian.

    The pickles: a number that says what this is, a version, the machine that wrote it, the object,
    and the keys of its storages.
    """
    file = io.BytesIO(raw)
    storages: dict[str, _Storage] = {}
    if not raw.startswith(b"\x80") or _read_object(file, storages) != _MAGIC:
        refuse("is no file of PyTorch's: give one that torch.save wrote")
    if _read_object(file, storages) != _VERSION:
        refuse("is of a version of PyTorch's format that is not known: save it again with PyTorch")
    _read_object(file, storages)
    tensors = _tensors(_read_object(file, storages))
    keys = _read_object(file, storages)
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        refuse("is damaged: it does not list the storages that its tensors use")
    for key in keys:
        storage = storages[key]
        (length,) = struct.unpack("<q", file.read(8))
        if length != storage.length:
            refuse(f"is damaged: the length of its storage {shown(key)} is said in two ways")
        storage.fill(file.read(length * storage.dtype.itemsize), swapped=False)
    return tensors


def _read_object(file: io.BytesIO, storages: dict[str, _Storage]) -> Any:
    """One pickle; storages that it names are added to `storages`."""

    def load(identifier: Any) -> _Storage:
        match identifier:
            case ("storage", np.dtype() as dtype, str(key), str(), int(length), *view) if (
                length >= 0 and view in ([], [None])
            ):
                storage = storages.setdefault(key, _Storage(key, dtype, length))
                if (storage.dtype, storage.length) != (dtype, length):
                    refuse(f"is damaged: its storage {shown(key)} is said to be of two kinds")
                return storage
            case _:
                refuse("names something that is no storage of numbers")

    return read_pickle(file, names=_NAMES, load=load)


def _tensors(value: Any) -> dict[str, _Tensor]:
    """The tensors of a state_dict."""
    if not isinstance(value, dict):
        refuse(f"holds {kind(value)}, not a dict of tensors: save a state_dict")
    for name, tensor in value.items():
        if name != "_metadata" and not isinstance(tensor, _Tensor):
            refuse(
                f"holds {kind(tensor)} under {shown(name)}, and tensors alone are read: "
                "save a state_dict"
            )
    return {str(name): tensor for name, tensor in value.items() if name != "_metadata"}


def _array(name: str, tensor: _Tensor) -> np.ndarray:
    """A copy of what the tensor shows."""
    storage, offset, size, strides = tensor
    count = math.prod(size)
    last = offset + sum((n - 1) * stride for n, stride in zip(size, strides, strict=True))
    if count == 0:
        return np.empty(size, storage.dtype)
    if last >= storage.length:
        refuse(
            f"is damaged: the tensor {shown(name)} of shape {size} reaches beyond the "
            f"{storage.length} numbers of its storage"
        )
    steps = [stride * storage.dtype.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage.numbers[offset:], size, steps).copy()


def _ordered_dict(*arguments: Any) -> dict[Any, Any]:
    """`collections.OrderedDict`: empty, or of a list of pairs, as Python 2 pickled it."""
    match arguments:
        case [] | [[]]:
            return {}
        case [list(pairs)] if all(isinstance(pair, list | tuple) for pair in pairs):
            return with_items({}, [part for pair in pairs for part in pair])
        case _:
            refuse("is damaged: it makes an OrderedDict of something else than pairs")


def _rebuild_tensor(*arguments: Any) -> _Tensor:
    """`torch._utils._rebuild_tensor` and its second version: (storage, offset, size, strides...).

    What comes behind says what autograd does with the tensor.
    """
    match arguments:
        case [_Storage() as storage, offset, tuple(size), tuple(strides), *_]:
            counts = (offset, *size, *strides)
            if all(isinstance(n, int) and n >= 0 for n in counts):
                return _Tensor(storage, offset, size, strides)
    refuse("is damaged: it makes a tensor of something else than a storage and its shape")


def _rebuild_parameter(*arguments: Any) -> _Tensor:
    """`torch._utils._rebuild_parameter`: (tensor, requires_grad, hooks)."""
    match arguments:
        case [_Tensor() as tensor, *_]:
            return tensor
        case _:
            refuse("is damaged: it makes a parameter of something else than a tensor")


_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
} | {(module, name): _DTYPES[name] for module in ("torch", "torch.cuda") for name in _DTYPES}
