"""Truncation, as a command line asks for it."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.latents import truncate
from jaxgan.training import Experiment, RunError, Styled

_FAR = 2.0
"""Beyond it a person is warned."""


def check_styled(experiment: Experiment) -> Styled:
    """The experiment, if its images are made of styles.

    Raises:
        RunError: where they are not.
    """
    if not isinstance(experiment, Styled):
        raise RunError(
            "the images of this run are not made of styles, and nothing of them can be truncated: "
            "leave --truncation and --truncation-cutoff out"
        )
    return experiment


def check_truncation(*psis: float, least: float | None = 0.0) -> None:
    """Refuse what is no number or too small; warn of what leads far from all images.

    Args:
        *psis: of images.
        least: what each may be; anything where None.

    Raises:
        RunError: names the first that will not do.
    """
    for psi in psis:
        if not math.isfinite(psi):
            raise RunError(f"--truncation {psi:g} leads nowhere: give a number, as in 0.7")
        if least is not None and psi < least:
            raise RunError(
                f"--truncation {psi:g} leads to the other side of the mean image, which is shown "
                "by the verb truncate: give 0 (the mean image) to 1 (all as they are), as in 0.7"
            )
    if max(psis) > _FAR:
        print(
            f"--truncation {max(psis):g} leads far from the mean image, where there may be no "
            "images: 0 to 1 is usual",
            file=sys.stderr,
        )


def layers_of(experiment: Styled, state: Any, inputs: Mapping[str, Any]) -> int:
    """How many layers have a style."""
    return jax.eval_shape(experiment.map_latents, state, inputs).shape[1]


def truncated(
    experiment: Styled, state: Any, inputs: Mapping[str, Any], psi: float, cutoff: int | None
) -> dict[str, Any]:
    """Inputs of `generate` whose images are truncated.

    Args:
        experiment: whose game it is.
        state: of the game.
        inputs: arrays `[N, ...]`: latents, or "w" alone, which is truncated here.
        psi: how far.
        cutoff: how many layers; all where None.

    Raises:
        RunError: where there are not so many layers.
    """
    w = inputs.get("w")
    layers = layers_of(experiment, state, inputs) if w is None else w.shape[1]
    if cutoff is not None and not 0 <= cutoff <= layers:
        raise RunError(
            f"--truncation-cutoff must be 0 to {layers}, as many as there are layers, not {cutoff}"
        )
    if w is not None:
        return {"w": truncate(jnp.asarray(w), experiment.latent_mean(state), psi, cutoff=cutoff)}
    count = len(next(iter(inputs.values())))
    chosen = {**inputs, "truncation": np.full(count, psi, np.float32)}
    return chosen if cutoff is None else {**chosen, "cutoff": np.full(count, cutoff, np.int32)}
