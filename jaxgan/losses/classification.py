"""What an auxiliary classifier minimises, per example, on logits."""

import chex
import jax
import jax.numpy as jnp
import optax


def classification(logits: jax.Array, labels: jax.Array, *, smoothing: float = 0.0) -> jax.Array:
    """Cross entropy of a classifier's softmax, in nats.

    $$-Σ_k t_k log softmax(logits)_k$$

    with the target $t = (1 - smoothing) e_label + smoothing / K$, $e_label$ the label one-hot.

    ACGAN's discriminator minimises it on reals and on fakes, and so does its generator on fakes:
    L_C is the same for both players.

    Args:
        logits: `[B, K]` floats.
        labels: `[B]` integers in {0, ..., K - 1}.
        smoothing: the part of the target that is spread over all classes; in [0, 1).

    Returns:
        `[B]`, of 32 bits or more. Where a label is traced (inside `jit`) and out of range, both
        the loss of its example and its gradient are NaN.

    Raises:
        ValueError: where a label that is not traced is out of range, or `smoothing` is outside
            [0, 1).
        AssertionError: where a shape or dtype is not as above.

    Odena et al., Conditional Image Synthesis with Auxiliary Classifier GANs, 2017, eq. 3.

    >>> losses = classification(jnp.zeros((2, 4)), jnp.array([0, 3]))
    >>> [round(float(loss), 4) for loss in losses]  # log 4
    [1.3863, 1.3863]
    """
    chex.assert_rank([logits, labels], [2, 1])
    chex.assert_equal_shape_prefix([logits, labels], 1)
    chex.assert_type([logits, labels], [float, int])
    if not 0 <= smoothing < 1:
        raise ValueError(f"labels cannot be smoothed by {smoothing}: give an amount in [0, 1)")
    classes = logits.shape[1]
    if not isinstance(labels, jax.core.Tracer):
        wrong = labels[(labels < 0) | (labels >= classes)]
        if wrong.size:
            raise ValueError(
                f"label {int(wrong[0])} is not in 0 to {classes - 1}: take labels below the number "
                f"of logits, {classes}"
            )
    return _cross_entropy(logits, labels, smoothing)


@jax.jit
def _cross_entropy(logits: jax.Array, labels: jax.Array, smoothing: float) -> jax.Array:
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    label = labels[:, None]
    known = (label >= 0) & (label < logits.shape[1])
    targets = jnp.where(known, jax.nn.one_hot(labels, logits.shape[1], dtype=logits.dtype), jnp.nan)
    return optax.losses.softmax_cross_entropy(
        logits, optax.losses.smooth_labels(targets, smoothing)
    )
