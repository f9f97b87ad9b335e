"""Inception v3's features against torch-fidelity's, pytorch-fid's and clean-fid's.

    python -m experiments.benchmarks.inception --output FOLDER

Of the same weights, random ones unless a file is given: how far features and Fréchet distances are
apart, by protocol and size of the pictures; and how long features take, in turns with
torch-fidelity, the first of each pair alternating. Both sides compute on a GPU where JAX has one,
in float32 without TF32. Writes `inception.md` and `inception.json`, after every part.
"""

import dataclasses
import json
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

# Two libraries share the device: each takes memory as it needs it. Before JAX starts.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import numpy as np
import tyro

from experiments.benchmarks.inception_twins import Twin, random_file
from experiments.benchmarks.report import machine
from jaxgan.metrics import frechet_distance
from jaxgan.networks import INPUT_PROTOCOLS, TENSORFLOW, InputProtocol
from jaxgan.recipes import inception_features
from jaxgan.weights import inception_variables


@dataclasses.dataclass(frozen=True)
class Inception:
    """Compare Inception's features with those of other libraries."""

    output: pathlib.Path
    """Folder that the report is written to."""
    weights: pathlib.Path | None = None
    """`pt_inception-2015-12-05-6726825d.pth`; random weights where none is given."""
    compared: int = 256
    """Pictures in each of the two sets whose distances are compared; 2 or more. 0 for no such
    comparison."""
    sizes: tuple[int, ...] = (32, 64, 256, 512)
    """Heights and widths of the pictures that are compared."""
    count: int = 256
    """Pictures whose features are timed, in all rounds together; 0 for no timing."""
    pictures: int = 64
    """Height and width of the pictures that are timed."""
    chunk: int = 32
    """Pictures of one round, which are in memory at a time."""
    batch_size: int = 32
    """Pictures that the network sees at a time, on both sides."""
    seconds: float = 500.0
    """No round and no comparison begins later than this."""
    seed: int = 0
    """Of pictures and random weights."""


def draw(size: int, count: int, *, seed: tuple[int, ...], brightest: int = 256) -> np.ndarray:
    """Patches of colour with noise on them, `[count, size, size, 3]` uint8."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, brightest, (count, 5, 5, 3), np.int16)
    at = np.arange(size) * 5 // size
    noise = random.integers(-40, 41, (count, size, size, 3), np.int16)
    return np.clip(patches[:, at][:, :, at] + noise, 0, 255).astype(np.uint8)


Features = Callable[[np.ndarray, InputProtocol], np.ndarray]


def differences(
    options: Inception, protocol: InputProtocol, size: int, ours: Features, theirs: Features
) -> dict[str, Any]:
    """How far the two sides are apart, of two sets of pictures."""
    sets: dict[str, list[np.ndarray]] = {"ours": [], "theirs": []}
    for which, brightest in enumerate((256, 200)):
        seed = (options.seed, size, which)
        pictures = draw(size, options.compared, seed=seed, brightest=brightest)
        sets["ours"].append(ours(pictures, protocol))
        sets["theirs"].append(theirs(pictures, protocol))
    pairs = [*zip(sets["ours"], sets["theirs"], strict=True)]
    distances = {side: frechet_distance(*features) for side, features in sets.items()}
    return {
        "protocol": protocol.name,
        "size": size,
        "pictures": options.compared,
        "features": max(float(abs(x - y).max() / abs(y).max()) for x, y in pairs),
        "distance": distances["theirs"],
        "distances": abs(distances["ours"] / distances["theirs"] - 1),
    }


def timed(features: Features, pictures: np.ndarray) -> float:
    """Seconds of one side's features: from pictures on the host to features on the host."""
    began = time.perf_counter()
    features(pictures, TENSORFLOW)
    return time.perf_counter() - began


def main(options: Inception) -> None:
    """Compare, time, print and write."""
    until = time.monotonic() + options.seconds
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"machine": machine(), "differences": [], "rounds": []}
    device = "cpu" if jax.default_backend() == "cpu" else "cuda"
    results["device"] = jax.devices()[0].device_kind
    with tempfile.TemporaryDirectory() as folder:
        file = options.weights or random_file(pathlib.Path(folder), options.seed)
        variables = jax.device_put(inception_variables(file))
        twin = Twin(file, device)

    def ours(pictures: np.ndarray, protocol: InputProtocol) -> np.ndarray:
        size = options.batch_size
        outputs: Any = inception_features(variables, pictures, protocol, batch_size=size)
        return outputs.features

    def theirs(pictures: np.ndarray, protocol: InputProtocol) -> np.ndarray:
        return twin.outputs(pictures, protocol, options.batch_size)[0]

    cases = [(protocol, size) for size in options.sizes for protocol in INPUT_PROTOCOLS]
    for protocol, size in cases if options.compared else []:
        if time.monotonic() < until:
            results["differences"].append(differences(options, protocol, size, ours, theirs))
            write(options, results)
    sides = {"jaxgan": ours, "torch-fidelity": theirs}
    done = -options.chunk  # the first round warms up
    while done < options.count and time.monotonic() < until:
        count = min(options.chunk, options.count - max(done, 0))
        pictures = draw(options.pictures, count, seed=(options.seed, done + options.chunk))
        order = [*sides] if len(results["rounds"]) % 2 else [*reversed(sides)]
        seconds = {name: timed(sides[name], pictures) for name in order}
        if done >= 0:
            results["rounds"].append({"pictures": count, **seconds})
            write(options, results)
        done += count
    write(options, results)
    print((options.output / "inception.md").read_text())


def write(options: Inception, results: dict[str, Any]) -> None:
    """The report, of what there is by now."""
    weights = "random weights" if options.weights is None else options.weights.name
    lines = [
        "# Inception v3's features against other libraries'\n",
        f"{results['machine']}. Both sides on {results['device']}, of {weights}, in float32 "
        "without TF32.",
        f"Command: `python -m experiments.benchmarks.inception {' '.join(sys.argv[1:])}`\n",
        "Features: the largest difference over the largest feature. Distance: Fréchet, of two sets",
        "of so many pictures; its relative difference.\n",
        "| protocol | pixels | pictures | features | distance | its difference |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {x['protocol']} | {x['size']} | 2 x {x['pictures']} | {x['features']:.1e} | "
        f"{x['distance']:.4g} | {x['distances']:.1e} |"
        for x in results["differences"]
    ]
    if rounds := results["rounds"]:
        ratios = [x["torch-fidelity"] / x["jaxgan"] for x in rounds]
        rates = [
            float(np.median([x["pictures"] / x[name] for x in rounds]))
            for name in ("jaxgan", "torch-fidelity")
        ]
        lines += [
            f"\nFeatures of {sum(x['pictures'] for x in rounds)} pictures of {options.pictures} "
            f"pixels by the protocol tensorflow, rounds of both sides in turns: {len(rounds)}, "
            f"batches of {options.batch_size}: medians of {rates[0]:.1f} pictures a second by "
            f"jaxgan and {rates[1]:.1f} by torch-fidelity; "
            f"**{float(np.median(ratios)):.2f} times as fast** (median of the rounds' ratios, "
            f"{min(ratios):.2f} to {max(ratios):.2f})."
        ]
    (options.output / "inception.md").write_text("\n".join(lines) + "\n")
    (options.output / "inception.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Inception))
