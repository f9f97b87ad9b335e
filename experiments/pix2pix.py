"""pix2pix (Isola, Zhu, Zhou and Efros, 2017): images from images, learnt from pairs.

python experiments/pix2pix.py train                 drawings coloured, about five minutes
python experiments/pix2pix.py train --preset paper --folder facades     pairs side by side
python experiments/pix2pix.py evaluate runs/pix2pix-001
python experiments/pix2pix.py translate runs/pix2pix-001 MY-DRAWINGS --output coloured
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import optax

from jaxgan import cli, games, losses, recipes, updates
from jaxgan.data import Data, Sides
from jaxgan.networks import PatchGAN, UNetGenerator
from jaxgan.training import Fraction, Generate, Pipeline, PositiveFloat, PositiveInt, Schedule
from jaxgan.training.pictures import Picture
from jaxgan.weights import official_parameters


@dataclasses.dataclass(frozen=True)
class Pix2Pix(recipes.BetweenSides):
    """Defaults are the paper's for facades: 400 pairs, appendix 6.2, and the authors' code."""

    pairs: Sides = Sides(load_size=286, crop_size=256, flip=True, stretch=True)
    """The pairs."""
    schedule: Schedule = Schedule(steps=80_000, sample_every=2000, checkpoint_every=4000)
    """How long (paper: 200 epochs of 400 pairs)."""
    batch_size: PositiveInt = 1
    """Pairs in a minibatch (paper: 1)."""
    width: PositiveInt = 64
    """Channels of G next to the images (paper: 64)."""
    discriminator_width: PositiveInt = 64
    """Channels of D's first layer (paper: 64)."""
    layers: PositiveInt = 3
    """Halvings of D: 1 scores patches of 16x16, 3 of 70x70, 5 of 286x286 (paper: 3)."""
    dropout: Fraction = 0.5
    """Of the middle blocks of G's decoder (paper: 0.5)."""
    reconstruction: PositiveFloat = 100.0
    """lambda, of L1 (paper: 100)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, both players (paper: 2e-4)."""
    falling: Fraction = 0.5
    """Part of the run, at its end, in which the rate falls to 0 in a line (code: half)."""
    average_decay: Fraction | None = None
    """Of the moving average of G's weights that pictures are made with (paper: none)."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Images of side a are translated."""
        return ("a",)

    @property
    def generator(self) -> UNetGenerator:
        """G."""
        return UNetGenerator(self.pairs.crop_size, self.channels, self.width, self.dropout)

    @property
    def sizes(self) -> range:
        """What halves down to the generator's innermost maps."""
        return self.generator.sizes

    def game(self) -> games.Game:
        """G* of equation 4."""
        steps = self.schedule.steps
        falling = round(self.falling * steps)
        rate = updates.constant_then_linear(
            self.learning_rate, constant=steps - falling, falling=falling
        )
        adam = optax.adam(rate, b1=0.5, eps=1e-8)
        return games.translation(
            self.generator,
            PatchGAN(self.discriminator_width, self.layers),
            loss=losses.non_saturating,
            reconstruction_weight=self.reconstruction,
            generator_optimiser=adam,
            discriminator_optimiser=adam,
            average_decay=self.average_decay,
        )

    def data(self, pipeline: Pipeline) -> Data:
        """One minibatch of pairs a round."""
        pairs = self.pairs
        return pipeline(
            pairs.paired(), batch_size=self.batch_size, flip=pairs.flip, crop=pairs.crop_size
        )

    def imported(
        self, state: games.TranslationState, tensors: Mapping[str, np.ndarray], side: str
    ) -> games.TranslationState:
        """The state with the generator of the authors' code (unet_256 is the preset paper's).

        An average, where one is kept, begins with it.
        """
        del side
        taken = official_parameters(self.generator, tensors, state.generator.parameters)
        state = state._replace(generator=state.generator._replace(parameters=taken))
        if state.average is None:
            return state
        mean = state.average.mean | {"params": taken}
        return state._replace(average=state.average._replace(mean=mean))

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """Input, output and truth, one under another."""
        del state
        truth = self.held_out(30)
        count = len(truth["a"])
        return recipes.draw_strips(truth["a"], made[:count], truth["b"])

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Error and similarity of held-out images to the truth, beside two baselines."""
        return self.compare(generate(key, {"a": self.held_out()["a"]}))


SMALL = Pix2Pix(
    pairs=Sides(),
    schedule=Schedule(steps=3000, log_every=50, sample_every=200, checkpoint_every=1000),
    batch_size=8,
    width=24,
    discriminator_width=24,
    learning_rate=1e-3,
    layers=2,
    average_decay=0.995,
)

if __name__ == "__main__":
    cli.main(Pix2Pix(), small=SMALL)
