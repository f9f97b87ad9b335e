"""Gradients that are numbers, whatever came before."""

from typing import Any

import jax
import jax.numpy as jnp


def finite_gradients(gradients: Any, *, limit: float = 1e5) -> Any:
    r"""Gradients whose NaN is 0 and whose infinity is the limit, with its sign.

    $$NaN → 0, \quad ±∞ → ±limit$$

    All others stay as they are, larger ones too. One example that overflows then costs a bad step
    and not the run.

    Args:
        gradients: a tree of floats.
        limit: positive (StyleGAN2-ADA's code: 1e5).

    Returns:
        The same tree.

    Karras et al., Training Generative Adversarial Networks with Limited Data, 2020, as its code.

    >>> finite_gradients(jnp.array([jnp.nan, -jnp.inf, 2e5])).tolist()
    [0.0, -100000.0, 200000.0]
    """
    return jax.tree.map(
        lambda leaf: jnp.nan_to_num(leaf, nan=0.0, posinf=limit, neginf=-limit), gradients
    )
