"""Pairs of OpenMoji's drawings, lines and colours, in one file for machines that cannot draw them.

    python -m experiments.benchmarks.drawings --output drawings.npz

Arrays `train_a`, `train_b`, `test_a` and `test_b`, each `[N, S, S, 3]` uint8. The drawings are by
OpenMoji (https://openmoji.org), under CC BY-SA 4.0.
"""

import dataclasses
import pathlib

import numpy as np
import tyro

from jaxgan.data import Sides


@dataclasses.dataclass(frozen=True)
class Drawings:
    """Write pairs of drawings to a file."""

    output: pathlib.Path
    """The .npz file."""
    image_size: int = 128
    """S, pixels on a side."""
    train: int = 2000
    """Pairs for training at most, evenly spaced among all."""
    test: int = 200
    """Held-out pairs at most, evenly spaced among all."""


def pairs(image_size: int, *, train: int, test: int) -> dict[str, np.ndarray]:
    """The arrays of the file."""
    sides = Sides(load_size=image_size, crop_size=image_size)
    arrays = {}
    for split, most in [("train", train), ("test", test)]:
        source = sides.paired(split)
        rows = np.linspace(0, len(source) - 1, min(most, len(source))).round().astype(int)
        arrays |= {f"{split}_{side}": images for side, images in source.read(rows).items()}
    return arrays


def main(options: Drawings) -> None:
    """Read, and write."""
    arrays = pairs(options.image_size, train=options.train, test=options.test)
    np.savez_compressed(options.output, **arrays)  # pyrefly: ignore[bad-argument-type]


if __name__ == "__main__":
    main(tyro.cli(Drawings))
