"""Gradient reversal."""

import jax
from jax import lax


def reverse_gradient(x: jax.Array, strength: float = 1.0) -> jax.Array:
    r"""The same numbers, whose gradient comes back multiplied by -strength.

    $$R(x) = x, \quad dR/dx = -strength$$

    Between features and a classifier of domains: one descent trains the classifier to tell the
    domains, and the features to make them alike. Ganin and Lempitsky, "Unsupervised domain
    adaptation by backpropagation" (2015).

    Args:
        x: floats of any shape.
        strength: of what comes back; 0 lets nothing through.

    Returns:
        x, to the bit where it is finite.

    >>> float(jax.grad(lambda x: reverse_gradient(x, 0.5) ** 2)(3.0))
    -3.0
    """
    # Built of plain operations, so that derivatives of every order and mode are there.
    fixed = lax.stop_gradient(x)
    return fixed - strength * (x - fixed)
