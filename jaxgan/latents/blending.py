"""Two generators of one family in one: some layers of the one, the rest of the other."""

import re
from collections.abc import Callable
from typing import TypeVar

import jax

_Tree = TypeVar("_Tree")


def blend(first: _Tree, second: _Tree, choose: Callable[[str], bool]) -> _Tree:
    """Take parameters from `second` where `choose` says so, and all others from `first`.

    It works where the two have much in common: one was trained from the other, or both from a
    third.

    Args:
        first: a tree of arrays.
        second: one with the same paths and shapes.
        choose: `path -> whether`, with paths such as `synthesis/b8/conv0/kernel`.

    Returns:
        A tree like both.

    Raises:
        ValueError: where the trees differ; names the first leaf that does.

    Pinkney and Adler, Resolution dependent GAN interpolation for controllable image synthesis
    between domains, 2020, section 2.

    >>> blend({"a": 1, "b": 2}, {"a": 3, "b": 4}, lambda path: path == "b")
    {'a': 1, 'b': 4}
    """
    ones, others = _leaves(first), _leaves(second)
    for path in [*ones, *others]:
        shapes = [_shape(leaves, path) for leaves in (ones, others)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"two generators of one family can be blended, and these differ: {path} is "
                f"{shapes[0]} in the first and {shapes[1]} in the second"
            )
    chosen = [others[path] if choose(path) else leaf for path, leaf in ones.items()]
    return jax.tree.unflatten(jax.tree.structure(first), chosen)


def blend_from(first: _Tree, second: _Tree, resolution: int) -> _Tree:
    """Take the blocks from a resolution on from `second`, and all else from `first`.

    Coarse blocks make pose and shape, fine ones colours and strokes. The mapping is of `first`;
    for the fine blocks of `first` below the coarse ones of `second`, exchange the two.

    Args:
        first: a tree of arrays whose blocks are named by their resolutions: `b4`, `b8`, ...
        second: one with the same paths and shapes.
        resolution: of the first block that is `second`'s; as StyleGAN's names count, 4 at the base.

    Returns:
        A tree like both.

    Raises:
        ValueError: where there is no such block, or the trees differ.

    >>> tree = {"b4": 1, "b8": 1, "mapping": 1}
    >>> blend_from(tree, {"b4": 2, "b8": 2, "mapping": 2}, 8)
    {'b4': 1, 'b8': 2, 'mapping': 1}
    """
    there = sorted({found for path in _leaves(first) if (found := _resolution(path)) is not None})
    if resolution not in there:
        raise ValueError(
            f"there is no block b{resolution} to begin with: give one of {there}"
            if there
            else "no block of these parameters has a resolution as its name: choose by paths"
        )
    return blend(first, second, lambda path: (_resolution(path) or 0) >= resolution)


def _leaves(tree: object) -> dict[str, object]:
    """The leaves by their paths."""
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in paths}


def _shape(leaves: dict[str, object], path: str) -> str:
    """In words, what a leaf is like."""
    if path not in leaves:
        return "not there"
    leaf = jax.typeof(leaves[path])
    return f"{leaf.dtype} {list(leaf.shape)}"


def _resolution(path: str) -> int | None:
    """Of the block that a leaf lies in."""
    found = re.search(r"(?:^|/)b(\d+)(?:/|$)", path)
    return int(found[1]) if found else None
