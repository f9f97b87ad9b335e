"""Networks of a few numbers, and batches of two sides, for games of translation."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np


class Tint(nn.Module):
    """An image of another tint: tanh(w x + c), two numbers."""

    weight: float = 0.7
    shift: float = 0.1

    @nn.compact
    def __call__(self, images, *, train):
        weight = self.param("weight", lambda key: jnp.float32(self.weight))
        shift = self.param("shift", lambda key: jnp.float32(self.shift))
        return jnp.tanh(weight * images + shift)


class Rate(nn.Module):
    """A score for each pixel: u x + v x^2 + k, and w y for the condition."""

    @nn.compact
    def __call__(self, images, *condition, train):
        linear = self.param("linear", lambda key: jnp.float32(0.4))
        square = self.param("square", lambda key: jnp.float32(-0.3))
        constant = self.param("constant", lambda key: jnp.float32(0.2))
        said = linear * images + square * images**2 + constant
        for y in condition:
            said = said + self.param("condition", lambda key: jnp.float32(0.6)) * y
        return said.mean(axis=3)


def tint(weights, x):
    """`Tint` in float64."""
    return np.tanh(weights["weight"] * x + weights["shift"])


def rate(weights, x, y=None):
    """`Rate` in float64."""
    said = weights["linear"] * x + weights["square"] * x**2 + weights["constant"]
    if y is not None:
        said = said + weights["condition"] * y
    return said.mean(axis=3)


def sides(seed=0, batch=3, shape=(4, 5, 2)):
    """A batch of two sides, and the same in float64."""
    random = np.random.default_rng(seed)
    batch = {s: random.uniform(-1, 1, (batch, *shape)).astype(np.float32) for s in "ab"}
    return batch, {side: x.astype(np.float64) for side, x in batch.items()}


def doubles(parameters):
    """Numbers of a network as Python's floats."""
    return {name: float(value) for name, value in parameters.items()}


def slopes(value, weights, step=1e-5):
    """Central differences of `value(weights)` in each of the weights, a dict of floats."""
    return {
        name: (value(weights | {name: x + step}) - value(weights | {name: x - step})) / (2 * step)
        for name, x in weights.items()
    }
