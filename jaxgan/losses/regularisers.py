"""What keeps a discriminator's scores steady, per example, on scores."""

import chex
import jax
from jax import lax

from jaxgan.losses.scores import checked, per_example


@jax.jit
def consistency(scores: jax.Array, scores_of_augmented: jax.Array) -> jax.Array:
    """Ask for one score of an image and of an augmented copy of it.

    $$(s(x) - s(T(x)))^2$$

    Gradients flow through both scores. The paper applies it to reals.

    Args:
        scores: of the images as they are, `[B]`, or `[B, ...]` of a patch critic; floats.
        scores_of_augmented: of the same images augmented; the same shape.

    Returns:
        `[B]`, averaged over the patches, of 32 bits or more.

    Raises:
        AssertionError: where the shapes differ, a score is not a float, or has no batch axis.

    Zhang et al., Consistency Regularization for Generative Adversarial Networks, 2020 (CR-GAN;
    without its lambda, 10 there).

    >>> consistency(jax.numpy.array([1.0, 2.0]), jax.numpy.array([1.0, -1.0])).tolist()
    [0.0, 9.0]
    """
    scores, scores_of_augmented = checked(scores, scores_of_augmented)
    return per_example((scores - scores_of_augmented) ** 2)


@jax.jit
def lecam(
    real_scores: jax.Array,
    fake_scores: jax.Array,
    *,
    real_anchor: jax.Array,
    fake_anchor: jax.Array,
) -> jax.Array:
    """Pull the scores of reals towards where those of fakes have been, and the other way round.

    $$(s_real - α_F)^2 + (s_fake - α_R)^2$$

    The anchors α are moving averages of the mean scores (decay 0.99 in the paper), and constants:
    no gradient flows through them. This is the paper's term. The authors' published code differs:
    it takes $relu(s_real - α_F)^2 + relu(α_R - s_fake)^2$, so scores beyond the other side's
    anchor are left alone.

    Args:
        real_scores: `[B]`, or `[B, ...]` of a patch critic; floats, unbounded.
        fake_scores: the same shape.
        real_anchor: α_R, `[]`: the moving average of the mean score of reals.
        fake_anchor: α_F, `[]`: that of fakes.

    Returns:
        `[B]`, averaged over the patches, of 32 bits or more.

    Raises:
        AssertionError: where the shapes of scores differ, a score is not a float or has no batch
            axis, or an anchor is not a scalar.

    Tseng et al., Regularizing Generative Adversarial Networks under Limited Data, 2021 (without
    its lambda).

    The anchors are kept by `updates.average_weights`, a state of two scalars:

    >>> from jax import numpy as jnp
    >>> from jaxgan.updates import average_weights
    >>> real, fake = jnp.array([2.0, 4.0]), jnp.array([-1.0, -1.0])
    >>> averaging = average_weights(0.99)
    >>> anchors = averaging.init({"real_anchor": jnp.array(0.0), "fake_anchor": jnp.array(0.0)})
    >>> means = {"real_anchor": real.mean(), "fake_anchor": fake.mean()}
    >>> anchors = averaging.update(means, anchors)
    >>> [round(float(loss), 2) for loss in lecam(real, fake, **anchors.mean)]
    [22.1, 37.7]
    """
    chex.assert_rank([real_anchor, fake_anchor], 0)
    real_scores, fake_scores = checked(real_scores, fake_scores)
    to_fakes = real_scores - lax.stop_gradient(fake_anchor)
    to_reals = fake_scores - lax.stop_gradient(real_anchor)
    return per_example(to_fakes**2 + to_reals**2)
