"""Schedules: functions of the step, in the manner of optax."""

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike


def cosine(start: float, end: float, *, steps: int) -> optax.Schedule:
    """From `start` to `end` in half a cosine, then `end` for ever.

    $$end + (start - end) (1 + cos(π min(t / steps, 1))) / 2$$

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


def constant_then_linear(value: float, *, constant: int, falling: int) -> optax.Schedule:
    """A value that stays for a while and then falls to 0 in a straight line, as CycleGAN's rate.

    $$value min(1, max(0, 1 - (t - constant) / falling))$$

    Zhu et al., 2017, section 7.1: 2e-4 for 100 epochs, then to 0 over 100 more.

    Args:
        value: for the first `constant` steps.
        constant: 0 or more.
        falling: how many steps it takes to 0; 0 or more: with 0 it never falls.

    Returns:
        `(step) -> value`, [] float32.

    Raises:
        ValueError: where a count is negative, or both are 0.

    >>> schedule = constant_then_linear(1.0, constant=2, falling=4)
    >>> [round(float(schedule(step)), 3) for step in (0, 2, 3, 6, 9)]
    [1.0, 1.0, 0.75, 0.0, 0.0]
    """
    if constant < 0 or falling < 0 or constant + falling == 0:
        raise ValueError(
            f"{constant} constant and {falling} falling steps make no schedule: give counts of 0 "
            "or more, not both 0"
        )
    if not falling:
        return optax.constant_schedule(value)
    return optax.linear_schedule(value, 0.0, falling, transition_begin=constant)
