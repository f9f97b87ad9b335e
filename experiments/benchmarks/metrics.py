"""The metrics of jaxgan against torch-fidelity's, clean-fid's and prdc's, on the same features.

    python -m experiments.benchmarks.metrics --output FOLDER    half an hour on two cores

Features are made up: latents of a few dimensions through a random network with ReLUs, 2,048 wide as
Inception's. Every metric is compared with each library's under that library's protocol: with the
features in float64, where they must agree, and in float32 as networks give them, where some
libraries compute in float32 and lose digits of their own. The latter calls alternate and are timed;
medians count. Ratio: theirs / ours; above 1, jaxgan is the faster. Memory is what the process grows
by at the peak of a call, less than the call needs where it finds memory that an earlier one left.
Libraries that are not installed are left out. Writes `metrics.md` and `metrics.json`, anew after
each row.
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
    count: int = 3_000
    """Samples, and as many real examples, that both libraries measure."""
    repeats: int = 3
    """Turns of each library."""
    alone: bool = True
    """Time also what only jaxgan is timed for."""

    def __post_init__(self) -> None:
        if self.count <= 1_000:
            raise ValueError(
                f"{self.count} samples give subsets of 1,000 that do not vary: take more"
            )


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


def sets(count: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples that vary a little less than the real examples, and those."""
    samples = features(count, dimensions, seed=1, scale=0.9)
    return samples, features(count, dimensions, seed=2)


def measured(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a call gives, its seconds, and its MiB (not a number off Linux)."""
    try:
        # The peak begins anew; Linux alone has this.
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = peak_of_process()
    except OSError:
        before = float("nan")
    start = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - start
    return found, seconds, peak_of_process() - before


def in_turns(pair: Pair, x: np.ndarray, y: np.ndarray, repeats: int) -> dict[str, Any]:
    """One row of the first table.

    Raises:
        RuntimeError: where figures of features in float64 differ by more than they may.
    """
    wide = x.astype(np.float64), y.astype(np.float64)
    apart = _apart(pair.ours(*wide), pair.theirs(*wide))
    if not apart <= pair.tolerance:
        raise RuntimeError(f"{pair.metric} differs by {apart:.1e} from {pair.library}'s")
    turns = []
    for _ in range(repeats):
        turns.append([measured(lambda s=side: s(x, y)) for side in (pair.ours, pair.theirs)])
    figures = turns[0][0][0]
    seconds = np.array([[side[1] for side in turn] for turn in turns])
    memory = np.array([[side[2] for side in turn] for turn in turns]).max(axis=0)
    ratios = seconds[:, 1] / seconds[:, 0]
    package = PACKAGES[pair.library]
    return {
        "metric": pair.metric,
        "library": f"{package} {version(package)}",
        "figures": figures.tolist(),
        "float64": apart,
        "float32": _apart(figures, turns[0][1][0]),
        "seconds": np.median(seconds, axis=0).tolist(),
        "ratio": [float(of(ratios)) for of in (np.median, np.min, np.max)],
        "mib": memory.tolist(),
    }


def _apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.max(np.abs(ours - theirs) / np.abs(theirs)))


def report(options: Metrics, rows: list[dict[str, Any]], alone: list[dict[str, Any]]) -> str:
    """The tables in Markdown."""
    lines = [
        f"Of {options.count} samples and as many real examples, {options.dimensions} features "
        "each; differences are the largest of a row, relative to the figure; medians of "
        f"{options.repeats} turns.",
        "",
        "| metric | library | figures | differ by, float64 | float32 | jaxgan, s | theirs, s "
        "| ratio (lowest to highest) | peak memory, MiB (jaxgan, theirs) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['metric']} | {r['library']} | {', '.join(f'{f:.5g}' for f in r['figures'])} "
        f"| {r['float64']:.0e} | {r['float32']:.0e} "
        f"| {r['seconds'][0]:.2f} | {r['seconds'][1]:.2f} "
        f"| **{r['ratio'][0]:.2f}** ({r['ratio'][1]:.2f} to {r['ratio'][2]:.2f}) "
        f"| {r['mib'][0]:.0f}, {r['mib'][1]:.0f} |"
        for r in rows
    ]
    lines += ["", "jaxgan alone, of as many real examples as samples, once each.", ""]
    lines += ["| metric | samples | s | peak memory, MiB |", "|---|---|---|---|"]
    lines += [
        f"| {r['metric']} | {r['count']} | {r['seconds']:.1f} | {r['mib']:.0f} |" for r in alone
    ]
    return "\n".join(lines)


def main(options: Metrics) -> None:
    """Compare, time, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    lonely: list[dict[str, Any]] = []

    def write(row: dict[str, Any]) -> None:
        print(row, flush=True)
        (options.output / "metrics.md").write_text(
            f"# Metrics, against other libraries\n\n{machine()}.\n"
            f"Command: `python -m experiments.benchmarks.metrics {' '.join(sys.argv[1:])}`\n\n"
            f"{report(options, rows, lonely)}\n"
        )
        whole = {"machine": machine(), "pairs": rows, "alone": lonely}
        (options.output / "metrics.json").write_text(json.dumps(whole, indent=1) + "\n")

    x, y = sets(options.count, options.dimensions)
    for pair in pairs():
        if importlib.util.find_spec(pair.library):
            rows.append(in_turns(pair, x, y, options.repeats))
            write(rows[-1])
    for metric, count, call in ALONE if options.alone else []:
        x, y = sets(count, options.dimensions)
        _, seconds, memory = measured(lambda c=call, x=x, y=y: c(x, y))
        lonely.append({"metric": metric, "count": count, "seconds": seconds, "mib": memory})
        write(lonely[-1])


if __name__ == "__main__":
    main(tyro.cli(Metrics))
