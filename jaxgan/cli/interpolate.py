"""The verb `interpolate`: the images between two, in strips or as an animation."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from jaxgan.cli.labels import repeated, turn_of
from jaxgan.cli.runs import refuse_file
from jaxgan.cli.sheets import Opened, Sheet, check_counts, drawn, open_sheet, save_sheet, unwritable
from jaxgan.cli.spaces import SpaceName, check_asked, space_of
from jaxgan.cli.training import Directory
from jaxgan.latents import loop, strip
from jaxgan.training import UNMOVED, Generates, Moved, grid, save_animation

_SECONDS = 0.05
"""Of a frame."""


def interpolate_verb(kind: Any, name: str) -> Callable[..., int]:
    """`interpolate`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def interpolate(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        rows: int | None = None,
        columns: int | None = None,
        animation: bool = False,
        space: SpaceName | None = None,
        truncation: float | None = None,
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Draw the images between two: a row for each pair, from the one to the other.

        Args:
            directory: The run's.
            moved: Where the data are now.
            rows: How many pairs, 4 where nothing is said. Of an animation, how many images it
                passes through, 6.
            columns: How many images in a row, 8 where nothing is said. Of an animation, how many
                frames from one image to the next, 24.
            animation: A GIF instead, which sets out and arrives slowly at each image, and goes
                round for ever.
            space: z, latents, along the sphere they lie on; or w, styles, in a straight line. w
                where images are made of styles.
            truncation: Draws all images towards the mean image, where they are made of styles.
            label: Of all images, in a run of a conditional GAN: a class by its number or name, or
                labels of several attributes, as in glasses=yes,beard=no. One class after the other,
                row by row, where none is said; the first in an animation in z.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents: pairs are neighbours of the pictures of sample --seed.
            output: A new PNG; DIRECTORY/generated/interpolate_seed_SEED.png where none is named.
                Of an animation, a GIF.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        if animation:
            return animate_run(sheet, rows=rows, columns=columns, space=space, psi=truncation)
        return interpolate_run(sheet, rows=rows, columns=columns, space=space, psi=truncation)

    return interpolate


def interpolate_run(
    sheet: Sheet[Generates],
    *,
    rows: int | None,
    columns: int | None,
    space: SpaceName | None,
    psi: float | None,
) -> int:
    """Draw a sheet of strips."""
    rows, columns = 4 if rows is None else rows, 8 if columns is None else columns
    check_asked(psi)
    check_counts({"--rows": rows}, 0)
    check_counts({"--columns": columns}, rows * columns, least=2)
    opened = open_sheet(sheet, "interpolate")
    where = space_of(opened, space, psi)
    inputs = opened.draw(2 * rows)
    label = None
    if "label" in inputs:  # of a pair, that of its row
        label = _in_turn(opened, rows)
        inputs["label"] = label.repeat(2, axis=0)
        label = label.repeat(columns, axis=0)
    points = where.points(inputs)
    walked = strip(points[::2], points[1::2], columns, between=where.between).swapaxes(0, 1)
    made = where.make(walked.reshape(-1, *points.shape[1:]), label)
    cells = made.reshape(rows, columns, *made.shape[1:])
    return save_sheet(opened, drawn(cells), f"from the left to the right in {where.name}")


def animate_run(
    sheet: Sheet[Generates],
    *,
    rows: int | None,
    columns: int | None,
    space: SpaceName | None,
    psi: float | None,
) -> int:
    """Write an animation that passes through images, and comes back to the first."""
    anchors, frames = 6 if rows is None else rows, 24 if columns is None else columns
    check_asked(psi)
    check_counts({"--rows": anchors}, 0, least=2)
    check_counts({"--columns": frames}, anchors * frames)
    opened = open_sheet(sheet, "interpolate", suffix=".gif")
    where = space_of(opened, space, psi)
    inputs = opened.draw(anchors)
    if where.needs_label and opened.label is None:  # no label lies between two others
        inputs["label"] = np.repeat(inputs["label"][:1], anchors, axis=0)
    walked = loop(where.points(inputs), frames, between=where.between)
    label = np.repeat(inputs["label"], frames, axis=0) if "label" in inputs else None
    made = where.make(walked, label)
    pictures = [grid(image[None], gap=0) for image in made]
    refuse_file(opened.output, ".gif")  # it may have come meanwhile
    try:
        save_animation(pictures, opened.output, durations=round(1000 * _SECONDS))
    except OSError as error:
        raise unwritable(opened.output, error) from error
    print(
        f"{opened.output} is an animation of step {opened.step}: {len(made)} frames through "
        f"{anchors} images in {where.name}"
    )
    return 0


def _in_turn(opened: Opened[Generates], count: int) -> np.ndarray:
    """The label of all, or one class after the other."""
    if opened.label is not None:
        return repeated(opened.label, count)
    turn = turn_of(opened.experiment)
    return turn[np.arange(count) % len(turn)]
