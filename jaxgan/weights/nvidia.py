"""NVIDIA's StyleGAN and StyleGAN2 as variables of our networks, with the options that they tell."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxgan.weights.records import NetworkRecord
from jaxgan.weights.refusals import shown
from jaxgan.weights.style_names import Variables, from_pytorch, from_tensorflow
from jaxgan.weights.tensors import check_finite

LICENCE = "NVIDIA's code and weights are for non-commercial use: see the licence beside them"
"""What to say where such weights are read."""

_LARGEST = 2048
"""Pixels on a side of the largest images of anybody's network."""

_EXPECTED: dict[str, Any] = {
    **{"activation": "lrelu", "nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu"},
    **{"lr_multiplier": 0.01, "mapping_lrmul": 0.01, "mbstd_num_channels": 1},
    **{"resample_filter": [1, 3, 3, 1], "resample_kernel": [1, 3, 3, 1], "blur_filter": [1, 2, 1]},
    **{"use_styles": True, "const_input_layer": True, "use_wscale": True},
    **{"use_instance_norm": True, "use_pixel_norm": False, "normalize_latents": True},
    **{"fused_scale": "auto", "fmap_decay": 1.0},
}
"""Options of theirs that ours have not, and what ours are like."""


class StyleNetworks(NamedTuple):
    """The networks of a file, and the options of ours that take them.

    Attributes:
        of_2018: whether they are StyleGAN's; else StyleGAN2's.
        generator: G's variables; None where the file has none.
        average: of G's moving average; G's own where the file has no other.
        discriminator: D's variables; None where the file has none.
        image_size: height and width of images.
        channels: of images.
        base: height and width of the learnt constant.
        latent_size: Z.
        w_size: W.
        mapping_layers: from latents to w.
        channel_base: the layers at a resolution r have `min(channel_base // r, channel_max)`.
        channel_max: their most channels.
        classes: length of the labels; None without.
        noise: whether it is added to the features.
        clamp: of activations; None without.
        discriminator_mapping_layers: of a conditional discriminator of StyleGAN2; 0 without.
        group_size: images of a group of D's minibatch deviation, as far as the file tells: else 4.
        original: whether D is the one without residual blocks.
    """

    of_2018: bool
    generator: Variables | None
    average: Variables
    discriminator: Variables | None
    image_size: tuple[int, int]
    channels: int
    base: tuple[int, int]
    latent_size: int
    w_size: int
    mapping_layers: int
    channel_base: int
    channel_max: int
    classes: int | None
    noise: bool
    clamp: float | None
    discriminator_mapping_layers: int = 0
    group_size: int = 4
    original: bool = False

    @property
    def words(self) -> str:
        """What they are, for people."""
        height, width = self.image_size
        name = "StyleGAN" if self.of_2018 else "StyleGAN2"
        labels = "" if self.classes is None else f", labels of length {self.classes}"
        return (
            f"a {name} (images of {height}x{width}, channels {self.channels}, channel base "
            f"{self.channel_base}, at most {self.channel_max}, mapping layers "
            f"{self.mapping_layers}, w of {self.w_size}{labels})"
        )


def words_of(networks: Mapping[str, NetworkRecord]) -> str:
    """What a file's networks are, by the names of their tensors, for people."""
    names = {name for network in networks.values() for name in network.tensors}
    if any(name.startswith(("synthesis.input.", "synthesis.L0_")) for name in names):
        return "a StyleGAN3"
    if any(name.startswith("Model.MainLayers.") for name in names):
        return "an R3GAN"
    if any("/StyleMod/" in name or name == "4x4/Dense1/weight" for name in names):
        return "a StyleGAN"
    styled = (
        "synthesis/4x4/Const/const",
        "synthesis.b4.const",
        "b4.fc.weight",
        "4x4/Dense0/weight",
    )
    return "a StyleGAN2" if names & {*styled} else "networks that are not known"


def style_networks(networks: Mapping[str, NetworkRecord]) -> StyleNetworks:
    """The StyleGAN or StyleGAN2 of a file, and what it tells.

    Args:
        networks: of the file, as `read_networks` gives them.

    Returns:
        Their variables, float32, such that our networks of those options take them.

    Raises:
        ValueError: where they are of other networks, or of a kind that ours are not: says which;
            where G and D are of different sizes; where a number is not finite.
    """
    words = words_of(networks)
    if words not in ("a StyleGAN", "a StyleGAN2"):
        raise ValueError(f"it holds {words}, and neither a StyleGAN nor a StyleGAN2")
    of_2018 = words == "a StyleGAN"
    found = {role: _variables(network) for role, network in networks.items()}
    generators = {role: found[role] for role in ("G_ema", "G") if role in found}
    if not generators:
        raise ValueError(f"it holds {words}'s discriminator, and no generator")
    for one, network in networks.items():
        _check_options(network, found[one], discriminates=one == "D")
    role, average = next(iter(generators.items()))
    told = _of_generator(average, networks[role].options, of_2018=of_2018)
    discriminator = found.get("D")
    if discriminator is not None:
        options = networks["D"].options
        told |= _of_discriminator(discriminator, options, told, of_2018=of_2018)
    return StyleNetworks(of_2018, found.get("G"), average, discriminator, **told)


def _variables(network: NetworkRecord) -> Variables:
    check_finite(network.tensors)
    read = from_tensorflow if network.tensorflow else from_pytorch
    return read(network.tensors)


def _check_options(network: NetworkRecord, variables: Variables, *, discriminates: bool) -> None:
    """Refuse what shapes do not show, and our networks do not do."""
    options = network.options
    groups = [options, *(value for value in options.values() if isinstance(value, dict))]
    deepest = [value for group in groups[1:] for value in group.values() if isinstance(value, dict)]
    given = {name: value for group in (*deepest, *groups[::-1]) for name, value in group.items()}
    if network.tensorflow and discriminates and ("params", "mapping", "fc0", "kernel") in variables:
        given.setdefault("mapping_lrmul", 0.1)
    for name, expected in _EXPECTED.items():
        value = given.get(name, expected)
        plain = list(value) if isinstance(value, tuple) else value
        if plain != expected:
            raise ValueError(f"it was made with {name} {shown(value)}, and ours has {expected}")


def _of_generator(
    variables: Variables, options: Mapping[str, Any], *, of_2018: bool
) -> dict[str, Any]:
    """What G's tensors, and what they were made with, tell."""
    const = _shape(variables, 3, "synthesis", "b4", "const")
    stages = 0
    while ("params", "synthesis", f"b{8 << stages}", "conv1", "kernel") in variables:
        stages += 1
    if max(const[:2]) << stages > _LARGEST:
        raise ValueError(
            f"its generator makes images of {const[0] << stages}x{const[1] << stages}, and more "
            f"than {_LARGEST} pixels on a side are not read"
        )
    sizes = [4 << stage for stage in range(stages + 1)]
    widths = {
        size: _shape(variables, 4, "synthesis", f"b{size}", "conv1", "kernel")[3] for size in sizes
    }
    colours = [("params", "synthesis", f"b{size}", "torgb", "kernel") for size in sizes]
    if not all(colour in variables for colour in colours):
        raise ValueError(
            "its generator makes colours at its last resolution alone, and ours at each (the "
            "architecture skip)"
        )
    if any(path[-2:] == ("skip", "kernel") for path in variables):
        raise ValueError("its generator has residual blocks, and ours none (the architecture skip)")
    layers = 0
    while ("params", "mapping", f"fc{layers}", "kernel") in variables:
        layers += 1
    first, last = (_shape(variables, 2, "mapping", f"fc{n}", "kernel") for n in (0, layers - 1))
    embed, classes = 0, None
    if ("params", "mapping", "embed", "kernel") in variables:
        classes, embed = _shape(variables, 2, "mapping", "embed", "kernel")
    if ("params", "mapping", "LabelConcat", "kernel") in variables:
        raise ValueError(
            "its labels are normalised together with its latents, as StyleGAN2's of TensorFlow are "
            "and our StyleGAN2's are not"
        )
    base, most = _schedule(widths, "generator")
    return {
        "image_size": (const[0] << stages, const[1] << stages),
        "channels": _shape(variables, 4, *colours[-1][1:])[3],
        "base": (const[0], const[1]),
        "latent_size": first[0] - embed,
        "w_size": last[1],
        "mapping_layers": layers,
        "channel_base": base,
        "channel_max": most,
        "classes": classes,
        "noise": any(path[-1] == "noise_strength" for path in variables),
        "clamp": None if of_2018 else _clamp(options),
    }


def _of_discriminator(
    variables: Variables, options: Mapping[str, Any], told: Mapping[str, Any], *, of_2018: bool
) -> dict[str, Any]:
    """What D's tensors tell beside G's."""
    kernels = {
        path[1]: _shape(variables, 4, *path[1:])
        for path in variables
        if path[2:] == ("conv0", "kernel")
    }
    widths = {int(block[1:]): shape[3] for block, shape in kernels.items()}
    last = _shape(variables, 4, "b4", "conv", "kernel")
    schedule = _schedule({4: last[3], **dict(sorted(widths.items()))}, "discriminator")
    largest = max([4, *widths])
    sides = tuple(side * largest // 4 for side in told["base"])
    channels = _shape(variables, 4, f"b{largest}", "fromrgb", "kernel")[2]
    of_g = told["image_size"], told["channels"]
    if (sides, channels) != of_g:
        raise ValueError(
            f"its discriminator sees images of {sides[0]}x{sides[1]} and {channels} channels, and "
            f"its generator makes {of_g[0][0]}x{of_g[0][1]} and {of_g[1]}"
        )
    top = {size: min(schedule[0] // size, schedule[1]) for size in (4, *widths)}
    expected = {size: min(told["channel_base"] // size, told["channel_max"]) for size in top}
    if top != expected:
        raise ValueError(
            f"its discriminator has the channels {[*top.values()]}, and its generator "
            f"{[*expected.values()]}: ours have the same"
        )
    if last[2] != last[3] + 1:
        raise ValueError(
            f"its discriminator sees {last[2] - last[3]} channels of deviations: ours sees one"
        )
    layers = 0
    while ("params", "mapping", f"fc{layers}", "kernel") in variables:
        layers += 1
    residual = any(path[-2:] == ("skip", "kernel") for path in variables)
    epilogue = options.get("epilogue_kwargs")
    group = (epilogue if isinstance(epilogue, dict) else options).get("mbstd_group_size", 4)
    return {
        "discriminator_mapping_layers": layers,
        "group_size": group if isinstance(group, int) and group > 0 else 4,
        "original": not residual and not of_2018,
    }


def _shape(variables: Variables, axes: int, *path: str) -> tuple[int, ...]:
    """Of a parameter; refuses one that is missing, has other axes, or is empty."""
    array = variables.get(("params", *path))
    if array is None:
        raise ValueError(f"its {'.'.join(path)} is missing")
    if array.ndim != axes or array.size == 0:
        raise ValueError(f"its {'.'.join(path)} has the shape {array.shape}")
    return array.shape


def _schedule(widths: Mapping[int, int], what: str) -> tuple[int, int]:
    """Channel base and most channels, of the channels at each resolution."""
    most = widths[4]
    base = next((size * width for size, width in widths.items() if width < most), None)
    base = most * max(widths) if base is None else base
    if any(min(base // size, most) != width for size, width in widths.items()):
        raise ValueError(
            f"its {what} has {', '.join(f'{n} channels at {size}' for size, n in widths.items())}, "
            "and ours halve from a most on"
        )
    return base, most


def _clamp(options: Mapping[str, Any]) -> float | None:
    """Where activations are cut off, as the file says it."""
    inner = options.get("synthesis_kwargs")
    for group in (inner, options):
        clamp = group.get("conv_clamp") if isinstance(group, dict) else None
        if isinstance(clamp, int | float) and math.isfinite(clamp) and clamp > 0:
            return float(clamp)
    return None
