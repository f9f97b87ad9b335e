"""What the discriminator and the generator minimise, per example, on scores.

A score is a logit or an unbounded critic value, never a probability. The logistic losses are
written with $softplus(x) = log(1 + exp(x))$, whose value and gradient hold at any score.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
from jax.nn import relu, softplus

from jaxgan.losses.scores import checked, per_example

ScoreLoss: TypeAlias = Callable[[jax.Array, jax.Array], jax.Array]
"""`(real_scores, fake_scores) -> losses`: `[B, ...]` twice to `[B]`."""


class AdversarialLoss(NamedTuple):
    """What each of the two players minimises, given the scores of reals and of fakes.

    Both fields are pure, jitted functions `(real_scores, fake_scores) -> losses`.

    Args of either function:
        real_scores: `[B]`, or `[B, ...]` of a patch critic; floats, unbounded.
        fake_scores: the same shape.

    Either returns `[B]`, the loss of each example, averaged over its patches *after* the loss of
    each patch is taken; the caller reduces. Scores of less than 32 bits are computed in float32.
    Where the formula has no real score (a generator's loss), the real scores are ignored.

    Raises:
        AssertionError: where the shapes differ, a score is not a float, or has no batch axis.

    >>> import jax.numpy as jnp
    >>> hinge.discriminator(jnp.array([0.5, 3.0]), jnp.array([-2.0, 0.0])).tolist()
    [0.5, 1.0]
    >>> non_saturating.generator(jnp.zeros((8, 30, 30)), jnp.zeros((8, 30, 30))).shape
    (8,)
    """

    discriminator: ScoreLoss
    generator: ScoreLoss


def _per_example(loss: ScoreLoss) -> ScoreLoss:
    """Check the scores, take the loss in float32 or wider, average over patches; jitted."""

    @jax.jit
    def reduced(real_scores: jax.Array, fake_scores: jax.Array) -> jax.Array:
        return per_example(loss(*checked(real_scores, fake_scores)))

    return reduced


_logistic = _per_example(lambda real, fake: softplus(-real) + softplus(fake))

minimax = AdversarialLoss(
    discriminator=_logistic,
    generator=_per_example(lambda real, fake: -softplus(fake)),
)
"""The game as it is defined: $min_G max_D E log D(x) + E log(1 - D(G(z)))$.

D is the sigmoid of the score s.

- discriminator: $softplus(-s_real) + softplus(s_fake)$
- generator: $-softplus(s_fake)$

The generator's gradient vanishes where the discriminator is sure of the fakes.
Goodfellow et al., Generative Adversarial Nets, 2014, eq. 1.
"""

non_saturating = AdversarialLoss(
    discriminator=_logistic,
    generator=_per_example(lambda real, fake: softplus(-fake)),
)
"""The generator maximises $E log D(G(z))$ in place of minimising $E log(1 - D(G(z)))$.

- discriminator: $softplus(-s_real) + softplus(s_fake)$
- generator: $softplus(-s_fake)$

Goodfellow et al., Generative Adversarial Nets, 2014, section 3.
"""


def label_smoothing(amount: float) -> AdversarialLoss:
    """The non-saturating loss with softer targets for reals alone: one-sided label smoothing.

    - discriminator: $(1 - a) softplus(-s_real) + a softplus(s_real) + softplus(s_fake)$
    - generator: $softplus(-s_fake)$

    The discriminator is asked for $D(x) = 1 - a$ on reals, so its best score is bounded by
    $log((1 - a) / a)$. Fakes keep the target of 0: softened too, they would add the density of the
    fakes to the numerator of the best D, which then holds the generator where it is.

    Args:
        amount: a, what is taken off the target of reals; in [0, 1). The paper's target of
            0.9 is an amount of 0.1.

    Returns:
        A loss; that of an amount of 0 is `non_saturating`.

    Raises:
        ValueError: where `amount` is outside [0, 1).

    Salimans et al., Improved Techniques for Training GANs, 2016, section 3.4.

    >>> import jax.numpy as jnp
    >>> loss = label_smoothing(0.25).discriminator(jnp.array([4.0]), jnp.array([-200.0]))
    >>> round(float(loss[0]), 4)
    1.0181
    """
    if not 0 <= amount < 1:
        raise ValueError(f"labels cannot be smoothed by {amount}: give an amount in [0, 1)")
    return AdversarialLoss(
        discriminator=_per_example(
            lambda real, fake: (
                (1 - amount) * softplus(-real) + amount * softplus(real) + softplus(fake)
            )
        ),
        generator=non_saturating.generator,
    )


least_squares = AdversarialLoss(
    discriminator=_per_example(lambda real, fake: ((real - 1) ** 2 + fake**2) / 2),
    generator=_per_example(lambda real, fake: (fake - 1) ** 2 / 2),
)
"""Least squares on the labels a = 0 (fake), b = 1 (real) and c = 1 (what the generator wants).

- discriminator: $(s_real - 1)^2 / 2 + s_fake^2 / 2$
- generator: $(s_fake - 1)^2 / 2$

Mao et al., Least Squares Generative Adversarial Networks, 2017, eq. 9.
"""

hinge = AdversarialLoss(
    discriminator=_per_example(lambda real, fake: relu(1 - real) + relu(1 + fake)),
    generator=_per_example(lambda real, fake: -fake),
)
"""A margin of one on each side; the generator follows the score itself.

- discriminator: $max(0, 1 - s_real) + max(0, 1 + s_fake)$
- generator: $-s_fake$

Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018, eqs. 16 and 17.
"""

wasserstein = AdversarialLoss(
    discriminator=_per_example(lambda real, fake: fake - real),
    generator=_per_example(lambda real, fake: -fake),
)
"""The dual of the earth mover's distance; the critic must be kept Lipschitz by other means.

- discriminator: $s_fake - s_real$
- generator: $-s_fake$

Arjovsky et al., Wasserstein GAN, 2017, eq. 2 and Algorithm 1.
"""

relativistic = AdversarialLoss(
    discriminator=_per_example(lambda real, fake: softplus(-(real - fake))),
    generator=_per_example(lambda real, fake: softplus(-(fake - real))),
)
"""Each real is compared with the fake at its side: which of the two is the more realistic?

- discriminator: $softplus(-(s_real - s_fake))$
- generator: $softplus(-(s_fake - s_real))$

Jolicoeur-Martineau, The Relativistic Discriminator, 2018 (RpGAN), as in Huang et al., The GAN is
Dead; Long Live the GAN!, 2024, eq. 2.
"""
