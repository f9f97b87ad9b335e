"""The benchmarks' networks and updates in PyTorch, in its fast idiom.

The same layers with the same parameters as in `jaxgan.networks`: `carry` moves the weights over.
The same algorithm as `jaxgan.games.adversarial`, with `channels_last` and the fused Adam.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from experiments.benchmarks.rows import LATENT_SIZE, PENALTY_WEIGHT, Row


class Images(nn.Module):
    """Rows of numbers to images, the inverse of `Flat`: channels lie last in memory."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[B, H * W * C]` to `[B, C, H, W]`."""
        return x.unflatten(1, (self.size, self.size, -1)).permute(0, 3, 1, 2)


class Flat(nn.Module):
    """Images to rows of numbers in the order of height, width, channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[B, C, H, W]` to `[B, H * W * C]`."""
        return x.permute(0, 2, 3, 1).flatten(1)


def networks(row: Row) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator of a row."""
    if row.width is None:
        size = row.image_size**2 * row.channels
        return (
            nn.Sequential(*_dense(LATENT_SIZE, 256, 512, 1024, size), nn.Tanh(),
                          Images(row.image_size)),
            nn.Sequential(Flat(), *_dense(size, 512, 256, 1), nn.Flatten(0)),
        )  # fmt: skip
    base = 7 if row.image_size % 7 == 0 else 4
    widths = [row.width << k for k in range((row.image_size // base).bit_length() - 1)]
    first = widths[-1]
    generator = [nn.Linear(LATENT_SIZE, base * base * first, bias=False), Images(base),
                 nn.BatchNorm2d(first), nn.ReLU()]  # fmt: skip
    for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True):
        generator += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False),
                      nn.BatchNorm2d(narrow), nn.ReLU()]  # fmt: skip
    generator += [nn.ConvTranspose2d(row.width, row.channels, 4, 2, 1), nn.Tanh()]

    discriminator: list[nn.Module] = []
    for layer, (before, after) in enumerate(zip([row.channels, *widths[:-1]], widths, strict=True)):
        normalised = layer > 0 and not row.penalised
        discriminator += [nn.Conv2d(before, after, 4, 2, 1, bias=not normalised)]
        discriminator += [nn.BatchNorm2d(after)] if normalised else []
        discriminator += [nn.LeakyReLU(0.2)]
    discriminator += [Flat(), nn.Linear(base * base * first, 1), nn.Flatten(0)]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def carry(variables: Mapping[str, Any], network: nn.Module) -> None:
    """Copy a Flax network's parameters into its twin, layer by layer of each kind, in order."""
    layers = dict(variables["params"])
    if "head" in layers:  # the last layer of those that have one
        layers["Dense_0"] = layers.pop("head")["Dense_0"]
    seen = dict.fromkeys(("Dense", "Conv", "ConvTranspose", "BatchNorm"), 0)
    for module in network.modules():
        match module:
            case nn.Linear():
                kind, axes = "Dense", (1, 0)  # [in, out] -> [out, in]
            case nn.Conv2d():
                kind, axes = "Conv", (3, 2, 0, 1)  # [K, L, in, out] -> [out, in, K, L]
            case nn.ConvTranspose2d():
                kind, axes = "ConvTranspose", (3, 2, 0, 1)  # [K, L, out, in] -> [in, out, K, L]
            case nn.BatchNorm2d():
                kind, axes = "BatchNorm", (0,)
            case _:
                continue
        layer = layers[f"{kind}_{seen[kind]}"]
        seen[kind] += 1
        weight = layer["scale"] if kind == "BatchNorm" else layer["kernel"]
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(np.transpose(np.asarray(weight), axes).copy()))
            if module.bias is not None:
                module.bias.copy_(torch.from_numpy(np.array(layer["bias"])))


def update(
    row: Row, *, batch: int, device: str, compiled: bool, bfloat16: bool
) -> Callable[[], None]:
    """A function that plays one round, on a fixed batch of random reals."""
    generator, discriminator = (
        _channels_last(network.to(device)).train() for network in networks(row)
    )
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            if "weight" in name:
                nn.init.normal_(parameter, 1.0 if parameter.ndim == 1 else 0.0, 0.02)
    learning_rate, b1, b2 = row.adam
    g_optimiser, d_optimiser = (
        torch.optim.Adam(network.parameters(), learning_rate, (b1, b2), fused=True)
        for network in (generator, discriminator)
    )
    real = torch.rand(batch, row.channels, row.image_size, row.image_size, device=device) * 2 - 1
    real = real.to(memory_format=torch.channels_last)
    g, d = (torch.compile(n) if compiled else n for n in (generator, discriminator))
    softplus = nn.functional.softplus

    def fakes() -> torch.Tensor:
        return g(torch.randn(batch, LATENT_SIZE, device=device))

    def cast() -> torch.autocast:
        return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bfloat16)

    def penalty(fake: torch.Tensor) -> torch.Tensor:
        epsilon = torch.rand(batch, 1, 1, 1, device=device)
        between = (epsilon * real + (1 - epsilon) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(d(between).float().sum(), between, create_graph=True)
        return ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()

    def play() -> None:
        for _ in range(row.n_critic):
            with cast():
                with torch.no_grad():
                    fake = fakes().float()
                real_scores, fake_scores = d(real).float(), d(fake).float()
                if row.penalised:
                    loss = (fake_scores - real_scores).mean() + PENALTY_WEIGHT * penalty(fake)
                else:
                    loss = (softplus(-real_scores) + softplus(fake_scores)).mean()
            d_optimiser.zero_grad(set_to_none=True)
            loss.backward()
            d_optimiser.step()
        discriminator.requires_grad_(False)
        with cast():
            scores = d(fakes()).float()
            loss = (-scores if row.penalised else softplus(-scores)).mean()
        g_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        g_optimiser.step()
        discriminator.requires_grad_(True)

    return play


def _channels_last(network: nn.Module) -> nn.Module:
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def _dense(first: int, *widths: int) -> Iterator[nn.Module]:
    for width in widths:
        yield nn.Linear(first, width)
        if width != widths[-1]:
            yield nn.LeakyReLU(0.2)
        first = width
