"""The metrics of jaxgan against torch-fidelity's, clean-fid's and prdc's, on the same features.

    python -m experiments.benchmarks.metrics --output FOLDER    half an hour on two cores

Features are made up: latents of a few dimensions through a random network with ReLUs, 2,048 wide as
Inception's. First every metric is compared with each library's under that library's protocol, once
with the features in float64, where all must agree, and once in float32 as networks give them, where
some libraries compute in float32 and lose digits of their own. Then they are timed in turns on
features in float32, medians of alternated rounds. Ratio: theirs / ours; above 1, jaxgan is the
faster. Memory is what a call needs at its peak beyond what is there before it. Libraries that are
not installed are left out. Writes `metrics.md` and `metrics.json`.
"""

import dataclasses
import importlib.util
import json
import pathlib
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import tyro

from experiments.benchmarks.metric_pairs import Pair, pairs
from experiments.benchmarks.report import machine
from experiments.benchmarks.sides import peak_of_process
from jaxgan.metrics import (
    density_coverage,
    density_coverage_error,
    frechet_distance,
    frechet_distance_error,
    memorisation,
    precision_recall,
    precision_recall_error,
    sliced_wasserstein_distance,
)

PACKAGES = {"torch_fidelity": "torch-fidelity", "cleanfid": "clean-fid", "prdc": "prdc"}
ALONE: list[tuple[str, int, Callable[[np.ndarray, np.ndarray], Any]]] = [
    ("Fréchet distance", 2_000, frechet_distance),
    ("Fréchet distance", 10_000, frechet_distance),
    ("Fréchet distance", 50_000, frechet_distance),
    ("its error, of 10 groups", 10_000, frechet_distance_error),
    ("precision, recall", 10_000, precision_recall),
    ("their errors, of 10 groups", 10_000, precision_recall_error),
    ("density, coverage", 10_000, density_coverage),
    ("their errors, of 10 groups", 10_000, density_coverage_error),
    ("memorisation", 10_000, lambda x, y: memorisation(x, y[: len(y) // 2], y[len(y) // 2 :])),
    ("sliced Wasserstein distance", 10_000, sliced_wasserstein_distance),
]
"""What only jaxgan is timed for, and of how many features."""


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Compare and time the metrics."""

    output: pathlib.Path
    """Folder that the report is written to."""
    dimensions: int = 2048
    """Of the features."""
    compared: int = 4_000
    """Features of samples that are compared; of real examples a tenth more."""
    timed: int = 4_000
    """Features of each set that both libraries are timed on."""
    repeats: int = 3
    """Turns of each library."""
    alone: bool = True
    """Time also what only jaxgan is timed for."""


def features(count: int, dimensions: int, *, seed: int, scale: float = 1.0) -> np.ndarray:
    """Features as a network gives them.

    Args:
        count: N.
        dimensions: F.
        seed: of the latents; the network is always the same.
        scale: of the latents.

    Returns:
        `[N, F]` float32, not negative.
    """
    network, latents = np.random.default_rng(0), np.random.default_rng(seed)
    inner = network.normal(size=(10, 512)).astype(np.float32)
    outer = network.normal(size=(512, dimensions)).astype(np.float32) / 16
    made = latents.normal(size=(count, 10)).astype(np.float32) * scale
    noise = latents.normal(size=(count, dimensions)).astype(np.float32) * 0.1
    return np.maximum(np.maximum(made @ inner, 0) @ outer / 3 + noise, 0)


def difference(pair: Pair, x: np.ndarray, y: np.ndarray) -> tuple[list[float], float]:
    """Our figures, and the largest difference of one from theirs, relative to theirs."""
    ours, theirs = pair.ours(x, y), pair.theirs(x, y)
    return ours.tolist(), float(np.max(np.abs(ours - theirs) / np.abs(theirs)))


def compare(options: Metrics, every: list[Pair]) -> list[dict[str, Any]]:
    """The first table.

    Raises:
        RuntimeError: where figures of features in float64 differ by more than they may.
    """
    x = features(options.compared, options.dimensions, seed=1, scale=0.9)
    y = features(options.compared * 11 // 10, options.dimensions, seed=2)
    wide = x.astype(np.float64), y.astype(np.float64)
    rows = []
    for pair in every:
        figures, apart = difference(pair, *wide)
        _, narrow = difference(pair, x, y)
        rows.append({**_named(pair), "figures": figures, "float64": apart, "float32": narrow})
        print(rows[-1], flush=True)
        if not apart <= pair.tolerance:
            raise RuntimeError(f"{pair.metric} differs by {apart:.1e} from {pair.library}'s")
    return rows


def measured(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of a call, and MiB that it needed beyond what was there (not a number off Linux)."""
    try:
        # The peak begins anew; Linux alone has this.
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = peak_of_process()
    except OSError:
        before = float("nan")
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    return seconds, peak_of_process() - before if before == before else before


def in_turns(options: Metrics, every: list[Pair]) -> list[dict[str, Any]]:
    """The second table."""
    x = features(options.timed, options.dimensions, seed=3, scale=0.9)
    y = features(options.timed, options.dimensions, seed=4)
    rows = []
    for pair in every:
        if pair.metric.endswith("parts"):  # it is there to be compared
            continue
        sides = pair.ours, pair.theirs
        turns = np.array(
            [[measured(lambda s=side: s(x, y)) for side in sides] for _ in range(options.repeats)]
        )
        seconds, memory = turns[..., 0], turns[..., 1].max(axis=0)
        ratios = seconds[:, 1] / seconds[:, 0]
        ours, theirs = np.median(seconds, axis=0).tolist()
        rows.append(
            {
                **_named(pair),
                "ours_s": ours,
                "theirs_s": theirs,
                "ratio": float(np.median(ratios)),
                "lowest": float(ratios.min()),
                "highest": float(ratios.max()),
                "ours_mib": float(memory[0]),
                "theirs_mib": float(memory[1]),
            }
        )
        print(rows[-1], flush=True)
    return rows


def alone(options: Metrics) -> list[dict[str, Any]]:
    """The third table."""
    rows = []
    for metric, count, call in ALONE:
        x = features(count, options.dimensions, seed=5, scale=0.9)
        y = features(count, options.dimensions, seed=6)
        seconds, memory = measured(lambda c=call, a=x, b=y: c(a, b))
        rows.append({"metric": metric, "count": count, "ours_s": seconds, "ours_mib": memory})
        print(rows[-1], flush=True)
    return rows


def _named(pair: Pair) -> dict[str, Any]:
    package = PACKAGES[pair.library]
    return {"metric": pair.metric, "library": f"{package} {version(package)}"}


def report(options: Metrics, results: dict[str, list[dict[str, Any]]]) -> str:
    """The tables in Markdown."""
    lines = [
        f"Of {options.compared} samples and {options.compared * 11 // 10} real examples, "
        f"{options.dimensions} features each; differences are the largest of a row, relative to "
        "the figure.",
        "",
        "| metric | library | figures | differ by, float64 | float32 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['metric']} | {r['library']} | {', '.join(f'{f:.5g}' for f in r['figures'])} "
        f"| {r['float64']:.0e} | {r['float32']:.0e} |"
        for r in results["compared"]
    ]
    lines += [
        "",
        f"In turns, of {options.timed} samples and as many real examples, float32; medians of "
        f"{options.repeats} rounds.",
        "",
        "| metric | library | jaxgan, s | theirs, s | ratio (lowest to highest) "
        "| peak memory, MiB (jaxgan, theirs) |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['metric']} | {r['library']} | {r['ours_s']:.1f} | {r['theirs_s']:.1f} "
        f"| **{r['ratio']:.2f}** ({r['lowest']:.2f} to {r['highest']:.2f}) "
        f"| {r['ours_mib']:.0f}, {r['theirs_mib']:.0f} |"
        for r in results["timed"]
    ]
    lines += ["", "jaxgan alone, of as many real examples as samples, once each.", ""]
    lines += ["| metric | samples | s | peak memory, MiB |", "|---|---|---|---|"]
    lines += [
        f"| {r['metric']} | {r['count']} | {r['ours_s']:.1f} | {r['ours_mib']:.0f} |"
        for r in results["alone"]
    ]
    return "\n".join(lines)


def main(options: Metrics) -> None:
    """Compare, time, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    every = [pair for pair in pairs() if importlib.util.find_spec(pair.library)]
    results = {"compared": compare(options, every), "timed": in_turns(options, every)}
    results["alone"] = alone(options) if options.alone else []
    text = (
        f"# Metrics, against other libraries\n\n{machine()}.\n"
        f"Command: `python -m experiments.benchmarks.metrics {' '.join(sys.argv[1:])}`\n\n"
        f"{report(options, results)}\n"
    )
    (options.output / "metrics.md").write_text(text)
    whole = {"machine": machine(), **results}
    (options.output / "metrics.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Metrics))
