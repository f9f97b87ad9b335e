"""StyleGAN of 2018 in PyTorch, written from its paper and ProGAN's, to compare with.

Karras, Laine and Aila, "A Style-Based Generator Architecture for GANs" (2019), which grows as
Karras et al., "Progressive Growing of GANs" (2018), section 3, does. Parameters have the names of
the published files, with points for slashes: `mapping.Dense0.weight`, `synthesis.4x4.Const.bias`,
`synthesis.8x8.Conv0_up.StyleMod.weight`, `256x256.Conv1_down.weight`, `FromRGB_lod0.weight`.
"""

import math

import torch
from torch import nn
from torch.nn import functional

SQRT2 = math.sqrt(2.0)
FUSED = 128
"""Resolution from which enlarging and convolving are one transposed convolution."""


class Dense(nn.Module):
    """A product at an equalised learning rate; its gain is in the weight only."""

    def __init__(
        self, inputs: int, outputs: int, *, gain: float, rate: float = 1.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.gain, self.rate = gain, rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[B, inputs]` to `[B, outputs]`."""
        scale = self.gain * self.rate / math.sqrt(self.weight.shape[1])
        bias = None if self.bias is None else self.rate * self.bias
        return functional.linear(x, scale * self.weight, bias)


class Kernel(nn.Module):
    """What a convolution has: a kernel at an equalised learning rate, a bias."""

    def __init__(self, inputs: int, outputs: int, taps: int, *, gain: float = SQRT2) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, taps, taps))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = gain

    def scaled(self) -> torch.Tensor:
        """The kernel with its gain."""
        return self.weight * (self.gain / math.sqrt(self.weight[0].numel()))

    def biased(self, x: torch.Tensor) -> torch.Tensor:
        """With the bias added."""
        return x + self.bias[:, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The convolution, of the same size."""
        return self.biased(functional.conv2d(x, self.scaled(), padding=self.weight.shape[2] // 2))


def rectified(x: torch.Tensor) -> torch.Tensor:
    """The leaky rectifier, at a gain of one."""
    return functional.leaky_relu(x, 0.2)


def blurred(x: torch.Tensor) -> torch.Tensor:
    """Every channel with the filter [1, 2, 1] in both directions, zeros around."""
    row = torch.tensor([1.0, 2.0, 1.0]).to(x) / 4
    kernel = torch.outer(row, row).expand(x.shape[1], 1, 3, 3)
    return functional.conv2d(x, kernel, padding=1, groups=x.shape[1])


def enlarged(x: torch.Tensor) -> torch.Tensor:
    """Every pixel four times."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def four_taps(kernel: torch.Tensor) -> torch.Tensor:
    """A kernel of three taps and its copies a pixel on, summed: four taps."""
    padded = functional.pad(kernel, (1, 1, 1, 1))
    return padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]


class Noise(nn.Module):
    """A strength for every channel, and the constant noise."""

    def __init__(self, width: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.register_buffer("constant", torch.randn(shape))


class Epilogue(nn.Module):
    """Noise, bias, rectifier, instance norm, style."""

    def __init__(self, width: int, w_size: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.Noise = Noise(width, shape)
        self.StyleMod = Dense(w_size, 2 * width, gain=1.0)

    def finish(
        self, x: torch.Tensor, bias: torch.Tensor, w: torch.Tensor, noise: torch.Tensor | None
    ) -> torch.Tensor:
        """Images `[B, C, H, W]` to the same shape, in the style of w `[B, W]`."""
        noise = self.Noise.constant if noise is None else noise
        x = x + self.Noise.weight[:, None, None] * noise
        x = functional.instance_norm(rectified(x + bias[:, None, None]), eps=1e-8)
        scale, shift = self.StyleMod(w)[..., None, None].chunk(2, 1)
        return x * (scale + 1) + shift


class Constant(Epilogue):
    """The first layer: ones, learnt."""

    def __init__(self, width: int, w_size: int, shape: tuple[int, int]) -> None:
        super().__init__(width, w_size, shape)
        self.const = nn.Parameter(torch.ones(width, *shape))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, w: torch.Tensor, noise: torch.Tensor | None) -> torch.Tensor:
        """`[B, W]` to `[B, C, H, W]`."""
        x = self.const.expand(len(w), -1, -1, -1)
        return self.finish(x, self.bias, w, noise)


class Styled(Epilogue):
    """A convolution, doubling the size or not, and what follows each."""

    def __init__(
        self, inputs: int, width: int, w_size: int, shape: tuple[int, int], *, up: bool
    ) -> None:
        super().__init__(width, w_size, shape)
        self.weight = nn.Parameter(torch.randn(width, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(width))
        self.up, self.fused = up, min(shape) >= FUSED

    def forward(self, x: torch.Tensor, w: torch.Tensor, noise: torch.Tensor | None) -> torch.Tensor:
        """Images and `[B, W]` to images."""
        kernel = self.weight * (SQRT2 / math.sqrt(self.weight[0].numel()))
        if not self.up:
            x = functional.conv2d(x, kernel, padding=1)
        elif self.fused:
            taps = four_taps(kernel).transpose(0, 1)
            x = blurred(functional.conv_transpose2d(x, taps, stride=2, padding=1))
        else:
            x = blurred(functional.conv2d(enlarged(x), kernel, padding=1))
        return self.finish(x, self.bias, w, noise)


class Mapping(nn.Module):
    """Latents and labels to one w: concatenated first, then normalised together."""

    def __init__(self, latent_size: int, labels: int, w_size: int, layers: int) -> None:
        super().__init__()
        self.layers = layers
        if labels:  # of weights that nothing scales
            self.LabelConcat = Dense(labels, latent_size, gain=math.sqrt(labels), bias=False)
        inputs = latent_size * (2 if labels else 1)
        for layer in range(layers):
            self.add_module(f"Dense{layer}", Dense(inputs, w_size, gain=SQRT2, rate=0.01))
            inputs = w_size

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """`[B, Z]` and `[B, L]` to `[B, W]`."""
        x = latent if label is None else torch.cat([latent, self.LabelConcat(label)], 1)
        x = x * (x.square().mean(1, True) + 1e-8).rsqrt()
        for layer in range(self.layers):
            x = rectified(self.get_submodule(f"Dense{layer}")(x))
        return x


class Synthesis(nn.Module):
    """The w of every layer to images of a stage of growing."""

    def __init__(
        self, w_size: int, sizes: list[int], widths: list[int], channels: int,
        base: tuple[int, int],
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes = sizes
        for stage, (size, width) in enumerate(zip(sizes, widths, strict=True)):
            block, inputs = nn.Module(), widths[stage - 1]
            shape = base[0] << stage, base[1] << stage
            if stage:
                block.Conv0_up = Styled(inputs, width, w_size, shape, up=True)
                block.Conv1 = Styled(width, width, w_size, shape, up=False)
            else:
                block.Const = Constant(width, w_size, shape)
                block.Conv = Styled(width, width, w_size, shape, up=False)
            self.add_module(f"{size}x{size}", block)
            self.add_module(
                f"ToRGB_lod{len(sizes) - 1 - stage}", Kernel(width, channels, 1, gain=1)
            )

    def forward(
        self, ws: torch.Tensor, noises: dict[str, torch.Tensor] | None = None,
        stage: int | None = None, fade: float = 1.0,
    ) -> torch.Tensor:  # fmt: skip
        """`[B, num_ws, W]` to images; noises as `8x8.Conv0_up`."""
        noises = {} if noises is None else noises
        last = len(self.sizes) - 1
        x, before, images = None, None, None
        for number, size in enumerate(self.sizes[: (last if stage is None else stage) + 1]):
            block, name = self.get_submodule(f"{size}x{size}"), f"{size}x{size}"
            first, second = ws[:, 2 * number], ws[:, 2 * number + 1]
            if x is None:
                x = block.Const(first, noises.get(f"{name}.Const"))
                x = block.Conv(x, second, noises.get(f"{name}.Conv"))
            else:
                x = block.Conv0_up(x, first, noises.get(f"{name}.Conv0_up"))
                x = block.Conv1(x, second, noises.get(f"{name}.Conv1"))
            before, images = images, self.get_submodule(f"ToRGB_lod{last - number}")(x)
        return images if before is None else torch.lerp(enlarged(before), images, fade)


class Generator(nn.Module):
    """Latents `[B, Z]`, and labels `[B, L]` where there are some, to images `[B, C, H, W]`."""

    def __init__(
        self, image_size: int, channels: int = 3, *, base: tuple[int, int] = (4, 4),
        latent_size: int = 512, w_size: int = 512, layers: int = 8, channel_base: int = 16384,
        channel_max: int = 512, labels: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = [4 << stage for stage in range(int(math.log2(image_size)) - 1)]
        widths = [min(channel_base // size, channel_max) for size in sizes]
        self.num_ws = 2 * len(sizes)
        self.mapping = Mapping(latent_size, labels, w_size, layers)
        self.synthesis = Synthesis(w_size, sizes, widths, channels, base)

    def forward(
        self, latent: torch.Tensor, label: torch.Tensor | None = None,
        noises: dict[str, torch.Tensor] | None = None, stage: int | None = None, fade: float = 1.0,
    ) -> torch.Tensor:  # fmt: skip
        """One w for all layers."""
        w = self.mapping(latent, label)
        return self.synthesis(w[:, None].expand(-1, self.num_ws, -1), noises, stage, fade)


class Discriminator(nn.Module):
    """Images `[B, C, H, W]`, and labels `[B, L]` where there are some, to scores `[B]`."""

    def __init__(
        self, image_size: int, channels: int = 3, *, base: tuple[int, int] = (4, 4),
        channel_base: int = 16384, channel_max: int = 512, labels: int = 0, group: int = 4,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes = [4 << stage for stage in range(int(math.log2(image_size)) - 1)]
        self.base, self.group = base, group
        widths = [min(channel_base // size, channel_max) for size in self.sizes]
        for stage, (size, width) in enumerate(zip(self.sizes, widths, strict=True)):
            block = nn.Module()
            if stage:
                block.Conv0 = Kernel(width, width, 3)
                block.Conv1_down = Kernel(width, widths[stage - 1], 3)
            else:
                block.Conv = Kernel(width + 1, width, 3)
                block.Dense0 = Dense(width * base[0] * base[1], width, gain=SQRT2)
                block.Dense1 = Dense(width, max(1, labels), gain=1.0)
            self.add_module(f"{size}x{size}", block)
            self.add_module(f"FromRGB_lod{len(self.sizes) - 1 - stage}", Kernel(channels, width, 1))

    def forward(
        self, images: torch.Tensor, label: torch.Tensor | None = None, stage: int | None = None,
        fade: float = 1.0,
    ) -> torch.Tensor:  # fmt: skip
        """Images of the stage's resolution to scores."""
        last = len(self.sizes) - 1
        stage = last if stage is None else stage

        def features(images: torch.Tensor, stage: int) -> torch.Tensor:
            return rectified(self.get_submodule(f"FromRGB_lod{last - stage}")(images))

        x = features(images, stage)
        for number in range(stage, 0, -1):
            size = self.sizes[number]
            block = self.get_submodule(f"{size}x{size}")
            down = block.Conv1_down
            x = blurred(rectified(block.Conv0(x)))
            if min(images.shape[2:]) >> (stage - number) >= FUSED:
                x = functional.conv2d(x, four_taps(down.scaled()) / 4, stride=2, padding=1)
            else:
                x = functional.avg_pool2d(functional.conv2d(x, down.scaled(), padding=1), 2)
            x = rectified(down.biased(x))
            if number == stage:
                x = torch.lerp(features(functional.avg_pool2d(images, 2), stage - 1), x, fade)
        block = self.get_submodule("4x4")
        group = min(self.group, len(x))
        groups = x.reshape(group, -1, *x.shape[1:])
        deviation = ((groups - groups.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3))
        channel = deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
        x = rectified(block.Conv(torch.cat([x, channel], 1)))
        scores = block.Dense1(rectified(block.Dense0(x.flatten(1))))
        return scores[:, 0] if label is None else (scores * label).sum(1)
