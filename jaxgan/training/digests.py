"""Fingerprints of states: two runs are the same where these are; and whether they are finite."""

import hashlib
from typing import Any

import jax
import numpy as np


def digest(tree: Any) -> dict[str, str]:
    """A fingerprint of every array of a tree, by its place in it.

    Args:
        tree: pytree of arrays (no typed keys), each whole on this process.

    Returns:
        16 hexadecimal digits of SHA-256 over shape, dtype and bytes, by the leaf's path.

    >>> list(digest({"a": {"b": np.zeros(2)}}))
    ['a/b']
    """
    return {
        path: _digest(np.asarray(leaf))
        for path, leaf in zip(places(tree), jax.tree.leaves(tree), strict=True)
    }


def places(tree: Any) -> list[str]:
    """The paths of a tree's leaves, in the order of `jax.tree.leaves`.

    >>> places({"a": {"b": 1, "c": 2}})
    ['a/b', 'a/c']
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]


def by_place(tree: Any) -> dict[str, Any]:
    """The leaves of a tree, by their paths."""
    return dict(zip(places(tree), jax.tree.leaves(tree), strict=True))


def kind_of(leaf: Any) -> str:
    """Type and shape of an array, in words; None is one that is absent.

    >>> kind_of(np.zeros((2, 3), np.float32))
    'float32[2, 3]'
    """
    return "absent" if leaf is None else f"{leaf.dtype}{list(leaf.shape)}"


def is_finite(state: Any) -> bool:
    """Whether every number of a state on this process is finite."""
    return all(
        bool(np.isfinite(leaf).all())
        for leaf in map(np.asarray, jax.tree.leaves(state))
        if np.issubdtype(leaf.dtype, np.inexact)
    )


def _digest(array: np.ndarray) -> str:
    header = f"{array.shape}{array.dtype}".encode()
    return hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
