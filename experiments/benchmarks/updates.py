"""One update of a GAN: jaxgan against PyTorch, on the same machine in alternated turns.

    python -m experiments.benchmarks.updates --output FOLDER    all rows on the CPU, some minutes

A round is what a step of training is: update(s) of the discriminator, then one of the generator.
Every row first proves that the two sides' networks give the same outputs on the same weights.
PyTorch runs eagerly and through `torch.compile` (where it can: it has no second derivatives, which
WGAN-GP needs), each with channels last and channels first in memory, and the best of them counts.
Ratio: PyTorch's time / jaxgan's; above 1, jaxgan is the faster. Writes `updates.md` and
`updates.json`.

PyTorch's threads wait for each other in a way that collapses (tenfold and more) where other
programs want the same cores; a ratio counts only on an idle machine. On a busy one give both sides
one core: `taskset -c 0 python -m experiments.benchmarks.updates --output FOLDER`.
"""

import dataclasses
import itertools
import json
import os
import pathlib
import sys
from typing import Any

import tyro

from experiments.benchmarks import twins
from experiments.benchmarks.report import machine
from experiments.benchmarks.rows import CPU_ROWS, ROWS
from experiments.benchmarks.sides import Setting, compare

TOLERANCE = 1e-4
"""How far the outputs of the two sides' networks may differ, in float32."""


@dataclasses.dataclass(frozen=True)
class Updates:
    """Time one update of each row on both sides."""

    output: pathlib.Path
    """Folder that the report is written to."""
    rows: tuple[str, ...] = CPU_ROWS
    """Which rows."""
    batch: int | None = None
    """Images in a minibatch; if not given 64 of games from latents, 1 of translation."""
    repeats: int = 7
    """Turns of each side, alternated."""
    threads: int = len(os.sched_getaffinity(0))
    """Of PyTorch; XLA takes all cores that the process may use."""
    compiled: bool = True
    """Try `torch.compile` too."""
    patience: float = 600.0
    """Seconds that a side may take for its first round."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.rows) - set(ROWS))
        if unknown:
            raise ValueError(f"there are no rows {unknown}: take some of {sorted(ROWS)}")


def measure(options: Updates, name: str) -> dict[str, Any]:
    """One row of the table.

    Raises:
        RuntimeError: where the two sides' networks do not give the same outputs.
    """
    row = ROWS[name]
    difference = twins.difference(row)
    if not difference < TOLERANCE:
        raise RuntimeError(
            f"the networks of {name} differ by {difference:.1e} from PyTorch's on the same weights:"
            " no time of theirs can be compared"
        )
    batch = row.batch_size if options.batch is None else options.batch
    setting = Setting(name, batch, options.threads, patience=options.patience)
    compilation = (False, True) if options.compiled and row.compiles else (False,)
    results, failures = [], []
    for compiled, channels_last in itertools.product(compilation, (True, False)):
        way = dataclasses.replace(setting, compiled=compiled, channels_last=channels_last)
        try:
            results.append(compare(way, repeats=options.repeats))
        except RuntimeError as error:
            if not compiled:
                raise
            failures.append(str(error))
    best = min(results, key=lambda result: result["ratio"])
    return {**best, "difference": difference, "all": results, "compile_failures": failures}


def table(results: list[dict[str, Any]]) -> str:
    """The results in Markdown."""
    lines = [
        "| row | batch | jaxgan, ms | PyTorch, ms | ratio (lowest to highest) | PyTorch as | "
        "first call, s (jaxgan, PyTorch) | peak memory, MiB (jaxgan, PyTorch) "
        "| outputs differ by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['row']} | {r['batch']} | {r['jaxgan_ms']:.1f} | {r['torch_ms']:.1f} "
        f"| **{r['ratio']:.2f}** ({r['ratio_lowest']:.2f} to {r['ratio_highest']:.2f}) "
        f"| {'compiled' if r['compiled'] else 'eager'}, "
        f"channels {'last' if r['channels_last'] else 'first'} "
        f"| {r['jaxgan_first_call_s']:.1f}, {r['torch_first_call_s']:.1f} "
        f"| {r['jaxgan_peak_mib']:.0f}, {r['torch_peak_mib']:.0f} | {r['difference']:.1e} |"
        for r in results
    ]
    return "\n".join(lines)


def main(options: Updates) -> None:
    """Measure, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    results = []
    for name in options.rows:
        results.append(measure(options, name))
        print(table(results[-1:]).splitlines()[-1], flush=True)
        report = (
            f"# One update, jaxgan against PyTorch\n\n{machine()}; "
            f"medians of {options.repeats} alternated turns.\n"
            f"Command: `python -m experiments.benchmarks.updates {' '.join(sys.argv[1:])}`\n\n"
            f"{table(results)}\n"
        )
        (options.output / "updates.md").write_text(report)
        (options.output / "updates.json").write_text(
            json.dumps({"machine": machine(), "rows": results}, indent=2)
        )


if __name__ == "__main__":
    main(tyro.cli(Updates))
