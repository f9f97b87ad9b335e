"""Freeze-D: a discriminator whose first layers stay as another data set has left them."""

import re
from typing import Any

import jax
import optax

_ORDER = ("fromrgb", "conv0", "conv1", "skip")
"""Of the layers of a block of StyleGAN's discriminators, from the image on."""


def freeze_layers(
    optimiser: optax.GradientTransformation, count: int
) -> optax.GradientTransformation:
    """An optimiser that leaves the first layers of a StyleGAN's discriminator alone.

    Those at the highest resolution come first, and in a block `fromrgb`, `conv0`, `conv1` and
    `skip`, as NVIDIA's code counts them for `--freezed`; the last block cannot be frozen.

    Args:
        optimiser: any, of the discriminator's parameters.
        count: how many layers; 0 or more.

    Raises:
        ValueError: by `init`, where there are not so many layers; says how many there are.

    Mo et al., Freeze the Discriminator: a Simple Baseline for Fine-Tuning GANs, 2020.
    """
    if count == 0:
        return optimiser

    def frozen(parameters: Any) -> Any:
        layers = discriminator_layers(parameters)
        if not 0 < count <= len(layers):
            raise ValueError(
                f"{count} layers of the discriminator cannot be frozen, it has {len(layers)} "
                f"before its last block: give 0 to {len(layers)} (--freeze-discriminator)"
            )
        chosen = set(layers[:count])
        return jax.tree_util.tree_map_with_path(
            lambda path, _: tuple(key.key for key in path[:2]) in chosen, parameters
        )

    return optax.chain(optimiser, optax.masked(optax.set_to_zero(), frozen))


def discriminator_layers(parameters: Any) -> list[tuple[str, str]]:
    """The layers of a StyleGAN's discriminator before its last block, from the image on.

    >>> discriminator_layers({"b4": {"conv": 1}, "b8": {"conv1": 1, "conv0": 1, "fromrgb": 1}})
    [('b8', 'fromrgb'), ('b8', 'conv0'), ('b8', 'conv1')]
    """
    numbers = [int(name[1:]) for name in parameters if re.fullmatch(r"b\d+", name)]
    return [
        (f"b{number}", layer)
        for number in sorted(numbers, reverse=True)
        if number > 4
        for layer in _ORDER
        if layer in parameters[f"b{number}"]
    ]
