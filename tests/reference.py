"""What the library computes, written again in float64 NumPy, straight from the papers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Weights = Mapping[str, Array]


def softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -x))


class ScoreLoss(NamedTuple):
    """A loss on one pair of scores and its derivatives in closed form; each maps (real, fake)."""

    value: Callable[[Array, Array], Array]
    slope_real: Callable[[Array, Array], Array]
    slope_fake: Callable[[Array, Array], Array]


LOGISTIC = ScoreLoss(
    lambda real, fake: softplus(-real) + softplus(fake),
    lambda real, fake: -sigmoid(-real),
    lambda real, fake: sigmoid(fake),
)
MINUS_FAKE = ScoreLoss(
    lambda real, fake: -fake,
    lambda real, fake: np.zeros_like(real),
    lambda real, fake: -np.ones_like(fake),
)

LOSSES: Mapping[str, tuple[ScoreLoss, ScoreLoss]] = {
    "minimax": (
        LOGISTIC,
        ScoreLoss(
            lambda real, fake: -softplus(fake),
            lambda real, fake: np.zeros_like(real),
            lambda real, fake: -sigmoid(fake),
        ),
    ),
    "non_saturating": (
        LOGISTIC,
        ScoreLoss(
            lambda real, fake: softplus(-fake),
            lambda real, fake: np.zeros_like(real),
            lambda real, fake: -sigmoid(-fake),
        ),
    ),
    "least_squares": (
        ScoreLoss(
            lambda real, fake: 0.5 * (real - 1) ** 2 + 0.5 * fake**2,
            lambda real, fake: real - 1,
            lambda real, fake: fake,
        ),
        ScoreLoss(
            lambda real, fake: 0.5 * (fake - 1) ** 2,
            lambda real, fake: np.zeros_like(real),
            lambda real, fake: fake - 1,
        ),
    ),
    "hinge": (
        ScoreLoss(
            lambda real, fake: np.maximum(0, 1 - real) + np.maximum(0, 1 + fake),
            lambda real, fake: -1.0 * (real < 1),
            lambda real, fake: 1.0 * (fake > -1),
        ),
        MINUS_FAKE,
    ),
    "wasserstein": (
        ScoreLoss(
            lambda real, fake: fake - real,
            lambda real, fake: -np.ones_like(real),
            lambda real, fake: np.ones_like(fake),
        ),
        MINUS_FAKE,
    ),
    "relativistic": (
        ScoreLoss(
            lambda real, fake: softplus(fake - real),
            lambda real, fake: -sigmoid(fake - real),
            lambda real, fake: sigmoid(fake - real),
        ),
        ScoreLoss(
            lambda real, fake: softplus(real - fake),
            lambda real, fake: sigmoid(real - fake),
            lambda real, fake: -sigmoid(real - fake),
        ),
    ),
}
"""Name to (discriminator, generator)."""


def per_example(values: Array) -> Array:
    """The mean of each example, `[B, ...]` to `[B]`."""
    return values.reshape(len(values), -1).mean(axis=1)


def tanh_critic(weights: Weights, inputs: Array) -> Array:
    """s(x) = v . tanh(W x + b), `[B, ...]` to `[B]`; NumPy or JAX arrays, hence no `np.` here."""
    hidden = inputs.reshape(len(inputs), -1) @ weights["W"].T + weights["b"][None]
    return (2 / (1 + 2.718281828459045 ** (-2 * hidden)) - 1) @ weights["v"]


def tanh_critic_input_gradients(weights: Weights, inputs: Array) -> Array:
    """∇s(x) = W^T (v * (1 - tanh(W x + b)^2)), `[B, D]`."""
    hidden = np.tanh(inputs.reshape(len(inputs), -1) @ weights["W"].T + weights["b"])
    return (weights["v"] * (1 - hidden**2)) @ weights["W"]


def slope_penalty(gradients: Array, target: float) -> Array:
    """(‖g‖ - target)^2 of each row."""
    return (np.linalg.norm(gradients, axis=1) - target) ** 2


def half_squared_norm(gradients: Array) -> Array:
    """‖g‖^2 / 2 of each row."""
    return 0.5 * np.sum(gradients**2, axis=1)


def central_difference(function: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    """The gradient of a scalar function, one number of `at` at a time, in float64."""
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        shift = np.zeros(at.shape)
        shift[index] = step
        gradient[index] = (function(at + shift) - function(at - shift)) / (2 * step)
    return gradient


def curvature(
    function: Callable[[Array], float], at: Array, direction: Array, step: float = 1e-4
) -> float:
    """The second derivative of a scalar function along a direction, in float64."""
    ahead, behind = function(at + step * direction), function(at - step * direction)
    return (ahead - 2 * function(at) + behind) / step**2


def moving_average(decay: float, trees: list[Array]) -> Array:
    """The mean after `trees[1:]` have been averaged into `trees[0]`, as an explicit recurrence."""
    mean = trees[0]
    for t, tree in enumerate(trees[1:]):
        kept = min(decay, (1 + t) / (10 + t))
        mean = kept * mean + (1 - kept) * tree
    return mean


def convolved(
    x: Array, kernel: Array, stride: int = 1, edges: tuple[int, int] = (0, 0), tiles: int = 64
) -> Array:
    """Convolution of `[B, H, W, C]` with PyTorch's `[O, C, K, L]`, zeros at the edges."""
    (down, right), (rows, columns) = edges, kernel.shape[2:]
    x = np.pad(x, ((0, 0), (down, down), (right, right), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), (1, 2))
    patches = patches[:, ::stride, ::stride]
    strips = [
        np.tensordot(patches[:, first : first + tiles], kernel, ((3, 4, 5), (1, 2, 3)))
        for first in range(0, patches.shape[1], tiles)
    ]
    return np.concatenate(strips, 1)


def pooled(x: Array, reduce: Callable[..., Array], stride: int = 1, edge: int = 0) -> Array:
    """3x3 pixels of `[B, H, W, C]` as one, of those that are there: `np.nanmean`, `np.nanmax`."""
    sides = ((0, 0), (edge, edge), (edge, edge), (0, 0))
    x = np.pad(x, sides, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return reduce(windows[:, ::stride, ::stride], axis=(4, 5))
