"""What an edit changed: the attribute that it was for, and all others, which should have stayed."""

from collections.abc import Mapping
from typing import NamedTuple

import chex
import numpy as np
from numpy.typing import ArrayLike


class EditFigures(NamedTuple):
    """What became of images under an edit. All are shares of them, in [0, 1].

    Attributes:
        changed: in which the attribute is as asked, afterwards.
        kept: in which every other attribute is as it was.
        kept_each: in which one is, by its name.
    """

    changed: float
    kept: float
    kept_each: dict[str, float]


def attribute_changes(
    before: Mapping[str, ArrayLike],
    after: Mapping[str, ArrayLike],
    asked: str,
    wanted: ArrayLike,
) -> EditFigures:
    """Measure edits, in latents or otherwise, by what a classifier sees before and after.

    With `after` the same as `before` it says what no edit at all does.

    Args:
        before: attributes of the images as they were, by name, `[N]` integers or bool each.
        after: the same of the edited images.
        asked: the attribute that the edit is for.
        wanted: what it should be, `[N]`, or [] for all.

    Returns:
        The shares. With no other attribute, all images have kept all.

    Raises:
        ValueError: where there are no images, the two have not the same attributes, or none of them
            was asked for.
        AssertionError: where arrays differ in length.

    >>> before = {"glasses": [0, 0], "beard": [1, 0], "hair": [3, 4]}
    >>> after = {"glasses": [1, 1], "beard": [1, 1], "hair": [3, 4]}
    >>> attribute_changes(before, after, "glasses", 1)
    EditFigures(changed=1.0, kept=0.5, kept_each={'beard': 0.5, 'hair': 1.0})
    """
    if before.keys() != after.keys() or asked not in before:
        raise ValueError(
            f"a change of {asked!r} cannot be measured by {sorted(before)} before and "
            f"{sorted(after)} after: give the same attributes twice, {asked!r} among them"
        )
    old = {name: np.asarray(values) for name, values in before.items()}
    new = {name: np.asarray(values) for name, values in after.items()}
    chex.assert_rank([*old.values(), *new.values()], 1)
    chex.assert_equal_shape([*old.values(), *new.values()])
    count = len(new[asked])
    if not count:
        raise ValueError("no image was edited, and nothing has changed: give one or more")
    stayed = {name: old[name] == new[name] for name in old if name != asked}
    kept = np.all([*stayed.values(), np.ones(count, bool)], axis=0)
    wanted = np.asarray(wanted)
    chex.assert_shape(wanted, (count,) if wanted.ndim else ())
    changed = new[asked] == wanted
    each = {name: float(same.mean()) for name, same in stayed.items()}
    return EditFigures(float(changed.mean()), float(kept.mean()), each)
