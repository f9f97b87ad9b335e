"""The networks of translation in PyTorch: its own layers, under the names of the authors' files.

Written from the papers' description. What the names are is what a `state_dict` of the authors'
code has: sequences count all their layers, and a U-Net's levels are nested.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import nn

Norm: TypeAlias = Literal["batch", "instance", "none"]
NORMS: dict[Norm, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": nn.InstanceNorm2d,
    "none": lambda _: nn.Identity(),
}


class UNet(nn.Module):
    """Levels from the innermost outwards, each joined to its own input."""

    def __init__(
        self, levels: int, inputs: int, outputs: int, width: int, norm: Norm, dropout: float
    ) -> None:
        super().__init__()
        widths = [inputs, *[width * min(2**level, 8) for level in range(levels)]]
        within = None
        for depth in range(levels - 1, 0, -1):
            kept = dropout if 4 <= depth < levels - 1 else 0.0
            wide, inner = widths[depth], widths[depth + 1]
            within = Level(wide, inner, wide, within, False, norm, kept)
        self.model = Level(inputs, width, outputs, within, True, norm, 0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        return self.model(x)


class Level(nn.Module):
    """A halving, what lies within, and a doubling; joined to the input but for the outermost."""

    def __init__(
        self,
        inputs: int,
        inner: int,
        outputs: int,
        within: nn.Module | None,
        outermost: bool,
        norm: Norm,
        dropout: float,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        biased = norm == "instance"
        doubled = inner if within is None else 2 * inner
        down = nn.Conv2d(inputs, inner, 4, 2, 1, bias=biased)
        up = nn.ConvTranspose2d(doubled, outputs, 4, 2, 1, bias=biased or outermost)
        if within is None:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, NORMS[norm](outputs)]
        elif outermost:
            layers = [down, within, nn.ReLU(), up, nn.Tanh()]
        else:
            layers = [nn.LeakyReLU(0.2), down, NORMS[norm](inner), within]
            layers += [nn.ReLU(), up, NORMS[norm](outputs)]
        if dropout:
            layers.append(nn.Dropout(dropout))
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps to feature maps."""
        made = self.model(x)
        return made if self.outermost else torch.cat([x, made], dim=1)


class ResNet(nn.Module):
    """Two halvings, residual blocks, two doublings."""

    def __init__(
        self, inputs: int, outputs: int, width: int, blocks: int, norm: Norm, dropout: float
    ) -> None:
        super().__init__()
        biased = norm == "instance"
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=biased)]
        layers += [NORMS[norm](width), nn.ReLU()]
        for wide in (width, 2 * width):
            layers += [nn.Conv2d(wide, 2 * wide, 3, 2, 1, bias=biased), NORMS[norm](2 * wide)]
            layers.append(nn.ReLU())
        layers += [Block(4 * width, norm, dropout) for _ in range(blocks)]
        for wide in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, output_padding=1, bias=biased)
            layers += [up, NORMS[norm](wide // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        return self.model(x)


class Block(nn.Module):
    """x + f(x)."""

    def __init__(self, width: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        biased = norm == "instance"

        def convolution() -> list[nn.Module]:
            return [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=biased)]

        noise = [nn.Dropout(dropout)] if dropout else []
        first = [*convolution(), NORMS[norm](width), nn.ReLU(), *noise]
        self.conv_block = nn.Sequential(*first, *convolution(), NORMS[norm](width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps to feature maps."""
        return x + self.conv_block(x)


class PatchCritic(nn.Module):
    """Images to a map of scores of their patches."""

    def __init__(self, inputs: int, width: int, layers: int, norm: Norm) -> None:
        super().__init__()
        made = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        now = width
        for layer in range(1, layers + 1):
            then, stride = width * min(2**layer, 8), 2 if layer < layers else 1
            made += [nn.Conv2d(now, then, 4, stride, 1, bias=norm == "instance")]
            made += [NORMS[norm](then), nn.LeakyReLU(0.2)]
            now = then
        self.model = nn.Sequential(*made, nn.Conv2d(now, 1, 4, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to scores."""
        return self.model(x)


class PixelCritic(nn.Module):
    """Images to a map of scores of their pixels."""

    def __init__(self, inputs: int, width: int, norm: Norm) -> None:
        super().__init__()
        biased = norm == "instance"
        self.net = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1, bias=biased),
            NORMS[norm](2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 1, bias=biased),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to scores."""
        return self.net(x)
