"""Types of numbers, in PyTorch's files and in those of safetensors; what is left beside tensors."""

import argparse
import collections
import os
import pathlib
import pickle

import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy

from experiments.benchmarks import weight_files
from experiments.benchmarks.weight_files import REBUILD, entry, number, state, tensor, text
from jaxgan.weights import check_finite, read_tensors, read_weights

V3 = REBUILD.replace(b"v2", b"v3")
SIX = np.array([[0, 1, 2], [3, 4, 5]])

NEW_TYPES = {
    **{name: np.dtype(name) for name in ("uint16", "uint32", "uint64")},
    **{name: np.dtype(getattr(jnp, name)) for name in ("float8_e4m3fn", "float8_e4m3fnuz")},
    **{name: np.dtype(getattr(jnp, name)) for name in ("float8_e5m2", "float8_e5m2fnuz")},
}
"""By PyTorch's names: what it writes by its third function, with a storage of bytes."""

WRITERS = pytest.mark.parametrize("write", [weight_files.zipped, weight_files.legacy])


def untyped(length):
    kind = b"ctorch.storage\nUntypedStorage\n"
    return b"(" + text("storage") + kind + text("0") + text("cpu") + number(length) + b"tQ"


def third(name, length, **options):
    """A tensor as `_rebuild_tensor_v3` makes it."""
    kind = f"ctorch\n{name}\n".encode()
    return tensor(held=untyped(length), rebuild=V3, more=kind, **options)


def problem(path):
    with pytest.raises(ValueError, match=str(path)) as caught:
        read_weights(path)
    return str(caught.value)


@WRITERS
@pytest.mark.parametrize("name", NEW_TYPES)
def test_newer_types(write, name, tmp_path):
    dtype, path = NEW_TYPES[name], tmp_path / "a.pth"
    raw = np.frombuffer(SIX.astype(dtype).tobytes(), np.uint8)
    turned = third(name, len(raw), size=(3, 2), strides=(1, 3))
    last = third(name, len(raw), size=(2,), strides=(1,), offset=4)
    program = state(x=third(name, len(raw)), turned=turned, last=last)
    held = {"0": raw.tobytes() if write is weight_files.zipped else raw}
    path.write_bytes(write(program, held))
    tensors = read_tensors(path)
    np.testing.assert_array_equal(tensors["x"], SIX.astype(dtype), strict=True)
    np.testing.assert_array_equal(tensors["turned"], SIX.T.astype(dtype), strict=True)
    np.testing.assert_array_equal(tensors["last"], np.array([4, 5]).astype(dtype), strict=True)
    check_finite(tensors)
    path.write_bytes(write(state(x=third(name, len(raw), offset=1)), held))
    assert "reaches beyond the 6 numbers of its storage" in problem(path)


@pytest.mark.parametrize("dtype", ["uint16", "bfloat16", "complex64"])
def test_big_endian(dtype, tmp_path):
    """The bytes of each number are turned round by the tensor's type, not by its storage's."""
    array = SIX.astype(jnp.dtype(dtype))
    swapped = array.byteswap().tobytes()
    held = third(dtype, len(swapped))
    raw = weight_files.zipped(state(x=held), {"0": swapped}, members={"byteorder": b"big"})
    (tmp_path / "a.pth").write_bytes(raw)
    np.testing.assert_array_equal(read_tensors(tmp_path / "a.pth")["x"], array, strict=True)


def test_types_that_are_not_read(tmp_path):
    path = tmp_path / "a.pth"
    quantised = tensor(held=weight_files.storage(kind=b"ctorch\nQInt8Storage\n"))
    path.write_bytes(weight_files.zipped(state(x=quantised)))
    assert "the type torch.QInt8Storage, which are not read" in problem(path)
    path.write_bytes(weight_files.zipped(state(x=third("bits8", 6)), {"0": bytes(6)}))
    assert "the type torch.bits8, which are not read: convert them" in problem(path)
    path.write_bytes(weight_files.zipped(state(x=tensor(rebuild=V3)), {"0": bytes(24)}))
    assert "something else than a storage, its shape and type" in problem(path)


SAFE_TYPES = {
    **{"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": jnp.bfloat16},
    **{"F8_E4M3": jnp.float8_e4m3fn, "F8_E5M2": jnp.float8_e5m2, "F8_E8M0": jnp.float8_e8m0fnu},
    **{"I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8},
    **{"U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8},
    **{"BOOL": np.bool_, "C64": np.complex64},
}


def test_safetensors(tmp_path):
    """Every type, by its content and whatever the file is called, in the order of the names."""
    rows, data = {"__metadata__": {"format": "pt"}}, b""
    arrays = {name: (SIX % 2 + 1).astype(dtype) for name, dtype in SAFE_TYPES.items()}
    for name, array in arrays.items():
        rows[name] = entry(name, array.shape, len(data), len(data) + array.nbytes)
        data += array.tobytes()
    path = tmp_path / "model.bin"
    path.write_bytes(weight_files.safetensors(rows, data))
    tensors = read_tensors(path)
    assert [*tensors] == sorted(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)
        assert tensors[name].flags.owndata
        assert tensors[name].flags.writeable
    check_finite(tensors)
    assert [*read_weights(path)] == [""]


def test_safetensors_that_the_library_wrote(tmp_path):
    saved = {"b": np.float32([[1, 2]]), "a.weight": np.array(3, np.int64), "none": np.zeros((0, 3))}
    safetensors.numpy.save_file(saved, tmp_path / "a.safetensors", metadata={"epoch": "3"})
    tensors = read_tensors(tmp_path / "a.safetensors")
    assert {*tensors} == {*saved}
    for name, array in saved.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)


class Dot(dict):
    """A dict that a trainer saves its options in."""


OPTIONS = f"{__name__}\nDot\n".encode()
LIGHTNING = b"lightning_fabric.utilities.data\nAttributeDict\n"


def test_what_trainers_save_beside(tmp_path):
    """Options, counters, paths and numbers of NumPy: nothing is made of them."""
    beside = {
        "args": argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("a/b"), inner={"a": [1]}),
        "scheduler": {"milestones": collections.Counter([1, 2, 2]), "last": np.float64(0.5)},
        "loss": np.float32(1.5),
        "history": np.arange(3),
        "seen": {"a", "b"},
        "options": Dot(a=1, b=2),
    }
    path = tmp_path / "a.ckpt"
    for protocol in range(2, 5):  # PyTorch's own is 2
        if protocol == 4:  # texts have their lengths before them, and sets have a code
            del beside["options"], beside["seen"]
        pickled = pickle.dumps(beside, protocol).replace(OPTIONS, LIGHTNING)
        body = pickled[2:-1] if protocol < 4 else pickled[11:-1]
        program = b"\x80\x04}(" + text("more") + body + text("g") + state(x=tensor())[2:-1] + b"u."
        path.write_bytes(weight_files.zipped(program))
        containers = read_weights(path)
        assert [*containers] == ["g"]
        assert [*containers["g"]] == ["x"]


@pytest.mark.parametrize("how", [b")\x81", b")}\x92", b")R"])
def test_what_is_not_known_is_not_left_aside(how, tmp_path):
    """Nor is what is left aside a way to anything else."""
    path = tmp_path / "a.pth"
    asked = b"\x80\x02}" + text("x") + b"cos\nsystem\n" + how + b"s."
    path.write_bytes(weight_files.zipped(asked))
    assert "asks for os.system" in problem(path)
    aside = b"cargparse\nNamespace\n" + how
    attribute = b"\x80\x02}" + text("x") + aside + text("__class__") + b"\x86R" + b"s."
    path.write_bytes(weight_files.zipped(attribute))
    assert "damaged" in problem(path)
    path.write_bytes(weight_files.zipped(b"\x80\x02}" + aside + text("x") + b"s."))
    assert "type Aside among its keys" in problem(path)
    path.write_bytes(weight_files.zipped(b"\x80\x02" + aside + b"."))
    assert "type Aside, not a dict" in problem(path)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(ValueError, match="is no regular file"):
        read_tensors(tmp_path / "pipe.pth")
    with pytest.raises(IsADirectoryError):
        read_tensors(tmp_path)
