"""The flag `--preset`."""

from typing import Any, NamedTuple


class PresetFlag(NamedTuple):
    """What `--preset` takes.

    Attributes:
        kind: the type of the flag.
        default: the preset where none is named.
    """

    kind: Any
    default: str
