"""A round of StyleGAN2 by phase, on jaxgan and on PyTorch, in alternated turns.

    python -m experiments.benchmarks.style_phases --output FOLDER    64x64, minutes on two cores
    python -m experiments.benchmarks.style_phases --output FOLDER --image-size 256 --batch 16

A phase is a step of one optimiser: G's, that of path length (half a minibatch, every 4 rounds),
D's, and that of R1 (every 16 rounds), with style mixing and noise, in float32 (on a GPU with TF32
on both sides). Each runs in processes of its own, one a side, so that the peak of memory is the
phase's: of the process on the CPU, of the device's arrays on a GPU. A round is G + path length / 4
+ D + R1 / 16. The adaptive augmentation, which the twin lacks, is jaxgan's alone: that of one
minibatch and its gradient, which a round does three times and more. Twins run eagerly: PyTorch
cannot compile second derivatives. Ratio: PyTorch's time / jaxgan's; above 1, jaxgan is the faster.
"""

import dataclasses
import json
import os
import pathlib
import sys
from typing import Any

# Several processes share a GPU: each takes memory as it needs it. Before JAX starts.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import numpy as np
import tyro

from experiments.benchmarks import style_sides
from experiments.benchmarks.report import machine
from experiments.benchmarks.sides import Side, compare
from experiments.benchmarks.style_sides import (
    AUGMENTATION,
    PATH_EVERY,
    PHASES,
    R1_EVERY,
    StyleSetting,
)

SHARES = dict(zip(PHASES, (1.0, 1 / PATH_EVERY, 1.0, 1 / R1_EVERY), strict=True))
"""How many of each phase a round has, on average."""


@dataclasses.dataclass(frozen=True)
class StylePhases:
    """Time the phases of StyleGAN2's round."""

    output: pathlib.Path
    """Folder that the report is written to."""
    image_size: int = 64
    """Height and width: 8, 16, 32, ..."""
    batch: int = 8
    """Images in a minibatch; 4 or a multiple of it."""
    channel_base: int = 16384
    """Channels times resolution; published: 16384 below 512."""
    channel_max: int = 512
    """The most channels of a layer."""
    repeats: int = 5
    """Turns of each side, alternated."""
    seconds: float = 1.0
    """About how long a turn takes; a step at least."""
    patience: float = 600.0
    """Seconds that a side may take for its first step."""
    twin: bool = True
    """Whether PyTorch takes part."""
    phases: tuple[str, ...] = (*PHASES, AUGMENTATION)
    """Which; images a second need G, path length, D and R1."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.phases) - {*PHASES, AUGMENTATION})
        if unknown:
            raise ValueError(f"there are no phases {unknown}: take {[*PHASES, AUGMENTATION]}")


def measure(options: StylePhases, phase: str) -> dict[str, Any]:
    """Milliseconds a step and peak memory; jaxgan's alone, and why, where PyTorch fails."""
    setting = StyleSetting(
        row=phase,
        batch=options.batch,
        threads=len(os.sched_getaffinity(0)),
        accelerator=jax.default_backend() == "gpu",
        patience=options.patience,
        image_size=options.image_size,
        channel_base=options.channel_base,
        channel_max=options.channel_max,
    )
    failure: dict[str, str] = {}
    if options.twin and phase != AUGMENTATION:
        try:
            return compare(
                setting,
                repeats=options.repeats,
                seconds=options.seconds,
                ours=style_sides.jaxgan,
                theirs=style_sides.torch,
            )
        except RuntimeError as error:
            failure = {"failure": str(error)}
    with Side(style_sides.jaxgan, setting) as side:
        rounds = max(1, int(options.seconds / side.play(1)))
        times = [side.play(rounds) / rounds for _ in range(options.repeats)]
        return {
            **dataclasses.asdict(setting),
            **failure,
            "jaxgan_ms": 1e3 * float(np.median(times)),
            "jaxgan_first_call_s": side.first_call,
            "jaxgan_peak_mib": side.peak_memory(),
        }


def of_round(results: dict[str, dict[str, Any]], batch: int) -> dict[str, dict[str, float]]:
    """Images a second and seconds for a thousand images, of each side that has all phases."""
    rounds = {}
    for side in ("jaxgan", "torch"):
        times = {phase: result[f"{side}_ms"] for phase, result in results.items()
                 if phase in SHARES and f"{side}_ms" in result}  # fmt: skip
        if len(times) == len(PHASES):
            total = sum(SHARES[phase] * time for phase, time in times.items()) / 1e3
            rounds[side] = {
                "seconds a round": total,
                "images a second": batch / total,
                "seconds for 1000 images": 1e3 * total / batch,
            }
    return rounds


def markdown(results: dict[str, dict[str, Any]], batch: int) -> str:
    """The results in Markdown."""
    lines = [
        "| phase | jaxgan, ms | PyTorch, ms | ratio (lowest to highest) "
        "| peak memory, MiB (jaxgan, PyTorch) | first call, s (jaxgan, PyTorch) |",
        "|---|---|---|---|---|---|",
    ]
    for phase, r in results.items():
        if "torch_ms" in r:
            lines.append(
                f"| {phase} | {r['jaxgan_ms']:.1f} | {r['torch_ms']:.1f} | **{r['ratio']:.2f}** "
                f"({r['ratio_lowest']:.2f} to {r['ratio_highest']:.2f}) "
                f"| {r['jaxgan_peak_mib']:.0f}, {r['torch_peak_mib']:.0f} "
                f"| {r['jaxgan_first_call_s']:.1f}, {r['torch_first_call_s']:.1f} |"
            )
        else:
            lines.append(
                f"| {phase} | {r['jaxgan_ms']:.1f} | | | {r['jaxgan_peak_mib']:.0f} "
                f"| {r['jaxgan_first_call_s']:.1f} |"
            )
    lines.append("")
    lines += [f"- {phase}: {r['failure']}" for phase, r in results.items() if "failure" in r]
    for side, facts in of_round(results, batch).items():
        figures = ", ".join(f"{name}: {value:.3g}" for name, value in facts.items())
        lines.append(f"- {side}: {figures}")
    return "\n".join(lines)


def main(options: StylePhases) -> None:
    """Measure, print and write after every phase."""
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, Any]] = {}
    name = f"style_phases_{options.image_size}"
    for phase in options.phases:
        results[phase] = measure(options, phase)
        print(f"{phase}: {results[phase]['jaxgan_ms']:.1f} ms", flush=True)
        (options.output / f"{name}.md").write_text(
            f"# A round of StyleGAN2 at {options.image_size}, minibatches of {options.batch}\n\n"
            f"{machine()}; {jax.devices()[0].device_kind}; medians of {options.repeats} turns.\n"
            f"Command: `python -m experiments.benchmarks.style_phases {' '.join(sys.argv[1:])}`\n\n"
            f"{markdown(results, options.batch)}\n"
        )
        (options.output / f"{name}.json").write_text(
            json.dumps({"machine": machine(), "phases": results,
                        "round": of_round(results, options.batch)}, indent=2)
        )  # fmt: skip
    print(markdown(results, options.batch))


if __name__ == "__main__":
    main(tyro.cli(StylePhases))
