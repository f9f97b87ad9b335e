"""What words name of attributes: glasses=round, beard=no, hair_colour=red."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jaxgan.data.faces import NONE
from jaxgan.training import RunError


class Condition(NamedTuple):
    """What is to be seen in a sample.

    Attributes:
        attribute: its name; `label` is what it was made to.
        labels: numbers of those of its labels that will do.
    """

    attribute: str
    labels: tuple[int, ...]


def read_condition(words: str, flag: str, known: Mapping[str, Sequence[str]]) -> Condition:
    """One condition: ATTRIBUTE=LABEL; yes and no where an attribute may be absent.

    A name alone stands for yes.

    Args:
        words: them.
        flag: that they are of.
        known: the labels of each attribute, `none` the first of those that may be absent.

    Raises:
        RunError: where there is no such attribute or label; says which there are.
    """
    name, equals, value = (part.strip() for part in words.partition("="))
    if name not in known:
        raise RunError(
            f"{flag} {words} names no attribute: there are {', '.join(known)}; a label is "
            f"named as in {next(iter(known))}={known[next(iter(known))][-1]}"
        )
    labels = known[name]
    optional = labels[0] == NONE
    if optional and value == ("yes" if equals else ""):
        return Condition(name, tuple(range(1, len(labels))))
    if optional and value == "no":
        return Condition(name, (0,))
    if value in labels:
        return Condition(name, (labels.index(value),))
    ways = f"yes, no, {', '.join(labels[1:])}" if optional else ", ".join(labels)
    raise RunError(f"{flag} {words} names none of the labels of {name}: give {name}= one of {ways}")
