"""Names and shapes of the tensors in NVIDIA's and R3GAN's networks, and random ones of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Shapes = dict[str, tuple[int, ...]]

_BLUR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 64


class Style(NamedTuple):
    """What NVIDIA's networks are made with; small, so that a test is fast."""

    size: int = 16
    channel_base: int = 64
    channel_max: int = 8
    channels: int = 3
    latent: int = 5
    w: int = 6
    layers: int = 2
    classes: int = 0

    def width(self, size: int) -> int:
        """Channels of the layers at a resolution."""
        return min(self.channel_base // size, self.channel_max)

    @property
    def sizes(self) -> list[int]:
        """Resolutions from 4 on."""
        return [4 << n for n in range(12) if 4 << n <= self.size]


def drawn(shapes: Shapes, seed: int = 0) -> dict[str, np.ndarray]:
    """Random numbers in these shapes, float32; filters are what they are."""
    random = np.random.default_rng(seed)
    return {
        name: _BLUR
        if name.endswith(("resample_filter", "Resampler.Kernel"))
        else random.standard_normal(shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def pytorch_generator(style: Style) -> Shapes:
    """Of stylegan2-ada-pytorch's G, or of StyleGAN2's in stylegan3."""
    shapes: Shapes = {"mapping.w_avg": (style.w,)}
    inputs = style.latent
    if style.classes:
        shapes |= {
            "mapping.embed.weight": (style.w, style.classes),
            "mapping.embed.bias": (style.w,),
        }
        inputs += style.w
    for layer in range(style.layers):
        shapes |= {
            f"mapping.fc{layer}.weight": (style.w, inputs),
            f"mapping.fc{layer}.bias": (style.w,),
        }
        inputs = style.w
    before = style.width(4)
    shapes["synthesis.b4.const"] = (before, 4, 4)
    for size in style.sizes:
        width, at = style.width(size), f"synthesis.b{size}"
        shapes[f"{at}.resample_filter"] = (4, 4)
        layers = (
            {"conv1": (width, width)}
            if size == 4
            else {"conv0": (width, before), "conv1": (width, width)}
        )
        for layer, (outputs, inputs) in layers.items():
            shapes |= {
                f"{at}.{layer}.weight": (outputs, inputs, 3, 3),
                f"{at}.{layer}.bias": (outputs,),
                f"{at}.{layer}.noise_strength": (),
                f"{at}.{layer}.noise_const": (size, size),
                f"{at}.{layer}.resample_filter": (4, 4),
                f"{at}.{layer}.affine.weight": (inputs, style.w),
                f"{at}.{layer}.affine.bias": (inputs,),
            }
        shapes |= {
            f"{at}.torgb.weight": (style.channels, width, 1, 1),
            f"{at}.torgb.bias": (style.channels,),
            f"{at}.torgb.affine.weight": (width, style.w),
            f"{at}.torgb.affine.bias": (width,),
        }
        before = width
    return shapes


def pytorch_discriminator(style: Style, *, original: bool = False) -> Shapes:
    """Of the same codes' D, with residual blocks or without."""
    shapes: Shapes = {}
    for size in style.sizes[:0:-1]:
        width, narrow, at = style.width(size), style.width(size // 2), f"b{size}"
        shapes |= {
            f"{at}.resample_filter": (4, 4),
            f"{at}.conv0.weight": (width, width, 3, 3),
            f"{at}.conv0.bias": (width,),
            f"{at}.conv1.weight": (narrow, width, 3, 3),
            f"{at}.conv1.bias": (narrow,),
        }
        if size == style.size:
            shapes |= {
                f"{at}.fromrgb.weight": (width, style.channels, 1, 1),
                f"{at}.fromrgb.bias": (width,),
            }
        if not original:
            shapes[f"{at}.skip.weight"] = (narrow, width, 1, 1)
    width = style.width(4)
    outputs = width if style.classes else 1
    shapes |= {
        "b4.conv.weight": (width, width + 1, 3, 3),
        "b4.conv.bias": (width,),
        "b4.fc.weight": (width, width * 16),
        "b4.fc.bias": (width,),
        "b4.out.weight": (outputs, width),
        "b4.out.bias": (outputs,),
    }
    if style.classes:
        shapes |= {"mapping.embed.weight": (width, style.classes), "mapping.embed.bias": (width,)}
        for layer in range(style.layers):
            shapes |= {
                f"mapping.fc{layer}.weight": (width, width),
                f"mapping.fc{layer}.bias": (width,),
            }
    return shapes


def tensorflow_generator(style: Style, *, of_2018: bool = False) -> Shapes:
    """Of StyleGAN's (2018) or StyleGAN2's G of TensorFlow."""
    shapes: Shapes = {"lod": (), "dlatent_avg": (style.w,)}
    inputs = style.latent
    if style.classes and of_2018:
        shapes["mapping/LabelConcat/weight"] = (style.classes, style.latent)
        inputs += style.latent
    for layer in range(style.layers):
        shapes |= {
            f"mapping/Dense{layer}/weight": (inputs, style.w),
            f"mapping/Dense{layer}/bias": (style.w,),
        }
        inputs = style.w
    for index in range(2 * len(style.sizes) - (not of_2018)):
        size = style.sizes[index // 2 if of_2018 else (index + 1) // 2]
        shapes[f"synthesis/noise{index}"] = (1, 1, size, size)
    before = style.width(4)
    shapes["synthesis/4x4/Const/const"] = (1, before, 4, 4)
    if of_2018:
        shapes |= _styled(style, "synthesis/4x4/Const", None, before)
        shapes["synthesis/lod"] = ()
    for number, size in enumerate(style.sizes):
        width, at = style.width(size), f"synthesis/{size}x{size}"
        layers = {"Conv": before} if size == 4 else {"Conv0_up": before, "Conv1": width}
        for layer, inputs in layers.items():
            name = f"{at}/{layer}"
            if of_2018:
                shapes |= _styled(style, name, inputs, width)
            else:
                shapes |= {
                    f"{name}/weight": (3, 3, inputs, width),
                    f"{name}/noise_strength": (),
                    f"{name}/bias": (width,),
                    f"{name}/mod_weight": (style.w, inputs),
                    f"{name}/mod_bias": (inputs,),
                }
        lod = len(style.sizes) - 1 - number
        colours = f"synthesis/ToRGB_lod{lod}" if of_2018 else f"{at}/ToRGB"
        shapes |= {
            f"{colours}/weight": (1, 1, width, style.channels),
            f"{colours}/bias": (style.channels,),
        }
        if not of_2018:
            shapes |= {f"{colours}/mod_weight": (style.w, width), f"{colours}/mod_bias": (width,)}
        before = width
    return shapes


def _styled(style: Style, name: str, inputs: int | None, width: int) -> Shapes:
    """A layer of 2018 with its noise and its style."""
    weight: Shapes = {} if inputs is None else {f"{name}/weight": (3, 3, inputs, width)}
    return weight | {
        f"{name}/Noise/weight": (width,),
        f"{name}/bias": (width,),
        f"{name}/StyleMod/weight": (style.w, 2 * width),
        f"{name}/StyleMod/bias": (2 * width,),
    }


def tensorflow_discriminator(style: Style, *, of_2018: bool = False) -> Shapes:
    """Of the same codes' D."""
    shapes: Shapes = {"lod": ()} if of_2018 else {}
    for number, size in enumerate(style.sizes):
        width, at = style.width(size), f"{size}x{size}"
        colours = f"FromRGB_lod{len(style.sizes) - 1 - number}" if of_2018 else f"{at}/FromRGB"
        if of_2018 or size == style.size:
            shapes |= {
                f"{colours}/weight": (1, 1, style.channels, width),
                f"{colours}/bias": (width,),
            }
        if size == 4:
            continue
        narrow = style.width(size // 2)
        shapes |= {
            f"{at}/Conv0/weight": (3, 3, width, width),
            f"{at}/Conv0/bias": (width,),
            f"{at}/Conv1_down/weight": (3, 3, width, narrow),
            f"{at}/Conv1_down/bias": (narrow,),
        }
        if not of_2018:
            shapes[f"{at}/Skip/weight"] = (1, 1, width, narrow)
    width = style.width(4)
    last = "4x4/Dense1" if of_2018 else "Output"
    return shapes | {
        "4x4/Conv/weight": (3, 3, width + 1, width),
        "4x4/Conv/bias": (width,),
        "4x4/Dense0/weight": (width * 16, width),
        "4x4/Dense0/bias": (width,),
        f"{last}/weight": (width, max(style.classes, 1)),
        f"{last}/bias": (max(style.classes, 1),),
    }


class Residual(NamedTuple):
    """What R3GAN's networks are made with."""

    widths: Sequence[int] = (8, 8, 4)
    blocks: int = 2
    group_width: int = 4
    expansion: int = 2
    latent: int = 5
    classes: int = 0


def _residual(at: str, width: int, network: Residual) -> Shapes:
    inside = width * network.expansion
    return {
        f"{at}.LinearLayer1.Layer.weight": (inside, width, 1, 1),
        f"{at}.LinearLayer2.Layer.weight": (inside, network.group_width, 3, 3),
        f"{at}.LinearLayer3.Layer.weight": (width, inside, 1, 1),
        f"{at}.NonLinearity1.Bias": (inside,),
        f"{at}.NonLinearity2.Bias": (inside,),
    }


def r3gan_generator(network: Residual) -> Shapes:
    """Of R3GAN's G, without the `Model.` before all names."""
    shapes: Shapes = {}
    inputs = network.latent
    if network.classes:
        shapes["EmbeddingLayer.weight"] = (network.latent, network.classes)
        inputs += network.latent
    for stage, width in enumerate(network.widths):
        at = f"MainLayers.{stage}.Layers"
        if stage == 0:
            shapes |= {
                f"{at}.0.Basis": (width, 4, 4),
                f"{at}.0.LinearLayer.weight": (width, inputs),
            }
        else:
            shapes[f"{at}.0.Resampler.Kernel"] = (4, 4)
            if (before := network.widths[stage - 1]) != width:
                shapes[f"{at}.0.LinearLayer.Layer.weight"] = (width, before, 1, 1)
        for block in range(network.blocks):
            shapes |= _residual(f"{at}.{block + 1}", width, network)
    return shapes | {"AggregationLayer.Layer.weight": (3, network.widths[-1], 1, 1)}


def r3gan_discriminator(network: Residual) -> Shapes:
    """Of R3GAN's D, whose stages come from the images to the score."""
    widths = network.widths[::-1]
    shapes: Shapes = {"ExtractionLayer.Layer.weight": (widths[0], 3, 1, 1)}
    for stage, width in enumerate(widths):
        at = f"MainLayers.{stage}.Layers"
        for block in range(network.blocks):
            shapes |= _residual(f"{at}.{block}", width, network)
        edge = f"{at}.{network.blocks}"
        if stage == len(widths) - 1:
            outputs = width if network.classes else 1
            shapes |= {
                f"{edge}.Basis.weight": (width, 1, 4, 4),
                f"{edge}.LinearLayer.weight": (outputs, width),
            }
        else:
            shapes[f"{edge}.Resampler.Kernel"] = (4, 4)
            if (narrow := widths[stage + 1]) != width:
                shapes[f"{edge}.LinearLayer.Layer.weight"] = (narrow, width, 1, 1)
    if network.classes:
        shapes["EmbeddingLayer.weight"] = (widths[-1], network.classes)
    return shapes
