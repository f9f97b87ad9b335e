"""Figures of sets of pictures, each with its sampling error and its protocol."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from jaxgan import metrics
from jaxgan.recipes.extractors import Activations
from jaxgan.training import Figure, Value

SEED = 2020
"""Of the subsets and splits of figures, as in torch-fidelity."""
_LINE = 16
"""Fewer samples have no line through 15 counts, from which to extrapolate."""
_GROUPS = 10
"""Of which one at a time is left out, for the sampling error."""


class Reference(NamedTuple):
    """Statistics of real pictures: what is left of them in files that people publish.

    Attributes:
        mean: `[F]`.
        covariance: `[F, F]`.
    """

    mean: np.ndarray
    covariance: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Sets:
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

    @functools.cached_property
    def distance_error(self) -> float | None:
        """The standard error of the Fréchet distance; None of too few pictures."""
        made, real = self.made.features, self.real
        if isinstance(real, Reference):
            return _error_beside(made, real)
        groups = min(_GROUPS, len(made) // 2, len(real.features) // 2)
        if groups < 2:
            return None
        return metrics.frechet_distance_error(made, real.features, groups=groups)


Measure: TypeAlias = Callable[[Sets], list[Figure]]
"""Figures of sets; none where they cannot be made of these."""


def distance_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance: FID of Inception's features, and FD of others.

    The error is of the samples and of the real pictures; of published statistics, of the samples.
    """
    made, real = sets.made.features, sets.real
    if isinstance(real, Reference):
        moments = metrics.Moments.init(made.shape[1]).update(made).compute(ddof=1)
        value = metrics.normal_frechet_distance(*moments, *real)
    else:
        value = metrics.frechet_distance(made, real.features)
    return [_figure(sets, "FD", value, sets.distance_error, "lower", divisor="N - 1")]


def _error_beside(made: np.ndarray, real: Reference) -> float | None:
    """The standard error of the distance from statistics, which bring none themselves."""
    if len(made) < 2 * _GROUPS:
        return None
    (parts,) = metrics.random_groups(len(made), groups=_GROUPS, seed=SEED)
    count = len(real.mean) + 2  # any that gives back the covariance
    other = metrics.Moments(count, real.mean, real.covariance * (count - 1))
    moments = [metrics.Moments.init(made.shape[1]).update(made[rows]) for rows in parts]
    return metrics.moments_frechet_distance_error(moments, [other])


def extrapolated_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance as of endlessly many samples: FID∞.

    The error is the distance's together with the line's, whose points share samples.
    """
    if isinstance(sets.real, Reference) or sets.made.count < _LINE:
        return []
    found = metrics.frechet_distance_unbiased(sets.made.features, sets.real.features, seed=SEED)
    least = int(found.counts[0])
    error = None if sets.distance_error is None else math.hypot(sets.distance_error, found.error)
    return [
        _figure(
            *(sets, "FD∞", found.distance, error, "lower"),
            divisor="N - 1",
            points=len(found.counts),
            smallest=least,
        )
    ]


def kernel_figures(sets: Sets) -> list[Figure]:
    r"""The kernel distance: KID of Inception's features, and KD of others.

    The error is the deviation over subsets, scaled from their size m to that of the smaller set, N:
    by $\sqrt{m / N}$, and divided by $\sqrt{1 - m / N}$, as subsets that are drawn without
    replacement differ less than sets of their own. There is none where a subset is the whole set.
    """
    if isinstance(sets.real, Reference):
        return []
    least = min(sets.made.count, sets.real.count)
    size = min(1000, max(least // 2, 2))
    found = metrics.kernel_distance(
        sets.made.features, sets.real.features, subset_size=size, seed=SEED
    )
    error = None if size == least else found.deviation * (size / (least - size)) ** 0.5
    return [
        _figure(*(sets, "KD", found.mean, error, "lower"), subsets=100, subset_size=size),
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
    groups = min(_GROUPS, min(len(made), len(real)) // 6)
    figures = []
    for k, strict, measure, error_of in [
        (3, False, metrics.precision_recall, metrics.precision_recall_error),
        (5, True, metrics.density_coverage, metrics.density_coverage_error),
    ]:
        found = measure(made, real, k=k, strict=strict)._asdict()
        errors: dict[str, float] = {}
        if groups > 1:
            errors = error_of(made, real, k=k, strict=strict, groups=groups)._asdict()
        figures += [
            _figure(sets, name, value, errors.get(name), "higher", k=k, strict=strict)
            for name, value in found.items()
        ]
    return figures


def copying_figures(sets: Sets) -> list[Figure]:
    """Whether samples are copies: how often one is farther from the training pictures than others.

    About 0.5 where samples are as new as held-out pictures, 0 where all are copies.
    """
    if sets.held_out is None or isinstance(sets.real, Reference):
        return []
    made, real, held_out = (x.features for x in (sets.made, sets.real, sets.held_out))
    found = metrics.memorisation(made, real, held_out)
    held = {"held_out": len(held_out)}
    return [
        _figure(sets, "novelty", found.farther, found.error, None, **held),
        _figure(sets, "novelty p-value", found.p_value, None, None, **held),
    ]


def class_figures(sets: Sets) -> list[Figure]:
    """The Fréchet distance within each class, of samples that were made to order: their mean.

    The worst class is chosen among these sets; its error is that of this class.
    """
    if sets.labels is None or isinstance(sets.real, Reference):
        return []
    made, real = sets.made.features, sets.real.features
    labels, real_labels = sets.labels
    of_classes = (made, labels, real, real_labels)
    found = metrics.class_frechet_distances(*of_classes, classes=sets.classes)
    errors = metrics.class_frechet_distances_error(
        *of_classes, classes=sets.classes, groups=_GROUPS, seed=SEED
    )
    there = np.isfinite(found)  # the others have too few pictures
    found, errors = found[there], errors[there]
    if not len(found):
        return []
    worst = found.argmax()
    return [
        _figure(
            *(sets, name, value, float(error) if np.isfinite(error) else None, "lower"),
            divisor="N - 1",
            classes=len(found),
        )
        for name, value, error in [
            ("FD within classes", found.mean(), np.sqrt(np.sum(errors**2)) / len(found)),
            ("FD of the worst class", found[worst], errors[worst]),
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
