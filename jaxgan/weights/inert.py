"""What stands for the objects of a pickle, of which none is made."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Aside:
    """Stands for objects that trainers save beside tensors, and that are not read.

    As one of the `names` it may be called, made, and given items and attributes; all is left out.
    """


class Record:
    """What stands for an object of a class, of which nothing is run.

    Attributes:
        kind: the class's name.
        attributes: what the pickle says of the object, in which nothing is looked at.
    """

    def __init__(self, kind: str, attributes: Any = None) -> None:
        self.kind, self.attributes = kind, attributes

    def build(self, attributes: Any) -> None:
        """Take what the object is built of; it is looked at once, if at all."""
        self.attributes = attributes


class Maker(NamedTuple):
    """Stands for a class; as one of the `names` it may be made objects of.

    Attributes:
        make: what stands for an object, of the arguments that it is made of.
    """

    make: Callable[..., Any]
