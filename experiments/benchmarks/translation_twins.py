"""Rounds of pix2pix and of CycleGAN in PyTorch: order, losses and pools are those of the games."""

import dataclasses
import random
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from experiments.benchmarks.official_twins import PatchCritic, ResNet, UNet
from experiments.benchmarks.players import Execution, adam, descend
from experiments.benchmarks.rows import (
    CYCLE_WEIGHT,
    IDENTITY_WEIGHT,
    POOL_SIZE,
    RECONSTRUCTION_WEIGHT,
    CycleGANRow,
    Pix2PixRow,
    TranslationRow,
)
from jaxgan.weights import official_parameters

Round: TypeAlias = Callable[[torch.Tensor, torch.Tensor], dict[str, torch.Tensor]]
"""Images of side a and of side b, `[B, C, H, W]`, to what was minimised."""

l1, softplus = nn.functional.l1_loss, nn.functional.softplus


def networks(row: TranslationRow) -> tuple[nn.Module, nn.Module]:
    """A generator and a discriminator."""
    match row:
        case Pix2PixRow():
            levels = row.image_size.bit_length() - 1
            return (
                UNet(levels, 3, 3, row.width, "batch", row.dropout),
                PatchCritic(6, row.width, 3, "batch"),
            )
        case CycleGANRow():
            return (
                ResNet(3, 3, row.width, row.blocks, "instance", 0.0),
                PatchCritic(3, row.width, 3, "instance"),
            )


def difference(row: TranslationRow) -> float:
    """The largest difference between the two sides' outputs, both networks, on carried weights.

    Without dropout, whose random numbers have no twins.
    """
    if isinstance(row, Pix2PixRow):
        row = dataclasses.replace(row, dropout=0.0)
    images = list(row.batch(2).values())
    differences = []
    for network, twin in zip(row.networks(jnp.float32), networks(row), strict=True):
        scores_pairs = isinstance(row, Pix2PixRow) and isinstance(twin, PatchCritic)
        inputs = images if scores_pairs else images[:1]
        shapes = jax.eval_shape(partial(network.init, train=True), jax.random.key(0), *inputs)
        weights = {name: tensor.numpy() for name, tensor in twin.state_dict().items()}
        parameters = official_parameters(network, weights, shapes["params"])
        ours = jax.jit(partial(network.apply, train=True))({"params": parameters}, *inputs)
        condition_first = [torch.from_numpy(np.array(x)).movedim(3, 1) for x in inputs[::-1]]
        theirs = twin(torch.cat(condition_first, dim=1)).detach().movedim(1, -1).numpy()
        differences.append(float(np.abs(np.asarray(ours).reshape(theirs.shape) - theirs).max()))
    return max(differences)


def update(row: TranslationRow, execution: Execution) -> Callable[[], None]:
    """A function that plays one round, on a fixed batch of random images."""
    g, d = (execution.prepare(network) for network in networks(row))
    match row:
        case Pix2PixRow():
            play = pix2pix(g, d, execution)
        case CycleGANRow():
            f, d_a = (execution.prepare(network) for network in networks(row))
            play = cyclegan((g, f), (d, d_a), execution)
    a, b = (execution.images(execution.batch, 3, row.image_size) for _ in range(2))

    def fixed() -> None:
        play(a, b)

    return fixed


def pix2pix(generator: nn.Module, discriminator: nn.Module, execution: Execution) -> Round:
    """D is updated first, on the image that G is then updated with."""
    g_optimiser = adam(generator.parameters(), 2e-4, 0.5, 0.999)
    d_optimiser = adam(discriminator.parameters(), 2e-4, 0.5, 0.999)
    g, d = execution.callable(generator), execution.callable(discriminator)

    def score(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return d(torch.cat([a, b], dim=1)).float()

    def play(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        with execution.cast():
            fake = g(a).float()
            real_scores, fake_scores = score(a, b), score(a, fake.detach())
            d_loss = 0.5 * (softplus(-real_scores) + softplus(fake_scores)).mean()
        descend(d_optimiser, d_loss)
        discriminator.requires_grad_(False)
        with execution.cast():
            adversarial = softplus(-score(a, fake)).mean()
            g_loss = adversarial + RECONSTRUCTION_WEIGHT * l1(fake, b)
        descend(g_optimiser, g_loss)
        discriminator.requires_grad_(True)
        return {"discriminator": d_loss.detach(), "generator": g_loss.detach()}

    return play


def cyclegan(
    generators: tuple[nn.Module, nn.Module],
    discriminators: tuple[nn.Module, nn.Module],
    execution: Execution,
) -> Round:
    """Both generators, (a to b, b to a), are updated first, then the discriminators, (of b, of a).

    What the discriminators see are images of pools.
    """
    g_optimiser = adam([*nn.ModuleList(generators).parameters()], 2e-4, 0.5, 0.999)
    d_optimisers = [adam(network.parameters(), 2e-4, 0.5, 0.999) for network in discriminators]
    g, f = (execution.callable(network) for network in generators)
    critics = [execution.callable(network) for network in discriminators]
    pools = [Pool(POOL_SIZE), Pool(POOL_SIZE)]

    def play(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        for network in discriminators:
            network.requires_grad_(False)
        with execution.cast():
            fake_b, fake_a = g(a).float(), f(b).float()
            cycle = l1(f(fake_b).float(), a) + l1(g(fake_a).float(), b)
            identity = l1(g(b).float(), b) + l1(f(a).float(), a)
            said_b, said_a = critics[0](fake_b).float(), critics[1](fake_a).float()
            adversarial = ((said_b - 1) ** 2).mean() + ((said_a - 1) ** 2).mean()
            g_loss = adversarial + CYCLE_WEIGHT * cycle + IDENTITY_WEIGHT * identity
        descend(g_optimiser, g_loss)
        terms = {"generator": g_loss.detach()}
        sides = zip("ba", (b, a), (fake_b, fake_a), strict=True)
        for index, (side, real, fake) in enumerate(sides):
            discriminators[index].requires_grad_(True)
            shown = pools[index].exchange(fake.detach())
            with execution.cast():
                real_scores = critics[index](real).float()
                fake_scores = critics[index](shown).float()
                loss = 0.5 * (((real_scores - 1) ** 2).mean() + (fake_scores**2).mean())
            descend(d_optimisers[index], loss)
            terms[f"discriminator_{side}"] = loss.detach()
        return terms

    return play


class Pool:
    """Images that a generator has made, with the rule of `jaxgan.games.pool.exchange`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[torch.Tensor] = []

    def exchange(self, images: torch.Tensor) -> torch.Tensor:
        """Put new images in, one after another, and take as many out."""
        out = []
        for image in images.split(1):
            if len(self.images) < self.size:
                self.images.append(image)
            elif random.random() < 0.5:
                place = random.randrange(self.size)
                image, self.images[place] = self.images[place], image
            out.append(image)
        return torch.cat(out)
