"""StyleGAN and StyleGAN2 against their twins in PyTorch, on the same weights, in float32.

    python -m experiments.benchmarks.style_fidelity --output FOLDER    some minutes on two cores

The twins are plain modules written from the papers; weights, biases, strengths and constant noise
are random and carried over. Both sides, in float32, are compared with the twin in float64: how far
PyTorch is from it is what rounding does, which turns leaky ReLUs whose argument is nearly 0, and
with them gradients. A difference is the largest of an array, relative to the largest number of that
array; of a gradient it is the largest anywhere, relative to the largest number of the whole
gradient, and besides that of the worst array, relative to the array's own largest number (or to a
thousandth of the gradient's, if that is more). Products on both sides are float32 in full: no TF32.
StyleGAN (2018) has no path length. Writes `style_fidelity.md` and `style_fidelity.json`.
"""

import dataclasses
import json
import pathlib
import sys
from typing import Any

import jax
import tyro

from experiments.benchmarks.report import machine
from experiments.benchmarks.style_cases import Case, of_discriminator, of_generator, of_path_length


@dataclasses.dataclass(frozen=True)
class Fidelity:
    """Compare the networks with their twins."""

    output: pathlib.Path
    """Folder that the report is written to."""
    image_sizes: tuple[int, ...] = (32, 64, 256)
    """Height and width of the images."""
    channel_max: int = 512
    """The most channels of a layer; as published."""
    batch: int = 4
    """Images."""


def cases(options: Fidelity) -> dict[str, Case]:
    """What is compared, by name."""
    widest, batch = options.channel_max, options.batch
    every: dict[str, Case] = {}
    for size in options.image_sizes:
        every[f"StyleGAN2, {size}"] = Case(2020, size, widest, batch=batch)
        every[f"StyleGAN, {size}"] = Case(2018, size, widest, batch=batch)
    size = min(options.image_sizes)
    every |= {
        f"StyleGAN2, {size}, 10 labels": Case(2020, size, widest, labels=10, batch=batch),
        f"StyleGAN2, {size}, no residuals": Case(2020, size, widest, batch=batch, original=True),
        f"StyleGAN, {size}, 10 labels": Case(2018, size, widest, labels=10, batch=batch),
        f"StyleGAN, {size}, fading in": Case(2018, size, widest, batch=batch, stage=2, fade=0.3),
    }
    return every


def main(options: Fidelity) -> None:
    """Compare, print and write."""
    jax.config.update("jax_default_matmul_precision", "highest")
    options.output.mkdir(parents=True, exist_ok=True)
    lines = ["| network | quantity | jaxgan | PyTorch |", "|---|---|---|---|"]
    results: dict[str, dict[str, Any]] = {}
    print("\n".join(lines))
    for name, case in cases(options).items():
        both = [("G", of_generator), ("D", of_discriminator)]
        lazy = [("path length", of_path_length)] if case.family == 2020 else []
        for player, compare in both + lazy:
            found = compare(case)
            results[f"{name}, {player}"] = {what: each._asdict() for what, each in found.items()}
            for what, (ours, twin) in found.items():
                lines.append(f"| {name}, {player} | {what} | {ours:.1e} | {twin:.1e} |")
                print(lines[-1], flush=True)
        text = "\n".join(lines)
        (options.output / "style_fidelity.md").write_text(
            "# StyleGAN and StyleGAN2 in float32, against PyTorch in float64\n\n"
            "Largest relative differences.\n\n"
            f"{machine()}; {jax.devices()[0].device_kind}.\n"
            f"Command: `python -m experiments.benchmarks.style_fidelity {' '.join(sys.argv[1:])}`\n"
            f"\n{text}\n"
        )
        (options.output / "style_fidelity.json").write_text(
            json.dumps({"machine": machine(), "cases": results}, indent=2)
        )


if __name__ == "__main__":
    main(tyro.cli(Fidelity))
