"""Verbs that draw one sheet of what a run's styles can do: mixed, and truncated."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxgan.cli.runs import batch_size_of, label_number, open_run, refuse_file
from jaxgan.cli.training import Directory
from jaxgan.cli.truncation import check_truncation, layers_of
from jaxgan.games import stream
from jaxgan.latents import mix, truncate
from jaxgan.training import (
    UNMOVED,
    Moved,
    RunError,
    Styled,
    compile_play,
    generate_chunks,
    grid,
    load,
    save_picture,
)

_MOST = 1024
"""How many images a sheet holds."""


class Sheet(NamedTuple):
    """What all sheets are asked.

    Attributes:
        directory: of the run.
        kind: the experiment.
        name: what manifests call it.
        moved: where the run's data are now.
        label: of all images, where the run has labels.
        step: of the checkpoint; the newest where None.
        seed: of the latents.
        output: the file; a name after the sheet and its seed where None.
    """

    directory: Path
    kind: type[Styled]
    name: str
    moved: Moved
    label: str | None
    step: int | None
    seed: int
    output: Path | None


class _Opened(NamedTuple):
    """A run's checkpoint, with inputs, and where the sheet goes."""

    experiment: Styled
    step: int
    state: Any
    inputs: dict[str, Any]
    output: Path
    make: Callable[[Mapping[str, Any]], np.ndarray]


def sheet_verbs(kind: Any, name: str) -> dict[str, Callable[..., int]]:
    """`mix` and `truncate`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def mix_styles(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        rows: int = 4,
        columns: int = 6,
        layers: str | None = None,
        truncation: float = 1.0,
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Mix the styles of images: each row has the coarse ones of one, each column the fine ones.

        The first column and the first row are these images themselves.

        Args:
            directory: The run's.
            moved: Where the data are now.
            rows: How many images give coarse styles.
            columns: How many images give fine styles.
            layers: Those whose styles are fine, from 0: FROM-TO, as in 4-7, or FROM, as in 4, with
                all that follow. Layers 0 to 3 make what is as large as a quarter of the image.
                4 where none are said (half of them where there are fewer than 8).
            truncation: Draws all images towards the mean image; 1 does not.
            label: Of all images, in a run of a conditional GAN: a class by its number or name.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents.
            output: A new PNG; DIRECTORY/generated/mix_seed_SEED.png where none is named.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        return mix_run(sheet, rows=rows, columns=columns, layers=layers, truncation=truncation)

    def truncate_styles(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        rows: int = 4,
        truncation: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.5, 0.7, 1.0),
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Draw images nearer and nearer to the mean image: a row an image, a column a psi.

        Args:
            directory: The run's.
            moved: Where the data are now.
            rows: How many images.
            truncation: Psi of each column: 1 is the image itself, 0 the mean image, and what is
                below 0 lies on its other side.
            label: Of all images, in a run of a conditional GAN: a class by its number or name.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents.
            output: A new PNG; DIRECTORY/generated/truncate_seed_SEED.png where none is named.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        return truncate_run(sheet, rows=rows, truncation=truncation)

    return {"mix": mix_styles, "truncate": truncate_styles}


def mix_run(sheet: Sheet, *, rows: int, columns: int, layers: str | None, truncation: float) -> int:
    """Draw a sheet of mixed styles."""
    check_truncation(truncation)
    _check_counts({"--rows": rows, "--columns": columns}, (rows + 1) * (columns + 1))
    opened = _open(sheet, "mix", rows + columns)
    experiment, state = opened.experiment, opened.state
    start, stop = _fine_layers(layers, layers_of(experiment, state, opened.inputs))
    w = jax.jit(experiment.map_latents)(state, opened.inputs)
    w = truncate(w, experiment.latent_mean(state), truncation)
    coarse, fine = w[:rows].repeat(columns, axis=0), jnp.tile(w[rows:], (rows, 1, 1))
    made = opened.make({"w": jnp.concatenate([w, mix(coarse, fine, start, stop)])})
    sources, mixed = np.split(made, [rows + columns])
    cells = np.ones((rows + 1, columns + 1, *made.shape[1:]), np.float32)  # the corner stays white
    cells[1:, 0], cells[0, 1:] = np.split(sources, [rows])
    cells[1:, 1:] = mixed.reshape(rows, columns, *made.shape[1:])
    which = f"layer {start}" if stop == start + 1 else f"layers {start} to {stop - 1}"
    return _save(opened, cells, f"{which} of the columns, all others of the rows")


def truncate_run(sheet: Sheet, *, rows: int, truncation: tuple[float, ...]) -> int:
    """Draw a sheet of truncated images."""
    for psi in truncation:
        check_truncation(psi)
    columns = len(truncation)
    if columns == 0:
        raise RunError("--truncation names no psi: give one for each column, as in -1 0 0.5 1")
    _check_counts({"--rows": rows}, rows * columns)
    opened = _open(sheet, "truncate", rows)
    inputs = {name: np.repeat(array, columns, axis=0) for name, array in opened.inputs.items()}
    inputs["truncation"] = np.tile(np.asarray(truncation, np.float32), rows)
    made = opened.make(inputs)
    psis = ", ".join(f"{psi:g}" for psi in truncation)
    return _save(opened, made.reshape(rows, columns, *made.shape[1:]), f"psi of columns: {psis}")


def _check_counts(counts: Mapping[str, int], images: int) -> None:
    for flag, count in counts.items():
        if count < 1:
            raise RunError(f"{flag} must be 1 or more, not {count}")
    if images > _MOST:
        raise RunError(
            f"the sheet would hold {images:,} images, and it can hold {_MOST:,}: give fewer "
            f"{' or '.join(flag.removeprefix('--') for flag in counts)}"
        )


def _fine_layers(words: str | None, layers: int) -> tuple[int, int]:
    """The first of the layers that are meant, and the first one behind them."""
    if words is None:
        return min(4, layers // 2), layers
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", words)
    if found is not None:
        start, last = int(found[1]), int(found[2] or layers - 1)
        if start <= last < layers:
            return start, last + 1
    raise RunError(
        f"--layers {words} names none of the {layers} layers: give the first that is fine, as in "
        f"{min(4, layers // 2)}, or the first and the last, as in 0-{layers - 1}"
    )


def _open(sheet: Sheet, what: str, count: int) -> _Opened:
    """The checkpoint, and so many inputs."""
    run, experiment = open_run(sheet.directory, sheet.kind, sheet.name, sheet.moved)
    number = None if sheet.label is None else label_number(run, experiment, sheet.label)
    words = f"seed_{sheet.seed}" if number is None else f"seed_{sheet.seed}_label_{number}"
    output = sheet.output or run.directory / "generated" / f"{what}_{words}.png"
    refuse_file(output)
    step, state = load(run, experiment, step=sheet.step)
    key = jax.random.key(sheet.seed)
    inputs: dict[str, Any] = dict(experiment.inputs(stream(key, "inputs"), count))
    if number is not None:
        inputs["label"] = np.full(count, number, np.int32)
    generate, size = compile_play(jax.jit, experiment.game().generate), batch_size_of(run)

    def make(inputs: Mapping[str, Any]) -> np.ndarray:
        chunks = generate_chunks(generate, stream(key, "sample"), state, inputs, size=size)
        return np.concatenate(list(chunks))

    return _Opened(experiment, step, state, inputs, output, make)


def _save(opened: _Opened, cells: np.ndarray, words: str) -> int:
    """One picture of images in rows and columns, `[rows, columns, H, W, C]`."""
    rows, columns, *shape = cells.shape
    refuse_file(opened.output)  # it may have come meanwhile
    try:
        save_picture(grid(cells.reshape(rows * columns, *shape), columns=columns), opened.output)
    except OSError as error:
        raise RunError(
            f"{opened.output} could not be written ({error.strerror or error}): make room, or name "
            "another file with --output"
        ) from error
    print(f"{opened.output} is a sheet of step {opened.step}: {words}")
    return 0
