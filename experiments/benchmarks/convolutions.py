"""The three maps of `jaxgan.layers.convolution`, each against PyTorch's: the profile of an update.

    python -m experiments.benchmarks.convolutions --output FOLDER    on the CPU, about a minute

The shapes are those of the DCGAN at 28 and 64, and of CycleGAN's generator at 128. Both sides take
turns in one process; medians. Writes `convolutions.md`.
"""

import dataclasses
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
import tyro

from experiments.benchmarks.report import machine
from jaxgan.layers import convolution


class Shape(NamedTuple):
    """Of one layer, as a convolution."""

    size: int
    channels: int
    features: int
    kernel: int = 4
    stride: int = 2
    padding: int = 1
    batch: int = 64


SHAPES = [
    Shape(28, 1, 128),
    Shape(14, 128, 256),
    Shape(64, 3, 128),
    Shape(32, 128, 256),
    Shape(16, 256, 512),
    Shape(8, 512, 1024),
    Shape(134, 3, 64, kernel=7, stride=1, padding=0, batch=1),
    Shape(128, 64, 128, kernel=3, batch=1),
    Shape(34, 256, 256, kernel=3, stride=1, padding=0, batch=1),
    Shape(134, 64, 3, kernel=7, stride=1, padding=0, batch=1),
]


@dataclasses.dataclass(frozen=True)
class Convolutions:
    """Time the three maps of each shape on both sides."""

    output: pathlib.Path
    """Folder that the report is written to."""
    repeats: int = 9
    """Turns of each side, alternated."""


def maps(shape: Shape) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Convolution, transposed convolution and kernel gradient: ours and PyTorch's."""
    random = np.random.default_rng(0)

    def draw(*sizes: int) -> np.ndarray:
        return random.standard_normal(sizes, np.float32)

    size, channels, features, kernel, stride, padding, batch = shape
    smaller = (size + 2 * padding - kernel) // stride + 1
    y, w = draw(batch, size, size, channels), draw(kernel, kernel, channels, features)
    x = draw(batch, smaller, smaller, features)

    def convolve(y: jax.Array, w: jax.Array) -> jax.Array:
        return convolution(y, w, stride=stride, padding=padding)

    forward = jax.jit(convolve)
    backward = jax.jit(lambda y, w, x: jax.vjp(lambda y: convolve(y, w), y)[1](x)[0])
    gradient = jax.jit(lambda y, w, x: jax.vjp(lambda w: convolve(y, w), w)[1](x)[0])
    ours = jax.device_put((y, w, x))

    def theirs(array: np.ndarray, *axes: int) -> torch.Tensor:
        return torch.from_numpy(array.transpose(axes).copy()).to(memory_format=torch.channels_last)

    ty, tw, tx = theirs(y, 0, 3, 1, 2), theirs(w, 3, 2, 0, 1), theirs(x, 0, 3, 1, 2)

    def torch_backward(*wanted: bool) -> Callable[[], Any]:
        return lambda: torch.ops.aten.convolution_backward(
            tx, ty, tw, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, wanted
        )

    return {
        "convolution": (
            lambda: forward(ours[0], ours[1]),
            lambda: torch.conv2d(ty, tw, None, stride, padding),
        ),
        "transposed": (
            lambda: backward(*ours),
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
        "| batch | size, channels | features | kernel, stride "
        "| convolution | transposed | kernel gradient |",
        "|---|---|---|---|---|---|---|",
    ]
    for shape in SHAPES:
        cells = []
        for pair in maps(shape).values():
            for function in pair:
                function()
            turns = [[milliseconds(function) for function in pair] for _ in range(options.repeats)]
            ours, theirs = np.median(turns, axis=0)
            cells.append(f"{ours:.1f}, {theirs:.1f} (**{theirs / ours:.2f}**)")
        layer = (
            f"{shape.size}, {shape.channels} | {shape.features} | {shape.kernel}, {shape.stride}"
        )
        lines.append(f"| {shape.batch} | {layer} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "convolutions.md").write_text(
        f"# Convolutions, jaxgan against PyTorch\n\n{machine()}; "
        f"milliseconds of jaxgan, of PyTorch, and PyTorch's / jaxgan's; medians of "
        f"{options.repeats} turns.\n"
        f"Command: `python -m experiments.benchmarks.convolutions {' '.join(sys.argv[1:])}`\n\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    main(tyro.cli(Convolutions))
