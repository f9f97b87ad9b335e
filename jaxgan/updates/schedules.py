"""Schedules: functions of the step, in the manner of optax."""

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike


def cosine(start: float, end: float, *, steps: int) -> optax.Schedule:
    """From `start` to `end` in half a cosine, then `end` for ever.

        end + (start - end) (1 + cos(pi min(t / steps, 1))) / 2

    Unlike `optax.cosine_decay_schedule` it also rises, as the second moment's decay and the
    augmentation's probability of R3GAN do (Huang et al., 2024, section 4 and appendix).

    Args:
        start: at step 0.
        end: from step `steps` on.
        steps: how long it takes; positive.

    Returns:
        `(step) -> value`, [] float32.

    Raises:
        ValueError: where `steps` is not positive.

    >>> [round(float(cosine(0.0, 1.0, steps=4)(step)), 3) for step in (0, 1, 2, 4, 9)]
    [0.0, 0.146, 0.5, 1.0, 1.0]
    """
    if steps <= 0:
        raise ValueError(f"a schedule of {steps} steps leads nowhere: give 1 or more")

    def schedule(step: ArrayLike) -> jax.Array:
        way = jnp.minimum(jnp.asarray(step, jnp.float32) / steps, 1.0)
        return end + (start - end) * (1.0 + jnp.cos(jnp.pi * way)) / 2.0

    return schedule
