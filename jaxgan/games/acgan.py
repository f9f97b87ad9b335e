"""ACGAN: the discriminator is not shown the label, but tells it, of reals and fakes."""

import jax

from jaxgan.games.terms import Auxiliary, Terms
from jaxgan.losses import classification


def told_labels(*, weight: float = 1.0) -> Auxiliary:
    """Both players want the right class told: L_C of Odena, Olah and Shlens (2017), eq. 3.

    D minimises it on reals and fakes besides its adversarial loss, G on its own fakes.

    Args:
        weight: of each of the terms (paper: 1).

    Returns:
        For `adversarial(..., condition="label", auxiliary=...)`, with a discriminator that returns
        `(scores [B], logits [B, K])`.
    """

    def owed(logits: jax.Array, label: jax.Array) -> Terms:
        return {"class": (weight, classification(logits, label))}

    return Auxiliary(real=owed, fake=lambda logits, latents, label: owed(logits, label))
