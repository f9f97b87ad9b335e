"""InfoGAN: part of the latent is a code, and the images must show it.

The rules of play are the adversarial game's. What is new: how a latent is made up, and both
players' terms of Q, the second output of the discriminator:

    game = adversarial(..., latent=latent, auxiliary=information(latent))
"""

import dataclasses
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from jaxgan.games.terms import Auxiliary, Terms
from jaxgan.losses import categorical_information, gaussian_information


class Coded(NamedTuple):
    """Latents in their parts.

    Attributes:
        noise: z, `[B, noise]`.
        categorical: one-hot codes, `[B, K]` each.
        continuous: `[B, C]` in [-1, 1).
    """

    noise: jax.Array
    categorical: tuple[jax.Array, ...]
    continuous: jax.Array


class CodeDistribution(Protocol):
    """What Q says of the codes, Q(c|x)."""

    @property
    def logits(self) -> tuple[jax.Array, ...]:
        """Of each categorical code, `[B, K]`."""
        ...

    @property
    def mean(self) -> jax.Array:
        """Of the continuous codes, `[B, C]`."""
        ...

    @property
    def log_variance(self) -> jax.Array:
        """Of the continuous codes, `[B, C]`."""
        ...


@dataclasses.dataclass(frozen=True)
class CodedLatent:
    """Latents of noise and codes: $z ~ N(0, I)$, then one-hot codes, then $c ~ U(-1, 1)$.

    Attributes:
        noise: how many numbers are noise (paper, for MNIST: 62).
        categorical: of how many values each categorical code is; uniform over them.
        continuous: how many continuous codes there are.
        uniform_noise: True draws the noise from U(-1, 1) too, as the authors' code does.

    Raises:
        ValueError: where there is no code at all, or a part of it is impossible.

    >>> CodedLatent(noise=62, categorical=(10,), continuous=2)(jax.random.key(0), 16).shape
    (16, 74)
    """

    noise: int = 62
    categorical: tuple[int, ...] = (10,)
    continuous: int = 2
    uniform_noise: bool = False

    def __post_init__(self) -> None:
        if self.noise < 0 or self.continuous < 0 or any(size < 2 for size in self.categorical):
            raise ValueError(
                f"{self} cannot be drawn: noise and continuous must be 0 or more, and every "
                "categorical code must have 2 values or more"
            )
        if not sum(self.categorical) + self.continuous:
            raise ValueError(
                f"{self} has no code, so an image has none to show: give a categorical "
                "code such as (10,), or a continuous one"
            )

    @property
    def size(self) -> int:
        """Z, numbers in a latent."""
        return self.noise + sum(self.categorical) + self.continuous

    def __call__(self, key: jax.Array, count: int) -> jax.Array:
        """Draw so many latents, `[count, Z]` float32."""
        key_noise, key_categorical, key_continuous = jax.random.split(key, 3)
        values = [
            jax.random.randint(jax.random.fold_in(key_categorical, index), (count,), 0, size)
            for index, size in enumerate(self.categorical)
        ]
        uniform = partial(jax.random.uniform, minval=-1.0, maxval=1.0)
        draw_noise = uniform if self.uniform_noise else jax.random.normal
        return self.join(
            Coded(
                noise=draw_noise(key_noise, (count, self.noise)),
                categorical=tuple(map(jax.nn.one_hot, values, self.categorical)),
                continuous=uniform(key_continuous, (count, self.continuous)),
            )
        )

    def join(self, coded: Coded) -> jax.Array:
        """Parts to latents `[B, Z]`."""
        return jnp.concatenate([coded.noise, *coded.categorical, coded.continuous], axis=1)

    def split(self, latents: jax.Array) -> Coded:
        """Latents `[B, Z]` to their parts."""
        ends = list(itertools.accumulate((self.noise, *self.categorical)))
        noise, *categorical, continuous = jnp.split(latents, ends, axis=1)
        return Coded(noise, tuple(categorical), continuous)


def information(
    latent: CodedLatent,
    *,
    categorical_weight: float = 1.0,
    continuous_weight: float = 0.1,
    view: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
) -> Auxiliary:
    """Both players raise the bound on what an image says of its code, I(c; G(z, c)).

    $$min_{G,Q} max_D V(D, G) - λ L_I(G, Q)$$

    Chen et al., InfoGAN, 2016, eqs. 5 and 6. Q shares D's trunk and is trained with both players'
    updates, as in the authors' code: D's moves trunk and Q, G's moves G.

    Args:
        latent: of the game.
        categorical_weight: lambda of the categorical codes (paper: 1).
        continuous_weight: lambda of the continuous ones (paper: less than 1, so that the two terms
            are of one size).
        view: `(key, images) -> images`, under which the categorical codes are to be told (paper:
            none): what it changes, as `layers.random_affine` the slant, they cannot mean.

    Returns:
        For `adversarial(..., auxiliary=...)`, with a discriminator that returns
        `(scores, CodeDistribution)`. The terms are reported as L_I itself, in nats.
    """

    def bounds(heads: Any, latents: jax.Array, *condition: jax.Array) -> Terms:
        coded = latent.split(latents)
        q, of_view = (heads, heads) if view is None else heads
        terms: dict[str, tuple[float, jax.Array]] = {}
        for index, (logits, code) in enumerate(zip(of_view.logits, coded.categorical, strict=True)):
            name = f"information_categorical_{index}"
            terms[name] = -categorical_weight, categorical_information(logits, code)
        if latent.continuous:
            bound = gaussian_information(q.mean, q.log_variance, coded.continuous)
            terms["information_continuous"] = -continuous_weight, bound
        return terms

    return Auxiliary(real=lambda q, *condition: {}, fake=bounds, view=view)
