"""Verbs that draw a sheet of what a run's styles can do: mixed, and truncated."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxgan.cli.sheets import (
    Sheet,
    blank_cells,
    check_counts,
    drawn,
    named_layers,
    open_sheet,
    save_sheet,
)
from jaxgan.cli.training import Directory
from jaxgan.cli.truncation import check_truncation, layers_of
from jaxgan.latents import mix, truncate
from jaxgan.training import UNMOVED, Moved, RunError, Styled


def mixing_verbs(kind: Any, name: str) -> dict[str, Callable[..., int]]:
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


def mix_run(
    sheet: Sheet[Styled], *, rows: int, columns: int, layers: str | None, truncation: float
) -> int:
    """Draw a sheet of mixed styles."""
    check_truncation(truncation)
    check_counts({"--rows": rows, "--columns": columns}, (rows + 1) * (columns + 1))
    opened = open_sheet(sheet, "mix")
    experiment, state, inputs = opened.experiment, opened.state, opened.draw(rows + columns)
    count = layers_of(experiment, state, inputs)
    start, stop = (min(4, count // 2), count) if layers is None else named_layers(layers, count)
    w = jax.jit(experiment.map_latents)(state, inputs)
    w = truncate(w, experiment.latent_mean(state), truncation)
    coarse, fine = w[:rows].repeat(columns, axis=0), jnp.tile(w[rows:], (rows, 1, 1))
    made = opened.make({"w": jnp.concatenate([w, mix(coarse, fine, start, stop)])})
    sources, mixed = np.split(made, [rows + columns])
    cells = blank_cells(rows + 1, columns + 1, made[0])  # the corner stays so
    cells[1:, 0], cells[0, 1:] = np.split(sources, [rows])
    cells[1:, 1:] = mixed.reshape(rows, columns, *made.shape[1:])
    which = f"layer {start}" if stop == start + 1 else f"layers {start} to {stop - 1}"
    return save_sheet(opened, drawn(cells), f"{which} of the columns, all others of the rows")


def truncate_run(sheet: Sheet[Styled], *, rows: int, truncation: tuple[float, ...]) -> int:
    """Draw a sheet of truncated images."""
    columns = len(truncation)
    if columns == 0:
        raise RunError("--truncation names no psi: give one for each column, as in -1 0 0.5 1")
    check_truncation(*truncation, least=None)
    check_counts({"--rows": rows}, rows * columns)
    opened = open_sheet(sheet, "truncate")
    inputs = {name: np.repeat(array, columns, axis=0) for name, array in opened.draw(rows).items()}
    inputs["truncation"] = np.tile(np.asarray(truncation, np.float32), rows)
    made = opened.make(inputs)
    psis = ", ".join(f"{psi:g}" for psi in truncation)
    cells = made.reshape(rows, columns, *made.shape[1:])
    return save_sheet(opened, drawn(cells), f"psi of columns: {psis}")
