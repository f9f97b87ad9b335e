"""The directions that words ask for, in z or in w."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.cli.conditions import Condition
from jaxgan.cli.groups import condition_of, group_of, having, likelihoods
from jaxgan.cli.sheets import check_counts
from jaxgan.cli.spaces import Space
from jaxgan.latents import (
    Separator,
    conditioned,
    principal_components,
    regressed_directions,
    sefa,
    separator,
)
from jaxgan.recipes import attribute_labels
from jaxgan.training import RunError, Styled

SEVERAL = ("sefa", "components")
"""Words of which there are several directions."""
OTHERS = "others"
"""What stands for all attributes but the one that is moved."""
_COMMON = 0.05
"""The least share of samples of a label, and of samples without it, to be kept as one of them."""
_USUAL = 5
"""How many of them, where nobody says it."""
_SIDE = 32
"""Pixels on a side of the images that vary, at most."""


class Found(NamedTuple):
    """Directions, and what is to be said of them.

    Attributes:
        rows: `[K, D]`, of length 1.
        told: of each.
    """

    rows: np.ndarray
    told: list[str]


def find_directions(
    where: Space, words: str, *, count: int | None = None, keep: str | None = None, draws: int
) -> Found:
    """The directions that words ask for.

    Args:
        where: the space.
        words: sefa, components, or an attribute that a classifier sees, as in glasses=yes.
        count: how many of sefa and components; 5 where None, or as many as there are.
        keep: attributes to which the direction of another is made perpendicular; "others" are all
            others.
        draws: how many samples they are found from.

    Raises:
        RunError: where there are none; says why.
        ValueError: where there is no classifier.
    """
    if words not in SEVERAL:
        if count is not None:
            raise RunError(f"{words} is an attribute, which has one direction: leave --count out")
        return attribute_directions(where, [words], keep=keep, draws=draws)[0]
    if keep is not None:
        raise RunError(f"--keep is of the direction of an attribute, not of {words}: leave it out")
    most = _USUAL if count is None else count
    check_counts({"--count": most}, 0)
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
        most = most if count is not None else min(most, points.shape[1])
        chunks = where.chunks(points, inputs.get("label"))
        images = np.concatenate([_small(images).reshape(len(images), -1) for images in chunks])
        rows = regressed_directions(where.rows(points), images, most)
        told = [f"component {number + 1} of the images" for number in range(most)]
    if count is not None and count > len(rows):
        raise RunError(f"there are {len(rows)} such directions, not {count}: give a lower --count")
    return Found(rows[:most], told[:most])


def check_words(where: Space, asked: Sequence[str]) -> list[tuple[Condition, ...]]:
    """What words mean that name attributes; those of several directions are passed over.

    Raises:
        RunError: where they mean nothing.
        ValueError: where there is no classifier.
    """
    attributes = [words for words in asked if words not in SEVERAL]
    groups = [group_of(words, "--directions", where).conditions for words in attributes]
    for words, conditions in zip(attributes, groups, strict=True):
        if not conditions:
            raise RunError(f"--directions {words} are none: give sefa, components or an attribute")
    return groups


def attribute_directions(
    where: Space, asked: Sequence[str], *, keep: str | None = None, draws: int
) -> list[Found]:
    """The direction of each of several attributes, perhaps without those of others.

    Args:
        where: the space.
        asked: as in glasses=yes, one direction each.
        keep: attributes to which the directions are made perpendicular; "others" are all others.
        draws: how many samples they are found from.

    Raises:
        RunError: where there are none; says why.
        ValueError: where there is no classifier.
    """
    kept = keep.split(",") if keep and keep != OTHERS else []
    groups = check_words(where, asked)
    groups += [(condition_of(one, "--keep", where),) for one in kept]
    inputs = where.opened.draw(draws)
    points = where.points(inputs)
    names = {one.attribute for conditions in groups for one in conditions}
    if keep == OTHERS:
        names |= attribute_labels(where.opened.experiment.images).keys()
    odds, samples = likelihoods(where, inputs, points, names), where.rows(points)
    found = []
    for words, conditions in zip([*asked, *kept], groups, strict=True):
        try:
            found.append(separator(samples, having(odds, conditions)[0]))
        except ValueError as error:
            raise RunError(f"there is no direction of {words}: {error}") from error
    directions = []
    for words, conditions, one in zip(asked, groups, found, strict=False):
        others = [other.direction for other in found[len(asked) :]]
        if keep == OTHERS:
            others = directions_of_others(samples, odds, {one.attribute for one in conditions})
        directions.append(_without(others, one, words, keep))
    return directions


def directions_of_others(
    samples: np.ndarray, odds: Mapping[str, np.ndarray], asked: Collection[str]
) -> list[np.ndarray]:
    """The separators' directions of the common labels of all attributes but some.

    Args:
        samples: `[N, D]`.
        odds: how likely each label is, `[N, K]` by attribute.
        asked: the attributes that are left out.

    Returns:
        `[D]` each, and no more than half of D, so that as much is left to move in. A label is
        common that 5% to 95% of samples have; those are left out that are not apart.
    """
    found = []
    for name in sorted(odds.keys() - set(asked)):
        labels = odds[name].argmax(axis=1)
        for label in range(odds[name].shape[1]):
            if _COMMON < (labels == label).mean() < 1 - _COMMON:
                with contextlib.suppress(ValueError):
                    found.append(separator(samples, labels == label).direction)
    return found[: samples.shape[1] // 2]


def _without(others: list[np.ndarray], found: Separator, words: str, keep: str | None) -> Found:
    """An attribute's direction, perpendicular to others."""
    try:
        direction = conditioned(found.direction, *others)
    except ValueError as error:
        raise RunError(f"--keep {keep}: {error}") from error
    told = f"{words}, which of held-out samples {found.accuracy:.1%} are told by"
    return Found(direction[None], [f"{told}{f', without {keep}' if keep else ''}"])


def _small(images: np.ndarray) -> np.ndarray:
    """Means over squares, so that the images have about 32 pixels on a side at the most."""
    count, height, width, channels = images.shape
    factor = max(1, max(height, width) // _SIDE)
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor]
    return cut.reshape(count, rows, factor, columns, factor, channels).mean(axis=(2, 4))
