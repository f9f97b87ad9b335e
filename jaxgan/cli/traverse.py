"""The verb `traverse`: what becomes of images along directions."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from jaxgan.cli.directions import find_directions
from jaxgan.cli.runs import new_folder
from jaxgan.cli.sheets import Sheet, check_counts, check_draws, drawn, named_layers, open_sheet
from jaxgan.cli.spaces import Space, SpaceName, check_asked, space_of
from jaxgan.cli.training import Directory
from jaxgan.cli.truncation import check_styled, layers_of
from jaxgan.training import UNMOVED, Generates, Moved, RunError, save_picture, write_array

DIRECTIONS = "directions.npy"


def traverse_verb(kind: Any, name: str) -> Callable[..., int]:
    """`traverse`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def traverse(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        directions: Annotated[str, tyro.conf.arg(metavar="sefa|components|ATTRIBUTE")] = "sefa",
        count: int | None = None,
        keep: str | None = None,
        rows: int = 4,
        columns: int = 7,
        strength: float = 3.0,
        layers: str | None = None,
        draws: int = 2000,
        space: SpaceName | None = None,
        truncation: float | None = None,
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Move images along directions: a sheet for each, a row an image, a column a step.

        Args:
            directory: The run's.
            moved: Where the data are now.
            directions: sefa: those that change the generator's first features, or all styles, most,
                by its weights alone. components: those along which styles vary most, or, in z, the
                images. Or an attribute that a classifier sees, as in glasses, beard=no or
                hair_colour=black of faces, digit=7 of digits; or label=NAME, of styles.
            count: How many of sefa and components, the strongest; 5 where nothing is said.
            keep: Attributes to which the direction of another is made perpendicular, as in
                beard,hair_colour=black; or others, the common labels of all others.
            rows: How many images.
            columns: How many steps, from one side to the other.
            strength: How far the outermost steps are, in deviations of the samples along the
                direction.
            layers: Of w, those that move, from 0: FROM-TO, as in 0-3, or FROM, as in 4, with all
                that follow. All where none are said.
            draws: How many samples directions and deviations are found from.
            space: z, latents, or w, styles. w where images are made of styles.
            truncation: Draws all images towards the mean image, where they are made of styles.
            label: Of all images, in a run of a conditional GAN: a class by its number or name, or
                labels of several attributes, as in glasses=yes,beard=no.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents: the rows are the pictures of sample --seed.
            output: A new folder for the sheets, 1.png and so on, and directions.npy, [K, D];
                DIRECTORY/generated/traverse_DIRECTIONS_seed_SEED where none is named.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        return traverse_run(
            sheet,
            directions=directions,
            count=count,
            keep=keep,
            rows=rows,
            columns=columns,
            strength=strength,
            layers=layers,
            draws=draws,
            space=space,
            psi=truncation,
        )

    return traverse


def traverse_run(
    sheet: Sheet[Generates],
    *,
    directions: str,
    count: int | None,
    keep: str | None,
    rows: int,
    columns: int,
    strength: float,
    layers: str | None,
    draws: int,
    space: SpaceName | None,
    psi: float | None,
) -> int:
    """Draw a sheet for each direction."""
    check_asked(psi)
    check_counts({"--rows": rows}, 0)
    check_counts({"--columns": columns}, 0, least=2)
    check_draws(draws)
    check_counts({"--rows": rows, "--columns": columns}, rows * columns)
    if not 0 < strength < np.inf:
        raise RunError(f"--strength {strength:g} moves nothing: give a number above 0, as in 3")
    what = "_".join(["traverse", *re.findall(r"\w+", directions)])
    opened = open_sheet(sheet, what, suffix="")
    where = space_of(opened, space, psi)
    moving = _moving_layers(where, layers)
    found = find_directions(where, directions, count=count, keep=keep, draws=draws)
    samples = where.rows(where.points(opened.draw(draws)))
    deviations = (samples @ found.rows.T).std(axis=0)
    inputs = opened.draw(rows)
    points = np.asarray(where.points(inputs))
    ways = where.steps(found.rows * deviations[:, None], moving)
    reach = np.linspace(-strength, strength, columns)
    shares = reach.astype(np.float32).reshape(1, columns, *(1 for _ in points.shape[1:]))
    label = None
    if "label" in inputs:
        label = np.repeat(np.asarray(inputs["label"]), columns, axis=0)
    with new_folder(opened.output) as folder:
        for number, way in enumerate(ways):
            moved = points[:, None] + shares * way[None, None]
            made = where.make(moved.reshape(-1, *points.shape[1:]), label)
            cells = made.reshape(rows, columns, *made.shape[1:])
            captions = [(f"{share:+.2g}" if share else "0", 1) for share in reach]
            save_picture(drawn(cells, captions), folder / f"{number + 1}.png")
        write_array(folder / DIRECTIONS, found.rows)
    for number, told in enumerate(found.told):
        print(f"{opened.output / f'{number + 1}.png'}: {told}")
    print(
        f"sheets of step {opened.step} in {where.name}, from -{strength:g} to {strength:g} "
        f"deviations; the directions: {opened.output / DIRECTIONS}"
    )
    return 0


def _moving_layers(where: Space, layers: str | None) -> slice:
    if layers is None:
        return slice(None)
    if where.name == "z":
        raise RunError("--layers are of w, and images are moved in z: leave it out")
    experiment, opened = check_styled(where.opened.experiment), where.opened
    return slice(*named_layers(layers, layers_of(experiment, opened.state, opened.draw(1))))
