"""One update of a GAN: jaxgan against PyTorch, on the same machine in alternated turns.

    python -m experiments.benchmarks.updates --output FOLDER    all rows on the CPU, some minutes

A round is what a step of training is: update(s) of the discriminator, then one of the generator.
Every row first proves that the two sides' networks give the same outputs on the same weights.
PyTorch runs eagerly and through `torch.compile` (where it can: it has no second derivatives, which
WGAN-GP needs), and the better of the two counts. Ratio: PyTorch's time / jaxgan's; above 1, jaxgan
is the faster. Writes `updates.md` and `updates.json`.

PyTorch's threads wait for each other in a way that collapses (tenfold and more) where other
programs want the same cores; a ratio counts only on an idle machine. On a busy one give both sides
one core: `taskset -c 0 python -m experiments.benchmarks.updates --output FOLDER`.
"""

import dataclasses
import json
import os
import pathlib
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
import tyro

from experiments.benchmarks import torch_twins
from experiments.benchmarks.report import machine
from experiments.benchmarks.rows import LATENT_SIZE, ROWS, Row
from experiments.benchmarks.sides import Setting, compare


@dataclasses.dataclass(frozen=True)
class Updates:
    """Time one update of each row on both sides."""

    output: pathlib.Path
    """Folder that the report is written to."""
    rows: tuple[str, ...] = tuple(ROWS)
    """Which rows."""
    batch: int = 64
    """Images in a minibatch."""
    repeats: int = 7
    """Turns of each side, alternated."""
    threads: int = len(os.sched_getaffinity(0))
    """Of PyTorch; XLA takes all cores that the process may use."""
    compiled: bool = True
    """Try `torch.compile` too."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.rows) - set(ROWS))
        if unknown:
            raise ValueError(f"there are no rows {unknown}: take some of {sorted(ROWS)}")


def difference(row: Row) -> float:
    """The largest difference between the two sides' outputs, both networks, on carried weights."""
    keys = jax.random.split(jax.random.key(0), 4)
    batch = 8
    inputs = (
        jax.random.normal(keys[0], (batch, LATENT_SIZE)),
        jax.random.uniform(
            keys[1], (batch, row.image_size, row.image_size, row.channels), minval=-1.0
        ),
    )
    differences = []
    for network, twin, key, x in zip(
        row.networks(jnp.float32), torch_twins.networks(row), keys[2:], inputs, strict=True
    ):
        variables = network.init(key, x, train=True)
        torch_twins.carry(variables, twin)
        ours, _ = network.apply(variables, x, train=True, mutable=["batch_stats"])
        theirs = torch.from_numpy(np.array(x))
        theirs = twin(theirs.permute(0, 3, 1, 2) if x.ndim == 4 else theirs).detach()
        theirs = theirs.permute(0, 2, 3, 1) if theirs.ndim == 4 else theirs
        differences.append(float(np.abs(np.asarray(ours) - theirs.numpy()).max()))
    return max(differences)


def measure(options: Updates, name: str) -> dict[str, Any]:
    """One row of the table."""
    row = ROWS[name]
    setting = Setting(name, options.batch, options.threads)
    eager = compare(setting, repeats=options.repeats)
    results = [eager]
    failure = None
    if options.compiled and not row.penalised:
        try:
            results.append(
                compare(dataclasses.replace(setting, compiled=True), repeats=options.repeats)
            )
        except RuntimeError as error:
            failure = str(error)
    best = min(results, key=lambda result: result["torch_ms"] / result["jaxgan_ms"])
    return {**best, "difference": difference(row), "all": results, "compile_failure": failure}


def table(results: list[dict[str, Any]]) -> str:
    """The results in Markdown."""
    lines = [
        "| row | jaxgan, ms | PyTorch, ms | ratio (lowest to highest) | PyTorch as | "
        "first call, s (jaxgan, PyTorch) | peak memory, MiB (jaxgan, PyTorch) "
        "| outputs differ by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['row']} | {r['jaxgan_ms']:.1f} | {r['torch_ms']:.1f} | **{r['ratio']:.2f}** "
        f"({r['ratio_lowest']:.2f} to {r['ratio_highest']:.2f}) "
        f"| {'compiled' if r['compiled'] else 'eager'} "
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
            f"# One update, jaxgan against PyTorch\n\n{machine()}; batch {options.batch}; "
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
