"""Every experiment at its small preset, several seeds, the last state and the best: one table.

python -m experiments.benchmarks.presets --output runs/presets --jobs 2

Each experiment is one process: `train --seeds ... --evaluate-every ...`, which evaluates the last
and the best state of each run in the end. Experiments that are done are not trained again, so the
command can be given again after it was stopped, or for others: the tables hold all that are done in
the folder. Writes `presets.md` and `presets.json`.
"""

import dataclasses
import importlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from experiments.benchmarks.report import machine

SCRIPTS = Path(__file__).parents[1]
FROM_LATENTS = (
    *("gan", "dcgan", "wgan", "wgan_gp", "sngan", "r3gan", "acgan", "cgan", "infogan"),
    *("stylegan", "stylegan2"),
)
EXPERIMENTS = (*FROM_LATENTS, "pix2pix", "one_way", "cyclegan", "xgan", "tags", "toy")


@dataclasses.dataclass(frozen=True)
class Presets:
    """Train and evaluate all small presets."""

    output: Path
    """Folder for runs, logs and the tables."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of the runs of each experiment."""
    jobs: int = 1
    """How many experiments are trained at once."""
    seconds: float | None = None
    """No experiment starts later than this; as long as it takes where None."""
    minutes: float | None = None
    """An experiment that takes longer is stopped, and left out."""
    evaluations: int = 10
    """How many times each run is evaluated while it is trained."""
    only: tuple[str, ...] = EXPERIMENTS
    """Which experiments."""
    steps: int | None = None
    """Of every experiment; its own where None."""


def train(options: Presets, name: str, start: float) -> str | None:
    """Train an experiment that is not done; why it was left out, where it was."""
    folder = options.output / name
    took = options.output / f"{name}.seconds"
    if options.seconds is not None and time.perf_counter() - start > options.seconds:
        return "no time"
    if not took.exists():
        command = [sys.executable, str(SCRIPTS / f"{name}.py"), "train", "--directory", str(folder)]
        command += ["--evaluate-every", str(_every(name, options))]
        command += [] if options.steps is None else ["--steps", str(options.steps)]
        command += ["--seeds", *map(str, options.seeds)]
        limit = None if options.minutes is None else 60 * options.minutes
        begun = time.perf_counter()
        with (options.output / f"{name}.log").open("w") as log:
            try:
                subprocess.run(
                    command, stdout=log, stderr=subprocess.STDOUT, timeout=limit, check=True
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{name}: {error}", flush=True)
                return type(error).__name__
        took.write_text(f"{time.perf_counter() - begun:.1f}")
    print(f"{name}: {float(took.read_text()):.0f} s", flush=True)
    return None


def read(options: Presets, name: str) -> dict[str, Any]:
    """What was found of an experiment that is done, and how long it took."""
    folder = options.output / name
    found: dict[str, Any] = {"seconds": float((options.output / f"{name}.seconds").read_text())}
    for which, file in [("last", "evaluation.json"), ("best", "evaluation-best.json")]:
        paths = [folder / f"seed-{seed}" / file for seed in options.seeds]
        tables = [json.loads(path.read_text()) for path in paths if path.exists()]
        if tables:
            found[which] = {
                "steps": [table["subject"]["step"] for table in tables],
                "figures": _together([table["figures"] for table in tables]),
            }
    return found


def _every(name: str, options: Presets) -> int:
    """Rounds between two evaluations."""
    sys.path.insert(0, str(SCRIPTS))  # scripts find their neighbours
    script = importlib.import_module(name)
    small = script.SMALL if hasattr(script, "SMALL") else script.PRESETS["small"]
    steps = small.schedule.steps if options.steps is None else options.steps
    return max(1, steps // options.evaluations)


def _together(tables: list[list[dict[str, Any]]]) -> dict[str, list[float]]:
    """The values of each figure, one a seed."""
    return {
        figure["name"]: [
            other["value"] for table in tables for other in table if other["name"] == figure["name"]
        ]
        for figure in tables[0]
    }


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """Two tables: what is made of latents, and all else."""
    shown = ["FD", "KD", "precision", "recall", "density", "coverage", "novelty"]
    lines = [
        "| experiment | state, after rounds | " + " | ".join(shown) + " | time, all seeds |",
        "|---|---|" + "---|" * (len(shown) + 1),
    ]
    for name, result in found.items():
        if name not in FROM_LATENTS:
            continue
        if "left_out" in result:
            lines.append(f"| {name} | {result['left_out']} |" + " |" * (len(shown) + 1))
        for which in ("last", "best"):
            if which in result:
                figures = result[which]["figures"]
                cells = [_cell(figures, figure) for figure in shown]
                steps = ", ".join(map(str, dict.fromkeys(result[which]["steps"])))
                took = f"{result['seconds']:.0f} s" if which == "last" else ""
                lines.append(f"| {name} | {which}, {steps} | " + " | ".join(cells) + f" | {took} |")
    lines += ["", "| experiment | its own figures, last state |", "|---|---|"]
    for name, result in found.items():
        if "last" in result:
            own = {
                figure: values
                for figure, values in result["last"]["figures"].items()
                if "(" not in figure
            }
            if own:
                told = ", ".join(f"{figure} {_spread(values)}" for figure, values in own.items())
                lines.append(f"| {name} | {told} |")
    return "\n".join(lines)


def _cell(figures: dict[str, list[float]], name: str) -> str:
    return next(
        (_spread(values) for figure, values in figures.items() if figure.startswith(f"{name} (")),
        "",
    )


def _spread(values: list[float]) -> str:
    deviation = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{deviation}"


def main(options: Presets) -> None:
    """Train all, and write the tables after each."""
    start = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    left_out: dict[str, dict[str, Any]] = {}
    # Several processes share a device: each takes memory as it needs it.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = {name: pool.submit(train, options, name, start) for name in options.only}
        for name, result in waiting.items():
            if (why := result.result()) is not None:
                left_out[name] = {"left_out": why}
            done = [n for n in EXPERIMENTS if (options.output / f"{n}.seconds").exists()]
            found = {name: read(options, name) for name in done} | left_out
            seeds = ", ".join(map(str, options.seeds))
            report = (
                f"# Small presets, seeds {seeds}: mean ± standard deviation\n\n{machine()}\n\n"
                f"{markdown(found)}\n"
            )
            (options.output / "presets.md").write_text(report)
            (options.output / "presets.json").write_text(
                json.dumps({"machine": machine(), "presets": found}, indent=1) + "\n"
            )


if __name__ == "__main__":
    main(tyro.cli(Presets))
