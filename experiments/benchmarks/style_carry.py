"""Weights of StyleGAN and StyleGAN2 from jaxgan's trees to the twins in PyTorch."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

Variables = Mapping[str, Any]


def random_variables(shapes: Variables, *, seed: int, scale: float = 0.3) -> dict[str, Any]:
    """Random numbers for every parameter and constant noise, so that none hides behind a zero.

    Args:
        shapes: what a network's `init` gives, or the shapes of it.
        seed: of the numbers.
        scale: of biases and strengths; kernels are N(0, 1) at their layer's multiplier, as stored.

    Returns:
        The same tree, float32.
    """
    random = np.random.default_rng(seed)

    def fill(path: tuple[Any, ...], leaf: Any) -> jax.Array:
        names = [key.key for key in path]
        numbers = random.standard_normal(leaf.shape)
        factor = 1.0 if names[-1] in ("kernel", "const", "noise") else scale
        if re.fullmatch(r"fc\d+", names[-2]):
            factor *= 100  # of the mapping's multiplier, 0.01
        return jnp.asarray(factor * numbers, jnp.float32)

    return jax.tree_util.tree_map_with_path(fill, dict(shapes))


def carry(variables: Variables, network: nn.Module) -> nn.Module:
    """Copy parameters, and constant noise where there is some, into the twin; returns it.

    Raises:
        RuntimeError: where the two do not have the same parameters, names and shapes.
    """
    published = {name for name, _ in network.named_parameters()}
    if any("4x4" in name for name in published):
        sizes = [int(size) for name in published for size in re.findall(r"(\d+)x", name)]
        translate = partial(_names_of_2018, sizes=sizes)
    else:
        translate = _names_of_2020
    tensors = {
        translate(path): torch.from_numpy(np.array(_laid_out(path, leaf, network)))
        for collection in ("params", "noise")
        for path, leaf in _leaves(variables.get(collection, {}))
    }
    result = network.load_state_dict(tensors, strict=False)
    missing = published & set(result.missing_keys)
    if missing or result.unexpected_keys:
        raise RuntimeError(f"without a weight: {sorted(missing)}; over: {result.unexpected_keys}")
    return network


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, leaf in tree.items():
        if isinstance(leaf, Mapping):
            yield from _leaves(leaf, (*path, name))
        else:
            yield (*path, name), np.asarray(leaf)


def _laid_out(path: tuple[str, ...], leaf: np.ndarray, network: nn.Module) -> np.ndarray:
    """Axes as PyTorch has them: channels that come out, that come in, height, width."""
    if path[-1] == "const":
        return leaf.transpose(2, 0, 1)
    if path[-1] != "kernel":
        return leaf
    if leaf.ndim == 4:
        return leaf.transpose(3, 2, 0, 1)
    if path == ("b4", "fc", "kernel"):  # of features that were flattened, channels last
        width = leaf.shape[1]
        height, breadth = network.base
        return leaf.reshape(height, breadth, width, -1).transpose(3, 2, 0, 1).reshape(width, -1)
    return leaf.T


_WEIGHTS = {
    "kernel": "weight", "bias": "bias", "const": "const", "noise_strength": "Noise.weight",
    "noise": "Noise.constant",
}  # fmt: skip


def _names_of_2020(path: tuple[str, ...]) -> str:
    last = {"kernel": "weight", "noise": "noise_const"}.get(path[-1], path[-1])
    return ".".join((*path[:-1], last))


def _names_of_2018(path: tuple[str, ...], sizes: list[int]) -> str:
    *before, last = path
    if before[0] == "mapping":
        layer = {"embed": "LabelConcat"}.get(before[1], before[1].replace("fc", "Dense"))
        return f"mapping.{layer}.{_WEIGHTS[last]}"
    room, block, *layers = (
        ("synthesis.", *before[1:]) if before[0] == "synthesis" else ("", *before)
    )
    size = int(block[1:])
    if layers and layers[0] in ("torgb", "fromrgb"):
        layer = {"torgb": "ToRGB", "fromrgb": "FromRGB"}[layers[0]]
        return f"{room}{layer}_lod{int(math.log2(max(sizes) // size))}.{_WEIGHTS[last]}"
    names = {"input": "Const", "conv0": "Conv0_up" if room else "Conv0", "affine": "StyleMod"}
    names |= {"conv1": "Conv1" if room else "Conv1_down", "fc": "Dense0", "out": "Dense1"}
    names |= {"conv1": "Conv"} if size == 4 else {}
    names |= {"conv": "Conv"}
    layers = [names[layer] for layer in layers or ["input"]]
    return ".".join((f"{room}{size}x{size}", *layers, _WEIGHTS[last]))
