"""Adam for a player whose penalties are applied lazily."""

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike


def lazy_adam(
    learning_rate: optax.ScalarOrSchedule,
    *,
    every: int,
    b1: float = 0.0,
    b2: float = 0.99,
    eps: float = 1e-8,
) -> optax.GradientTransformationExtraArgs:
    r"""Adam whose pace is the same whether or not every so many updates a penalty's follows.

    $$rate ← c rate, \quad b_1 ← b_1^c, \quad b_2 ← b_2^c, \quad c = every / (every + 1)$$

    A penalty of weight w that is taken lazily has an update of its own, of the loss `every * w *
    penalty`, after each `every` updates of the main loss. That makes every + 1 updates of Adam out
    of `every`; the powers of c undo it. Where `every` is 1 nothing is lazy: the penalty is part of
    the main loss, c = 1, and this is Adam.

    Args:
        learning_rate: a positive number, or a schedule of the updates of the *main* loss: those of
            the penalty do not count.
        every: updates of the main loss for each one of the penalty; 1 or more.
        b1: decay of the first moment, in [0, 1), as it would be without laziness.
        b2: decay of the second moment, in [0, 1), likewise.
        eps: added to the root of the second moment.

    Returns:
        An optax transformation.

    Raises:
        ValueError: where `every` is not positive.

    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, appendix B.

    >>> optimiser = lazy_adam(0.17, every=16)
    >>> updates, _ = optimiser.update(jnp.array(3.0), optimiser.init(jnp.array(0.0)))
    >>> round(float(updates), 6)  # minus the sign of the gradient times 0.17 * 16 / 17
    -0.16
    """
    if every < 1:
        raise ValueError(f"a penalty cannot be taken every {every} updates: give 1 or more")
    if every == 1:
        return optax.adam(learning_rate, b1=b1, b2=b2, eps=eps)
    c = every / (every + 1)

    def scaled(count: ArrayLike) -> jax.Array:
        if not callable(learning_rate):
            return jnp.asarray(c * learning_rate)
        # floor(c * count) without overflow: 0 0 1 2 .. every - 1, then every + 0 0 1 2 ...
        count = jnp.asarray(count)
        main = count - (count + every) // (every + 1)
        return c * jnp.asarray(learning_rate(main))

    return optax.adam(scaled, b1=b1**c, b2=b2**c, eps=eps)
