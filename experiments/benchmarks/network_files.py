"""Pickles of whole networks, as NVIDIA's code and R3GAN's write them, made of any tensors.

Python's own pickler writes them, of classes that stand in for those of PyTorch, TensorFlow and the
authors' code while it does, under these classes' names; none of the three is needed.
"""

import collections
import pickle
import struct
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments.benchmarks.weight_files import legacy, number, storage

Tensors = Mapping[str, np.ndarray]

SOURCE = "raise SystemExit('the code of the file was run')\n"
"""What the files bring along as their code."""

_KINDS = {
    np.dtype(np.float32): b"ctorch\nFloatStorage\n",
    np.dtype(np.float16): b"ctorch\nHalfStorage\n",
    np.dtype(np.int64): b"ctorch\nLongStorage\n",
    np.dtype(jnp.bfloat16): b"ctorch\nBFloat16Storage\n",
}
_BUFFERS = ("w_avg", "noise_const", "resample_filter", "Kernel", "magnitude_ema", "freqs", "phases")


def _class(module: str, name: str, base: type = object) -> type:
    return type(name, (base,), {"__module__": module})


def _function(module: str, name: str) -> Any:
    def function() -> None:
        raise AssertionError("pickled by its name, and never called")

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function


class _Dtype:
    """`torch.bfloat16`, pickled by its name."""

    __module__ = "torch"

    def __reduce__(self) -> str:
        return "bfloat16"


EasyDict = _class("dnnlib.util", "EasyDict", dict)
_Network = _class("dnnlib.tflib.network", "Network")
_BFLOAT16 = _Dtype()
_LOAD = _function("torch.storage", "_load_from_bytes")
_REBUILD = _function("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = _function("torch._utils", "_rebuild_parameter")
_PERSISTENT = _function("torch_utils.persistence", "_reconstruct_persistent_obj")
_LAYERS: dict[tuple[str, str], type] = {}


def _layer(module: str, name: str) -> type:
    """A class of that name, the same at each call."""
    return _LAYERS.setdefault((module, name), _class(module, name))


class _Storage:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __reduce__(self) -> tuple[Any, ...]:
        return _LOAD, (stream(self.array),)


class _Tensor:
    def __init__(self, array: np.ndarray) -> None:
        self.array = np.ascontiguousarray(array).reshape(np.shape(array))
        self.storage = _Storage(self.array.ravel())

    def __reduce__(self) -> tuple[Any, ...]:
        array = self.array
        strides = tuple(step // array.itemsize for step in array.strides)
        hooks: Any = collections.OrderedDict()
        return _REBUILD, (self.storage, 0, array.shape, strides, False, hooks)


class _Parameter(_Tensor):
    def __reduce__(self) -> tuple[Any, ...]:
        hooks: Any = collections.OrderedDict()
        return _PARAMETER, (_Tensor(self.array), True, hooks)


class _Persistent:
    """A module of NVIDIA's, which brings its code along."""

    def __init__(self, name: str, state: dict[str, Any]) -> None:
        self.name, self.state = name, state

    def __reduce__(self) -> tuple[Any, ...]:
        meta = {"type": "class", "version": 6, "module_src": SOURCE, "class_name": self.name}
        return _PERSISTENT, ({**meta, "state": self.state},)


def stream(array: np.ndarray) -> bytes:
    """A storage as a stream of its own, as it lies inside a pickle."""
    held = storage("0", len(array), _KINDS[array.dtype], view=b"N")
    return legacy(b"\x80\x02" + held + b".", {"0": array})


def _state(tensors: Tensors, modules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What is in a module of PyTorch's; a buffer of None among it."""
    own = {name: x for name, x in tensors.items() if "." not in name}
    buffers = {name: _Tensor(x) for name, x in own.items() if name in _BUFFERS}
    parameters = {name: _Parameter(x) for name, x in own.items() if name not in _BUFFERS}
    return {
        "training": False,
        "_parameters": collections.OrderedDict(parameters),
        "_buffers": collections.OrderedDict({**buffers, "none": None}),
        "_non_persistent_buffers_set": set(),
        "_backward_hooks": collections.OrderedDict(),
        "_modules": collections.OrderedDict(modules),
        **more,
    }


def _inner(tensors: Tensors) -> dict[str, dict[str, np.ndarray]]:
    """By the names of the modules in a module, the tensors in each."""
    inner: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        first, _, rest = name.partition(".")
        if rest:
            inner.setdefault(first, {})[rest] = tensor
    return inner


def _persistent(name: str, tensors: Tensors, options: Mapping[str, Any]) -> _Persistent:
    modules = {key: _persistent("Layer", inner, {}) for key, inner in _inner(tensors).items()}
    more = {"_init_args": (), "_init_kwargs": EasyDict(options), "rate": np.float64(0.5)}
    return _Persistent(name, _state(tensors, modules, **more))


def nvidia_pickle(
    networks: Mapping[str, Tensors],
    options: Mapping[str, Mapping[str, Any]] | None = None,
    protocol: int = 4,
) -> bytes:
    """A pickle of stylegan2-ada-pytorch or stylegan3.

    Args:
        networks: by their roles, tensors by their names.
        options: by the roles, what the networks were made with.
        protocol: of pickles: 3 of Python 3.7, 4 of later ones.
    """
    made: dict[str, Any] = {
        role: _persistent("Discriminator" if role == "D" else "Generator", x, (options or {})[role])
        for role, x in networks.items()
    }
    made |= {"augment_pipe": None, "training_set_kwargs": EasyDict(path="data.zip", max_size=9)}
    return dumped(made, protocol)


def _module(module: str, name: str, tensors: Tensors, **more: Any) -> Any:
    """A module of R3GAN's, or a layer of PyTorch's: an object of a class of that name."""
    modules: dict[str, Any] = {}
    for key, inner in _inner(tensors).items():
        listed = key.endswith("Layers")
        room, what = ("torch.nn.modules.container", "ModuleList") if listed else ("", "")
        if not listed:
            room, what = ("R3GAN.Networks", "ResidualBlock")
        modules[key] = _module(room, what, inner, DataType=_BFLOAT16)
    made = _layer(module, name)()
    made.__dict__.update(_state(tensors, modules, **more))
    return made


def r3gan_pickle(networks: Mapping[str, Tensors], protocol: int = 4) -> bytes:
    """A pickle of R3GAN's: modules of real classes, numbers in bfloat16, states of optimisers."""
    made: dict[str, Any] = {
        role: _module(
            *("training.networks", "Discriminator" if role == "D" else "Generator"),
            {f"Model.{name}": x for name, x in tensors.items()},
            c_dim=0,
        )
        for role, tensors in networks.items()
    }
    moments = {
        "step": _Tensor(np.full((), 3, np.float32)),
        "exp_avg": _Tensor(np.zeros((2, 3), np.float32)),
    }
    groups = [{"lr": 2e-4, "betas": (0.0, 0.99), "params": [0, 1], "fused": None}]
    made["G_opt_state"] = {"state": {0: moments, 1: moments}, "param_groups": groups}
    return dumped(made, protocol)


def tensorflow_pickle(
    networks: Mapping[str, Tensors],
    options: Mapping[str, Any] | None = None,
    version: int = 4,
) -> bytes:
    """A pickle of StyleGAN or StyleGAN2 of TensorFlow: three networks in a row.

    Args:
        networks: of "G", "D" and "G_ema", tensors by names such as `mapping/Dense0/weight`.
        options: what all were made with.
        version: of the format: 3 of StyleGAN, 4 and 5 of StyleGAN2.
    """

    def network(name: str, tensors: Tensors) -> Any:
        inner: dict[str, dict[str, np.ndarray]] = {}
        own: list[tuple[str, Any]] = []
        for key, tensor in tensors.items():
            first, _, rest = key.partition("/")
            if first in ("mapping", "synthesis"):
                inner.setdefault(first, {})[rest] = tensor
            else:  # numbers of no axes come as numbers of NumPy's
                own.append((key, tensor[()] if tensor.ndim == 0 else tensor))
        made = _Network()
        made.__dict__.update(
            version=version,
            name=name,
            static_kwargs=dict(options or {}),
            components={key: network(f"G_{key}", x) for key, x in inner.items()},
            build_module_src=SOURCE,
            build_func_name="G_main",
            variables=own,
        )
        return made

    made = tuple(network(role, tensors) for role, tensors in networks.items())
    return dumped(made if len(made) == 3 else made[0], 4)


def dumped(value: Any, protocol: int) -> bytes:
    """Pickled, while the classes above lie where their names say."""
    standing = [
        *(EasyDict, _Network, _LOAD, _REBUILD, _PARAMETER, _PERSISTENT),
        *_LAYERS.values(),
    ]
    with _modules(standing):
        return pickle.dumps(value, protocol)


@contextmanager
def _modules(standing: list[Any]) -> Iterator[None]:
    """Modules of these things' names, instead of what may lie there, and then that again."""
    made: dict[str, types.ModuleType] = {}
    for thing in standing:
        words = thing.__module__.split(".")
        for count in range(1, len(words) + 1):
            name = ".".join(words[:count])
            made.setdefault(name, types.ModuleType(name))
        setattr(made[thing.__module__], thing.__name__, thing)
    made.setdefault("torch", types.ModuleType("torch")).bfloat16 = _BFLOAT16  # type: ignore[attr-defined]
    before = {name: sys.modules[name] for name in made if name in sys.modules}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]
        sys.modules.update(before)


def nested(inner: bytes) -> bytes:
    """A program that pushes a storage, from these bytes as a stream."""
    raw = pickle.BINBYTES + struct.pack("<I", len(inner)) + inner
    return b"ctorch.storage\n_load_from_bytes\n" + raw + b"\x85R"


def tensor_of(held: bytes, size: tuple[int, ...] = (6,)) -> bytes:
    """A program that pushes a tensor of that storage."""
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    steps = tuple(int(np.prod(size[axis + 1 :])) for axis in range(len(size)))
    shape = number(0) + number(size) + number(steps)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + held + shape + hooks + b"tR"
