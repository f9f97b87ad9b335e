"""Inception v3 with random weights: a file of PyTorch's for us, and torch-fidelity's network."""

import importlib
import importlib.util
import math
import sys
import types
from pathlib import Path
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmarks.weight_files import saved
from jaxgan.networks import InceptionV3

_KINDS = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}


def random_tensors(seed: int) -> dict[str, np.ndarray]:
    """Weights by PyTorch's names, with which maps keep their scale from layer to layer."""
    random = np.random.default_rng(seed)
    images = jax.ShapeDtypeStruct((1, 299, 299, 3), jnp.float32)
    shapes = jax.eval_shape(InceptionV3().init, jax.random.key(0), images)
    leaves: dict[tuple[str, ...], Any] = flax.traverse_util.flatten_dict(shapes)
    tensors = {}
    for (_, *at, kind), leaf in leaves.items():
        *taps, _ = shape = leaf.shape
        if kind == "kernel":
            shape = (*shape[:-3:-1], *taps[:-1])  # outputs, inputs, rows, columns
            tensor = random.standard_normal(shape, np.float32)
            tensor *= np.float32((2 / math.prod(shape[1:])) ** 0.5)
        elif kind in ("scale", "var"):
            tensor = random.uniform(0.5, 1.5, shape).astype(np.float32)
        else:
            tensor = np.float32(0.1) * random.standard_normal(shape, np.float32)
        name = "fc.bias" if kind == "fc_bias" else ".".join((*at, _KINDS[kind]))
        tensors[name] = tensor
    return tensors


def random_file(folder: Path, seed: int = 0) -> Path:
    """A file of PyTorch's with such weights."""
    path = folder / f"inception_{seed}.pth"
    path.write_bytes(saved(random_tensors(seed)))
    return path


def fidelity_network(path: Path, outputs: list[str]) -> Any:
    """torch-fidelity's network with the weights of a file.

    Raises:
        ImportError: where PyTorch or torch-fidelity is not installed.
    """
    module = fidelity_module("feature_extractor_inceptionv3")
    return module.FeatureExtractorInceptionV3("twin", outputs, str(path))


def fidelity_module(name: str) -> Any:
    """A module of torch-fidelity.

    The package imports torchvision as a whole, which some modules do not need: where torchvision is
    not there, or is of another build of PyTorch, the module is imported without it.

    Raises:
        ImportError: where PyTorch or torch-fidelity is not installed, or the module needs more.
    """
    importlib.import_module("torch")
    try:
        return importlib.import_module(f"torch_fidelity.{name}")
    except (ImportError, RuntimeError):
        spec = importlib.util.find_spec("torch_fidelity")
        if spec is None:
            raise
    package = types.ModuleType("torch_fidelity")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["torch_fidelity"] = package
    try:
        return importlib.import_module(f"torch_fidelity.{name}")
    finally:
        del sys.modules["torch_fidelity"]
