"""What faces of a style are made of, and how the options of one are drawn."""

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

NONE = "none"
"""The name of what is not there, or not to be seen: label 0."""


@dataclass(frozen=True)
class Attribute:
    """One thing that faces of a style differ in.

    Attributes:
        name: of the feature.
        option: what DiceBear calls it: `headVariant`, `skinColor`.
        values: from the names of the labels to what DiceBear calls them.
        share: how many faces have one, in [0, 1].
        optional: whether it can be absent or hidden; then label 0 is `none`.
        weights: how likely a value is, beside 1 for the others.
    """

    name: str
    option: str
    values: Mapping[str, str]
    share: float = 1.0
    optional: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in order."""
        return ((NONE,) if self.optional else ()) + tuple(self.values)


@dataclass(frozen=True)
class Style:
    """Drawings of one artist that are put together to faces.

    Attributes:
        source: what DiceBear calls it: `open-peeps`.
        attributes: what its faces differ in; a new one must come last, as each takes the next
            random numbers.
        view: left, top and side of the square that is shown, in the drawing's units.
        attribution: what the drawings are, whose, and under which licence.
        licence: its name.
        homepage: where the drawings are from.
        fixed: options that are the same for all faces.
        seen: from the names of what was drawn to those that are another on the picture, as when a
            hat hides the hair's colour.
    """

    source: str
    attributes: tuple[Attribute, ...]
    view: tuple[float, float, float]
    attribution: str
    licence: str
    homepage: str
    fixed: Mapping[str, str | float] = field(default_factory=dict)
    seen: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda drawn: {}

    @property
    def faces(self) -> int:
        """How many faces can be told apart, at most: the product of the attributes' labels."""
        return math.prod(len(attribute.labels) for attribute in self.attributes)


class Face(NamedTuple):
    """A face before it is drawn.

    Attributes:
        labels: the name of each attribute's label, as the picture has it.
        options: what DiceBear is given.
    """

    labels: dict[str, str]
    options: dict[str, str | float]


def draw_face(style: Style, number: int) -> Face:
    """Draw the options of a face by lot, each independently of the others.

    A face is a function of its style and number alone. Two numbers can have the same face.

    Args:
        style: one of `STYLES`.
        number: n, 0 or more.

    Returns:
        The face.

    >>> from jaxgan.data import STYLES
    >>> draw_face(STYLES["open_peeps"], 0).labels["hair"]
    'pomp'
    """
    generator = np.random.default_rng([number, zlib.crc32(style.source.encode())])
    lots = generator.random((len(style.attributes), 2)).tolist()
    labels: dict[str, str] = {}
    options: dict[str, str | float] = {"seed": "", **style.fixed}
    for attribute, (presence, lot) in zip(style.attributes, lots, strict=True):
        there = presence < attribute.share
        name = _choose(attribute, lot) if there else NONE
        labels[attribute.name] = name
        if there:
            options[attribute.option] = attribute.values[name]
        if attribute.option.endswith("Variant"):
            probability = attribute.option.removesuffix("Variant") + "Probability"
            options[probability] = 100 if there else 0
    return Face(labels=labels | dict(style.seen(labels)), options=options)


def _choose(attribute: Attribute, lot: float) -> str:
    names = list(attribute.values)
    weights = [attribute.weights.get(name, 1.0) for name in names]
    rest = lot * sum(weights)
    for name, weight in zip(names, weights, strict=True):
        rest -= weight
        if rest < 0:
            return name
    return names[-1]
