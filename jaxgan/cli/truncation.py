"""Truncation, as a command line asks for it."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from jaxgan.training import Experiment, RunError, Styled


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


def check_truncation(psi: float) -> None:
    """Refuse what is no number.

    Raises:
        RunError: names it.
    """
    if not math.isfinite(psi):
        raise RunError(f"--truncation {psi} leads nowhere: give a number, as in 0.7")


def layers_of(experiment: Styled, state: Any, inputs: Mapping[str, Any]) -> int:
    """How many layers have a style."""
    return jax.eval_shape(experiment.map_latents, state, inputs).shape[1]


def truncated(
    experiment: Experiment, state: Any, inputs: Mapping[str, Any], psi: float, cutoff: int | None
) -> dict[str, Any]:
    """What inputs of `generate` hold besides, so that images are truncated.

    Args:
        experiment: whose game it is.
        state: of the game.
        inputs: arrays `[N, ...]`.
        psi: how far.
        cutoff: how many layers; all where None.

    Raises:
        RunError: where there are not so many layers, or psi is no number.
    """
    check_truncation(psi)
    count = len(next(iter(inputs.values())))
    chosen: dict[str, Any] = {"truncation": np.full(count, psi, np.float32)}
    if cutoff is not None:
        layers = layers_of(check_styled(experiment), state, inputs)
        if not 0 <= cutoff <= layers:
            raise RunError(
                f"--truncation-cutoff must be 0 to {layers}, as many as there are layers, not "
                f"{cutoff}"
            )
        chosen["cutoff"] = np.full(count, cutoff, np.int32)
    return chosen
