"""Pickles of whole networks, as NVIDIA's code and R3GAN's write them, read as inert records.

Such a pickle asks for the code that it was trained with, or brings it along as text. Here nothing
of it is run: an object is a record of its attributes, and of those the tensors are taken.
"""

import io
import os
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np

from jaxgan.weights.arrays import ARRAY_NAMES, Array, single
from jaxgan.weights.inert import Aside, Maker, Record
from jaxgan.weights.pickles import ELEMENTS
from jaxgan.weights.refusals import kind, refuse, shown
from jaxgan.weights.streams import (
    check_spread,
    is_stream,
    read_object,
    read_stream,
    refusals_of,
    whole_file,
)
from jaxgan.weights.views import TENSOR_NAMES, Storage, View

_DEPTH = 16
"""How many modules may lie in one another."""

_ROOMS = ("training.networks", "R3GAN.Networks", "R3GAN.FusedOperators", "R3GAN.Resamplers")
"""Modules of R3GAN's code, whose classes are not written as text."""

_LAYERS = "torch.nn.modules."

_ROLES = ("G", "D", "G_ema")


class NetworkRecord(NamedTuple):
    """A network of a pickle.

    Attributes:
        kind: the name of its class.
        tensors: by their names in its modules, as `synthesis.b4.const` of PyTorch's and
            `synthesis/4x4/Const/const` of TensorFlow's.
        options: what it was made with, plain values or anything else that a pickle may hold.
        tensorflow: whether its layouts are TensorFlow's; else PyTorch's.
    """

    kind: str
    tensors: dict[str, np.ndarray]
    options: Mapping[str, Any]
    tensorflow: bool


def read_networks(path: str | os.PathLike[str]) -> dict[str, NetworkRecord]:
    """Read the networks of a pickle of stylegan2-ada-pytorch, stylegan3, StyleGAN(2) or R3GAN.

    Nothing in the file is run, and neither PyTorch nor TensorFlow is needed. It may ask for
    `torch_utils.persistence`, whose text of code is not looked at, for `dnnlib`'s dicts and
    networks, for layers of PyTorch and modules of R3GAN, for tensors and for arrays of NumPy; by
    name, and as records without any behaviour. All else is refused by the name that it asks for.

    A tensor of PyTorch's is a stream of its own inside such a pickle. Streams are read one deep,
    and together they are no longer than what has been read of the file. Time and memory are
    bounded as those of `read_weights`.

    Args:
        path: the file, as in `ffhq.pkl`.

    Returns:
        By their roles, those that are there of "G", "D" and "G_ema", which is the moving average
        of G: their tensors, in the file's order and dtypes, and what they were made with.

    Raises:
        ValueError: where the file is cut short or damaged, holds none of these networks, or asks
            for code.
        OSError: where it cannot be read.
    """
    path, raw = whole_file(path)
    with refusals_of(path, "no pickle of networks"):
        if raw.startswith(b"PK\x03\x04"):
            refuse("is a file of torch.save, and not a pickle of whole networks")
        value = _read(raw)
        found = {role: _network(record, len(raw)) for role, record in _roles(value).items()}
        check_spread([x.nbytes for one in found.values() for x in one.values()], len(raw))
        return {
            role: NetworkRecord(
                record.kind,
                {name: x.array(name) for name, x in found[role].items()},
                _options(record),
                _is_tensorflow(record),
            )
            for role, record in _roles(value).items()
        }


def _read(raw: bytes) -> Any:
    """The object of the file."""
    file = io.BytesIO(raw)
    streams = 0

    def load_from_bytes(*arguments: Any) -> Storage:
        """`torch.storage._load_from_bytes`: a storage, from a stream that holds nothing else."""
        nonlocal streams
        match arguments:
            case [bytes(stream)]:
                streams += len(stream)
            case _:
                refuse("is damaged: it makes a storage of something else than bytes")
        if streams > file.tell():
            refuse(f"has streams in it of {streams} bytes by {file.tell()} bytes of its own")
        return read_stream(stream, _NAMES_OF_STREAMS, _storage, records=lambda *_: None)

    names = {
        **TENSOR_NAMES,
        **ARRAY_NAMES,
        ("torch.storage", "_load_from_bytes"): load_from_bytes,
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): _persistent,
        ("dnnlib.util", "EasyDict"): Maker(_easy_dict),
        ("dnnlib.tflib.network", "Network"): Maker(partial(_object, "Network")),
        **dict.fromkeys((("builtins", "set"), ("torch", "device")), Aside()),
    }
    value = read_object(file, names, {}, _record_of)
    if is_stream(value):
        refuse("is a file of torch.save, and not a pickle of whole networks")
    return value


def _refuse_nested(*_: Any) -> NoReturn:
    refuse("has streams in its streams, and no network needs that: they are read one deep")


_NAMES_OF_STREAMS = TENSOR_NAMES | {("torch.storage", "_load_from_bytes"): _refuse_nested}


def _storage(value: Any) -> Storage:
    if not isinstance(value, Storage):
        refuse(f"is damaged: a stream in it holds {kind(value)} and not a storage")
    return value


def _record_of(module: str, name: str) -> Maker | None:
    """What makes records of a class of PyTorch's layers, or of R3GAN's networks."""
    known = module in _ROOMS or module.startswith(_LAYERS)
    return Maker(partial(_object, name[:100])) if known and name.isidentifier() else None


def _object(kind: str, *arguments: Any) -> Record:
    if arguments:
        refuse(f"is damaged: it makes a {shown(kind)} of arguments, and it has none")
    return Record(kind)


def _easy_dict(*arguments: Any) -> dict[str, Any]:
    if arguments:
        refuse("is damaged: it makes an EasyDict of arguments, and it has none")
    return {}


def _persistent(*arguments: Any) -> Record:
    """`torch_utils.persistence._reconstruct_persistent_obj` of a dict, whose code is left alone."""
    match arguments:
        case [{"type": "class", "class_name": str(name), "state": dict(state)}]:
            return Record(name[:100], state)
        case _:
            refuse("is damaged: it makes a network of something else than a class and its state")


def _roles(value: Any) -> dict[str, Record]:
    """The networks by their roles; TensorFlow's are three in a row, of which the last is G_ema."""
    match value:
        case dict():
            roles = {role: value[role] for role in _ROLES if value.get(role) is not None}
        case (Record(), Record(), Record()):
            roles = dict(zip(_ROLES, value, strict=True))
        case Record():
            roles = {"G_ema": value}
        case _:
            roles = {}
    if not roles:
        refuse(f"holds {kind(value)}, and no networks under the names G, D and G_ema")
    for role, record in roles.items():
        if type(record) is not Record:
            refuse(f"holds {kind(record)} under {role}, and not a network")
    return roles


def _is_tensorflow(record: Record) -> bool:
    return isinstance(record.attributes, dict) and "variables" in record.attributes


def _options(record: Record) -> dict[str, Any]:
    """What a network was made with, and of R3GAN's what it keeps of that."""
    key = "static_kwargs" if _is_tensorflow(record) else "_init_kwargs"
    options = record.attributes.get(key, {})
    return options if isinstance(options, dict) else {}


def _network(record: Record, size: int) -> dict[str, View | Array]:
    """Tensors of a network and of all modules in it, from the outermost inwards.

    One module may lie in many places: what is visited is counted, by the size of the file.
    """
    tensorflow = _is_tensorflow(record)
    look, between = (_variables, "/") if tensorflow else (_parameters, ".")
    found: dict[str, View | Array] = {}
    visited = 0
    level = [("", record)]
    for _ in range(_DEPTH):
        inner = []
        for place, module in level:
            if not isinstance(module.attributes, dict):
                at = shown(place) if place else "itself"
                refuse(f"has a module, {at}, that is built of {kind(module.attributes)}")
            tensors, modules = look(place, module.attributes)
            visited += 1 + sum([len(place) + len(name) + len(x.size) for name, x in tensors])
            visited += sum([len(place) + len(name) for name in modules])
            if visited > ELEMENTS * size:
                refuse(f"has modules in modules of {visited} elements by {size} bytes")
            for name, tensor in tensors:
                if place + name in found:
                    refuse(f"has two tensors that are both found under {shown(place + name)}")
                found[place + name] = tensor
            for name, one in modules.items():
                if type(one) is not Record:
                    refuse(f"has {kind(one)} where its module {shown(place + name)} should be")
                inner.append((place + name + between, one))
        level = inner
    if level:
        refuse(f"has modules in one another that are more than {_DEPTH} deep")
    return found


_Parts = tuple[list[tuple[str, Any]], dict[str, Any]]
"""Tensors of a module with their names, and the modules in it."""


def _parameters(place: str, attributes: Mapping[str, Any]) -> _Parts:
    """Of a module of PyTorch's; a buffer may be None."""
    tensors: list[tuple[str, Any]] = []
    for group in ("_parameters", "_buffers"):
        named = _dict(place, attributes.get(group, {}), group)
        tensors += [(name, tensor) for name, tensor in named.items() if tensor is not None]
    for name, tensor in tensors:
        if not isinstance(tensor, View):
            refuse(f"has {kind(tensor)} where its tensor {shown(place + name)} should be")
    modules = _dict(place, attributes.get("_modules", {}), "_modules")
    return tensors, {name: one for name, one in modules.items() if one is not None}


def _variables(place: str, attributes: Mapping[str, Any]) -> _Parts:
    """Of a network of TensorFlow's."""
    variables = attributes.get("variables", [])
    tensors: list[tuple[str, Any]] = []
    for variable in variables if isinstance(variables, list) else [None]:
        match variable:
            case (str(name), Array() as array):
                tensors.append((name, array))
            case (str(name), bool() | int() | float() as number):  # of no axes: a number of NumPy's
                tensors.append((name, single(number)))
            case _:
                refuse(f"is damaged: it has a variable under {shown(place)} that is no array")
    return tensors, _dict(place, attributes.get("components", {}), "components")


def _dict(place: str, value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse(f"has {kind(value)} where {shown(place + name)} should be")
    return value
