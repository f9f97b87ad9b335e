"""Games of images from latents in PyTorch.

The same layers with the same parameters as in `jaxgan.networks`: `carry` moves the weights over.
The same algorithm as `jaxgan.games.adversarial`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from experiments.benchmarks.players import Execution, adam, descend
from experiments.benchmarks.rows import LATENT_SIZE, PENALTY_WEIGHT, LatentRow


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


def networks(row: LatentRow) -> tuple[nn.Module, nn.Module]:
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


def difference(row: LatentRow) -> float:
    """The largest difference between the two sides' outputs, both networks, on carried weights."""
    keys = jax.random.split(jax.random.key(0), 3)
    inputs = jax.random.normal(keys[0], (8, LATENT_SIZE)), row.batch(8)["image"][:8]
    differences = []
    for network, twin, key, x in zip(
        row.networks(jnp.float32), networks(row), keys[1:], inputs, strict=True
    ):
        variables = network.init(key, x, train=True)
        carry(variables, twin)
        ours, _ = network.apply(variables, x, train=True, mutable=["batch_stats"])
        theirs = torch.from_numpy(np.array(x))
        theirs = twin(theirs.permute(0, 3, 1, 2) if x.ndim == 4 else theirs).detach()
        theirs = theirs.permute(0, 2, 3, 1) if theirs.ndim == 4 else theirs
        differences.append(float(np.abs(np.asarray(ours) - theirs.numpy()).max()))
    return max(differences)


def update(row: LatentRow, execution: Execution) -> Callable[[], None]:
    """A function that plays one round, on a fixed batch of random reals."""
    batch, device, cast = execution.batch, execution.device, execution.cast
    generator, discriminator = (execution.prepare(network) for network in networks(row))
    g_optimiser = adam(generator.parameters(), *row.adam)
    d_optimiser = adam(discriminator.parameters(), *row.adam)
    real = execution.images(batch, row.channels, row.image_size)
    g, d = execution.callable(generator), execution.callable(discriminator)
    softplus = nn.functional.softplus

    def fakes() -> torch.Tensor:
        return g(torch.randn(batch, LATENT_SIZE, device=device))

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
            descend(d_optimiser, loss)
        discriminator.requires_grad_(False)
        with cast():
            scores = d(fakes()).float()
            loss = (-scores if row.penalised else softplus(-scores)).mean()
        descend(g_optimiser, loss)
        discriminator.requires_grad_(True)

    return play


def _dense(first: int, *widths: int) -> Iterator[nn.Module]:
    for width in widths:
        yield nn.Linear(first, width)
        if width != widths[-1]:
            yield nn.LeakyReLU(0.2)
        first = width
