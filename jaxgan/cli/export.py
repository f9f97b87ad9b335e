"""The verbs `export` and `restore`: a generator that leaves the library, and its way back."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jax
import numpy as np
import tyro

from jaxgan.cli.command import way_on
from jaxgan.cli.programs import arguments_of, checked_onnx, generator_of
from jaxgan.cli.runs import (
    WEIGHTS,
    licences_of,
    new_directory,
    new_folder,
    open_run,
    refuse_taken,
)
from jaxgan.cli.training import Directory
from jaxgan.games import stream
from jaxgan.training import (
    EXPORT,
    Experiment,
    Run,
    RunError,
    Styled,
    Translates,
    by_place,
    digest,
    environment,
    load,
    restore,
    sealed_export,
    write_whole,
)
from jaxgan.weights import (
    PLATFORMS,
    Argument,
    Program,
    check_onnx,
    needed,
    repeatable,
    stablehlo_program,
    write_archive,
)


class _Inputs(NamedTuple):
    """What a generator takes.

    Attributes:
        suffix: of the names of its programs.
        arguments: of the program that makes the same of the same.
        drawn: what random numbers may come from besides.
        examples: two of each argument, by their names.
    """

    suffix: str
    arguments: list[Argument]
    drawn: list[Argument]
    examples: dict[str, np.ndarray]


def export_verbs(kind: Any, name: str) -> dict[str, Callable[..., int]]:
    """`export` and `restore`.

    Args:
        kind: the experiment.
        name: of it.
    """

    def export(
        directory: Directory, *, output: Path, step: int | None = None, onnx: bool = False
    ) -> int:
        """Take a run's generator along: its weights, and programs that run elsewhere.

        The new folder holds weights.safetensors, the whole state; export.json, which says what all
        of it is; and generator.stablehlo, which JAX runs alone, of any count of inputs, on CPUs and
        on CUDA. Where the generator draws noise or dropout, that program has a constant one, and
        generator_random.stablehlo draws it by a seed. `sample` and the other verbs that use a run
        take the folder too.

        Args:
            directory: The run's.
            output: The new folder.
            step: Of the checkpoint; the newest where none is said.
            onnx: Write generator.onnx too, for runtimes without JAX; it is checked against what JAX
                makes. Needs jaxgan[onnx].
        """
        return export_run(directory, kind, name, output=output, step=step, onnx=onnx)

    def restore_(
        folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")],
        *,
        directory: Path | None = None,
    ) -> int:
        """Make a run of what one was exported to, with its state to the bit.

        Args:
            folder: That `export` has written.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
        """
        return restore_run(folder, kind, name, directory=directory)

    return {"export": export, "restore": restore_}


def export_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    output: Path,
    step: int | None,
    onnx: bool,
) -> int:
    """Write a run's state and its generator's programs to a new folder."""
    refuse_taken(output)
    if onnx:
        check_onnx()
    run, experiment = open_run(directory, kind, name)
    step, state = load(run, experiment, step=step)
    with new_folder(output) as folder:
        write_archive(folder / WEIGHTS, by_place(state))
        programs = _write_programs(folder, run, experiment, state, onnx=onnx)
        shape = programs[0]["result"]["shape"][1:]
        values = {
            "step": step,
            "state": digest(state),
            "image_size": shape if len(shape) == 3 else None,
            "licences": licences_of(run, experiment),
            "programs": programs,
            "exported": environment(),
        }
        exported = sealed_export(run.manifest, values)
        write_whole(folder / EXPORT, json.dumps(exported, indent=2) + "\n")
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    print(f"the generator of step {step} is in {output}:")
    for file, size in sizes.items():
        print(f"  {file}: {size:,} bytes")
    for program in programs:
        if "largest_difference" in program:
            far = program["largest_difference"]
            print(f"{program['file']} makes what JAX makes, to {far:.1e}")
    for licence in values["licences"]:
        print(licence)
    return 0


def restore_run(folder: Path, kind: type[Experiment], name: str, *, directory: Path | None) -> int:
    """Make a run of an exported folder."""
    run, experiment = open_run(folder, kind, name)
    if run.archive is None:
        raise RunError(
            f"{folder} is a run, and not what one was exported to: name a folder that export wrote"
        )
    with new_directory(directory, Path("runs"), name) as directory:
        restore(run, experiment, directory)
    print(
        f"{directory} is the run as it was at step {run.archive.step}; go on with: "
        f"{way_on('sample' if run.is_imported else 'resume', directory)}"
    )
    return 0


def _write_programs(
    folder: Path, run: Run, experiment: Experiment, state: Any, *, onnx: bool
) -> list[dict[str, Any]]:
    """All programs of a generator, and what `export.json` says of them."""
    make = generator_of(experiment, state)
    steady, written = repeatable(make), []
    for inputs in _inputs(run, experiment):
        file = f"generator{inputs.suffix}"
        shape = jax.eval_shape(steady, inputs.examples).shape
        result = "images" if len(shape) == 4 else "samples"
        program = stablehlo_program(steady, inputs.arguments, result=result)
        said = {"form": "StableHLO", "platforms": list(PLATFORMS)}
        written.append(_write(folder / f"{file}.stablehlo", program, **said, random=False))
        drawn = [
            one for one in needed(make, inputs.arguments + inputs.drawn) if one in inputs.drawn
        ]
        if drawn:
            program = stablehlo_program(make, inputs.arguments + drawn, result=result)
            written.append(
                _write(folder / f"{file}_random.stablehlo", program, **said, random=True)
            )
        if onnx:
            program, far = checked_onnx(steady, inputs.examples, inputs.arguments, result=result)
            said = {"form": "ONNX", "largest_difference": far}
            written.append(_write(folder / f"{file}.onnx", program, **said, random=False))
    return written


def _inputs(run: Run, experiment: Experiment) -> Iterator[_Inputs]:
    """What the generator takes, or each of several."""
    key, seed = stream(jax.random.key(0), "inputs"), Argument("seed", (), "uint32")
    if isinstance(experiment, Translates):
        for side in experiment.sides:
            shape = run.manifest["batch"][side]["shape"][1:]
            pictures = jax.random.uniform(key, (2, *shape), minval=-1.0)
            suffix = "" if side == experiment.sides[0] else f"_{side}"
            examples = {side: np.asarray(pictures)}
            yield _Inputs(suffix, arguments_of(examples), [seed], examples)
        return
    examples = {name: np.asarray(array) for name, array in experiment.inputs(key, 2).items()}
    drawn = [seed]
    if isinstance(experiment, Styled):
        examples["truncation"] = np.array([0.7, 1.0], np.float32)
        drawn = [Argument("noise", ("n",), "uint32"), seed]
    yield _Inputs("", arguments_of(examples), drawn, examples)


def _write(path: Path, program: Program, **said: Any) -> dict[str, Any]:
    write_whole(path, program.raw)
    return {
        "file": path.name,
        **said,
        "arguments": [argument._asdict() for argument in program.arguments],
        "result": program.result._asdict(),
        "sha256": hashlib.sha256(program.raw).hexdigest(),
    }
