"""What pix2pix and CycleGAN have in common: the networks of their authors' code, and imports."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias

import numpy as np
import optax
from annotated_types import Ge

from jaxgan import updates
from jaxgan.data import Size, height_and_width
from jaxgan.games import Player
from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks import PatchGAN, PixelDiscriminator, ResNetTranslator, UNetGenerator
from jaxgan.recipes.translation import BetweenSides
from jaxgan.training import Fraction, Imported, PositiveFloat, PositiveInt, Schedule
from jaxgan.weights import Recognised, official_parameters, recognise

Translator: TypeAlias = Literal["resnet", "unet"]
"""CycleGAN's generator of residual blocks, or pix2pix's U-Net."""
Norm: TypeAlias = Literal["batch", "instance", "none"]
"""Of a network's layers: over the minibatch in training and over each image outside, as batch norm
of the authors' code is in their tests, without running statistics; over each image; none."""

_NORMS: dict[Norm, type[MinibatchNorm] | type[InstanceNorm] | None] = {
    "batch": MinibatchNorm,
    "instance": InstanceNorm,
    "none": None,
}
_USUAL_DROPOUT = 0.5
"""Of the authors' code, wherever it has dropout."""


@dataclass(frozen=True)
class Translators(BetweenSides):
    """An experiment whose networks are those of pytorch-CycleGAN-and-pix2pix."""

    schedule: Schedule
    """How long, and what is written when."""
    architecture: Translator
    """Of a generator."""
    width: PositiveInt
    """Channels of a generator next to the images."""
    blocks: PositiveInt
    """Residual blocks of a ResNet generator; a U-Net has none."""
    norm: Norm
    """Of a generator."""
    dropout: Fraction
    """Of a generator."""
    discriminator_width: PositiveInt
    """Channels of a discriminator's first layer."""
    layers: Annotated[int, Ge(0)]
    """Halvings of a discriminator."""
    discriminator_norm: Norm
    """Of a discriminator."""
    learning_rate: PositiveFloat
    """Of Adam, all players."""
    halvings: PositiveInt | None = dataclasses.field(default=None, kw_only=True)
    """Of a U-Net generator: 7 in unet_128, 8 in unet_256; down to one pixel where none is named."""
    falling: Fraction = dataclasses.field(default=0.5, kw_only=True)
    """Part of the run, at its end, in which the rate falls to 0 in a line (code: half)."""
    average_decay: Fraction | None = dataclasses.field(default=None, kw_only=True)
    """Of the moving average of weights that pictures are made with (papers: none)."""

    def generator(self, side: str = "a") -> UNetGenerator | ResNetTranslator:
        """The generator that takes images of a side, and makes those of the other."""
        channels, norm = self.channels_of("b" if side == "a" else "a"), _NORMS[self.norm]
        if self.architecture == "resnet":
            return ResNetTranslator(channels, self.width, self.blocks, self.dropout, norm)
        size = self.pairs.crop_size if self.halvings is None else 1 << self.halvings
        return UNetGenerator(size, channels, self.width, self.dropout, norm=norm)

    @property
    def sizes(self) -> range:
        """What a generator's halvings divide."""
        return self.generator().sizes

    @property
    def discriminator(self) -> PatchGAN | PixelDiscriminator:
        """D, or each of two."""
        norm = _NORMS[self.discriminator_norm]
        if self.layers == 0:
            return PixelDiscriminator(self.discriminator_width, norm)
        return PatchGAN(self.discriminator_width, self.layers, norm)

    def scored_channels(self, side: str) -> int:
        """Of what the discriminator sees of the images that a side's generator makes."""
        return self.channels_of("b" if side == "a" else "a")

    @property
    def optimiser(self) -> optax.GradientTransformation:
        """Adam, whose rate stays and then falls to 0."""
        steps = self.schedule.steps
        falling = round(self.falling * steps)
        rate = updates.constant_then_linear(
            self.learning_rate, constant=steps - falling, falling=falling
        )
        return optax.adam(rate, b1=0.5, eps=1e-8)

    def recognised(
        self, tensors: Mapping[str, np.ndarray], side: str, *, discriminator: bool
    ) -> Imported | None:
        """What the tensors of the authors' code tell of this configuration."""
        found = recognise(tensors)
        if found is None:
            return None
        if found.is_generator == discriminator:
            wanted = "discriminator" if discriminator else "generator"
            raise ValueError(f"it is {found.words}, and a {wanted} is to be there")
        if not discriminator:
            return self._of_generator(found, side)
        if found.channels != self.scored_channels(side):
            raise ValueError(
                f"it is {found.words}, and here one sees {self.scored_channels(side)} channels"
            )
        network = found.network
        options = {
            "discriminator_width": network.width,
            "layers": network.layers if isinstance(network, PatchGAN) else 0,
            "discriminator_norm": found.norm,
        }
        return Imported(found.words, options)

    def fitted(self) -> Self:
        """With images of the least size that the networks take, where theirs are none of it."""
        multiple = 4
        if self.architecture == "unet":
            multiple = 4 if self.halvings is None else 1 << self.halvings
        least = max(8, 3 << self.layers if self.layers else 0)
        crop, load = (height_and_width(s) for s in (self.pairs.crop_size, self.pairs.load_size))
        height, width = (-(-max(side, least) // multiple) * multiple for side in crop)
        if (height, width) == crop:
            return self
        loaded = max(load[0], height), max(load[1], width)
        pairs = dataclasses.replace(
            self.pairs, crop_size=_short((height, width)), load_size=_short(loaded)
        )
        return dataclasses.replace(self, pairs=pairs)

    def _of_generator(self, found: Recognised, side: str) -> Imported:
        network = found.network
        assert isinstance(network, UNetGenerator | ResNetTranslator)
        channels = found.channels, network.channels
        if not set(channels) <= {1, 3}:
            raise ValueError(
                f"it makes images of {channels[1]} channels from images of {channels[0]}, and "
                "pictures have 1 (grey) or 3 (RGB)"
            )
        a, b = channels if side == "a" else channels[::-1]
        alike = a == b and self.pairs.channels_b is None
        options: dict[str, Any] = {
            "architecture": "unet" if isinstance(network, UNetGenerator) else "resnet",
            "width": network.width,
            "norm": found.norm,
            "pairs.channels": a,
            "pairs.channels_b": None if alike else b,
        }
        if isinstance(network, UNetGenerator):
            options |= {"halvings": network.levels}
            return Imported(found.words, options, {"dropout": self.dropout})
        options |= {"blocks": network.blocks}
        if found.dropout:
            return Imported(found.words, options, {"dropout": self.dropout or _USUAL_DROPOUT})
        return Imported(found.words, options | {"dropout": 0.0})


def imported_player(network: Any, tensors: Mapping[str, np.ndarray], player: Player) -> Player:
    """A player with the weights of the authors' code instead of its own."""
    return player._replace(parameters=official_parameters(network, tensors, player.parameters))


def _short(size: tuple[int, int]) -> Size:
    return size[0] if size[0] == size[1] else size
