"""pix2pix (Isola, Zhu, Zhou and Efros, 2017): images from images, learnt from pairs.

python experiments/pix2pix.py train                 drawings coloured, about five minutes
python experiments/pix2pix.py train --preset paper --folder facades     pairs side by side
python experiments/pix2pix.py evaluate runs/pix2pix-001
python experiments/pix2pix.py translate runs/pix2pix-001 MY-DRAWINGS --output coloured
python experiments/pix2pix.py import latest_net_G.pth               the authors' weights
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import jax
import numpy as np
from annotated_types import Ge

from jaxgan import cli, games, losses, recipes, updates
from jaxgan.data import Data, Sides
from jaxgan.training import Fraction, Generate, Pipeline, PositiveFloat, PositiveInt, Schedule
from jaxgan.training.pictures import Picture


@dataclasses.dataclass(frozen=True)
class Pix2Pix(recipes.Translators):
    """Defaults are the paper's for facades: 400 pairs, appendix 6.2, and the authors' code."""

    pairs: Sides = Sides(load_size=286, crop_size=256, flip=True, stretch=True)
    """The pairs."""
    schedule: Schedule = Schedule(steps=80_000, sample_every=2000, checkpoint_every=4000)
    """How long (paper: 200 epochs of 400 pairs)."""
    batch_size: PositiveInt = 1
    """Pairs in a minibatch (paper: 1)."""
    architecture: recipes.Translator = "unet"
    """Of G: a U-Net, or residual blocks (paper: a U-Net)."""
    width: PositiveInt = 64
    """Channels of G next to the images (paper: 64)."""
    blocks: PositiveInt = 9
    """Residual blocks of G where it is of them (code: 9 or 6); a U-Net has none."""
    norm: recipes.Norm = "batch"
    """Of G: batch norm over the minibatch in training, over each image in use (paper: batch)."""
    dropout: Fraction = 0.5
    """Of the middle blocks of G's decoder, or of all residual blocks, in use too (paper: 0.5)."""
    discriminator_width: PositiveInt = 64
    """Channels of D's first layer (paper: 64)."""
    layers: Annotated[int, Ge(0)] = 3
    """Halvings of D: 0 scores pixels, 1 patches of 16x16, 3 of 70x70, 5 of 286x286 (paper: 3)."""
    discriminator_norm: recipes.Norm = "batch"
    """Of D (paper: batch)."""
    reconstruction: PositiveFloat = 100.0
    """lambda, of L1 (paper: 100)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, both players (paper: 2e-4)."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Images of side a are translated."""
        return ("a",)

    def game(self) -> games.Game:
        """G* of equation 4."""
        return games.translation(
            self.generator("a"),
            self.discriminator,
            loss=losses.non_saturating,
            reconstruction_weight=self.reconstruction,
            generator_optimiser=self.optimiser,
            discriminator_optimiser=self.optimiser,
            average_decay=self.average_decay,
        )

    def data(self, pipeline: Pipeline) -> Data:
        """One minibatch of pairs a round."""
        pairs = self.pairs
        return pipeline(
            pairs.paired(), batch_size=self.batch_size, flip=pairs.flip, crop=pairs.crop_size
        )

    def scored_channels(self, side: str) -> int:
        """Of a pair: D sees both images."""
        del side
        return self.channels_of("a") + self.channels_of("b")

    def imported(
        self,
        state: games.TranslationState,
        tensors: Mapping[str, np.ndarray],
        side: str,
        *,
        discriminator: bool,
    ) -> games.TranslationState:
        """The state with the generator or the discriminator of the authors' code."""
        if discriminator:
            player = recipes.imported_player(self.discriminator, tensors, state.discriminator)
            return state._replace(discriminator=player)
        player = recipes.imported_player(self.generator(side), tensors, state.generator)
        average = updates.average_weights(self.average_decay).init(games.variables(player))
        return state._replace(generator=player, average=average)

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
