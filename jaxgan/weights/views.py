"""What a pickle of PyTorch's may ask for: types of numbers, and tensors as views of storages."""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.weights.inert import Aside
from jaxgan.weights.pickles import with_items
from jaxgan.weights.refusals import refuse, shown

DTYPES: dict[str, np.dtype] = {
    name: np.dtype(getattr(jnp, name))
    for name in (
        *("float64", "float32", "float16", "bfloat16"),
        *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
        *("complex128", "complex64"),
    )
} | {"bool": np.dtype(np.bool_)}
"""By PyTorch's names."""

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
}

_UNREAD = (
    *("QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage"),
    *("qint8", "quint8", "qint32", "quint4x2", "quint2x4", "complex32", "float4_e2m1fn_x2"),
    *("bits8", "bits16", "bits1x8", "bits2x4", "bits4x2"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)),
)
"""PyTorch's names of quantised and packed numbers, which NumPy has nothing for."""

AXES = 64
"""NumPy's most."""

_LARGEST = 2**60
"""More numbers than any machine holds, and few enough that NumPy can count their bytes."""


class UnreadType(NamedTuple):
    """A type of numbers that is called by its name, and refused."""

    name: str

    def refuse(self) -> None:
        """Say what it is."""
        refuse(
            f"holds numbers of the type torch.{self.name}, which are not read: convert them with "
            "PyTorch (`tensor.float()`, of quantised ones `tensor.dequantize()`) and save again"
        )


class Storage:
    """Numbers in a row, which tensors are views of; known by name first, filled later."""

    def __init__(self, key: str, dtype: np.dtype, length: int) -> None:
        self.key, self.dtype, self.length = key, dtype, length
        self.raw, self.swapped = b"", False

    def fill(self, raw: bytes, *, swapped: bool) -> None:
        """Put the numbers in, as they lie in the file."""
        if len(raw) != self.length * self.dtype.itemsize:
            refuse(
                f"is cut short or damaged: its storage {shown(self.key)} has {len(raw)} bytes, "
                f"which are not {self.length} numbers of type {self.dtype}"
            )
        self.raw, self.swapped = raw, swapped


class View(NamedTuple):
    """A tensor; offset and strides count elements."""

    storage: Storage
    dtype: np.dtype
    offset: int
    size: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Of the tensor for itself."""
        return math.prod(self.size) * self.dtype.itemsize

    def array(self, name: str) -> np.ndarray:
        """A copy of what the tensor called `name` shows."""
        if self.nbytes == 0:
            return np.empty(self.size, self.dtype)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.size, self.strides, strict=True))
        width = self.dtype.itemsize
        if (last + 1) * width > len(self.storage.raw):
            refuse(
                f"is damaged: the tensor {shown(name)} of shape {shown(self.size)[1:-1]} reaches "
                f"beyond the {len(self.storage.raw) // width} numbers of its storage"
            )
        steps = [
            stride * width if n > 1 else 0
            for n, stride in zip(self.size, self.strides, strict=True)
        ]
        seen = np.ndarray(self.size, self.dtype, self.storage.raw, self.offset * width, steps)
        copy = seen.copy()
        return copy.byteswap(inplace=True) if self.storage.swapped else copy


def _ordered_dict(*arguments: Any) -> dict[str, Any]:
    """`collections.OrderedDict`: empty, or of a list of pairs, as Python 2 pickled it."""
    match arguments:
        case [] | [[]]:
            return {}
        case [list(pairs)] if all(isinstance(x, list | tuple) and len(x) == 2 for x in pairs):
            return with_items({}, [part for pair in pairs for part in pair])
        case _:
            refuse("is damaged: it makes an OrderedDict of something else than pairs")


def _size(*arguments: Any) -> tuple[Any, ...]:
    """`torch.Size` of a tuple."""
    match arguments:
        case [tuple(size)]:
            return size
        case _:
            refuse("is damaged: it makes a torch.Size of something else than a tuple")


def _rebuild_tensor(*arguments: Any) -> View:
    """`torch._utils._rebuild_tensor` and its second version: (storage, offset, size, strides...).

    What comes behind says what autograd does with the tensor.
    """
    match arguments:
        case [Storage() as storage, int(offset), tuple(size), tuple(strides), *_]:
            return _view(storage, storage.dtype, offset, size, strides)
        case _:
            refuse("is damaged: it makes a tensor of something else than a storage and its shape")


def _rebuild_tensor_v3(*arguments: Any) -> View:
    """`torch._utils._rebuild_tensor_v3`, of newer types: the storage is bytes, the 7th the type."""
    match arguments:
        case [Storage() as storage, int(offset), tuple(size), tuple(strides), _, _, dtype, *_]:
            if isinstance(dtype, UnreadType):
                dtype.refuse()
            if isinstance(dtype, np.dtype):
                return _view(storage, dtype, offset, size, strides)
    refuse("is damaged: it makes a tensor of something else than a storage, its shape and type")


def _view(
    storage: Storage, dtype: np.dtype, offset: int, size: tuple[Any, ...], strides: tuple[Any, ...]
) -> View:
    if len(size) != len(strides) or len(size) > AXES:
        refuse(f"is damaged: a tensor in it has {len(size)} axes and {len(strides)} strides")
    counts = (offset, *size, *strides)
    if not all(isinstance(n, int) and 0 <= n < _LARGEST for n in counts):
        refuse("is damaged: it makes a tensor of something else than a storage and its shape")
    if math.prod(max(n, 1) for n in size) >= _LARGEST:
        refuse(f"is damaged: a tensor in it has the shape {shown(size)[1:-1]}, which nothing holds")
    return View(storage, dtype, offset, size, strides)


def _rebuild_parameter(*arguments: Any) -> View:
    """`torch._utils._rebuild_parameter`: (tensor, requires_grad, hooks)."""
    match arguments:
        case [View() as tensor, *_]:
            return tensor
        case _:
            refuse("is damaged: it makes a parameter of something else than a tensor")


_ASIDE = (
    *(("argparse", "Namespace"), ("collections", "Counter")),
    *(("builtins", "set"), ("__builtin__", "set")),
    *(("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "PurePosixPath")),
    *(("pathlib._local", "PosixPath"), ("torch", "device"), ("_codecs", "encode")),
    *((f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")),
    *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    *(("numpy", "dtype"), ("numpy", "ndarray")),
    ("pytorch_lightning.utilities.parsing", "AttributeDict"),
    ("lightning_fabric.utilities.data", "AttributeDict"),
    ("lightning.fabric.utilities.data", "AttributeDict"),
)
"""What trainers save beside the weights: options, paths, numbers of NumPy."""

TENSOR_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch", "Size"): _size,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _rebuild_tensor_v3,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{(room, x): DTYPES[_STORAGES[x]] for room in ("torch", "torch.cuda") for x in _STORAGES},
    **{(room, "UntypedStorage"): DTYPES["uint8"] for room in ("torch", "torch.storage")},
    **{("torch", name): dtype for name, dtype in DTYPES.items()},
    **{("torch", name): UnreadType(name) for name in _UNREAD},
}
"""What each (module, name) stands for, of those that make tensors."""

NAMES: dict[tuple[str, str], Any] = TENSOR_NAMES | dict.fromkeys(_ASIDE, Aside())
"""What each (module, name) stands for in files of tensors."""
