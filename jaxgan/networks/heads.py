"""Heads of discriminators: what is asked of the features at their end.

A discriminator has the attribute `head` and ends in `self.head(features, *condition, train=train)`.
So every discriminator of the library scores (`Score`), scores given a label (`Projection`), or
says the class besides (`Classifier`). All of a head is computed in float32.
"""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Initializer

from jaxgan.layers import Classes, LabelEmbedding, normal


class Score(nn.Module):
    """One weighted sum of the features: a logit, or the unbounded score of a critic.

    Attributes:
        kernel_init: of the weights; N(0, 0.02).
    """

    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, features: jax.Array, *condition: jax.Array, train: bool) -> jax.Array:
        """Features `[B, F]` to scores `[B]`, float32.

        Raises:
            ValueError: where a condition comes.
        """
        del train  # the same in both
        chex.assert_rank(features, 2)
        if condition:
            raise ValueError(
                "a condition came to a discriminator that scores without one: give it the head "
                "Projection(classes), or wrap it in LabelChannel"
            )
        score = nn.Dense(1, dtype=jnp.float32, kernel_init=self.kernel_init)
        return score(features)[:, 0]


class Projection(nn.Module):
    """A score given the label: the features' own, and their product with the label's vector.

    $$w · f + b + v_y · f$$

    Miyato and Koyama, "cGANs with projection discriminator" (2018), equation 4, with psi linear. Of
    several attributes, v is the sum of their vectors.

    Attributes:
        classes: how many there are.
        kernel_init: of w and the classes' vectors v; N(0, 0.02).
    """

    classes: Classes
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(self, features: jax.Array, label: jax.Array, *, train: bool) -> jax.Array:
        """Features `[B, F]` and labels, as in `one_hot`, to scores `[B]`.

        Raises:
            ValueError: where `one_hot` does.
        """
        vector = LabelEmbedding(self.classes, features.shape[-1], self.kernel_init)(label)
        scores = Score(self.kernel_init, name="score")(features, train=train)
        return scores + jnp.sum(features.astype(jnp.float32) * vector, axis=-1)


class Classifier(nn.Module):
    """A score without the label, and what the label may be.

    Odena, Olah and Shlens, "Conditional image synthesis with auxiliary classifier GANs" (2017),
    section 3.

    Attributes:
        classes: how many there are.
        kernel_init: of the weights; N(0, 0.02).
    """

    classes: int
    kernel_init: Initializer = normal(0.02)

    @nn.compact
    def __call__(
        self, features: jax.Array, *condition: jax.Array, train: bool
    ) -> tuple[jax.Array, jax.Array]:
        """Features `[B, F]` to scores `[B]` and logits of the classes `[B, classes]`, float32.

        Raises:
            ValueError: where a condition comes: what it is to say is not shown.
        """
        scores = Score(self.kernel_init, name="score")(features, *condition, train=train)
        logits = nn.Dense(self.classes, dtype=jnp.float32, kernel_init=self.kernel_init)
        return scores, logits(features)
