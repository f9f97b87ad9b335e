"""Paths as people give them."""

import os
from pathlib import Path
from typing import TypeAlias

StrPath: TypeAlias = str | os.PathLike[str]
"""What a path may be given as."""


def cache_folder() -> Path | None:
    """Where jaxgan keeps what it can make again: `$XDG_CACHE_HOME/jaxgan` or `~/.cache/jaxgan`.

    An empty or relative `XDG_CACHE_HOME` counts as none, as its standard has it.

    Returns:
        The folder, which may not be there yet and may not be writable; None where the user has no
        home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "jaxgan"
    try:
        return Path.home() / ".cache" / "jaxgan"
    except RuntimeError:
        return None


def to_path(path: StrPath) -> Path:
    """The path, with `~` as the home folder.

    Raises:
        TypeError: where it is no path; names it.
        ValueError: where it is empty, which would be the folder that the process is in, or begins
            with the home folder of a user who has none.

    >>> to_path("runs/dcgan-001").name
    'dcgan-001'
    """
    if path == "":
        raise ValueError("an empty text is no path: name a file or a folder ('.' for this one)")
    try:
        return Path(path).expanduser()
    except TypeError:
        raise TypeError(f"{path!r} is no path: give a str or an os.PathLike") from None
    except RuntimeError:
        raise ValueError(f"{path} has no home folder to begin with: name the whole path") from None


def is_text(path: StrPath) -> bool:
    r"""Whether a path is in UTF-8, and so can be written into a file of text.

    >>> is_text("café"), is_text(os.fsdecode(b"caf\xe9"))
    (True, False)
    """
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(path: StrPath) -> str:
    r"""A path as people may read it, wherever it comes from: on one line, without control codes.

    What is not printable is escaped, bytes that are no UTF-8 too.

    >>> print(shown("cats/a b.png"), shown("two\nlines.png"), shown(os.fsdecode(b"caf\xe9.png")))
    cats/a b.png two\nlines.png caf\xe9.png
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
