"""All arrays of a state in one file of safetensors, and back to the bit."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.weights.tensors import read_tensors

_KEYS = "keys"
"""The name of the file's metadata that tells which arrays are typed keys, and of what kind."""


def write_archive(
    path: str | os.PathLike[str], arrays: Mapping[str, jax.Array | np.ndarray]
) -> None:
    """Write arrays of any shapes and types, whole on this process, to a file of safetensors.

    Args:
        path: of the file.
        arrays: by names. Typed keys are written as their numbers, uint32, and the file's metadata
            `keys` tells the kind of each.

    Raises:
        OSError: where it cannot be written.
    """
    from safetensors.numpy import save_file

    plain, kinds = {}, {}
    for name, array in arrays.items():
        if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
            kinds[name] = str(jax.random.key_impl(array))
            array = jax.random.key_data(array)
        plain[name] = np.array(array, order="C")
    save_file(plain, path, {_KEYS: json.dumps(kinds)})


def read_archive(path: str | os.PathLike[str]) -> dict[str, jax.Array | np.ndarray]:
    """The arrays that `write_archive` has written, to the bit.

    Args:
        path: of the file.

    Returns:
        By their names; typed keys as such.

    Raises:
        ValueError: where it is damaged, or no file of safetensors.
        OSError: where it cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_archive(f"{folder}/a.safetensors", {"rounds": np.int32(7)})
    ...     read_archive(f"{folder}/a.safetensors")
    {'rounds': array(7, dtype=int32)}
    """
    arrays: dict[str, jax.Array | np.ndarray] = dict(read_tensors(path))
    for name, kind in _kinds(Path(path)).items():
        arrays[name] = jax.random.wrap_key_data(jnp.asarray(arrays[name]), impl=kind)
    return arrays


def _kinds(path: Path) -> dict[str, str]:
    """Of the file's typed keys, by their names."""
    import safetensors

    with safetensors.safe_open(path, framework="numpy") as opened:
        metadata = opened.metadata() or {}
    try:
        return json.loads(metadata.get(_KEYS, "{}"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: its metadata {_KEYS} cannot be read") from error
