"""What a player's loss is made of, besides the adversarial loss itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import optax

Critic: TypeAlias = Callable[[jax.Array], jax.Array]
"""`[B, ...] -> [B]`: the discriminator with its parameters (and condition) of the moment."""

Terms: TypeAlias = Mapping[str, tuple[float | jax.Array | optax.Schedule, jax.Array]]
"""`{name: (weight, per example [B])}`; see `jaxgan.losses.combine`. A weight that is a function is
a schedule: it is called with the number of the round."""

Penalties: TypeAlias = Callable[[jax.Array, Critic, jax.Array, jax.Array], Terms]
"""`(key, critic, real, fake) -> terms` that are added to the discriminator's loss."""


class Auxiliary(NamedTuple):
    """Terms of what the discriminator says besides its score: `D(x) -> (scores, heads)`.

    Attributes:
        real: `(heads, *y) -> terms` of D on reals; y is the condition, left out without one.
        fake: `(heads, z, *y) -> terms` of both players on fakes; z are the latents.
        view: `(key, images) -> images`: where it is there, the discriminator is asked of the fakes
            once more after it, and `fake` gets both answers, `((heads, heads of the view), ...)`.
    """

    real: Callable[..., Terms]
    fake: Callable[..., Terms]
    view: Callable[[jax.Array, jax.Array], jax.Array] | None = None


def no_penalties(key: jax.Array, critic: Critic, real: jax.Array, fake: jax.Array) -> Terms:
    """Adds nothing to the discriminator's loss."""
    del key, critic, real, fake
    return {}


_REPORTED = (
    *("real_score", "fake_score", "gradient_norm"),
    *("real_sign", "augmentation_probability"),
)
"""What a player's report holds besides its terms."""


def merged(*parts: Terms) -> dict[str, tuple[Any, jax.Array]]:
    """All terms of one player's loss.

    Raises:
        ValueError: where two of them have one name, or one that the report needs: none may take
            another's place.
    """
    terms: dict[str, tuple[Any, jax.Array]] = {}
    for part in parts:
        for name, term in part.items():
            if name in terms or name in _REPORTED:
                raise ValueError(
                    f"a term is named '{name}', and so is another part of the report: rename it"
                )
            terms[name] = term
    return terms


def value_at(value: float | jax.Array | optax.Schedule, played: jax.Array) -> Any:
    """The value that a number or a schedule has after `played` rounds."""
    return value(played) if callable(value) else value


def weights_at(terms: Terms, played: jax.Array) -> dict[str, tuple[Any, jax.Array]]:
    """The terms with the weights that they have after `played` rounds."""
    return {name: (value_at(weight, played), values) for name, (weight, values) in terms.items()}
