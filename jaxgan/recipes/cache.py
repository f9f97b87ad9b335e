"""Classifiers that experiments evaluate with: trained on first use, then read from the cache."""

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import serialization

from jaxgan.data import cache_folder


def cached_variables(
    name: str,
    *,
    settings: object,
    arrays: tuple[np.ndarray, ...],
    train: Callable[[], Any],
    say: Callable[[str], None],
) -> tuple[Any, Path | None]:
    """A network's variables: from `$XDG_CACHE_HOME/jaxgan`, or trained now and written there.

    A user without a home, or with one that cannot be written, gets them all the same: each process
    trains them anew.

    Args:
        name: of the file, before a digest of settings and data: others make another file.
        settings: of the training; its `repr` says all of them.
        arrays: the data that it is trained on.
        train: makes the variables.
        say: is told where they cannot be kept.

    Returns:
        The variables, and their file, where there is one.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for array in arrays:
        digest.update(array.tobytes())
    folder = cache_folder()
    if folder is None:
        say("it will not be kept: this user has no home; set XDG_CACHE_HOME")
        return jax.device_get(train()), None
    path = folder / f"{name}_{digest.hexdigest()[:16]}.msgpack"
    try:
        return serialization.msgpack_restore(path.read_bytes()), path
    except Exception:  # a file can be missing, and cut in as many ways as there are exceptions
        variables = jax.device_get(train())
    draft = path.with_suffix(f".{os.getpid()}.part")  # whole or not there, whoever else writes it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(serialization.msgpack_serialize(variables))
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        say(f"it is not kept: {folder} cannot be written ({error.strerror}); set XDG_CACHE_HOME")
        return variables, None
    return variables, path
