"""NVIDIA's names and layouts of StyleGAN's and StyleGAN2's tensors, as ours.

Theirs, as in `synthesis.b8.conv0.affine.weight` of PyTorch and `synthesis/8x8/Conv0_up/mod_weight`
of TensorFlow, become paths in our trees of variables, which begin with the collection, as in
`("params", "synthesis", "b8", "conv0", "affine", "kernel")`; and float32.
"""

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from jaxgan.weights.parts import short_name

Variables: TypeAlias = dict[tuple[str, ...], np.ndarray]
"""Arrays of one network by their paths, of which the first word is the collection's name."""

_BLUR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
"""The filter of our resampling, as NVIDIA's networks keep it beside their weights."""

_LAYERS_OF_2020 = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}
_LAYERS_OF_2018 = _LAYERS_OF_2020 | {"Const": "input"}
_LAYERS_OF_D = {
    **{"FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1", "Skip": "skip"},
    **{"Conv": "conv", "Dense0": "fc", "Dense1": "out"},
}
_TENSORS = {
    **{"weight": ("kernel",), "bias": ("bias",), "noise_strength": ("noise_strength",)},
    **{"mod_weight": ("affine", "kernel"), "mod_bias": ("affine", "bias")},
    **{"StyleMod/weight": ("affine", "kernel"), "StyleMod/bias": ("affine", "bias")},
    **{"Noise/weight": ("noise_strength",)},
}


def from_pytorch(tensors: Mapping[str, np.ndarray]) -> Variables:
    """Variables of stylegan2-ada-pytorch's networks, or of StyleGAN2's in stylegan3.

    Args:
        tensors: of a generator or a discriminator, by their names.

    Raises:
        ValueError: where a name is none of theirs, a filter is not that of our networks, or the
            first dense layer of a discriminator is of no square features.
    """
    found: Variables = {}
    for name, tensor in tensors.items():
        *place, last = name.split(".")
        array = np.asarray(tensor, np.float32)
        match last, array.ndim:
            case "resample_filter", _:
                if array.shape != _BLUR.shape or np.max(np.abs(array - _BLUR)) > 1e-6:
                    raise ValueError(
                        f"its filter {short_name(name)} is another than that of [1, 3, 3, 1], and "
                        "networks with other filters are not imported"
                    )
            case "w_avg", 1:
                found["latent_mean", *place, "mean"] = array
            case "noise_const", 2:
                found["noise", *place, "noise"] = array
            case "weight", 2:
                found["params", *place, "kernel"] = array.T
            case "weight", 4:
                found["params", *place, "kernel"] = array.transpose(2, 3, 1, 0)
            case "const", 3:
                found["params", *place, "const"] = array.transpose(1, 2, 0)
            case ("bias", 1) | ("noise_strength", 0):
                found["params", *place, last] = array
            case _:
                raise _unknown(name, array)
    return _with_channels_last(found)


def from_tensorflow(tensors: Mapping[str, np.ndarray]) -> Variables:
    """Variables of the networks of TensorFlow: of StyleGAN where there are `StyleMod`s or `Dense1`.

    StyleGAN2's convolution that doubles is a correlation there, and in our networks, as in those of
    PyTorch, a true one: its kernel is turned by half a turn. The biases of its styles are stored
    less one. (Of StyleGAN's file our network knows which way up its kernels are.)

    Args:
        tensors: of a generator, with those of its mapping and synthesis, or of a discriminator.

    Raises:
        ValueError: as of `from_pytorch`.
    """
    names = {re.sub(r"^G_(mapping|synthesis)/", r"\1/", name): name for name in tensors}
    of_2018 = any("/StyleMod/" in name or name == "4x4/Dense1/weight" for name in names)
    sizes = [int(size) for name in names for size in re.findall(r"(\d{1,5})x\1/", name)]
    largest = max([*sizes, 4])
    found: Variables = {}
    for name, original in names.items():
        array = np.asarray(tensors[original], np.float32)
        if re.fullmatch(r"(synthesis/)?lod", name):
            continue  # the stage of growing when the file was written
        path = _path(name, largest, of_2018=of_2018)
        if path is None:
            raise _unknown(original, array)
        match path[-1], array.ndim:
            case "const", 4:
                array = array[0].transpose(1, 2, 0)
            case "noise", 4:
                array = array[0, 0]
            case "bias", 1 if path[-2] == "affine" and not of_2018:
                array = array + 1
            case "kernel", 4 if path[1:2] == ("synthesis",) and path[-2] == "conv0" and not of_2018:
                array = array[::-1, ::-1]
            case ("kernel", 2 | 4) | ("bias" | "mean", 1) | ("noise_strength", 0 | 1):
                pass
            case _:
                raise _unknown(original, array)
        found[path] = array
    return _with_channels_last(found)


def _path(name: str, largest: int, *, of_2018: bool) -> tuple[str, ...] | None:
    """Where a variable of TensorFlow lies in our tree; None where it is none of theirs."""
    if name == "dlatent_avg":
        return "latent_mean", "mapping", "mean"
    if noise := re.fullmatch(r"synthesis/noise(\d{1,3})", name):
        index = int(noise[1])
        if of_2018:
            size, layer = 4 << index // 2, "conv1" if index % 2 else "conv0" if index else "input"
        else:
            size, layer = 4 << (index + 1) // 2, "conv0" if index % 2 else "conv1"
        return "noise", "synthesis", f"b{size}", layer, "noise"
    if dense := re.fullmatch(r"(?:mapping/Dense|Mapping)(\d{1,3})/(weight|bias)", name):
        return "params", "mapping", f"fc{int(dense[1])}", *_TENSORS[dense[2]]
    if embed := re.fullmatch(r"(?:mapping/)?Label(Embed|Concat)/(weight|bias)", name):
        together = embed[1] == "Concat"
        # Of StyleGAN2 with such labels our network has no counterpart: it finds an odd name.
        return (
            "params",
            "mapping",
            "embed" if together == of_2018 else f"Label{embed[1]}",
            *_TENSORS[embed[2]],
        )
    if output := re.fullmatch(r"Output/(weight|bias)", name):
        return "params", "b4", "out", *_TENSORS[output[1]]
    room, rest = (("synthesis",), name[10:]) if name.startswith("synthesis/") else ((), name)
    if lod := re.fullmatch(r"(ToRGB|FromRGB)_lod(\d{1,2})/(weight|bias)", rest):
        size = largest >> int(lod[2])
        return "params", *room, f"b{size}", lod[1].lower(), *_TENSORS[lod[3]]
    layer = re.fullmatch(r"(\d{1,5})x\1/(\w+)/(.+)", rest)
    if layer is None:
        return None
    block = "params", *room, f"b{int(layer[1])}"
    if (layer[2], layer[3]) == ("Const", "const"):
        return *block, "const"
    layers = (_LAYERS_OF_2018 if of_2018 else _LAYERS_OF_2020) if room else _LAYERS_OF_D
    if layer[2] not in layers or layer[3] not in _TENSORS:
        return None
    return *block, layers[layer[2]], *_TENSORS[layer[3]]


def _with_channels_last(found: Variables) -> Variables:
    """With the discriminator's dense layer for features whose channels come last, and not first."""
    path = "params", "b4", "fc", "kernel"
    kernel, conv = found.get(path), found.get(("params", "b4", "conv", "kernel"))
    if kernel is None or conv is None or conv.ndim != 4 or kernel.ndim != 2:
        return found
    channels = conv.shape[3]
    side = math.isqrt(len(kernel) // max(channels, 1))
    if side * side * channels != len(kernel):
        raise ValueError(
            f"the dense layer of its discriminator takes {len(kernel)} numbers, which are no "
            f"square of {channels} channels"
        )
    ordered = kernel.reshape(channels, side, side, -1).transpose(1, 2, 0, 3)
    return {**found, path: ordered.reshape(kernel.shape)}


def _unknown(name: str, array: np.ndarray) -> ValueError:
    return ValueError(
        f"its tensor {short_name(name)} of shape {array.shape} is none of StyleGAN's or StyleGAN2's"
    )
