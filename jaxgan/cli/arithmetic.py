"""The verb `arithmetic`: man with glasses - man + woman."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxgan.cli.groups import check_apart, group_of, likelihoods, members
from jaxgan.cli.sheets import (
    Sheet,
    blank_cells,
    check_counts,
    check_draws,
    drawn,
    open_sheet,
    save_sheet,
)
from jaxgan.cli.spaces import Space, SpaceName, check_asked, space_of
from jaxgan.cli.training import Directory
from jaxgan.games import stream
from jaxgan.latents import arithmetic
from jaxgan.training import UNMOVED, Generates, Moved, RunError, stacked

_SIDE = 3
"""Of the square of neighbours, in images; the result is in its middle."""


def arithmetic_verb(kind: Any, name: str) -> Callable[..., int]:
    """`arithmetic`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def arithmetic_(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        start: str,
        minus: str,
        plus: str,
        each: int = 3,
        draws: int = 500,
        spread: float = 0.25,
        space: SpaceName | None = None,
        truncation: float | None = None,
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Add what some images have and others have not: START - MINUS + PLUS, as means of latents.

        The sheet has a row for each term, its images and that of their mean, and on the right the
        result amidst its neighbours. A term is numbers of pictures of sample --seed, as in 3,8,12;
        or words: glasses=yes,beard=no of faces, hair_colour=black, digit=7 of digits, which a
        classifier sees (it is trained on first use, in a minute or two); label=NAME where images
        are made of styles and to labels.

        Args:
            directory: The run's.
            moved: Where the data are now.
            start: Those that the result is like.
            minus: What they have in common is taken away.
            plus: What they have in common is added.
            each: How many images a term of words has: the first of which the classifier is sure.
            draws: How many samples are looked at for words.
            spread: How far neighbours are, in deviations of the latents (DCGAN's paper: 0.25).
            space: z, latents, or w, styles. w where images are made of styles.
            truncation: Draws all images towards the mean image, where they are made of styles.
            label: Of all images, in a run of a conditional GAN: a class by its number or name, or
                labels of several attributes, as in glasses=yes,beard=no.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents.
            output: A new PNG; DIRECTORY/generated/arithmetic_seed_SEED.png where none is named.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        terms = {"--start": start, "--minus": minus, "--plus": plus}
        return arithmetic_run(
            *(sheet, terms),
            each=each,
            draws=draws,
            spread=spread,
            space=space,
            psi=truncation,
        )

    return arithmetic_


def arithmetic_run(
    sheet: Sheet[Generates],
    terms: dict[str, str],
    *,
    each: int,
    draws: int,
    spread: float,
    space: SpaceName | None,
    psi: float | None,
) -> int:
    """Draw a sheet of three groups, their means, and what these make."""
    check_asked(psi)
    check_counts({"--each": each}, 3 * each)
    check_draws(draws, least=1)
    if not 0 <= spread < np.inf:
        raise RunError(f"--spread {spread:g} is no distance: give 0 or more, as in 0.25")
    opened = open_sheet(sheet, "arithmetic")
    where = space_of(opened, space, psi)
    if where.needs_label and opened.label is None:
        raise RunError(
            "in z images are made of latents and a label, which must be the same of all: say "
            "which with --label"
        )
    groups = [group_of(words, flag, where) for flag, words in terms.items()]
    check_apart(groups)
    widest = max(each, *(len(group.numbers) for group in groups))
    check_counts({"samples to --start, --minus, --plus": widest}, 3 * widest)

    def odds() -> dict[str, np.ndarray]:
        inputs = opened.draw(draws)
        names = {one.attribute for group in groups for one in group.conditions}
        return likelihoods(where, inputs, where.points(inputs), names)

    numbers = members(groups, odds, each=each, draws=draws)
    inputs = opened.draw(max(map(max, numbers)) + 1)
    points = [where.points({name: x[np.asarray(n)] for name, x in inputs.items()}) for n in numbers]
    result = arithmetic(*points)
    around = result[None] + where.steps(_noise(where, spread))
    means = jnp.stack([group.mean(axis=0) for group in points])
    made = where.make(np.concatenate([*points, means, around]), opened.label)
    *pictures, near = np.split(made, np.cumsum([*map(len, points), 1, 1, 1]))
    terms_drawn, means_drawn = pictures[:3], pictures[3:]
    rows = []
    for row, (group, images, mean) in enumerate(zip(groups, terms_drawn, means_drawn, strict=True)):
        count = max(map(len, points))
        cells = blank_cells(1, count + 2 + _SIDE, made[0])
        cells[0, : len(images)], cells[0, count] = images, mean[0]
        cells[0, count + 2 :] = near[_SIDE * row : _SIDE * (row + 1)]
        said = [(f"{('', '- ', '+ ')[row]}{group.words}", count), ("mean", 1), ("", 1)]
        rows.append(drawn(cells, [*said, ("" if row else "= the middle one", _SIDE)]))
    for group, its in zip(groups, numbers, strict=True):
        short = group.conditions and len(its) < each
        few = f", as no more of {draws} are like that" if short else ""
        print(f"{group.flag} {group.words}: samples {', '.join(map(str, its))}{few}")
    words = f"{' - '.join(g.words for g in groups[:2])} + {groups[2].words} in {where.name}"
    return save_sheet(opened, stacked(rows), words)


def _noise(where: Space, spread: float) -> np.ndarray:
    """Steps to the neighbours, as rows: uniform as in DCGAN's figure; none in the middle."""
    rows = where.rows(where.points(where.opened.draw(1000)))
    key, count = stream(where.opened.key, "neighbours"), _SIDE**2
    noise = jax.random.uniform(key, (count, rows.shape[1]), minval=-1.0, maxval=1.0)
    deviation = rows.std(axis=0) * 3**0.5  # for U(-1, 1), whose deviation that is: of spread
    return np.asarray(noise.at[count // 2].set(0.0)) * spread * deviation[None]
