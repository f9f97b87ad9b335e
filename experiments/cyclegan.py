"""CycleGAN (Zhu, Park, Isola and Efros, 2017): images from images, without pairs.

python experiments/cyclegan.py train                drawings coloured, about six minutes
python experiments/cyclegan.py train --preset paper                 horses and zebras
python experiments/cyclegan.py train --folder-a PHOTOS --folder-b PAINTINGS
python experiments/cyclegan.py evaluate runs/cyclegan-001
python experiments/cyclegan.py translate runs/cyclegan-001 MY-DRAWINGS --output coloured
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan import cli, games, losses, metrics, recipes, updates
from jaxgan.data import Sides
from jaxgan.layers import InstanceNorm
from jaxgan.networks import PatchGAN, ResNetTranslator
from jaxgan.training import Fraction, Generate, Picture, PositiveFloat, PositiveInt, Schedule
from jaxgan.weights import official_parameters


@dataclasses.dataclass(frozen=True)
class CycleGAN(recipes.BetweenSides):
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
    width: PositiveInt = 64
    """Channels of both generators next to the images (paper: 64)."""
    blocks: PositiveInt = 9
    """Residual blocks of a generator (paper: 9 at 256x256, 6 at 128x128)."""
    discriminator_width: PositiveInt = 64
    """Channels of a discriminator's first layer (paper: 64)."""
    layers: PositiveInt = 3
    """Halvings of a discriminator: 1 scores patches of 16x16, 3 of 70x70 (paper: 3)."""
    cycle: PositiveFloat = 10.0
    """lambda, of the cycles (paper: 10)."""
    identity: float = 5.0
    """Of G(b) = b and F(a) = a (code: half of lambda; paper: for paintings alone)."""
    pool_size: int = 50
    """Images that are kept of each generator (paper: 50)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, all players (paper: 2e-4)."""
    falling: Fraction = 0.5
    """Part of the run, at its end, in which the rate falls to 0 in a line (paper: half)."""
    average_decay: Fraction | None = None
    """Of the moving average of weights that pictures are made with (paper: none)."""

    @property
    def generator(self) -> ResNetTranslator:
        """G, and F."""
        return ResNetTranslator(self.channels, self.width, self.blocks)

    @property
    def sizes(self) -> range:
        """Of images that a generator takes."""
        return self.generator.sizes

    def game(self) -> games.Game:
        """G* and F* of equation 4; the weights are those of least squares without halves."""
        steps = self.schedule.steps
        falling = round(self.falling * steps)
        rate = updates.constant_then_linear(
            self.learning_rate, constant=steps - falling, falling=falling
        )
        adam = optax.adam(rate, b1=0.5, eps=1e-8)
        discriminator = PatchGAN(self.discriminator_width, self.layers, InstanceNorm)
        return games.cycle(
            self.generator,
            self.generator,
            None if self.one_way else discriminator,
            discriminator,
            loss=losses.least_squares,
            adversarial_weight=2.0,
            discriminator_weight=1.0,
            cycle_weight=self.cycle,
            identity_weight=self.identity,
            pool_size=self.pool_size,
            generator_optimiser=adam,
            discriminator_optimiser=adam,
            average_decay=self.average_decay,
        )

    def imported(
        self, state: games.CycleState, tensors: Mapping[str, np.ndarray], side: str
    ) -> games.CycleState:
        """The state with a generator of the authors' code (resnet_9blocks is the preset paper's).

        An average, where one is kept, begins with it.
        """
        name, place = {"a": ("a_to_b", 0), "b": ("b_to_a", 1)}[side]
        player = getattr(state, name)
        taken = official_parameters(self.generator, tensors, player.parameters)
        state = state._replace(**{name: player._replace(parameters=taken)})
        if state.average is None:
            return state
        mean = list(state.average.mean)
        mean[place] = mean[place] | {"params": taken}
        return state._replace(average=state.average._replace(mean=tuple(mean)))

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """x, G(x), F(G(x)), and where it is known the truth, one under another."""
        held_out = self.held_out(30)
        made = made[: len(held_out["a"])]
        back = jax.jit(self.game().generate)(jax.random.key(0), state, {"b": jnp.asarray(made)})
        truth = (held_out["b"],) if self.pairs.has_pairs else ()
        return recipes.draw_strips(held_out["a"], made, np.asarray(back), *truth)

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Errors of the cycles; where pairs are held out, of translations beside baselines."""
        held_out = self.held_out()
        a, b = held_out["a"], held_out["b"]
        a_to_b, b_to_a = generate(key, {"a": a}), generate(key, {"b": b})
        figures = {
            "cycle_a_l1": metrics.absolute_error(generate(key, {"b": a_to_b}), a),
            "cycle_b_l1": metrics.absolute_error(generate(key, {"a": b_to_a}), b),
        }
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

if __name__ == "__main__":
    cli.main(CycleGAN(), small=SMALL)
