"""Several seeds played together against one after another, on the same device in alternated turns.

    python -m experiments.benchmarks.seeds --output FOLDER    some minutes on two CPU cores

Both sides play the small preset on one device as `train` does, without what it writes: a run's
rounds a second, and of several runs their sum. Ratio: the sum together / a single run's; above 1,
`train --seeds` is the faster. Writes `seeds.md` and `seeds.json`.
"""

import dataclasses
import importlib
import json
import pathlib
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import tyro

from experiments.benchmarks.report import machine
from jaxgan.data import pipeline
from jaxgan.training import Experiment, make_mesh, place
from jaxgan.training.placing_together import place_together


@dataclasses.dataclass(frozen=True)
class Seeds:
    """Time so many runs together."""

    output: pathlib.Path
    """Folder that the report is written to."""
    experiments: tuple[str, ...] = ("gan", "dcgan")
    """Whose small presets are played."""
    counts: tuple[int, ...] = (1, 2, 4)
    """How many runs are played together."""
    seconds: float = 30.0
    """That both sides of a row are played, after their first calls."""
    turns: int = 5
    """Of each side, alternated."""
    chunk: int = 100
    """Rounds a call, where many are played in one."""
    vmapped: bool | None = None
    """Play all runs as one under `vmap`, or in turn; as `train` does where not given."""


class Side:
    """One side of a row, that goes on where it stopped.

    Args:
        advance: `(state, start, stop) -> (state, report)`.
        state: to begin with; it is given away.
        chunk: rounds a call.
        runs: that a round plays.
    """

    def __init__(self, advance: Callable[..., Any], state: Any, *, chunk: int, runs: int) -> None:
        self._advance, self._state, self._step = advance, state, 0
        self._chunk, self._runs = chunk, runs
        start = time.perf_counter()
        self._play()
        self.first_call = time.perf_counter() - start

    def _play(self) -> None:
        stop = self._step + self._chunk
        self._state, report = self._advance(self._state, self._step, stop)
        jax.device_get(report)  # as the loop of a run waits for it
        self._step = stop

    def rate(self, seconds: float) -> float:
        """Rounds a second of all runs, over so many seconds or one call."""
        before, start = self._step, time.perf_counter()
        while True:
            self._play()
            elapsed = time.perf_counter() - start
            if elapsed >= seconds:
                return self._runs * (self._step - before) / elapsed


def measure(options: Seeds, name: str, runs: int) -> dict[str, Any]:
    """One row of the table."""
    experiment: Experiment = importlib.import_module(f"experiments.{name}").SMALL
    game, data = experiment.game(), experiment.data(partial(pipeline, seed=0))
    mesh = make_mesh(1)
    single = place(game, data, mesh=mesh, key=jax.random.key(0))
    several = place_together(game, data, mesh=mesh, seeds=range(runs), vmapped=options.vmapped)
    chunk = min(options.chunk, single.stride)
    sides = [
        Side(single.advance, single.init(), chunk=chunk, runs=1),
        Side(several.advance, several.init(), chunk=chunk, runs=runs),
    ]
    seconds = options.seconds / (2 * options.turns)
    turns = [[side.rate(seconds) for side in sides] for _ in range(options.turns)]
    ratios = sorted(together / alone for alone, together in turns)
    return {
        "experiment": name,
        "runs": runs,
        "alone": statistics.median(alone for alone, _ in turns),
        "together": statistics.median(together for _, together in turns),
        "ratio": statistics.median(ratios),
        "ratio_lowest": ratios[0],
        "ratio_highest": ratios[-1],
        "first_call_alone_s": sides[0].first_call,
        "first_call_together_s": sides[1].first_call,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| experiment | runs | one after another, rounds/s | together, rounds/s of all "
        "| ratio (lowest to highest) | first call, s (one, together) |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['experiment']} | {r['runs']} | {r['alone']:.2f} | {r['together']:.2f} "
        f"| **{r['ratio']:.2f}** ({r['ratio_lowest']:.2f} to {r['ratio_highest']:.2f}) "
        f"| {r['first_call_alone_s']:.1f}, {r['first_call_together_s']:.1f} |"
        for r in rows
    ]
    return "\n".join(lines)


def main(options: Seeds) -> None:
    """Measure, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    device, rows = jax.devices()[0].device_kind, []
    way = {None: "as `train` plays them", True: "under `vmap`", False: "in turn"}[options.vmapped]
    for name in options.experiments:
        for runs in options.counts:
            rows.append(measure(options, name, runs))
            print(table(rows[-1:]).splitlines()[-1], flush=True)
            report = (
                f"# Seeds together, against one after another\n\n{device}; {machine()}; together "
                f"{way}; medians of {options.turns} alternated turns.\n"
                f"Command: `python -m experiments.benchmarks.seeds {' '.join(sys.argv[1:])}`\n\n"
                f"{table(rows)}\n"
            )
            (options.output / "seeds.md").write_text(report)
            (options.output / "seeds.json").write_text(
                json.dumps({"device": device, "machine": machine(), "way": way, "rows": rows})
            )


if __name__ == "__main__":
    main(tyro.cli(Seeds))
