"""StyleGAN2 in PyTorch, written from its papers, to compare with: plain modules, no kernels.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020) and "Training
Generative Adversarial Networks with Limited Data" (2020). Parameters have the names of the
published files: `mapping.fc0.weight`, `synthesis.b8.conv0.affine.bias`, `b4.out.weight`. Every
convolution of modulated weights has weights of its own for each example, as the paper's equations
1 and 3 are written: another way to the same numbers than scaling what comes in and out.
"""

import math

import torch
from torch import nn
from torch.nn import functional

SQRT2 = math.sqrt(2.0)


def fir(taps: tuple[int, ...]) -> torch.Tensor:
    """The filter of two directions whose numbers add to one, `[T, T]`."""
    row = torch.tensor(taps, dtype=torch.float32)
    return torch.outer(row, row) / row.sum() ** 2


def filtered(x: torch.Tensor, kernel: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """True convolution of every channel with one filter, zeros around."""
    channels = x.shape[1]
    kernel = kernel.flip(0, 1).to(x).expand(channels, 1, -1, -1)
    return functional.conv2d(
        functional.pad(x, (before, after, before, after)), kernel, groups=channels
    )


def upsampled(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Twice as large: zeros between the pixels, then the filter at gain 4."""
    batch, channels, height, width = x.shape
    spread = x.new_zeros(batch, channels, height, 2, width, 2)
    spread[:, :, :, 0, :, 0] = x
    taps = len(kernel)
    spread = spread.reshape(batch, channels, 2 * height, 2 * width)
    return filtered(spread, 4 * kernel, (taps + 1) // 2, (taps - 2) // 2)


def activated(
    x: torch.Tensor, bias: torch.Tensor | None, *, gain: float, linear: bool, clamp: float | None
) -> torch.Tensor:
    """Bias, leaky rectifier at a gain of sqrt(2) (or nothing), gain, clamp (at a scale of gain)."""
    if bias is not None:
        x = x + bias.reshape(1, -1, *[1] * (x.ndim - 2))
    x = gain * (x if linear else SQRT2 * functional.leaky_relu(x, 0.2))
    return x if clamp is None else x.clamp(-clamp * gain, clamp * gain)


class Linear(nn.Module):
    """A product at an equalised learning rate: weights N(0, 1) / multiplier."""

    def __init__(
        self, inputs: int, outputs: int, *, rate: float = 1.0, start: float = 0.0,
        linear: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), start / rate))
        self.rate, self.linear = rate, linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[B, inputs]` to `[B, outputs]`."""
        x = x @ (self.weight * (self.rate / math.sqrt(self.weight.shape[1]))).T
        return activated(x, self.rate * self.bias, gain=1.0, linear=self.linear, clamp=None)


class Mapping(nn.Module):
    """Latents and labels (one-hot or vectors) to one w; a discriminator's has labels only."""

    def __init__(self, latent_size: int, labels: int, w_size: int, layers: int) -> None:
        super().__init__()
        self.latent_size, self.layers = latent_size, layers
        if labels:
            self.embed = Linear(labels, w_size)
        inputs = latent_size + (w_size if labels else 0)
        for layer in range(layers):
            self.add_module(f"fc{layer}", Linear(inputs, w_size, rate=0.01, linear=False))
            inputs = w_size

    def forward(self, latent: torch.Tensor | None, label: torch.Tensor | None) -> torch.Tensor:
        """`[B, Z]` and `[B, L]` to `[B, W]`."""
        parts = [] if latent is None else [latent]
        if label is not None:
            parts.append(self.embed(label))
        x = torch.cat([part * (part.square().mean(1, True) + 1e-8).rsqrt() for part in parts], 1)
        for layer in range(self.layers):
            x = self.get_submodule(f"fc{layer}")(x)
        return x


class Modulated(nn.Module):
    """A modulated convolution: a layer of the synthesis, or one to colours (`torgb`)."""

    def __init__(
        self, inputs: int, outputs: int, w_size: int, *, size: tuple[int, int], up: bool,
        colours: bool, clamp: float | None,
    ) -> None:  # fmt: skip
        super().__init__()
        taps = 1 if colours else 3
        self.affine = Linear(w_size, inputs, start=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, taps, taps))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.up, self.colours, self.clamp = up, colours, clamp
        if not colours:
            self.noise_strength = nn.Parameter(torch.zeros([]))
            self.register_buffer("noise_const", torch.randn(size))

    def forward(
        self, x: torch.Tensor, w: torch.Tensor, kernel: torch.Tensor, noise: torch.Tensor | None
    ) -> torch.Tensor:
        """Images `[B, inputs, H, W]`, `[B, W]`, the filter, and noise or None: the constant one."""
        batch, inputs, height, width = x.shape
        style = self.affine(w)
        outputs, _, taps, _ = self.weight.shape
        if self.colours:
            style = style / math.sqrt(inputs)
        weight = style[:, None, :, None, None] * self.weight[None]
        if not self.colours:
            weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        # One group for each example.
        x = x.reshape(1, batch * inputs, height, width)
        if self.up:
            weight = weight.transpose(1, 2).reshape(batch * inputs, outputs, taps, taps)
            x = functional.conv_transpose2d(x, weight, stride=2, groups=batch)
            x = x.reshape(batch, outputs, *x.shape[2:])
            x = filtered(x, 4 * kernel, (len(kernel) - 1) // 2, (len(kernel) - 2) // 2)
        else:
            weight = weight.reshape(batch * outputs, inputs, taps, taps)
            x = functional.conv2d(x, weight, padding=taps // 2, groups=batch)
            x = x.reshape(batch, outputs, height, width)
        if not self.colours:
            x = x + (self.noise_const if noise is None else noise) * self.noise_strength
        return activated(x, self.bias, gain=1.0, linear=self.colours, clamp=self.clamp)


class Synthesis(nn.Module):
    """The w of every layer to images: the skip generator."""

    def __init__(
        self, w_size: int, sizes: list[int], widths: list[int], channels: int,
        base: tuple[int, int], taps: tuple[int, ...], clamp: float | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes = sizes
        self.register_buffer("filter", fir(taps), persistent=False)
        for stage, (size, width) in enumerate(zip(sizes, widths, strict=True)):
            block = nn.Module()
            shape = (base[0] << stage, base[1] << stage)
            inputs = widths[stage - 1]
            if stage:
                block.conv0 = Modulated(
                    inputs, width, w_size, size=shape, up=True, colours=False, clamp=clamp
                )
            else:
                block.const = nn.Parameter(torch.randn(width, *base))
            block.conv1 = Modulated(
                width, width, w_size, size=shape, up=False, colours=False, clamp=clamp
            )
            block.torgb = Modulated(
                width, channels, w_size, size=shape, up=False, colours=True, clamp=clamp
            )
            self.add_module(f"b{size}", block)

    def forward(
        self, ws: torch.Tensor, noises: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """`[B, num_ws, W]`, and noises such as `b8.conv0` or none, to `[B, C, H, W]`."""
        noises = {} if noises is None else noises
        x, images, layer = None, None, 0
        for size in self.sizes:
            block, name = self.get_submodule(f"b{size}"), f"b{size}"
            if x is None:
                x = block.const.expand(len(ws), -1, -1, -1)
            else:
                noise = noises.get(f"{name}.conv0")
                x = block.conv0(x, ws[:, layer], self.filter, noise)
                layer += 1
            x = block.conv1(x, ws[:, layer], self.filter, noises.get(f"{name}.conv1"))
            layer += 1
            # The w of the next block's first layer: `layer` does not move on.
            colours = block.torgb(x, ws[:, layer], self.filter, None)
            images = colours if images is None else upsampled(images, self.filter) + colours
        return images


class Generator(nn.Module):
    """Latents `[B, Z]`, and labels `[B, L]` where there are some, to images `[B, C, H, W]`."""

    def __init__(
        self, image_size: int, channels: int = 3, *, base: tuple[int, int] = (4, 4),
        latent_size: int = 512, w_size: int = 512, layers: int = 8, channel_base: int = 32768,
        channel_max: int = 512, labels: int = 0, taps: tuple[int, ...] = (1, 3, 3, 1),
        clamp: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = [4 << stage for stage in range(int(math.log2(image_size)) - 1)]
        widths = [min(channel_base // size, channel_max) for size in sizes]
        self.num_ws = 2 * len(sizes)
        self.mapping = Mapping(latent_size, labels, w_size, layers)
        self.synthesis = Synthesis(w_size, sizes, widths, channels, base, taps, clamp)

    def forward(
        self, latent: torch.Tensor, label: torch.Tensor | None = None,
        noises: dict[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """One w for all layers."""
        w = self.mapping(latent, label)
        return self.synthesis(w[:, None].expand(-1, self.num_ws, -1), noises)


class Convolution(nn.Module):
    """A convolution at an equalised learning rate, with halving or not."""

    def __init__(
        self, inputs: int, outputs: int, taps: int, *, down: bool = False, linear: bool = False,
        gain: float = 1.0, clamp: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, taps, taps))
        self.bias = None if linear else nn.Parameter(torch.zeros(outputs))
        self.down, self.linear, self.gain, self.clamp = down, linear, gain, clamp

    def forward(self, x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        """`[B, inputs, H, W]` to `[B, outputs, H, W]`, or half that."""
        taps = self.weight.shape[2]
        weight = self.weight / math.sqrt(self.weight[0].numel())
        if self.down:
            around = len(kernel) - 2
            x = filtered(x, kernel, (around + 1) // 2 + taps // 2, around // 2 + taps // 2)
            x = functional.conv2d(x, weight, stride=2)
        else:
            x = functional.conv2d(x, weight, padding=taps // 2)
        return activated(x, self.bias, gain=self.gain, linear=self.linear, clamp=self.clamp)


def minibatch_deviation(x: torch.Tensor, group: int) -> torch.Tensor:
    """One more channel: how much the members i, i + N / G, ... of a group differ, on average."""
    batch, _, height, width = x.shape
    group = min(group, batch)
    members = x.reshape(group, batch // group, -1)
    deviation = (members.var(0, unbiased=False) + 1e-8).sqrt().mean(1)
    channel = deviation.repeat(group).reshape(batch, 1, 1, 1).expand(-1, -1, height, width)
    return torch.cat([x, channel], 1)


class Discriminator(nn.Module):
    """Images `[B, C, H, W]`, and labels `[B, L]` where there are some, to scores `[B]`."""

    def __init__(
        self, image_size: int, channels: int = 3, *, base: tuple[int, int] = (4, 4),
        layers: int = 8, channel_base: int = 32768, channel_max: int = 512, labels: int = 0,
        taps: tuple[int, ...] = (1, 3, 3, 1), clamp: float | None = None, group: int = 4,
        original: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes = [4 << stage for stage in range(int(math.log2(image_size)) - 2, 0, -1)]
        self.base, self.group, self.original = base, group, original
        self.register_buffer("filter", fir(taps), persistent=False)
        gain = 1.0 if original else math.sqrt(0.5)
        for number, size in enumerate(self.sizes):
            width, narrow = (min(channel_base // s, channel_max) for s in (size, size // 2))
            block = nn.Module()
            if number == 0:
                block.fromrgb = Convolution(channels, width, 1, clamp=clamp)
            block.conv0 = Convolution(width, width, 3, clamp=clamp)
            block.conv1 = Convolution(width, narrow, 3, down=True, gain=gain, clamp=clamp)
            if not original:
                block.skip = Convolution(width, narrow, 1, down=True, linear=True, gain=gain)
            self.add_module(f"b{size}", block)
        last = min(channel_base // 4, channel_max)
        self.b4 = nn.Module()
        self.b4.conv = Convolution(last + 1, last, 3, clamp=clamp)
        self.b4.fc = Linear(last * base[0] * base[1], last, linear=False)
        self.b4.out = Linear(last, last if labels else 1)
        if labels:
            self.mapping = Mapping(0, labels, last, layers)

    def forward(self, images: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        """Scores."""
        x = images
        for number, size in enumerate(self.sizes):
            block = self.get_submodule(f"b{size}")
            if number == 0:
                x = block.fromrgb(x, self.filter)
            y = block.conv1(block.conv0(x, self.filter), self.filter)
            x = y if self.original else y + block.skip(x, self.filter)
        x = self.b4.conv(minibatch_deviation(x, self.group), self.filter)
        x = self.b4.out(self.b4.fc(x.flatten(1)))
        if label is None:
            return x[:, 0]
        return (x * self.mapping(None, label)).sum(1) / math.sqrt(x.shape[1])
