"""Tensors from files of PyTorch and of safetensors, without PyTorch and without running a file.

A file of PyTorch is a pickle, beside the tensors' bytes. Python's own reader of pickles would call
whatever the file says; the one here knows the names in `views.NAMES`, and refuses all else.
"""

import io
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.weights.pickles import ELEMENTS
from jaxgan.weights.refusals import kind, refuse, shown
from jaxgan.weights.safetensors import is_safetensors, read_safetensors
from jaxgan.weights.streams import check_spread, read_object, read_stream, refusals_of, whole_file
from jaxgan.weights.views import NAMES, Storage, View

_SHOWN = 5
"""How many places an error shows."""

_DEPTH = 16
"""How many dicts may lie in one another."""


def read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the tensors of a file that holds one dict of them, as `read_weights` does.

    Returns:
        Arrays of the tensors' shapes and dtypes, by their keys in the file's order.

    Raises:
        ValueError: as `read_weights` does, and where the file has several dicts of tensors; says
            which.
        OSError: where it cannot be read.
    """
    containers = read_weights(path)
    if len(containers) > 1:
        names = [shown(name) if name else "its top" for name in containers]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise ValueError(
            f"{path} has tensors in {len(names)} places, {', '.join(names[:_SHOWN])}{more}: "
            "take the one that is meant, by jaxgan.weights.read_weights"
        )
    (tensors,) = containers.values()
    return tensors


def read_weights(path: str | os.PathLike[str]) -> dict[str, dict[str, np.ndarray]]:
    """Read all tensors of a file that `torch.save` or safetensors wrote, by where they lie.

    Of PyTorch, files in the zip and in the older format: a `state_dict`, or dicts in dicts that
    hold some, as trainers write them. Nothing in the file is run: a file that asks for any function
    or class but those that make dicts of tensors is refused by the name of what it asks for.

    A file of n bytes is read or refused within 0.25 s and 5 microseconds for each byte, on one core
    of 2020 or so, and within 16 MB of memory and 512 bytes for each: the arrays are among them,
    since tensors that declare more than 16 bytes together for each byte of the file are refused.

    Args:
        path: the file, as in `latest_net_G.pth` or `model.safetensors`.

    Returns:
        By the name of each dict that holds tensors itself, `""` for the file's own and `"a/b"` for
        the one under `b` in the one under `a`: arrays of the tensors' shapes and dtypes, by their
        keys, in the file's order (of safetensors, in the order of their names). Each array has its
        own memory. Values that are no tensors are left aside, and so is what lies in lists, in the
        options and counters that trainers save (`argparse.Namespace` and its like), and under a
        key `_metadata`. A file with an empty dict gives `{"": {}}`.

    Raises:
        ValueError: where the file is cut short or damaged, holds no dense tensors, or asks for
            code; where it is an archive of TorchScript, or has numbers of a type that NumPy lacks.
        OSError: where it cannot be read.
    """
    path, raw = whole_file(path)
    with refusals_of(path, "no file of PyTorch's"):
        archive = raw.startswith(b"PK\x03\x04")
        if not archive and (is_safetensors(raw) or path.suffix == ".safetensors"):
            return {"": read_safetensors(raw)}
        found = (
            _read_zip(raw)
            if archive
            else read_stream(raw, NAMES, lambda value: _found(value, len(raw)))
        )
        check_spread([view.nbytes for views in found.values() for view in views.values()], len(raw))
        return {
            place: {name: view.array(name) for name, view in views.items()}
            for place, views in found.items()
        }


def check_finite(tensors: Mapping[str, np.ndarray]) -> None:
    """Nothing, where every number is finite: weights that are not make pictures that are black.

    Args:
        tensors: of any shapes and dtypes, by their names.

    Raises:
        ValueError: where a tensor holds NaN or an infinity; names the first, and says how many of
            its values are not finite and how many tensors are like it.

    >>> check_finite({"weight": np.float32([1, np.nan, np.inf])})
    Traceback (most recent call last):
    ValueError: the tensor 'weight' has 2 of 3 values that are not finite (NaN or infinite): ...
    """
    lost = {name: int(np.size(x) - np.isfinite(x).sum()) for name, x in tensors.items()}
    lost = {name: count for name, count in lost.items() if count}
    if lost:
        name, count = next(iter(lost.items()))
        others = f", and {len(lost) - 1} other tensors have some" if len(lost) > 1 else ""
        raise ValueError(
            f"the tensor {shown(name)} has {count} of {np.size(tensors[name])} values that are not "
            f"finite (NaN or infinite){others}: the training that wrote them had diverged, so take "
            "an earlier checkpoint"
        )


def _read_zip(raw: bytes) -> dict[str, dict[str, View]]:
    """Of PyTorch 1.6 and later: members NAME/data.pkl, NAME/data/KEY and, of late, NAME/byteorder.

    No member is compressed, and together they are no larger than the file: none is a bomb.
    """
    archive = zipfile.ZipFile(io.BytesIO(raw))
    members = archive.infolist()
    names = {member.filename for member in members}
    if len(names) < len(members):
        refuse("has two members of the same name: nothing says which of them is meant")
    roots = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
    if len(roots) != 1:
        refuse("is a zip file, but none that torch.save wrote: its data.pkl is missing")
    (root,) = roots
    if f"{root}constants.pkl" in names or any(name.startswith(f"{root}code/") for name in names):
        refuse(
            "is an archive of TorchScript, a program with its weights: in PyTorch, save "
            "torch.jit.load(FILE).state_dict() by torch.save, and give that"
        )
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        refuse("is compressed inside, as no file of PyTorch's is: save it again with PyTorch")
    if sum(member.file_size for member in members) > len(raw):
        refuse("is damaged: its members claim more bytes than it has")
    storages: dict[str, Storage] = {}
    program = io.BytesIO(archive.read(f"{root}data.pkl"))
    found = _found(read_object(program, NAMES, storages), len(raw))
    order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
    for key, storage in storages.items():
        if f"{root}data/{key}" not in names:
            refuse(f"is damaged: its storage {shown(key)} is missing")
        storage.fill(archive.read(f"{root}data/{key}"), swapped=order == b"big")
    return found


def _found(value: Any, size: int) -> dict[str, dict[str, View]]:
    """By their places, the dicts with tensors among a pickle's dicts, from the outermost inwards.

    One dict may lie in many places: what is visited is counted, by the size of the file.
    """
    if not isinstance(value, dict):
        refuse(f"holds {kind(value)}, not a dict of tensors: save a state_dict")
    found: dict[str, dict[str, View]] = {}
    visited = 0
    level = [("", value)]
    for _ in range(_DEPTH):
        inner = []
        for place, group in level:
            tensors = {name: x for name, x in group.items() if isinstance(x, View)}
            deeper = [name for name in group if isinstance(group[name], dict)]
            visited += 1 + len(group) + sum([len(tensor.size) for tensor in tensors.values()])
            visited += sum([len(place) + len(name) for name in deeper])
            if visited > ELEMENTS * size:
                refuse(f"has dicts in dicts of {visited} elements by {size} bytes")
            if tensors and place in found:
                refuse(f"has two dicts that are both found under {shown(place)}")
            if tensors:
                found[place] = tensors
            for name in deeper:
                if name != "_metadata":
                    inner.append((f"{place}/{name}" if place else name, group[name]))
        level = inner
    if level:
        refuse(f"has dicts in one another that are more than {_DEPTH} deep")
    if value and not found:
        some = ", ".join(f"{kind(x)} under {shown(name)}" for name, x in [*value.items()][:3])
        refuse(f"holds no tensors, only {some}: save a state_dict")
    return found or {"": {}}
