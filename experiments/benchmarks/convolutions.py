"""The three maps of `jaxgan.layers.convolution`, each against PyTorch's: the profile of an update.

    python -m experiments.benchmarks.convolutions --output FOLDER    on the CPU, about a minute

The shapes are those of the DCGAN at 28 and 64, kernels 4x4, stride 2. Both sides take turns in one
process; medians. Writes `convolutions.md`.
"""

import dataclasses
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import torch
import tyro

from experiments.benchmarks.report import machine
from jaxgan.layers import convolution, transposed_convolution

SHAPES = [
    (28, 1, 128),
    (14, 128, 256),
    (64, 3, 128),
    (32, 128, 256),
    (16, 256, 512),
    (8, 512, 1024),
]
"""Size and channels of the image, channels of the smaller image."""


@dataclasses.dataclass(frozen=True)
class Convolutions:
    """Time the three maps of each shape on both sides."""

    output: pathlib.Path
    """Folder that the report is written to."""
    batch: int = 64
    """Images in a minibatch."""
    repeats: int = 9
    """Turns of each side, alternated."""


def maps(
    size: int, channels: int, features: int, batch: int
) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Convolution, transposed convolution and kernel gradient: ours and PyTorch's."""
    random = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, np.float32)

    y, w = draw(batch, size, size, channels), draw(4, 4, channels, features)
    x = draw(batch, size // 2, size // 2, features)
    options = {"stride": 2, "padding": 1}
    forward = jax.jit(lambda y, w: convolution(y, w, **options))
    backward = jax.jit(lambda x, w: transposed_convolution(x, w, **options))
    gradient = jax.jit(lambda y, w, x: jax.vjp(lambda w: convolution(y, w, **options), w)[1](x)[0])
    ours = jax.device_put((y, w, x))

    def theirs(array: np.ndarray, *axes: int) -> torch.Tensor:
        return torch.from_numpy(array.transpose(axes).copy()).to(memory_format=torch.channels_last)

    ty, tw, tx = theirs(y, 0, 3, 1, 2), theirs(w, 3, 2, 0, 1), theirs(x, 0, 3, 1, 2)

    def torch_backward(*wanted: bool) -> Callable[[], Any]:
        return lambda: torch.ops.aten.convolution_backward(
            tx, ty, tw, None, [2, 2], [1, 1], [1, 1], False, [0, 0], 1, wanted
        )

    return {
        "convolution": (
            lambda: forward(ours[0], ours[1]),
            lambda: torch.conv2d(ty, tw, None, 2, 1),
        ),
        "transposed": (
            lambda: backward(ours[2], ours[1]),
            torch_backward(True, False, False),
        ),
        "kernel gradient": (
            lambda: gradient(*ours),
            torch_backward(False, True, False),
        ),
    }


def milliseconds(function: Callable[[], Any]) -> float:
    """Of one call."""
    start = time.perf_counter()
    jax.block_until_ready(function())
    return 1e3 * (time.perf_counter() - start)


def main(options: Convolutions) -> None:
    """Measure, print and write."""
    lines = [
        "| size, channels, features | convolution | transposed | kernel gradient |",
        "|---|---|---|---|",
    ]
    for shape in SHAPES:
        cells = []
        for pair in maps(*shape, options.batch).values():
            for function in pair:
                function()
            turns = [[milliseconds(function) for function in pair] for _ in range(options.repeats)]
            ours, theirs = np.median(turns, axis=0)
            cells.append(f"{ours:.1f}, {theirs:.1f} (**{theirs / ours:.2f}**)")
        lines.append(f"| {shape[0]}, {shape[1]}, {shape[2]} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "convolutions.md").write_text(
        f"# Convolutions, jaxgan against PyTorch\n\n{machine()}; batch {options.batch}; "
        f"milliseconds of jaxgan, of PyTorch, and PyTorch's / jaxgan's; medians of "
        f"{options.repeats} turns.\n"
        f"Command: `python -m experiments.benchmarks.convolutions {' '.join(sys.argv[1:])}`\n\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    main(tyro.cli(Convolutions))
