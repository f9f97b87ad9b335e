"""The kernels of generators that meet a latent, or a style, before any other does."""

from collections.abc import Mapping
from typing import Any

import jax

_AFFINE = "affine"
"""What layers call the map from w to their style."""


def first_kernel(parameters: Mapping[str, Any], size: int) -> jax.Array:
    """The kernel of the layer that takes latents, of a generator without styles.

    It is the first by name of the dense layers: Flax numbers them in the order of their calls. What
    stands behind the latent, as a label's vector, is left out.

    Args:
        parameters: the generator's.
        size: Z, how many numbers a latent has.

    Returns:
        `[Z, features]`.

    Raises:
        ValueError: where no dense layer takes so many numbers.

    >>> layers = {"Dense_0": {"kernel": jax.numpy.ones((5, 8))}, "Dense_1": {"bias": 0}}
    >>> first_kernel(layers, 3).shape
    (3, 8)
    """
    for path, leaf in jax.tree.leaves_with_path(parameters):
        if _names(path)[-1] == "kernel" and leaf.ndim == 2:
            if len(leaf) >= size:
                return leaf[:size]
            break
    raise ValueError(
        f"there is no dense layer that takes latents of {size} numbers first: such a generator has "
        "no kernel whose directions could be found"
    )


def style_kernels(parameters: Mapping[str, Any], *, largest: int | None = None) -> list[jax.Array]:
    """The kernels from w to the styles of all layers, of StyleGAN's generators.

    Args:
        parameters: the generator's.
        largest: the resolution up to which layers are in use, while networks grow; all where None.

    Returns:
        One a layer, `[W, features]`, those of small resolutions first.

    Raises:
        ValueError: where there are none.
    """
    found = {}
    for path, leaf in jax.tree.leaves_with_path(parameters):
        names = _names(path)
        if names[-2:] == [_AFFINE, "kernel"]:
            block = next((n for n in names if n[:1] == "b" and n[1:].isdecimal()), "b0")
            found[int(block[1:]), tuple(names)] = leaf
    chosen = [found[at] for at in sorted(found) if largest is None or at[0] <= largest]
    if not chosen:
        raise ValueError("the generator has no layer with an affine map from w to its style")
    return chosen


def _names(path: tuple[Any, ...]) -> list[str]:
    return [str(entry.key) for entry in path]
