"""VGG16's weights from torchvision's file, and LPIPS's from that and its authors'."""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.networks import LPIPS, VGG16
from jaxgan.weights.laying import laid_over
from jaxgan.weights.tensors import check_finite, read_tensors

_DENSE = {"classifier.0": "fc1", "classifier.3": "fc2", "classifier.6": "logits"}
"""By the file's names, ours."""
_SIDE = 7
"""Of the maps that the first dense layer sees."""
_MAPS, _HEAD = "features.", "lin"


def vgg16_variables(path: str | os.PathLike[str], network: VGG16 | None = None) -> dict[str, Any]:
    """The variables of `jaxgan.networks.VGG16`, of a file of PyTorch that is not run.

    Args:
        path: torchvision's file, `vgg16-397923af.pth`.
        network: of the file's widths; torchvision's where None.

    Returns:
        `params`, whose leaves are float32 arrays of NumPy.

    Raises:
        ValueError: where the file is not one of these weights, or is damaged, or a number in it is
            not finite.
        OSError: where the file cannot be read.
    """
    tensors = read_tensors(path)
    check_finite(tensors)
    arrays = {_path(name): _ours(name, tensor) for name, tensor in tensors.items()}
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    shapes = jax.eval_shape((network or VGG16()).init, jax.random.key(0), images)
    return laid_over(arrays, shapes, f"the network of {path}")


def lpips_variables(
    vgg16: str | os.PathLike[str], heads: str | os.PathLike[str], network: LPIPS | None = None
) -> dict[str, Any]:
    """The variables of `jaxgan.networks.LPIPS`, of two files of PyTorch that are not run.

    Args:
        vgg16: torchvision's file, `vgg16-397923af.pth`.
        heads: the authors' weights of maps, `vgg.pth` of their package's folder `weights/v0.1`, or
            `weights-vgg16-lpips.pth` of torch-fidelity.
        network: of the files' width; torchvision's where None.

    Returns:
        `params`, whose leaves are float32 arrays of NumPy.

    Raises:
        ValueError: where a file is not one of these weights, or is damaged, or a number in it is
            not finite.
        OSError: where a file cannot be read.
    """
    maps = {name: x for name, x in read_tensors(vgg16).items() if name.startswith(_MAPS)}
    weights = read_tensors(heads)
    check_finite(maps | weights)
    arrays = {_path(name): _ours(name, tensor) for name, tensor in maps.items()}
    arrays |= {_path(name): np.asarray(x, np.float32).ravel() for name, x in weights.items()}
    images = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    shapes = jax.eval_shape((network or LPIPS()).init, jax.random.key(0), images, images)
    return laid_over(arrays, shapes, f"the network of {vgg16} and {heads}")


def _path(name: str) -> tuple[str, ...]:
    """Where in our variables a tensor lies, by the files' name for it, as `features.0.weight`."""
    layer, _, kind = name.rpartition(".")
    kind = "kernel" if kind == "weight" else kind
    if layer.startswith(_MAPS):
        return ("params", "maps", layer.replace(".", "_"), kind)
    if layer.startswith(_HEAD) and layer.endswith(".model.1"):
        return ("params", f"head_{layer.removeprefix(_HEAD).removesuffix('.model.1')}")
    return ("params", _DENSE.get(layer, layer), kind)


def _ours(name: str, tensor: np.ndarray) -> np.ndarray:
    """Kernels with our axes; the first dense layer's `[O, C * 7 * 7]` as `[7 * 7 * C, O]`."""
    tensor = np.asarray(tensor, np.float32)
    if tensor.ndim == 4:
        return tensor.transpose(2, 3, 1, 0)
    if name == "classifier.0.weight" and tensor.ndim == 2 and not tensor.shape[1] % _SIDE**2:
        parts = tensor.reshape(len(tensor), -1, _SIDE, _SIDE)
        return np.ascontiguousarray(parts.transpose(2, 3, 1, 0)).reshape(-1, len(tensor))
    return tensor.T
