"""What people type: how this process was called, and the paths that they give it."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import tyro
from tyro.constructors import PrimitiveConstructorSpec, PrimitiveTypeInfo

from jaxgan.data import StrPath, to_path
from jaxgan.training import RunError

PATHS = tyro.constructors.ConstructorRegistry()
"""Makes paths of words, in every verb and every field: `~` is the home folder after a `=` too."""


@PATHS.primitive_rule
def _path(kind: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    if kind.type is not Path:
        return None

    def path(words: list[str]) -> Path:
        try:
            return to_path(words[0])
        except ValueError as error:  # tyro would tell it in a frame, with its own help
            raise RunError(str(error)) from None

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=path,
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda value: [str(value)],
    )


def way_on(*words: StrPath) -> str:
    """A command for a person to type: this process's own, with other words after the script.

    Args:
        words: a verb and what it needs, as `"resume", directory`.

    Returns:
        The command, quoted for a shell: `python experiments/dcgan.py resume runs/dcgan-001`, or
        whatever else was typed before the verb.
    """
    theirs = sys.argv[1:]
    own = sys.orig_argv[: len(sys.orig_argv) - len(theirs)]
    if [*own, *theirs] != sys.orig_argv:  # a program has put other arguments in their place
        own = ["python", sys.argv[0]]
    return shlex.join([*own, *(os.fspath(word) for word in words)])


def script_of(name: str) -> str:
    """The script of another experiment, for a person to use: its path, where it is beside this one.

    Args:
        name: the experiment's, as manifests have it.
    """
    script = Path(sys.argv[0]).parent / f"{name}.py"
    return str(script) if script.is_file() else f"the script of {name}"
