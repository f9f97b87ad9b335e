"""Groups of samples, as words name them: by their numbers, or by what is to be seen in them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.cli.conditions import Condition, read_condition
from jaxgan.cli.numbers import MOST_NUMBERS, listed_numbers
from jaxgan.cli.runs import class_names, classes_of
from jaxgan.cli.spaces import Space
from jaxgan.layers import label_size
from jaxgan.recipes import attribute_classifier, attribute_labels
from jaxgan.training import RunError

SURE = 0.9
"""How likely a sample is what it is said to be, to be as good as another."""
LABEL = "label"
"""What words call the label that images are made to."""


class Group(NamedTuple):
    """Samples that are alike.

    Attributes:
        flag: that names them.
        words: that do.
        numbers: of the samples, where words are numbers.
        conditions: all of which hold, where they are not.
    """

    flag: str
    words: str
    numbers: tuple[int, ...] = ()
    conditions: tuple[Condition, ...] = ()


def group_of(words: str, flag: str, where: Space) -> Group:
    """What words mean: 3,8-10 are samples; of glasses=yes,beard=no both hold.

    Raises:
        RunError: where they mean nothing, or a label that is not in the points of the space.
        ValueError: where there is no classifier.
    """
    if not words.strip():
        raise RunError(f"{flag} names nobody: give numbers of samples, or words as in glasses=yes")
    if words[:1].isdecimal():
        numbers = listed_numbers(words, flag, largest=MOST_NUMBERS - 1)
        return Group(flag, words, numbers=tuple(numbers))
    parts = [condition_of(part, flag, where) for part in words.split(",")]
    return Group(flag, words, conditions=tuple(parts))


def condition_of(words: str, flag: str, where: Space) -> Condition:
    """One condition, as `read_condition` has it; or label=CLASS.

    Raises:
        RunError: where there is no such attribute or label; says which there are.
        ValueError: where there is no classifier.
    """
    if words.partition("=")[0].strip() == LABEL:
        return read_condition(words, flag, {LABEL: _classes(flag, where)})
    return read_condition(words, flag, attribute_labels(where.opened.experiment.images))


def check_apart(groups: Iterable[Group]) -> None:
    """Refuse a start, a minus and a plus that cancel each other out.

    Raises:
        RunError: names what they have in common.
    """
    start, minus, plus = groups
    for one, other in ((start, minus), (minus, plus), (start, plus)):
        same = one.conditions == other.conditions and set(one.numbers) == set(other.numbers)
        common = sorted(set(one.numbers) & set(other.numbers))
        if not same and (not common or minus not in (one, other)):
            continue
        what = f"both name {other.words}" if same else f"both name sample {common[0]}"
        raise RunError(
            f"{one.flag} and {other.flag} {what}: name groups that have nothing in common"
        )


def likelihoods(
    where: Space,
    inputs: Mapping[str, Any],
    points: Any,
    names: Iterable[str],
) -> dict[str, np.ndarray]:
    """How likely the labels of attributes are in images, `[N, K]` by attribute.

    Args:
        where: the space of the points.
        inputs: of `generate`, from which the labels are taken that images are made to.
        points: what images are made of.
        names: of the attributes.
    """
    names, found = set(names), {}
    if LABEL in names:
        classes = label_size(classes_of(where.opened.experiment) or 0)
        found[LABEL] = np.eye(classes, dtype=np.float32)[np.asarray(inputs["label"])]
    if names - {LABEL}:
        see = attribute_classifier(where.opened.experiment.images)
        parts = [see(images) for images in where.chunks(points, inputs.get("label"))]
        for name in names - {LABEL}:
            found[name] = np.concatenate([part[name] for part in parts])
    return found


def having(
    odds: Mapping[str, np.ndarray], conditions: Iterable[Condition]
) -> tuple[np.ndarray, np.ndarray]:
    """Which samples are as conditions say, `[N]` bool, and how likely each is, `[N]`."""
    count = len(next(iter(odds.values())))
    holds, likely = np.ones(count, bool), np.ones(count)
    for name, labels in conditions:
        holds &= np.isin(odds[name].argmax(axis=1), labels)
        likely *= odds[name][:, list(labels)].sum(axis=1)
    return holds, likely


def members(
    groups: Iterable[Group],
    odds: Callable[[], Mapping[str, np.ndarray]],
    *,
    each: int,
    draws: int,
) -> list[list[int]]:
    """The numbers of the samples of groups: those that were named, or the first that are sure.

    No sample is in two groups whose conditions it meets.

    Args:
        groups: in the order in which they choose.
        odds: how likely the labels of attributes are in so many samples, where words ask for it.
        each: how many; where fewer are sure, the likeliest of the others too.
        draws: how many samples are looked at.

    Raises:
        RunError: where there are none.
    """
    found: list[list[int]] = []
    taken: set[int] = {number for group in groups for number in group.numbers}
    seen = odds() if any(group.conditions for group in groups) else {}
    for group in groups:
        if not group.conditions:
            found.append(list(group.numbers))
            continue
        holds, likely = having(seen, group.conditions)
        ranks = np.where(likely >= SURE, 1.0, likely)  # of the sure ones, the surest are all alike
        order = [int(n) for n in np.argsort(-ranks, kind="stable") if holds[n] and n not in taken]
        if not order:
            raise RunError(
                f"{group.flag} {group.words}: none of {draws} samples is like that, or none is "
                "left; give other words, another --seed, or more --draws"
            )
        found.append(order[:each])
        taken |= set(order[:each])
    return found


def _classes(flag: str, where: Space) -> tuple[str, ...]:
    """The names of the labels that images are made to."""
    names = class_names(where.opened.run, where.opened.experiment)
    if where.name == "z":
        raise RunError(
            f"{flag} asks for a label, which in z no point has, as it is given besides: move in w "
            "where images are made of styles, or name attributes"
        )
    return tuple(names)
