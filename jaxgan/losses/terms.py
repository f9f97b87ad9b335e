"""A loss of several terms: weighed, summed and reported in one place."""

from collections.abc import Mapping

import chex
import jax
import jax.numpy as jnp


def combine(
    terms: Mapping[str, tuple[float | jax.Array, jax.Array]],
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Weigh, sum and report the terms of one player's loss.

    $$loss = Σ_k w_k mean(v_k)$$

    over the terms k, of weight w and value v.

    Args:
        terms: name to `(weight, value)`. The weight is a scalar; the value holds floats, `[B]`, or
            any other shape `[B, ...]`, all of whose entries count equally.

    Returns:
        The loss, a scalar `[]`, and a report of scalars: the *unweighted* mean of each term under
        its own name, in the order given, then the loss under `"loss"`.

    Raises:
        ValueError: where there is no term, or one is named `"loss"`.
        AssertionError: where a weight is not a scalar, or a value does not hold floats.

    >>> loss, report = combine({
    ...     "adversarial": (1.0, jnp.array([1.0, 3.0])),
    ...     "penalty": (10.0, jnp.array([0.5, 0.5])),
    ... })
    >>> float(loss), {name: float(value) for name, value in report.items()}
    (7.0, {'adversarial': 2.0, 'penalty': 0.5, 'loss': 7.0})
    """
    if not terms:
        raise ValueError(
            "a loss needs at least one term: give a mapping of name to (weight, value)"
        )
    if "loss" in terms:
        raise ValueError('no term may be named "loss", the name of the sum: rename that term')
    for weight, value in terms.values():
        chex.assert_rank(weight, 0)
        chex.assert_type(value, float)
    means = {
        name: jnp.mean(value, dtype=jnp.promote_types(value.dtype, jnp.float32))
        for name, (_, value) in terms.items()
    }
    loss = jnp.asarray(sum(weight * means[name] for name, (weight, _) in terms.items()))
    return loss, {**means, "loss": loss}
