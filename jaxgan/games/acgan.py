"""ACGAN: the discriminator is not shown the label, but says it, of reals and fakes."""

import jax

from jaxgan.games.terms import Auxiliary, Terms
from jaxgan.losses import classification


def auxiliary_classifier(*, weight: float = 1.0) -> Auxiliary:
    """Both players want the right class said: L_C of Odena, Olah and Shlens (2017), eq. 3.

    D minimises it on reals and fakes besides its adversarial loss, G on its own fakes.

    Args:
        weight: of each of the terms (paper: 1).

    Returns:
        For `adversarial(..., condition="label", auxiliary=...)`, with a discriminator that returns
        `(scores [B], logits [B, K])`. A game without a condition is refused (ValueError).
    """

    def terms(logits: jax.Array, *condition: jax.Array) -> Terms:
        if not condition:
            raise ValueError(
                "an auxiliary classifier needs labels to compare with: give the game a condition "
                '(condition="label")'
            )
        (label,) = condition
        return {"class": (weight, classification(logits, label))}

    return Auxiliary(real=terms, fake=lambda logits, latents, *label: terms(logits, *label))
