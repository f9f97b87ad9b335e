"""How a file is refused: in a sentence that is short, whatever the file holds."""

from typing import Any, NoReturn


class RefusedError(Exception):
    """What a file holds and should not; its text goes on after the file's name."""


def refuse(text: str) -> NoReturn:
    """Stop reading."""
    raise RefusedError(text)


def kind(value: Any) -> str:
    """What to call a value of a file: never the value itself, which may be as long as it likes."""
    return f"a value of type {type(value).__name__}"


def shown(text: Any) -> str:
    """A text of a file, as it may be shown: on one line, and short."""
    quoted = repr(str(text)[:100])
    return quoted if len(quoted) <= 110 else f"{quoted[:100]}...{quoted[0]}"
