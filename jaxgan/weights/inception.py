"""FID's Inception v3 from the file of PyTorch that pytorch-fid and torch-fidelity publish.

It has TensorFlow's weights of 2015-12-05. Both publish the same bytes, under two names:
`pt_inception-2015-12-05-6726825d.pth` and `weights-inception-2015-12-05-6726825d.pth`.
"""

import os
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.networks import InceptionV3
from jaxgan.weights.laying import laid_over
from jaxgan.weights.tensors import check_finite, read_tensors

_COUNTER = "num_batches_tracked"
_KINDS = {
    "conv.weight": ("params", "kernel"),
    "bn.weight": ("params", "scale"),
    "bn.running_mean": ("batch_stats", "mean"),
    "bn.running_var": ("batch_stats", "var"),
}
"""By the ends of the file's names, the collections and the ends of ours."""


def inception_variables(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The variables of `jaxgan.networks.InceptionV3`, of a file of PyTorch that is not run.

    Args:
        path: the file, `pt_inception-2015-12-05-6726825d.pth`, or another with the same names.

    Returns:
        `params` and `batch_stats`, whose leaves are float32 arrays of NumPy.

    Raises:
        ValueError: where the file is not one of these weights, or is damaged, or a number in it is
            not finite.
        OSError: where the file cannot be read.
    """
    tensors = read_tensors(path)
    check_finite(tensors)
    arrays = {
        _path(name): _ours(tensor)
        for name, tensor in tensors.items()
        if not name.endswith(_COUNTER)
    }
    return laid_over(arrays, _shapes(), f"the network of {path}")


@cache
def _shapes() -> Any:
    """Of the network's variables: its many layers take a second."""
    images = jax.ShapeDtypeStruct((1, 299, 299, 3), jnp.float32)
    return jax.eval_shape(InceptionV3().init, jax.random.key(0), images)


def _path(name: str) -> tuple[str, ...]:
    """Where in our variables a tensor lies, by the file's name for it, as `Mixed_5b.x.bn.bias`."""
    if name == "fc.bias":
        return ("params", "fc_bias")
    if name == "fc.weight":
        return ("params", "fc", "kernel")
    at = name.split(".")
    collection, kind = _KINDS.get(".".join(at[-2:]), ("params", at[-1]))
    return (collection, *at[:-1], kind)


def _ours(tensor: np.ndarray) -> np.ndarray:
    """Kernels `[O, C, K, L]` of convolutions and `[O, C]` of dense layers, with our axes."""
    tensor = np.asarray(tensor, np.float32)
    return tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor.T
