"""R3GAN's networks, of its authors' pickles, as parameters of ours."""

import itertools
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.weights.nvidia import words_of
from jaxgan.weights.parts import short_name
from jaxgan.weights.records import NetworkRecord
from jaxgan.weights.style_names import Variables
from jaxgan.weights.tensors import check_finite

LICENCE_OF_R3GAN = "R3GAN's code builds on NVIDIA's, which is for non-commercial use"
"""What to say where such weights are read."""

_TENSORS = {
    "LinearLayer1.Layer.weight": ("Pointwise_0", "kernel"),
    "NonLinearity1.Bias": ("Pointwise_0", "bias"),
    "LinearLayer2.Layer.weight": ("GroupedConv_0", "kernel"),
    "NonLinearity2.Bias": ("GroupedConv_0", "bias"),
    "LinearLayer3.Layer.weight": ("Pointwise_1", "kernel"),
}
"""Of a residual block."""

_STAGE = re.compile(r"Model\.MainLayers\.(\d{1,2})\.Layers\.")

_LARGEST = 10
"""Stages of what is anybody's network."""


class R3GANNetworks(NamedTuple):
    """The networks of a file, and the options of ours that take them.

    Attributes:
        generator: G's variables; None where the file has none.
        average: of G's moving average; G's own where the file has no other.
        discriminator: D's variables; None where the file has none.
        image_size: height and width of images.
        channels: of images.
        latent_size: Z.
        widths: channels of the stages, from the latent to the images.
        blocks: residual blocks of a stage.
        group_width: channels of a group.
        expansion: how much wider a block is inside.
        classes: how many labels; None without.
    """

    generator: Variables | None
    average: Variables
    discriminator: Variables | None
    image_size: int
    channels: int
    latent_size: int
    widths: tuple[int, ...]
    blocks: int
    group_width: int
    expansion: int
    classes: int | None

    @property
    def words(self) -> str:
        """What they are, for people."""
        labels = "" if self.classes is None else f", {self.classes} classes"
        return (
            f"an R3GAN (images of {self.image_size}x{self.image_size}, channels {self.channels}, "
            f"widths {' '.join(map(str, self.widths))}, blocks {self.blocks}{labels})"
        )


def r3gan_networks(networks: Mapping[str, NetworkRecord]) -> R3GANNetworks:
    """The R3GAN of a file, and what it tells.

    Args:
        networks: of the file, as `read_networks` gives them.

    Returns:
        Their variables, float32 (of bfloat16 the same numbers), such that our networks of those
        options take them.

    Raises:
        ValueError: where they are of other networks: says which; where G and D are of different
            sizes; where a number is not finite.
    """
    words = words_of(networks)
    if words != "an R3GAN":
        raise ValueError(f"it holds {words}, and no R3GAN")
    found = {
        role: _variables(network, discriminates=role == "D") for role, network in networks.items()
    }
    average, discriminator = found.get("G_ema", found.get("G")), found.get("D")
    if average is None:
        raise ValueError("it holds an R3GAN's discriminator, and no generator")
    of_g = networks["G_ema" if "G_ema" in networks else "G"]
    of_d = told = _options(average, of_g, discriminates=False)
    if discriminator is not None:
        of_d = _options(discriminator, networks["D"], discriminates=True)
    if of_d != told:
        raise ValueError(
            f"its generator has {_listed(told)}, and its discriminator {_listed(of_d)}"
        )
    inputs = _shape(average, "Pointwise_0", "kernel")[0]
    if told["classes"] is not None:
        size = _shape(average, "LabelEmbedding_0", "embedding")[1]
        inputs -= size
        if inputs != size:
            raise ValueError(
                f"its vectors of labels have {size} numbers and its latents {inputs}: ours as many"
            )
    return R3GANNetworks(found.get("G"), average, discriminator, latent_size=inputs, **told)


def _variables(network: NetworkRecord, *, discriminates: bool) -> Variables:
    """A network's tensors by our paths and in our layouts."""
    check_finite(network.tensors)
    tensors = {
        name.removeprefix("Model."): np.asarray(tensor, np.float32)
        for name, tensor in network.tensors.items()
        if not name.endswith(".Resampler.Kernel")  # [1, 3, 3, 1], as our resampling has it
    }
    ours = _paths(tensors.keys(), discriminates=discriminates)
    strange = [name for name in tensors if name not in ours]
    if strange:
        raise ValueError(f"its tensor {short_name(strange[0])} is none of R3GAN's")
    found: Variables = {
        ("params", *ours[name]): _laid(ours[name], tensor) for name, tensor in tensors.items()
    }
    head = "params", "head", "Dense_0", "kernel"
    if head in found and ("params", "head", "LabelEmbedding_0", "embedding") not in found:
        found[*head[:-1], "bias"] = np.zeros(1, np.float32)  # ours has one, which no loss sees
    return found


def _paths(names: Collection[str], *, discriminates: bool) -> dict[str, tuple[str, ...]]:
    """By their names, our paths: ours are numbered in the order in which they are called."""
    linear = (f"Pointwise_{n}" for n in itertools.count())
    residual = (f"ResidualBlock_{n}" for n in itertools.count())
    room = ("head",) if discriminates else ()
    ours: dict[str, tuple[str, ...]] = {
        "EmbeddingLayer.weight": (*room, "LabelEmbedding_0", "embedding")
    }
    if discriminates:
        ours["ExtractionLayer.Layer.weight"] = next(linear), "kernel"
    for stage in range(_LARGEST):
        at = f"MainLayers.{stage}.Layers."
        blocks = list(
            itertools.takewhile(
                lambda block: f"{block}LinearLayer2.Layer.weight" in names,
                (f"{at}{n + (not discriminates)}." for n in itertools.count()),
            )
        )
        edge = f"{at}{len(blocks) if discriminates else 0}."
        of_edge: dict[str, tuple[str, ...]] = {}
        if f"{edge}LinearLayer.weight" in names and discriminates:
            of_edge[f"{edge}Basis.weight"] = ("basis",)
            of_edge[f"{edge}LinearLayer.weight"] = "head", "Dense_0", "kernel"
        elif f"{edge}LinearLayer.weight" in names:
            of_edge[f"{edge}Basis"] = ("basis",)
            of_edge[f"{edge}LinearLayer.weight"] = next(linear), "kernel"
        elif f"{edge}LinearLayer.Layer.weight" in names:
            of_edge[f"{edge}LinearLayer.Layer.weight"] = next(linear), "kernel"
        ours |= of_edge
        for block, name in zip(blocks, residual, strict=False):
            ours |= {f"{block}{tensor}": (name, *path) for tensor, path in _TENSORS.items()}
    if not discriminates:
        ours["AggregationLayer.Layer.weight"] = next(linear), "kernel"
    return ours


def _laid(path: tuple[str, ...], tensor: np.ndarray) -> np.ndarray:
    """A tensor in our layout."""
    match path[-1], tensor.ndim:
        case "basis", 3:
            return tensor.transpose(1, 2, 0)
        case "basis", 4:
            return tensor[:, 0].transpose(1, 2, 0)
        case "kernel", 4 if path[-2] == "GroupedConv_0":
            return tensor.transpose(2, 3, 1, 0)
        case "kernel", 4 if tensor.shape[2:] == (1, 1):
            return tensor[:, :, 0, 0].T
        case (("kernel" | "embedding"), 2):
            return tensor.T
        case "bias", 1:
            return tensor
        case _:
            raise ValueError(f"its {'.'.join(path)} has the shape {tensor.shape}")


def _options(
    variables: Variables, network: NetworkRecord, *, discriminates: bool
) -> dict[str, Any]:
    """What a network's shapes tell; a discriminator's stages come from the images to the score."""
    numbers = {m[1] for name in network.tensors if (m := _STAGE.match(name))}
    stages, count = len(numbers), 0
    while ("params", f"ResidualBlock_{count}", "GroupedConv_0", "kernel") in variables:
        count += 1
    if not 0 < stages <= _LARGEST or count == 0 or count % stages:
        raise ValueError(
            f"it has {count} residual blocks in {stages} stages, and ours as many in each"
        )
    blocks = count // stages
    inside, widths = zip(
        *(
            _shape(variables, f"ResidualBlock_{stage * blocks}", "Pointwise_1", "kernel")
            for stage in range(stages)
        ),
        strict=True,
    )
    linear = [path[1] for path in variables if path[1].startswith("Pointwise_") and len(path) == 3]
    last = _shape(variables, f"Pointwise_{len(linear) - 1}", "kernel")
    first = _shape(variables, "Pointwise_0", "kernel")
    room = ("head",) if discriminates else ()
    embedding = variables.get(("params", *room, "LabelEmbedding_0", "embedding"))
    return {
        "image_size": 4 << stages - 1,
        "channels": first[0] if discriminates else last[1],
        "widths": widths[::-1] if discriminates else widths,
        "blocks": blocks,
        "group_width": _shape(variables, "ResidualBlock_0", "GroupedConv_0", "kernel")[2],
        "expansion": inside[0] // max(widths[0], 1),
        "classes": None if embedding is None else len(embedding),
    }


def _shape(variables: Variables, *path: str) -> tuple[int, ...]:
    """Of a parameter; refuses one that is missing or empty."""
    array = variables.get(("params", *path))
    if array is None or array.size == 0:
        raise ValueError(f"its {'.'.join(path)} is {'missing' if array is None else 'empty'}")
    return array.shape


def _listed(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items())
