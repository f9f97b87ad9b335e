"""The verb `traverse`: what becomes of images along directions."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import tyro

from jaxgan.cli.groups import condition_of, group_of, having, likelihoods
from jaxgan.cli.runs import refuse_taken
from jaxgan.cli.sheets import Sheet, check_counts, drawn, named_layers, open_sheet, unwritable
from jaxgan.cli.spaces import Space, SpaceName, check_asked, space_of
from jaxgan.cli.training import Directory
from jaxgan.cli.truncation import check_styled, layers_of
from jaxgan.latents import (
    conditioned,
    principal_components,
    regressed_directions,
    sefa,
    separator,
)
from jaxgan.training import UNMOVED, Generates, Moved, RunError, Styled, save_picture, write_array

_SIDE = 32
"""Pixels on a side of the images that vary, at most."""
DIRECTIONS = "directions.npy"


class Found(NamedTuple):
    """Directions, and what is to be said of them.

    Attributes:
        rows: `[K, D]`, of length 1.
        told: of each.
    """

    rows: np.ndarray
    told: list[str]


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
                beard,hair_colour=black.
            rows: How many images.
            columns: How many steps, from one side to the other.
            strength: How far the outermost steps are, in deviations of the samples along the
                direction.
            layers: Of w, those that move, from 0: FROM-TO, as in 0-3, or FROM, as in 4, with all
                that follow. All where none are said.
            draws: How many samples directions and deviations are found from.
            space: z, latents, or w, styles. w where images are made of styles.
            truncation: Draws all images towards the mean image, where they are made of styles.
            label: Of all images, in a run of a conditional GAN: a class by its number or name.
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
    check_counts({"--columns": columns, "--draws": draws}, 0, least=2)
    check_counts({"--rows": rows, "--columns": columns}, rows * columns)
    if not 0 < strength < np.inf:
        raise RunError(f"--strength {strength:g} moves nothing: give a number above 0, as in 3")
    what = "_".join(["traverse", *re.findall(r"\w+", directions)])
    opened = open_sheet(sheet, what, suffix="")
    where = space_of(opened, space, psi)
    moving = _moving_layers(where, layers)
    found = _directions(where, directions, count, keep, draws)
    samples = where.rows(where.points(opened.draw(draws)))
    deviations = (samples @ found.rows.T).std(axis=0)
    inputs = opened.draw(rows)
    points = np.asarray(where.points(inputs))
    ways = where.steps(found.rows * deviations[:, None], moving)
    reach = np.linspace(-strength, strength, columns)
    shares = reach.astype(np.float32).reshape(1, columns, *(1 for _ in points.shape[1:]))
    label = np.repeat(np.asarray(inputs["label"]), columns) if "label" in inputs else None
    refuse_taken(opened.output)  # it may have come meanwhile
    try:
        for number, way in enumerate(ways):
            moved = points[:, None] + shares * way[None, None]
            made = where.make(moved.reshape(-1, *points.shape[1:]), label)
            cells = made.reshape(rows, columns, *made.shape[1:])
            captions = [(f"{share:+.2g}" if share else "0", 1) for share in reach]
            save_picture(drawn(cells, captions), opened.output / f"{number + 1}.png")
            print(f"{opened.output / f'{number + 1}.png'}: {found.told[number]}")
        write_array(opened.output / DIRECTIONS, found.rows)
    except OSError as error:
        raise unwritable(opened.output, error) from error
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


def _directions(where: Space, words: str, count: int | None, keep: str | None, draws: int) -> Found:
    """The directions that words ask for."""
    if words not in ("sefa", "components"):
        if count is not None:
            raise RunError(f"{words} is an attribute, which has one direction: leave --count out")
        return _attribute(where, words, keep, draws)
    if keep is not None:
        raise RunError(f"--keep is of the direction of an attribute, not of {words}: leave it out")
    count = 5 if count is None else count
    check_counts({"--count": count}, 0)
    if words == "sefa":
        if where.name == "z" and isinstance(where.opened.experiment, Styled):
            raise RunError("the weights say what moves styles, which are w: leave --space z out")
        kernels = where.opened.experiment.latent_kernels(where.opened.state)
        flat = [np.asarray(kernel).reshape(len(kernel), -1) for kernel in kernels]
        rows, strengths = sefa(*flat)
        told = [f"strength {strength:.3g}" for strength in strengths]
    elif where.name == "w":
        found = principal_components(where.rows(where.points(where.opened.draw(draws))))
        rows = found.directions
        told = [f"deviation {deviation:.3g}" for deviation in found.deviations]
    else:
        inputs = where.opened.draw(draws)
        points = where.points(inputs)
        chunks = where.chunks(points, inputs.get("label"))
        images = np.concatenate([_small(images).reshape(len(images), -1) for images in chunks])
        rows = regressed_directions(where.rows(points), images, count)
        told = [f"component {number + 1} of the images" for number in range(count)]
    if count > len(rows):
        raise RunError(f"there are {len(rows)} such directions, not {count}: give a lower --count")
    return Found(rows[:count], told[:count])


def _attribute(where: Space, words: str, keep: str | None, draws: int) -> Found:
    """The direction of an attribute, perhaps without those of others."""
    asked = [group_of(words, "--directions", where).conditions]
    if not asked[0]:
        raise RunError(f"--directions {words} are none: give sefa, components or an attribute")
    kept = keep.split(",") if keep else []
    asked += [(condition_of(one, "--keep", where),) for one in kept]
    inputs = where.opened.draw(draws)
    points = where.points(inputs)
    names = {one.attribute for conditions in asked for one in conditions}
    odds, samples = likelihoods(where, inputs, points, names), where.rows(points)
    found = []
    for which, conditions in zip([words, *kept], asked, strict=True):
        try:
            found.append(separator(samples, having(odds, conditions)[0]))
        except ValueError as error:
            raise RunError(f"there is no direction of {which}: {error}") from error
    told = f"{words}, which of held-out samples {found[0].accuracy:.1%} are told by"
    others = [other.direction for other in found[1:]]
    try:
        direction = conditioned(found[0].direction, *others)
    except ValueError as error:
        raise RunError(f"--keep {keep}: {error}") from error
    return Found(direction[None], [f"{told}{f', without {keep}' if keep else ''}"])


def _small(images: np.ndarray) -> np.ndarray:
    """Means over squares, so that the images have about 32 pixels on a side at the most."""
    count, height, width, channels = images.shape
    factor = max(1, max(height, width) // _SIDE)
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor]
    return cut.reshape(count, rows, factor, columns, factor, channels).mean(axis=(2, 4))
