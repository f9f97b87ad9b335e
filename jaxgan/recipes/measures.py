"""Figures of sets of pictures, each with its sampling error and its protocol."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from jaxgan import metrics
from jaxgan.recipes.extractors import Activations

Value: TypeAlias = str | int | float | bool | None
"""Of a protocol."""

SEED = 2020
"""Of the subsets and splits of figures, as in torch-fidelity."""


@dataclass(frozen=True)
class Figure:
    """A number that says how good pictures are.

    Attributes:
        name: with what it was made by, as in "FD (EfficientNet-Lite0)".
        value: the number.
        error: its standard error, from one draw of the pictures to another; None where it is not
            known.
        better: which way; None where neither is.
        protocol: all that another figure of this name must share to be compared with it.
    """

    name: str
    value: float
    error: float | None
    better: Literal["lower", "higher"] | None
    protocol: Mapping[str, Value]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)


class Reference(NamedTuple):
    """Statistics of real pictures: what is left of them in files that people publish.

    Attributes:
        mean: `[F]`.
        covariance: `[F, F]`.
    """

    mean: np.ndarray
    covariance: np.ndarray


class Sets(NamedTuple):
    """What figures are made of.

    Attributes:
        made: what was seen in the samples.
        real: in real pictures; or their statistics, of which fewer figures can be made.
        held_out: in real pictures that the generator was not trained on; None where there are none.
        labels: what samples were made for, and what the real pictures are, `[N]` integers each;
            None where either is not known.
        classes: how many labels there are; 0 where there are none.
        network: the name of what has seen them.
        inception: whether it is FID's.
        protocol: what is common to all figures.
    """

    made: Activations
    real: Activations | Reference
    held_out: Activations | None
    labels: tuple[np.ndarray, np.ndarray] | None
    classes: int
    network: str
    inception: bool
    protocol: Mapping[str, Value]


Measure: TypeAlias = Callable[[Sets], list[Figure]]
"""Figures of sets; none where they cannot be made of these."""


def distance_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance: FID of Inception's features, and FD of others."""
    made, real = sets.made.features, sets.real
    if isinstance(real, Reference):
        moments = metrics.Moments.init(made.shape[1]).update(made).compute(ddof=1)
        value = metrics.normal_frechet_distance(*moments, *real)
        return [_figure(sets, "FD", value, None, "lower", divisor="N - 1")]
    value = metrics.frechet_distance(made, real.features)
    return [_figure(sets, "FD", value, None, "lower", divisor="N - 1")]


def extrapolated_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance as of endlessly many samples: FID∞."""
    if isinstance(sets.real, Reference):
        return []
    found = metrics.frechet_distance_unbiased(sets.made.features, sets.real.features, seed=SEED)
    least = int(found.counts[0])
    return [
        _figure(
            *(sets, "FD∞", found.distance, found.error, "lower"),
            divisor="N - 1",
            points=len(found.counts),
            smallest=least,
        )
    ]


def kernel_figures(sets: Sets) -> list[Figure]:
    """The kernel distance: KID of Inception's features, and KD of others."""
    if isinstance(sets.real, Reference):
        return []
    size = min(1000, sets.made.count, sets.real.count)
    found = metrics.kernel_distance(
        sets.made.features, sets.real.features, subset_size=size, seed=SEED
    )
    return [
        _figure(
            *(sets, "KD", found.mean, found.deviation / 100**0.5, "lower"),
            subsets=100,
            subset_size=size,
        )
    ]


def score_figures(sets: Sets) -> list[Figure]:
    """The inception score; of other networks that know classes, the class score."""
    if sets.made.logits is None:
        return []
    splits = min(10, sets.made.count)
    found = metrics.inception_score(sets.made.logits, splits=splits, seed=SEED)
    error = found.deviation / splits**0.5
    return [_figure(sets, "CS", found.mean, error, "higher", splits=splits)]


def manifold_figures(sets: Sets) -> list[Figure]:
    """Improved precision and recall with k of 3, density and coverage with k of 5."""
    if isinstance(sets.real, Reference):
        return []
    made, real = sets.made.features, sets.real.features
    if min(len(made), len(real)) <= 5:
        return []
    balls = metrics.precision_recall(made, real, k=3)
    cover = metrics.density_coverage(made, real, k=5)
    figures = []
    for k, strict, found in [(3, False, balls), (5, True, cover)]:
        for name, value in found._asdict().items():
            count = len(real) if name in ("recall", "coverage") else len(made)
            share = min(max(value, 0.0), 1.0)
            error = (share * (1 - share) / count) ** 0.5 if name != "density" else None
            figures.append(_figure(sets, name, value, error, "higher", k=k, strict=strict))
    return figures


def copying_figures(sets: Sets) -> list[Figure]:
    """Whether samples are copies: how often one is farther from the training pictures than others.

    About 0.5 where samples are as new as held-out pictures, 0 where all are copies.
    """
    if sets.held_out is None or isinstance(sets.real, Reference):
        return []
    made, real, held_out = (x.features for x in (sets.made, sets.real, sets.held_out))
    found = metrics.memorisation(made, real, held_out)
    counts = len(made), len(held_out)
    error = (sum(counts) / (12 * counts[0] * counts[1])) ** 0.5
    held = {"held_out": counts[1]}
    return [
        _figure(sets, "novelty", found.farther, error, None, **held),
        _figure(sets, "novelty p-value", found.p_value, None, None, **held),
    ]


def class_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance within each class, of samples that were made to order: their mean."""
    if sets.labels is None or isinstance(sets.real, Reference):
        return []
    made, real = sets.made.features, sets.real.features
    distances = []
    for label in range(sets.classes):
        parts = [x[y == label] for x, y in zip((made, real), sets.labels, strict=True)]
        if min(map(len, parts)) > 1:
            distances.append(metrics.frechet_distance(*parts))
    if not distances:
        return []
    return [
        _figure(
            *(sets, name, value, None, "lower"),
            divisor="N - 1",
            classes=len(distances),
        )
        for name, value in [
            ("FD within classes", float(np.mean(distances))),
            ("FD of the worst class", float(np.max(distances))),
        ]
    ]


_INCEPTION = {"FD": "FID", "KD": "KID", "CS": "IS", "FD∞": "FID∞"}
"""What figures are called that the literature has by Inception's features, and by no other's."""


def _figure(
    sets: Sets,
    name: str,
    value: float,
    error: float | None,
    better: Literal["lower", "higher"] | None,
    **protocol: Value,
) -> Figure:
    known = _INCEPTION.get(name, name) if sets.inception else name
    return Figure(
        f"{known} ({sets.network})", float(value), error, better, {**sets.protocol, **protocol}
    )
