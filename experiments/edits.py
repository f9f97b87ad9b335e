"""How well edits in latent space do what they are for, as a classifier of attributes sees it.

python experiments/edits.py runs/stylegan2-001 --output edits        faces, some minutes

For each attribute that is asked for, samples without it get it: by arithmetic (A with it - A + B,
a few latents averaged a term), along the separator's direction, along the same without what other
attributes have in it, and along the best of SeFa's; beside random directions as long as the steps
of the arithmetic, and no edit at all. How far along a direction is tried out on other samples: as
far as changes and keeps most, both. Changed: the share of images that have the attribute
afterwards. Kept: the share in which every other is as it was, of those that the classifier was sure
of (0.9); and of all, sure or not.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import tyro
from figures import kind_of

from jaxgan.cli.conditions import Condition
from jaxgan.cli.directions import directions_of_others
from jaxgan.cli.groups import SURE, condition_of, likelihoods
from jaxgan.cli.sheets import Sheet, drawn, named_layers, open_sheet
from jaxgan.cli.spaces import Space, space_of
from jaxgan.latents import arithmetic, attribute_changes, conditioned, sefa, separator
from jaxgan.recipes import attribute_labels
from jaxgan.training import UNMOVED, Run, RunError, save_picture, write_whole

_STRONGEST = 10
"""How many of SeFa's directions are tried, both ways."""
_REACHES = (0.25, 0.4, 0.6, 0.8, 1.0, 1.3)
"""How far along a direction, by the mean length of the arithmetic's steps."""
_SHOWN = 8
"""Rows of the picture."""


class Seen(NamedTuple):
    """Samples, and what the classifier sees in them.

    Attributes:
        points: `[N, Z]`, or `[N, L, W]`.
        odds: how likely each label is, `[N, K]` by attribute.
    """

    points: np.ndarray
    odds: Mapping[str, np.ndarray]

    def labels(self) -> dict[str, np.ndarray]:
        """The likeliest label of each attribute, `[N]`."""
        return {name: odds.argmax(axis=1) for name, odds in self.odds.items()}


class Way(NamedTuple):
    """How images are edited.

    Attributes:
        name: of it.
        steps: of each image's rows, `[N, D]`.
    """

    name: str
    steps: np.ndarray


def look(where: Space, points: np.ndarray) -> Seen:
    """What is to be seen in the images of points."""
    names = attribute_labels(where.opened.experiment.images)
    return Seen(points, likelihoods(where, {}, points, names))


def figures_of(before: Seen, after: Seen, asked: Condition) -> dict[str, float]:
    """Shares of images: changed, kept where the classifier was sure, kept at all."""

    def as_asked(labels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        has = np.isin(labels[asked.attribute], asked.labels)
        return labels | {asked.attribute: has}

    old, new = as_asked(before.labels()), as_asked(after.labels())
    sure = {name: odds.max(axis=1) >= SURE for name, odds in before.odds.items()}
    held = {name: np.where(sure[name], new[name], old[name]) for name in new}
    held[asked.attribute] = new[asked.attribute]
    of_all = attribute_changes(old, new, asked.attribute, True)
    of_sure = attribute_changes(old, held, asked.attribute, True)
    return {"changed": of_all.changed, "kept": of_sure.kept, "kept_all": of_all.kept}


def ways_of(
    where: Space,
    seen: Seen,
    asked: Condition,
    edited: np.ndarray,
    *,
    averaged: int,
    try_out: Callable[[np.ndarray], float],
    random: np.random.Generator,
) -> list[Way]:
    """All ways to give samples an attribute.

    Args:
        where: the space.
        seen: samples.
        asked: the attribute.
        edited: numbers of those that are edited.
        averaged: how many latents a term of the arithmetic is the mean of.
        try_out: `(step [D]) -> the lower of changed and kept`, of other samples.
        random: draws the groups and random directions.
    """
    rows = where.rows(jnp.asarray(seen.points))
    has = np.isin(seen.odds[asked.attribute].argmax(axis=1), asked.labels)
    sure = seen.odds[asked.attribute].max(axis=1) >= SURE
    count = len(edited)
    groups = (np.flatnonzero(mask & sure) for mask in (has, ~has))
    with_it, without = (random.choice(group, (count, averaged)) for group in groups)
    sums = np.stack(
        [
            np.asarray(arithmetic(*map(jnp.asarray, (rows[[n]], rows[minus], rows[plus]))))
            for n, minus, plus in zip(edited, without, with_it, strict=True)
        ]
    )
    steps = sums - rows[edited]
    lengths = np.linalg.norm(steps, axis=1, keepdims=True)
    length = lengths.mean()
    ways = [Way("nothing", np.zeros_like(steps))]
    noise = random.standard_normal(steps.shape).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    ways += [Way("random direction", noise * lengths), Way("arithmetic", steps)]

    def best_of(name: str, directions: np.ndarray) -> Way:
        """The direction and the reach that do most, of several."""
        tried = [(row, reach) for row in directions for reach in _REACHES]
        scores = [try_out(row * reach * length) for row, reach in tried]
        row, reach = tried[int(np.argmax(scores))]
        number = int(np.argmax(scores)) // len(_REACHES)
        which = f" {number // 2 + 1}" if len(directions) > 1 else ""
        return Way(f"{name}{which}, {reach:g} as far", np.tile(row * reach * length, (count, 1)))

    found = separator(rows, has).direction
    others = directions_of_others(rows, seen.odds, {asked.attribute})
    alone = conditioned(found, *others)
    kernels = where.opened.experiment.latent_kernels(where.opened.state)
    strongest, _ = sefa(*(np.asarray(kernel).reshape(len(kernel), -1) for kernel in kernels))
    both = np.stack([strongest, -strongest], axis=1)[:_STRONGEST].reshape(-1, len(found))
    return [
        *ways,
        best_of("separator", found[None]),
        best_of("separator without the others", alone[None]),
        best_of("SeFa", both),
    ]


def main(
    directory: Annotated[Path, tyro.conf.Positional],
    *,
    output: Path,
    asked: tuple[str, ...] = ("glasses", "beard", "hair_colour=black"),
    count: int = 200,
    averaged: int = 3,
    draws: int = 4000,
    layers: str | None = None,
    seed: int = 0,
) -> None:
    """Edit, look, and write edits.md, edits.json and a picture for each attribute.

    Args:
        directory: The run's.
        output: A new folder.
        asked: Attributes, as of the verb traverse.
        count: How many images are edited, for each.
        averaged: How many latents a term of the arithmetic is the mean of.
        draws: How many samples all is found from.
        layers: Of w, those that move, as of the verb traverse.
        seed: Of the samples and of all that is drawn.
    """
    name = Run.open(directory).manifest["experiment"]
    kind = kind_of(Run.open(directory))
    sheet = Sheet(directory, kind, name, UNMOVED, None, None, seed, output)
    opened = open_sheet(sheet, "edits", suffix="")
    where = space_of(opened)
    conditions = {words: condition_of(words, "--asked", where) for words in asked}
    seen = look(where, np.asarray(where.points(opened.draw(draws))))
    moving = slice(None)
    if layers is not None:
        if where.name == "z":
            raise RunError("--layers are of w, and images are edited in z: leave it out")
        moving = slice(*named_layers(layers, seen.points.shape[1]))
    random = np.random.default_rng(seed)
    results: dict[str, Any] = {}
    lines = ["| asked | way | changed | kept (sure) | kept (all) |", "|---|---|---|---|---|"]
    output.mkdir(parents=True)
    for words, condition in conditions.items():
        lacking = _lacking(seen, condition, words)
        edited, others = random.permutation(lacking)[:count], random.permutation(lacking)[:60]

        def moved(
            numbers: np.ndarray, steps: np.ndarray, condition: Condition = condition
        ) -> tuple[np.ndarray, dict[str, float]]:
            points = seen.points[numbers] + where.steps(steps, moving)
            before = Seen(points, {name: odds[numbers] for name, odds in seen.odds.items()})
            return points, figures_of(before, look(where, points), condition)

        def try_out(step: np.ndarray, others: np.ndarray = others) -> float:
            found = moved(others, np.tile(step, (len(others), 1)))[1]
            return min(found["changed"], found["kept"])

        chosen = {"averaged": averaged, "try_out": try_out, "random": random}
        results[words], columns = {}, []
        for way in ways_of(where, seen, condition, edited, **chosen):
            points, found = moved(edited, way.steps)
            results[words][way.name] = found
            shares = " | ".join(f"{share:.1%}" for share in found.values())
            lines.append(f"| {words} | {way.name} | {shares} |")
            print(lines[-1], flush=True)
            columns.append((way.name, where.make(points[:_SHOWN])))
        cells = np.stack([images for _, images in columns], axis=1)
        picture = drawn(cells, [(name.partition(",")[0], 1) for name, _ in columns])
        save_picture(picture, output / f"{words}.png")
    write_whole(output / "edits.json", json.dumps(results, indent=1) + "\n")
    write_whole(output / "edits.md", "\n".join(lines) + "\n")
    print(f"all is in {output}")


def _lacking(seen: Seen, condition: Condition, words: str) -> np.ndarray:
    """The numbers of the samples that surely have not what is asked for."""
    odds = seen.odds[condition.attribute]
    has = odds[:, list(condition.labels)].sum(axis=1)
    lacking = np.flatnonzero(has <= 1 - SURE)
    if not len(lacking) or not (has >= SURE).any():
        raise RunError(f"--asked {words}: all samples are like that, or none is: ask for another")
    return lacking


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except (RunError, ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from None
