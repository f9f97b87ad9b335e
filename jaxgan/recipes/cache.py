"""Classifiers that experiments evaluate with: trained on first use, then read from the cache."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import serialization


def cached_variables(
    name: str, *, settings: object, arrays: tuple[np.ndarray, ...], train: Callable[[], Any]
) -> tuple[Any, Path]:
    """A network's variables: from `$XDG_CACHE_HOME/jaxgan`, or trained now and written there.

    Args:
        name: of the file, before a digest of settings and data: others make another file.
        settings: of the training; its `repr` says all of them.
        arrays: the data that it is trained on.
        train: makes the variables.

    Returns:
        The variables, and their file.

    Raises:
        OSError: where the cache cannot be written.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for array in arrays:
        digest.update(array.tobytes())
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jaxgan"
    path = folder / f"{name}_{digest.hexdigest()[:16]}.msgpack"
    try:
        return serialization.msgpack_restore(path.read_bytes()), path
    except Exception:  # a file can be missing, and cut in as many ways as there are exceptions
        variables = jax.device_get(train())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.part")  # whole or not there, whoever else writes it
    draft.write_bytes(serialization.msgpack_serialize(variables))
    os.replace(draft, path)
    return variables, path
