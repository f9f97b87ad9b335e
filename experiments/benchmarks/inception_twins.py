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
from jaxgan.networks import CLEAN, PYTORCH_FID, TENSORFLOW, InceptionV3, InputProtocol

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


class Twin:
    """torch-fidelity's network with the weights of a file, and the inputs of three libraries."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        """Read the weights.

        Raises:
            ImportError: where PyTorch or torch-fidelity is not installed.
        """
        module = fidelity_module("feature_extractor_inceptionv3")
        outputs = ["2048", "logits", "logits_unbiased"]
        self._torch = torch = importlib.import_module("torch")
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = False
        self._network = module.FeatureExtractorInceptionV3("twin", outputs, str(path)).to(device)
        # All but the last, in the order in which they are defined and run.
        self._layers = self._torch.nn.Sequential(*[*self._network.children()][:-1])
        self._device = device

    def outputs(
        self, pictures: np.ndarray, protocol: InputProtocol, batch_size: int = 64
    ) -> list[np.ndarray]:
        """Features, and by torch-fidelity's own protocol logits and unbiased logits.

        Raises:
            ImportError: where the protocol's library is not installed.
        """
        way = {TENSORFLOW: self._tensorflow, PYTORCH_FID: self._pytorch_fid, CLEAN: self._clean}
        found = []
        with self._torch.no_grad():
            for first in range(0, len(pictures), batch_size):
                outputs = way[protocol](pictures[first : first + batch_size])
                found.append([x.cpu().numpy() for x in outputs])
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def _tensorflow(self, pictures: np.ndarray) -> Any:
        return self._network(self._carried(pictures))

    def _pytorch_fid(self, pictures: np.ndarray) -> Any:
        """As pytorch-fid's source has it: the pictures as `ToTensor` gives them, in one batch."""
        x = self._carried(pictures).float() / 255
        interpolate = self._torch.nn.functional.interpolate
        x = interpolate(x, (299, 299), mode="bilinear", align_corners=False)
        return [self._layers(2 * x - 1).flatten(1)]

    def _clean(self, pictures: np.ndarray) -> Any:
        resize = importlib.import_module("cleanfid.resize").build_resizer("clean")
        x = self._carried(np.stack([resize(picture) for picture in pictures]))
        return [self._layers((x - 128) / 128).flatten(1)]

    def _carried(self, pictures: np.ndarray) -> Any:
        return self._torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2).contiguous()


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
