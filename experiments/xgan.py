"""XGAN (Royer et al., 2017): two domains in one embedding, and translation through it.

python experiments/xgan.py train                    faces of one style to another, 15 minutes
python experiments/xgan.py train --dataset faces/micah_avataaars
python experiments/xgan.py train --preset drawings  drawings to and from lines, five minutes
python experiments/xgan.py train --preset paper --folder-a FACES --folder-b CARTOONS
python experiments/xgan.py evaluate runs/xgan-001
python experiments/xgan.py translate runs/xgan-001 MY-DRAWINGS --output coloured
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan import cli, games, losses, metrics, networks, penalties, recipes
from jaxgan.data import Sides
from jaxgan.training import (
    Fraction,
    Generate,
    NonNegativeFloat,
    Picture,
    PositiveFloat,
    PositiveInt,
    Schedule,
)


@dataclasses.dataclass(frozen=True)
class XGAN(recipes.BetweenSides):
    """Defaults are the paper's, section 4 and appendix, as far as it tells them."""

    pairs: Sides = Sides(load_size=64, crop_size=64)
    """The two domains (paper: faces and cartoons); in training nothing is known of pairs."""
    schedule: Schedule = Schedule(steps=100_000, sample_every=2000, checkpoint_every=5000)
    """How long, and what is written when."""
    batch_size: PositiveInt = 32
    """Images of each domain in a minibatch."""
    embedding: PositiveInt = 1024
    """Numbers of an embedding (paper: 1024)."""
    width: PositiveInt = 32
    """Channels of the encoders' first layer (paper: 32)."""
    discriminator_width: PositiveInt = 32
    """Channels of a discriminator's first layer."""
    reconstruction: NonNegativeFloat = 1.0
    """Weight of the reconstructions."""
    domain: NonNegativeFloat = 1.0
    """Weight of the classifier of domains, whose gradient is reversed."""
    semantic: NonNegativeFloat = 1.0
    """Weight of what the embedding of a translation keeps."""
    adversarial: NonNegativeFloat = 1.0
    """Weight of the translations' adversarial losses."""
    learning_rate: PositiveFloat = 1e-4
    """Of Adam, all players (paper: 1e-4)."""
    discriminator_rate: PositiveFloat | None = None
    """Of the discriminators' Adam, where it is another (paper: the same)."""
    decay: bool = False
    """Let the learning rates fall to 0 over the run, in a straight line (paper: no)."""
    gamma: NonNegativeFloat = 0.0
    """Of R1 on both discriminators, with gamma / 2 (paper: none)."""
    alike: bool = False
    """Let each domain's own layers begin with the same weights (paper: no). What belongs together
    is else settled by chance: dark skin may become light in all translations, and light dark."""
    average_decay: Fraction | None = None
    """Of the moving average of weights that pictures are made with (paper: none)."""

    def game(self) -> games.Game:
        """The sum of losses of section 3."""
        size = self.pairs.crop_size
        optimiser, discriminator_optimiser = (
            optax.adam(
                optax.linear_schedule(rate, 0.0, self.schedule.steps) if self.decay else rate,
                b1=0.5,
                eps=1e-8,
            )
            for rate in (self.learning_rate, self.discriminator_rate or self.learning_rate)
        )

        def penalty(
            key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array
        ) -> games.Terms:
            del key, fake
            return {"r1": (self.gamma, penalties.r1(critic, real))} if self.gamma else {}

        discriminator = networks.DCGANDiscriminator(
            size, self.discriminator_width, batch_norm=False
        )
        return games.xgan(
            networks.XGAN(size, self.channels, self.embedding, self.width),
            discriminator,
            discriminator,
            loss=losses.non_saturating,
            weights=games.XGANWeights(
                reconstruction=self.reconstruction,
                domain=self.domain,
                semantic=self.semantic,
                adversarial=self.adversarial,
            ),
            generator_optimiser=optimiser,
            discriminator_optimiser=discriminator_optimiser,
            penalties=penalty,
            begin=networks.alike if self.alike else None,
            average_decay=self.average_decay,
        )

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """a, its reconstruction and translation; b, its reconstruction and translation."""
        del made
        held_out = self.held_out(20)
        outputs = self._generate(jax.random.key(0), state, held_out)
        return recipes.draw_strips(
            held_out["a"],
            np.asarray(outputs.reconstruction_a),
            np.asarray(outputs.a_to_b),
            held_out["b"],
            np.asarray(outputs.reconstruction_b),
            np.asarray(outputs.b_to_a),
        )

    @functools.cached_property
    def _generate(self) -> Callable[..., Any]:
        """The game's, compiled."""
        return jax.jit(self.game().generate)

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Errors of reconstruction and translation, and retrieval across the domains.

        Of faces, what translations keep instead of their errors; and of people who are all
        different.
        """
        held_out = self.held_out()
        a, b = held_out["a"], held_out["b"]
        made: Any = generate(key, held_out)
        shapes = {side: jnp.zeros((2, *x.shape[1:])) for side, x in held_out.items()}
        game = self.game()
        untrained = jax.jit(game.generate)(key, jax.jit(game.init)(key, shapes), held_out)
        different = len(a)
        if self.pairs.faces:
            different = recipes.held_out_people(self.pairs).kinds
            figures = recipes.evaluate_face_sides(self.pairs, made.a_to_b, made.b_to_a)
        else:
            figures = self.compare(made.a_to_b)
            figures["back_l1"] = metrics.absolute_error(made.b_to_a, a)
        figures["reconstruction_a_l1"] = metrics.absolute_error(made.reconstruction_a, a)
        figures["reconstruction_b_l1"] = metrics.absolute_error(made.reconstruction_b, b)
        for name, of in ("", made), ("untrained_", untrained):
            e_a, e_b = of.embedding_a[:different], of.embedding_b[:different]
            figures[f"{name}retrieval_5"] = metrics.retrieval_at(e_a, e_b, nearest=5)
            figures[f"{name}back_retrieval_5"] = metrics.retrieval_at(e_b, e_a, nearest=5)
        return figures | {"chance_retrieval_5": 5 / different}


SMALL = XGAN(
    pairs=Sides("faces", load_size=32, crop_size=32),
    schedule=Schedule(steps=5000, log_every=100, sample_every=500, checkpoint_every=1000),
    batch_size=16,
    embedding=256,
    reconstruction=100.0,
    learning_rate=5e-4,
    decay=True,
    alike=True,
    average_decay=0.998,
)

DRAWINGS = XGAN(
    schedule=Schedule(steps=2400, log_every=50, sample_every=200, checkpoint_every=800),
    batch_size=8,
    embedding=256,
    width=16,
    discriminator_width=16,
    reconstruction=100.0,
    learning_rate=5e-4,
    average_decay=0.995,
)

if __name__ == "__main__":
    cli.main(XGAN(), small=SMALL, presets={"drawings": DRAWINGS})
