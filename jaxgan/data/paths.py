"""Paths as people give them."""

import os
from pathlib import Path
from typing import TypeAlias

StrPath: TypeAlias = str | os.PathLike[str]
"""What a path may be given as."""


def to_path(path: StrPath) -> Path:
    """The path, with `~` as the home folder.

    Raises:
        TypeError: where it is no path; names it.
        ValueError: where it is empty, which would be the folder that the process is in.

    >>> to_path("runs/dcgan-001").name
    'dcgan-001'
    """
    if path == "":
        raise ValueError("an empty text is no path: name a file or a folder ('.' for this one)")
    try:
        return Path(path).expanduser()
    except TypeError:
        raise TypeError(f"{path!r} is no path: give a str or an os.PathLike") from None
