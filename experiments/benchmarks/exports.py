"""Which generators leave the library as StableHLO and as ONNX, and how near they stay.

    python -m experiments.benchmarks.exports --output FOLDER    every small preset, some minutes

Generators are as they begin, but for kernels with less than He's variance, which get it: their
images would be grey. `export` itself compares two images by JAX and by onnxruntime. Writes
`exports.md` and `exports.json`.
"""

import dataclasses
import importlib
import json
import pathlib
import sys
import tempfile
import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import tyro

from experiments.benchmarks.report import machine
from jaxgan.cli.export import export_run
from jaxgan.data import pipeline
from jaxgan.training import EXPORT, Experiment, RunError, create_from_state

NAMES = (
    *("gan", "dcgan", "wgan", "wgan_gp", "sngan", "cgan", "acgan", "infogan", "tags", "r3gan"),
    *("stylegan", "stylegan2", "toy", "pix2pix", "cyclegan", "xgan"),
)
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "dcgan": {"of convolutions alone": {"architecture": "dcgan"}},
    "cyclegan": {"U-Net": {"architecture": "unet"}},
    "pix2pix": {"ResNet": {"architecture": "resnet"}},
    "stylegan2": {"with noise and labels": {"noise": True, "classes": 10}},
}
"""Fields of other generators than the small preset's."""


@dataclasses.dataclass(frozen=True)
class Exports:
    """Export every generator."""

    output: pathlib.Path
    """Folder that the report is written to."""
    names: tuple[str, ...] = NAMES
    """Experiments."""


def small_preset(name: str) -> Experiment:
    """The small preset of an experiment."""
    module = importlib.import_module(f"experiments.{name}")
    return module.SMALL if hasattr(module, "SMALL") else module.PRESETS["small"]


def lively(place: Any, leaf: jax.Array) -> jax.Array:
    """A kernel with He's variance at least; any other leaf as it is."""
    if "kernel" not in jax.tree_util.keystr(place[-1:]) or leaf.ndim < 2:
        return leaf
    wanted, found = (2 * leaf.shape[-1] / leaf.size) ** 0.5, leaf.std()
    return jnp.where((found > 0) & (found < wanted), leaf * wanted / found, leaf)


def exported(experiment: Experiment, name: str) -> dict[str, Any]:
    """What became of a generator: the size of its files, and how far ONNX is from JAX."""
    # Of conditional ones without their data's labels, what they say themselves.
    shapes = getattr(experiment, "shapes", None)
    shapes = shapes or experiment.data(partial(pipeline, seed=0)).shapes
    zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
    state = jax.jit(experiment.game().init)(jax.random.key(0), zeros)
    state = jax.tree.map_with_path(lively, state)
    with tempfile.TemporaryDirectory() as folder:
        run, output = pathlib.Path(folder) / "run", pathlib.Path(folder) / "exported"
        create_from_state(
            *(experiment, run, state), name=name, seed=0, shapes=shapes, data="as it begins"
        )
        began = time.perf_counter()
        try:
            export_run(run, type(experiment), name, output=output, step=None, onnx=True)
        except (RunError, ValueError) as error:
            return {"refused": str(error)}
        found: dict[str, Any] = {"seconds": time.perf_counter() - began}
        programs = json.loads((output / EXPORT).read_text())["programs"]
        for form in ("StableHLO", "ONNX"):
            files = [one["file"] for one in programs if one["form"] == form and not one["random"]]
            found[form] = sum((output / file).stat().st_size for file in files)
        found["difference"] = max(one.get("largest_difference", 0.0) for one in programs)
        found["arguments"] = [argument["name"] for argument in programs[0]["arguments"]]
        return found


def main(options: Exports) -> None:
    """Export, print and write."""
    options.output.mkdir(parents=True, exist_ok=True)
    head = ("generator", "takes", "StableHLO, MB", "ONNX, MB", "largest difference", "seconds")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    results: dict[str, Any] = {}
    for name in options.names:
        preset: Any = small_preset(name)
        for words, fields in {"": {}, **VARIANTS.get(name, {})}.items():
            found = exported(dataclasses.replace(preset, **fields), name)
            called = f"{name}, {words}" if words else name
            results[called] = found
            if "refused" in found:
                lines.append(f"| {called} | {found['refused']} | | | | |")
            else:
                sizes = " | ".join(f"{found[form] / 1e6:.1f}" for form in ("StableHLO", "ONNX"))
                lines.append(
                    f"| {called} | {', '.join(found['arguments'])} | {sizes} | "
                    f"{found['difference']:.1e} | {found['seconds']:.0f} |"
                )
            print(lines[-1], flush=True)
            (options.output / "exports.json").write_text(json.dumps(results, indent=1) + "\n")
    text = "\n".join(lines)
    (options.output / "exports.md").write_text(
        "# Generators as StableHLO and as ONNX\n\n"
        f"{machine()}.\n"
        f"Command: `python -m experiments.benchmarks.exports {' '.join(sys.argv[1:])}`\n\n{text}\n"
    )


if __name__ == "__main__":
    main(tyro.cli(Exports))
