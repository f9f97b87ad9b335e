"""A whole evaluation, in turns with torch-fidelity: Inception's features and the figures of them.

    python -m experiments.benchmarks.evaluations --output FOLDER    an hour on two cores
    python -m experiments.benchmarks.evaluations --output FOLDER --count 48 --reals 48 --chunk 16

From pictures on the host to figures, of the same weights, random ones unless a file is given.
Features come in rounds of both sides, the first of each pair alternating; then the figures (FID,
KID, IS, precision and recall) in turns, each side's of its own features, and all of Inception's.
Medians of the figures' turns count. Ratio: theirs / ours; above 1, jaxgan is the faster. Writes
`evaluations.md` and `evaluations.json`, after every part.
"""

import dataclasses
import json
import pathlib
import sys
import tempfile
import time
from typing import Any

import jax
import numpy as np
import tyro

from experiments.benchmarks.inception import draw
from experiments.benchmarks.inception_twins import Twin, random_file
from experiments.benchmarks.metric_pairs import Pair, pairs
from experiments.benchmarks.report import machine
from jaxgan.networks import TENSORFLOW
from jaxgan.recipes import inception_features
from jaxgan.weights import inception_variables

SIDES = ("jaxgan", "torch-fidelity")
_DARKEST = 200
"""The brightest patch of what stands for samples: they differ from the real pictures."""


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """Time a whole evaluation, in turns with torch-fidelity."""

    output: pathlib.Path
    """Folder that the report is written to."""
    weights: pathlib.Path | None = None
    """`pt_inception-2015-12-05-6726825d.pth`; random weights where none is given."""
    count: int = 2000
    """Samples."""
    reals: int = 2000
    """Real pictures."""
    pictures: int = 64
    """Height and width of both."""
    chunk: int = 100
    """Pictures of a round."""
    batch_size: int = 32
    """Pictures that the network sees at a time, on both sides."""
    subsets: int = 100
    """Of the kernel distance, each of half the smaller set and at most 1,000."""
    turns: int = 3
    """Of the figures."""
    seed: int = 0
    """Of pictures and random weights."""


def in_order(number: int) -> list[str]:
    """Both sides, the first of them alternating."""
    return [*SIDES] if number % 2 else [*reversed(SIDES)]


def features(options: Evaluations, results: dict[str, Any]) -> dict[str, list[list[np.ndarray]]]:
    """Of each side, of the samples and of the real pictures: features and unbiased logits."""
    with tempfile.TemporaryDirectory() as folder:
        file = options.weights or random_file(pathlib.Path(folder), options.seed)
        variables = jax.device_put(inception_variables(file))
        twin = Twin(file)

    def ours(pictures: np.ndarray) -> list[np.ndarray]:
        size = options.batch_size
        outputs: Any = inception_features(variables, pictures, TENSORFLOW, batch_size=size)
        return [np.asarray(outputs.features), np.asarray(outputs.logits_unbiased)]

    def theirs(pictures: np.ndarray) -> list[np.ndarray]:
        found = twin.outputs(pictures, TENSORFLOW, options.batch_size)
        return [found[0], found[2]]

    calls = {"jaxgan": ours, "torch-fidelity": theirs}
    for call in calls.values():  # compiles, and warms up
        call(draw(options.pictures, options.chunk, seed=(options.seed, 2)))
    sets: dict[str, list[list[np.ndarray]]] = {side: [] for side in SIDES}
    for which, (count, brightest) in enumerate(((options.count, _DARKEST), (options.reals, 256))):
        parts: dict[str, list[list[np.ndarray]]] = {side: [] for side in SIDES}
        for start in range(0, count, options.chunk):
            number = min(options.chunk, count - start)
            seed = (options.seed, which, start)
            pictures = draw(options.pictures, number, seed=seed, brightest=brightest)
            seconds = {}
            for side in in_order(len(results["rounds"])):
                began = time.perf_counter()
                parts[side].append(calls[side](pictures))
                seconds[side] = time.perf_counter() - began
            results["rounds"].append({"pictures": number, **seconds})
            write(options, results)
        for side in SIDES:
            sets[side].append([np.concatenate(x) for x in zip(*parts[side], strict=True)])
    return sets


def figure(options: Evaluations, pair: Pair, sets: dict[str, list[list[np.ndarray]]]) -> Any:
    """One figure of both sides, in turns."""
    of_logits = pair.metric.startswith("inception score")
    calls = {"jaxgan": pair.ours, "torch-fidelity": pair.theirs}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    values = {}
    for turn in range(options.turns):
        for side in in_order(turn):
            made, real = (one[int(of_logits)] for one in sets[side])
            began = time.perf_counter()
            values[side] = calls[side](made, real)
            seconds[side].append(time.perf_counter() - began)
    apart = np.max(np.abs(values["jaxgan"] - values["torch-fidelity"]))
    return {
        "metric": pair.metric,
        "figures": values["jaxgan"].tolist(),
        "apart": float(apart / np.max(np.abs(values["torch-fidelity"]))),
        **{side: float(np.median(times)) for side, times in seconds.items()},
    }


def write(options: Evaluations, results: dict[str, Any]) -> None:
    """The report, of what there is by now."""
    rounds = results["rounds"]
    ratios = [x["torch-fidelity"] / x["jaxgan"] for x in rounds]
    looked = {side: sum(x[side] for x in rounds) for side in SIDES}
    rows = [("features", looked, f"median of rounds {np.median(ratios):.2f}")]
    rows += [
        (x["metric"], x, f"{', '.join(f'{v:.5g}' for v in x['figures'])}; apart {x['apart']:.0e}")
        for x in results["figures"]
    ]
    whole = {side: sum(row[1][side] for row in rows) for side in SIDES}
    rows.append(("**all**", whole, ""))
    weights = "random weights" if options.weights is None else options.weights.name
    lines = [
        "# A whole evaluation, against torch-fidelity\n",
        f"{results['machine']}. {sum(x['pictures'] for x in rounds)} pictures of "
        f"{options.pictures} pixels by now (of {options.count} samples and {options.reals} real), "
        f"{weights}, float32.",
        f"Command: `python -m experiments.benchmarks.evaluations {' '.join(sys.argv[1:])}`\n",
        "| part | jaxgan, s | torch-fidelity, s | ratio | |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {s['jaxgan']:.2f} | {s['torch-fidelity']:.2f} "
        f"| {s['torch-fidelity'] / s['jaxgan']:.2f} | {told} |"
        for name, s, told in rows
    ]
    (options.output / "evaluations.md").write_text("\n".join(lines) + "\n")
    (options.output / "evaluations.json").write_text(json.dumps(results, indent=1) + "\n")


def main(options: Evaluations) -> None:
    """Look, compare, time, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"machine": machine(), "rounds": [], "figures": []}
    sets = features(options, results)
    size = min(1000, options.count // 2, options.reals // 2)
    for pair in pairs(subsets=options.subsets, subset_size=size):
        if pair.library == "torch_fidelity":
            results["figures"].append(figure(options, pair, sets))
            write(options, results)
    print((options.output / "evaluations.md").read_text())


if __name__ == "__main__":
    main(tyro.cli(Evaluations))
