"""CycleGAN (Zhu, Park, Isola and Efros, 2017): images from images, without pairs.

python experiments/cyclegan.py train                drawings coloured, about six minutes
python experiments/cyclegan.py train --preset faces                 one style to another, 13 minutes
python experiments/cyclegan.py train --preset paper                 horses and zebras
python experiments/cyclegan.py train --folder-a PHOTOS --folder-b PAINTINGS
python experiments/cyclegan.py evaluate runs/cyclegan-001
python experiments/cyclegan.py translate runs/cyclegan-001 MY-DRAWINGS --output coloured
python experiments/cyclegan.py import latest_net_G_A.pth --other latest_net_G_B.pth
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Ge

from jaxgan import cli, games, losses, metrics, recipes, updates
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
class CycleGAN(recipes.Translators):
    """Defaults are the paper's, section 4 and appendix 7, for images of 256x256."""

    pairs: Sides = Sides(
        "cycle_gan/horse2zebra", load_size=286, crop_size=256, stretch=True, flip=True
    )
    """The two sides; in training nothing is known of pairs (code: stretched to 286, cropped)."""
    schedule: Schedule = Schedule(steps=267_000, sample_every=5000, checkpoint_every=10_000)
    """How long (paper: 200 epochs of the longer side)."""
    one_way: bool = False
    """Switch the direction from b to a off: no D_A, no cycle of b."""
    batch_size: PositiveInt = 1
    """Images of each side in a minibatch (paper: 1)."""
    architecture: recipes.Translator = "resnet"
    """Of both generators: residual blocks, or a U-Net (paper: residual blocks)."""
    width: PositiveInt = 64
    """Channels of both generators next to the images (paper: 64)."""
    blocks: PositiveInt = 9
    """Residual blocks of a generator (paper: 9 at 256x256, 6 at 128x128); a U-Net has none."""
    norm: recipes.Norm = "instance"
    """Of both generators (paper: instance). Batch norm is over the minibatch in training, and over
    each image in use."""
    dropout: Fraction = 0.0
    """Of both generators, in use too (code: none)."""
    discriminator_width: PositiveInt = 64
    """Channels of a discriminator's first layer (paper: 64)."""
    layers: Annotated[int, Ge(0)] = 3
    """Halvings of a discriminator: 0 scores pixels, 1 patches of 16x16, 3 of 70x70 (paper: 3)."""
    discriminator_norm: recipes.Norm = "instance"
    """Of both discriminators (paper: instance)."""
    cycle: PositiveFloat = 10.0
    """lambda, of the cycles (paper: 10)."""
    identity: NonNegativeFloat = 5.0
    """Of G(b) = b and F(a) = a (code: half of lambda; paper: for paintings alone)."""
    pool_size: int = 50
    """Images that are kept of each generator (paper: 50)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, all players (paper: 2e-4)."""

    def game(self) -> games.Game:
        """G* and F* of equation 4; the weights are those of least squares without halves."""
        return games.cycle(
            self.generator("a"),
            self.generator("b"),
            None if self.one_way else self.discriminator,
            self.discriminator,
            loss=losses.least_squares,
            adversarial_weight=2.0,
            discriminator_weight=1.0,
            cycle_weight=self.cycle,
            identity_weight=self.identity,
            pool_size=self.pool_size,
            generator_optimiser=self.optimiser,
            discriminator_optimiser=self.optimiser,
            average_decay=self.average_decay,
        )

    def fitted(self) -> Self:
        """As of all; and where the sides differ in channels, no image is its own translation."""
        alike = self.channels_of("a") == self.channels_of("b")
        return dataclasses.replace(super().fitted(), **({} if alike else {"identity": 0.0}))

    def imported(
        self,
        state: games.CycleState,
        tensors: Mapping[str, np.ndarray],
        side: str,
        *,
        discriminator: bool,
    ) -> games.CycleState:
        """The state with a generator or a discriminator of the authors' code.

        Their D_A scores what G_A makes, images of side b, and is D_B of the paper and of here.
        """
        if discriminator:
            pooled = state.discriminator_b if side == "a" else state.discriminator_a
            if pooled is None:
                raise ValueError("the one-way game has no discriminator of side a: leave it out")
            player = recipes.imported_player(self.discriminator, tensors, pooled.player)
            pooled = pooled._replace(player=player)
            if side == "a":
                return state._replace(discriminator_b=pooled)
            return state._replace(discriminator_a=pooled)
        network = self.generator(side)
        if side == "a":
            player = recipes.imported_player(network, tensors, state.a_to_b)
            state = state._replace(a_to_b=player)
        else:
            player = recipes.imported_player(network, tensors, state.b_to_a)
            state = state._replace(b_to_a=player)
        learnt = games.variables(state.a_to_b), games.variables(state.b_to_a)
        return state._replace(average=updates.average_weights(self.average_decay).init(learnt))

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """x, G(x), F(G(x)), and y, F(y), G(F(y)), one under another; y is x's partner if known."""
        held_out = self.held_out(20)
        a, b = (held_out[side][: min(map(len, held_out.values()))] for side in "ab")
        to_b = made[: len(a)]

        def translated(side: str, images: np.ndarray) -> np.ndarray:
            key = jax.random.key(0)
            return np.asarray(self._generate(key, state, {side: jnp.asarray(images)}))

        to_a = translated("b", b)
        return recipes.draw_strips(a, to_b, translated("b", to_b), b, to_a, translated("a", to_a))

    @functools.cached_property
    def _generate(self) -> Callable[..., jax.Array]:
        """The game's, compiled."""
        return jax.jit(self.game().generate)

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Errors of the cycles; where pairs are held out, of translations beside baselines.

        Of faces, what they keep instead.
        """
        held_out = self.held_out()
        a, b = held_out["a"], held_out["b"]
        a_to_b, b_to_a = generate(key, {"a": a}), generate(key, {"b": b})
        figures = {
            "cycle_a_l1": metrics.absolute_error(generate(key, {"b": a_to_b}), a),
            "cycle_b_l1": metrics.absolute_error(generate(key, {"a": b_to_a}), b),
        }
        if self.pairs.faces:
            return recipes.evaluate_face_sides(self.pairs, a_to_b, b_to_a) | figures
        if not self.pairs.has_pairs:
            return figures
        return self.compare(a_to_b) | figures | {"back_l1": metrics.absolute_error(b_to_a, a)}


SMALL = CycleGAN(
    pairs=Sides(),
    schedule=Schedule(steps=2000, log_every=20, sample_every=100, checkpoint_every=500),
    batch_size=4,
    width=16,
    blocks=3,
    discriminator_width=16,
    layers=2,
    identity=0.0,
    learning_rate=1e-3,
    average_decay=0.995,
)

FACES = dataclasses.replace(
    SMALL,
    pairs=Sides("faces", load_size=32, crop_size=32),
    schedule=Schedule(steps=7000, log_every=100, sample_every=500, checkpoint_every=1000),
)

if __name__ == "__main__":
    cli.main(CycleGAN(), small=SMALL, presets={"faces": FACES})
