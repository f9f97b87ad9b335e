"""StyleGAN2's phases of a round on both sides: what is served to `experiments.benchmarks.sides`."""

import dataclasses
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from experiments.benchmarks.sides import Setting, peak_of_process, serve

PHASES = ("G", "path length", "D", "R1")
"""What a round is made of, in turn; with the names that the benchmark has for them."""
AUGMENTATION = "augmentation"
"""Beside the phases: the augmentation of a minibatch, and its gradient."""
LATENT = 512
GAMMA = 1.0
PATH_WEIGHT, PATH_EVERY, R1_EVERY = 2.0, 4, 16


@dataclasses.dataclass(frozen=True)
class StyleSetting(Setting):
    """What both sides are told; `row` is the phase.

    Attributes:
        image_size: height and width.
        channel_base: of the networks.
        channel_max: of the networks.
    """

    image_size: int = 64
    channel_base: int = 16384
    channel_max: int = 512

    @property
    def group(self) -> int:
        """Images in a group of the minibatch's deviation."""
        return min(self.batch, 4)

    @property
    def sizes(self) -> dict[str, Any]:
        """Of the networks, on both sides."""
        return {"channel_base": self.channel_base, "channel_max": self.channel_max}


def jaxgan(pipe: Connection, setting: StyleSetting) -> None:
    """Serve one phase of jaxgan's game: a jitted call each, its state donated."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if not setting.accelerator:
        os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    import jax.numpy as jnp

    jax.config.update(
        "jax_default_matmul_precision", "tensorfloat32" if setting.tf32 else "float32"
    )
    size = setting.image_size
    real = jax.random.uniform(jax.random.key(1), (setting.batch, size, size, 3), minval=-1.0)
    state, play_phase = (_augmentation if setting.row == AUGMENTATION else _phase)(setting, real)
    step = jax.jit(play_phase, donate_argnums=1)
    count = 0

    def play(rounds: int) -> None:
        nonlocal state, count
        for _ in range(rounds):
            key = jax.random.fold_in(jax.random.key(2), jnp.uint32(count))
            state = step(key, state, real)
            count += 1
        jax.block_until_ready(state)

    def peak() -> float:
        statistics = jax.local_devices()[0].memory_stats() if setting.accelerator else None
        return statistics["peak_bytes_in_use"] / 2**20 if statistics else peak_of_process()

    serve(pipe, play, peak)


def _phase(setting: StyleSetting, real: Any) -> tuple[Any, Callable[..., Any]]:
    """The game's state, and one phase of it."""
    import jax

    from jaxgan import games, latents, losses, networks, penalties, updates

    def r1(key: Any, critic: Any, real: Any, fake: Any) -> dict[str, tuple[float, Any]]:
        return {"r1": (GAMMA, penalties.r1(critic, real))}

    game = games.style(
        networks.StyleGAN2Generator(setting.image_size, **setting.sizes),
        networks.StyleGAN2Discriminator(
            setting.image_size, group_size=setting.group, **setting.sizes
        ),
        latent=latents.normal(LATENT),
        loss=losses.non_saturating,
        generator_optimiser=updates.lazy_adam(0.0025, every=PATH_EVERY),
        discriminator_optimiser=updates.lazy_adam(0.0025, every=R1_EVERY),
        path_length=games.PathLength(PATH_WEIGHT, PATH_EVERY),
        penalties=games.LazyPenalties(r1, R1_EVERY),
        half_life=None,
    )
    state = jax.jit(game.init)(jax.random.key(0), {"image": real})
    play = dict(zip(PHASES, game.phases, strict=False))[setting.row]
    if isinstance(play, games.Switch):  # in some rounds only: what it is in those
        play = play.plays[-1]
    return state, lambda key, state, real: play(key, state, {"image": real})[0]


def _augmentation(setting: StyleSetting, real: Any) -> tuple[Any, Callable[..., Any]]:
    """Zeros, and the gradient of what an augmentation at p = 0.5 makes of reals."""
    del setting
    import jax
    import jax.numpy as jnp

    from jaxgan.layers import adaptive_augmentation

    def play(key: Any, state: Any, real: Any) -> Any:
        _, pull_back = jax.vjp(lambda x: adaptive_augmentation(key, x, 0.5), real)
        return 0.5 * state + pull_back(jnp.ones_like(real))[0]

    return jnp.zeros_like(real), play


def torch(pipe: Connection, setting: StyleSetting) -> None:
    """Serve one phase of PyTorch's."""
    import torch

    from experiments.benchmarks import style_penalties, style_twins
    from experiments.benchmarks.players import adam, descend

    torch.set_num_threads(setting.threads)
    torch.set_float32_matmul_precision("high" if setting.tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = setting.tf32
    torch.backends.cudnn.benchmark = True
    device, batch, size = (
        "cuda" if setting.accelerator else "cpu",
        setting.batch,
        setting.image_size,
    )
    generator = style_twins.Generator(size, **setting.sizes).to(device)
    discriminator = style_twins.Discriminator(size, group=setting.group, **setting.sizes).to(device)
    rates = [every / (every + 1) for every in (PATH_EVERY, R1_EVERY)]
    g_optimiser, d_optimiser = (
        adam(network.parameters(), 0.0025 * c, 0.0, 0.99**c)
        for network, c in zip((generator, discriminator), rates, strict=True)
    )
    real = torch.rand(batch, 3, size, size, device=device) * 2 - 1
    mean = torch.zeros([], device=device)
    softplus = torch.nn.functional.softplus

    def styles(count: int) -> torch.Tensor:
        """Two latents' w, mixed with probability 0.9."""
        first, second = (
            generator.mapping(torch.randn(count, LATENT, device=device), None)
            .unsqueeze(1)
            .expand(-1, generator.num_ws, -1)
            for _ in range(2)
        )
        mixed = torch.rand([], device=device) < 0.9
        cutoff = torch.randint(1, generator.num_ws, [], device=device)
        later = torch.arange(generator.num_ws, device=device) >= cutoff
        return torch.where((later & mixed)[None, :, None], second, first)

    def images(w: torch.Tensor) -> torch.Tensor:
        """With noise of their own."""
        noises = {}
        for name, constant in generator.synthesis.named_buffers():
            if name.endswith("noise_const"):
                shape = (len(w), 1, *constant.shape)
                noises[name.removesuffix(".noise_const")] = torch.randn(shape, device=device)
        return generator.synthesis(w, noises)

    def generator_step() -> None:
        discriminator.requires_grad_(False)
        descend(g_optimiser, softplus(-discriminator(images(styles(batch)))).mean())
        discriminator.requires_grad_(True)

    def path_length_step() -> None:
        nonlocal mean
        w = styles(-(-batch // 2))
        shape = (len(w), 3, size, size)
        noise = torch.randn(shape, device=device)
        penalty, moved = style_penalties.path_length(images, w, noise, mean)
        mean = moved.detach()
        descend(g_optimiser, PATH_WEIGHT * PATH_EVERY * penalty.mean())

    def discriminator_step() -> None:
        with torch.no_grad():
            fake = images(styles(batch))
        loss = softplus(discriminator(fake)) + softplus(-discriminator(real))
        descend(d_optimiser, loss.mean())

    def r1_step() -> None:
        penalty = style_penalties.r1(discriminator, real)
        descend(d_optimiser, GAMMA * R1_EVERY * penalty.mean())

    steps = (generator_step, path_length_step, discriminator_step, r1_step)
    step = dict(zip(PHASES, steps, strict=True))[setting.row]

    def play(rounds: int) -> None:
        for _ in range(rounds):
            step()
        if setting.accelerator:
            torch.cuda.synchronize()

    def peak() -> float:
        if setting.accelerator:
            return torch.cuda.max_memory_allocated() / 2**20
        return peak_of_process()

    serve(pipe, play, peak)
