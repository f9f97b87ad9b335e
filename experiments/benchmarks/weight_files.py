"""Files of weights made byte by byte, as PyTorch and safetensors write them, or as nobody would."""

import io
import json
import pickle
import pickletools
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
FLOATS = b"ctorch\nFloatStorage\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
NUMBERS = np.arange(6, dtype="<f4")
"""What the one storage, `"0"`, holds where none are given."""


def text(word: str) -> bytes:
    """A program that pushes a text."""
    raw = word.encode(errors="surrogatepass")
    return pickle.BINUNICODE + struct.pack("<I", len(raw)) + raw


def number(value: Any) -> bytes:
    """A program that pushes a number, or a tuple or list of some, and remembers nothing."""
    return pickletools.optimize(pickle.dumps(value, 2))[2:-1]


def storage(key: str = "0", length: int = 6, kind: bytes = FLOATS, view: bytes = b"") -> bytes:
    """A program that pushes a storage, by a persistent identifier."""
    body = text("storage") + kind + text(key) + text("cpu") + number(length) + view
    return b"(" + body + b"tQ"


def tensor(
    size: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    offset: int = 0,
    held: bytes | None = None,
    rebuild: bytes = REBUILD,
    more: bytes = b"",
) -> bytes:
    """A program that pushes a tensor."""
    held = storage() if held is None else held
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    shape = number(offset) + number(size) + number(strides)
    return rebuild + b"(" + held + shape + hooks + more + b"tR"


def state(**tensors: bytes) -> bytes:
    """A program that makes a dict."""
    items = b"".join(text(name) + value for name, value in tensors.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u."


def zipped(
    program: bytes,
    storages: Mapping[str, bytes] | None = None,
    *,
    compression: int = zipfile.ZIP_STORED,
    members: Mapping[str, bytes] | None = None,
) -> bytes:
    """A file as PyTorch writes it since 1.6, with further members in its folder."""
    file = io.BytesIO()
    held = {"0": NUMBERS.tobytes()} if storages is None else storages
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("archive/data.pkl", program)
        for key, raw in held.items():
            archive.writestr(f"archive/data/{key}", raw)
        for name, raw in (members or {}).items():
            archive.writestr(f"archive/{name}", raw)
    return file.getvalue()


def legacy(
    program: bytes,
    storages: Mapping[str, np.ndarray] | None = None,
    *,
    keys: Any = None,
    lengths: Mapping[str, int] | None = None,
    magic: int = MAGIC,
    version: int = 1001,
) -> bytes:
    """A file as PyTorch wrote it before 1.6; `keys` may be bytes, a program of its own."""
    held = {"0": NUMBERS} if storages is None else storages
    parts = [pickle.dumps(x, 2) for x in (magic, version, {"little_endian": True})]
    keys = list(held) if keys is None else keys
    parts += [program, keys if isinstance(keys, bytes) else pickle.dumps(keys, 2)]
    for key, array in held.items():
        length = len(array) if lengths is None else lengths[key]
        parts += [struct.pack("<q", length), array.tobytes()]
    return b"".join(parts)


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of safetensors; a header of bytes is taken as it is."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(kind: str, shape: Sequence[int], first: int, last: int) -> dict[str, Any]:
    """What the header of a file of safetensors says of a tensor."""
    return {"dtype": kind, "shape": list(shape), "data_offsets": [first, last]}


def saved(tensors: Mapping[str, np.ndarray]) -> bytes:
    """A file as PyTorch writes a `state_dict` of float32 tensors since 1.6, each with a storage."""
    programs, storages = {}, {}
    for key, (name, array) in enumerate(tensors.items()):
        raw = np.ascontiguousarray(array, "<f4")
        strides = tuple(step // raw.itemsize for step in raw.strides)
        held = storage(str(key), raw.size)
        programs[name] = tensor(raw.shape, strides, held=held)
        storages[str(key)] = raw.tobytes()
    return zipped(state(**programs), storages, members={"version": b"3\n"})
