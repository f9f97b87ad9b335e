"""Weights of pytorch-CycleGAN-and-pix2pix, the authors' own code, as parameters of our networks.

Their names count the layers of nested sequences, as in `model.10.conv_block.1.weight`. Kernels of
convolutions, `[O, C, K, L]`, and of transposed convolutions, `[C, O, K, L]`, are ours with the same
change of axes, since ours of the second kind end in the channels that come in.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import flax
import numpy as np

from jaxgan.networks.patchgan import PatchGAN, PixelDiscriminator
from jaxgan.networks.resnet_translator import ResNetTranslator
from jaxgan.networks.unet import UNetGenerator
from jaxgan.weights.laying import some_of
from jaxgan.weights.parts import short_name
from jaxgan.weights.tensors import check_finite

OfficialNetwork: TypeAlias = UNetGenerator | ResNetTranslator | PatchGAN | PixelDiscriminator
"""The networks that the authors' code has too."""

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""What normalisations of some versions keep, and neither their tests nor our networks use."""


def official_parameters(
    network: OfficialNetwork, tensors: Mapping[str, np.ndarray], parameters: Any
) -> dict[str, Any]:
    """A network's parameters, from the tensors of the authors' file for it.

    Running statistics of batch norm are left out: as in the authors' own test, which does not
    switch them on, each image is normalised by its own statistics outside training. So is the
    prefix `module.` of files that several GPUs wrote. A discriminator of pairs has the condition's
    channels first, in their code as in ours.

    Args:
        network: at the options that the file was trained with: width, blocks or halvings, norm.
            Its dropout may be another.
        tensors: of a `state_dict`, by its keys.
        parameters: `network.init(...)["params"]`, or its shapes by `jax.eval_shape`.

    Returns:
        The same tree, whose leaves are float32 arrays of NumPy.

    Raises:
        ValueError: where the tensors are not those of the network; says which keys are missing,
            unexpected or of another shape. Where a number is not finite, or too large for float32;
            says in which tensor.
    """
    faults = misfits(network, tensors, parameters)
    if faults:
        raise ValueError(
            f"the tensors are of another network than this {type(network).__name__}: "
            f"{', '.join(faults)}; give the options that the file was trained with"
        )
    leaves, keys, given = _matched(network, tensors, parameters)
    taken = {}
    for path, leaf in leaves.items():
        with np.errstate(over="ignore"):  # what is too large is said below
            tensor = np.asarray(given[keys[path]], np.float32)
        check_finite({keys[path]: tensor})
        ordered = tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor
        taken[path] = ordered.reshape(leaf.shape)
    return flax.traverse_util.unflatten_dict(taken)


def misfits(
    network: OfficialNetwork, tensors: Mapping[str, np.ndarray], parameters: Any
) -> list[str]:
    """Where tensors are not those of a network: missing, unexpected, of another shape.

    Args:
        network: as of `official_parameters`, and so are the others.
        tensors: by their keys.
        parameters: the network's, or their shapes.
    """
    leaves, keys, given = _matched(network, tensors, parameters)
    shapes = {keys[path]: _shape(leaf.shape) for path, leaf in leaves.items()}

    differing = (
        f"{key} is {np.shape(given[key])} and not {shape}"
        for key, shape in shapes.items()
        if key in given and np.shape(given[key]) != shape
    )
    return [
        *some_of("missing", (key for key in shapes if key not in given)),
        *some_of("unexpected", (short_name(key) for key in given if key not in shapes)),
        *some_of("of another shape", differing),
    ]


def has_dropout(tensors: Mapping[str, np.ndarray]) -> bool:
    """Whether these are of a ResNet whose blocks have dropout: in their names it counts as a layer.

    Where batch norm is a layer's and not a convolution's, its weight has one axis.
    """
    return any(
        key.endswith(".conv_block.6.weight") and np.ndim(tensor) == 4
        for key, tensor in tensors.items()
    )


def _matched(
    network: OfficialNetwork, tensors: Mapping[str, np.ndarray], parameters: Any
) -> tuple[dict[tuple[str, ...], Any], dict[tuple[str, ...], str], dict[str, np.ndarray]]:
    """Parameters by their paths, the authors' keys of these, and the tensors that count."""
    leaves: dict[tuple[str, ...], Any] = flax.traverse_util.flatten_dict(parameters)
    given = {
        key.removeprefix("module."): tensor
        for key, tensor in tensors.items()
        if key.rpartition(".")[2] not in _STATISTICS
    }
    layers = _layers(network, dropout=has_dropout(given))
    return leaves, {path: _key(layers, path) for path in leaves}, given


def _key(layers: Mapping[str, str], path: tuple[str, ...]) -> str:
    """The authors' key of one of our parameters."""
    *layer, kind = path
    return f"{layers['/'.join(layer)]}.{'bias' if kind == 'bias' else 'weight'}"


def _shape(ours: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a tensor that becomes a parameter of this shape."""
    match ours:
        case [rows, columns, inputs, outputs]:
            return outputs, inputs, rows, columns
        case [inputs, outputs]:
            return outputs, inputs, 1, 1
        case _:
            return ours


def _layers(network: OfficialNetwork, *, dropout: bool) -> dict[str, str]:
    """By our layers' names, the authors'."""
    match network:
        case UNetGenerator():
            return _unet(network.levels)
        case ResNetTranslator():
            return _resnet(network.blocks, dropout=dropout)
        case PatchGAN():
            inner = range(1, network.layers + 2)
            convolutions = {f"conv_{layer}": f"model.{3 * layer - 1}" for layer in inner}
            norms = {f"norm_{layer}": f"model.{3 * layer}" for layer in inner}
            return {"conv_0": "model.0"} | convolutions | norms
        case PixelDiscriminator():
            return {"conv_0": "net.0", "conv_1": "net.2", "norm_1": "net.3", "conv_2": "net.5"}


def _unet(levels: int) -> dict[str, str]:
    """Each level is a sequence around the next: at 1 in the outermost, else at 3."""
    names = {"down_0": "model.model.0", "up_0": "model.model.3"}
    at = "model.model.1"
    for level in range(1, levels):
        up = 5 if level < levels - 1 else 3
        names |= {
            f"down_{level}": f"{at}.model.1",
            f"down_norm_{level}": f"{at}.model.2",
            f"up_{level}": f"{at}.model.{up}",
            f"up_norm_{level}": f"{at}.model.{up + 1}",
        }
        at += ".model.3"
    return names


def _resnet(blocks: int, *, dropout: bool) -> dict[str, str]:
    """Convolution, norm and rectifier three by three; paddings stand before the first and last."""
    end = 10 + blocks
    convolutions = {"first": 1, "down_0": 4, "down_1": 7, "up_0": end, "up_1": end + 3}
    names = {name: f"model.{index}" for name, index in convolutions.items()}
    for name, index in convolutions.items():
        layer, _, number = name.partition("_")
        norm = f"{layer}_norm_{number}" if number else f"{layer}_norm"
        names[norm] = f"model.{index + 1}"
    names["last"] = f"model.{end + 7}"
    second = 6 if dropout else 5
    for block in range(blocks):
        at = f"model.{10 + block}.conv_block"
        for layer, index in enumerate([1, second]):
            names[f"block_{block}/conv_{layer}"] = f"{at}.{index}"
            names[f"block_{block}/norm_{layer}"] = f"{at}.{index + 1}"
    return names
