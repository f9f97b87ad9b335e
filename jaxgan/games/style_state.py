"""What the style game is played with, and what it remembers."""

from typing import NamedTuple

import jax

from jaxgan.games.augmentation import AugmentationState
from jaxgan.games.game import Player
from jaxgan.games.growing import Growth
from jaxgan.updates import AverageState


class PathLength(NamedTuple):
    """Path-length regularisation of G, taken lazily: `penalties.path_length`.

    Each `every`-th round, G's update is followed by one more, of `every * weight` times the penalty
    alone. Its optimiser should be `updates.lazy_adam(..., every=every)`.

    Attributes:
        weight: of the penalty (code of StyleGAN2: 2).
        every: rounds from one such update to the next; 1 or more.
        shrink: its minibatch is the batch divided by this, as it is costly.
        decay: of the moving mean of lengths.
    """

    weight: float = 2.0
    every: int = 4
    shrink: int = 2
    decay: float = 0.01


class StyleState(NamedTuple):
    """All that the next round needs.

    Attributes:
        generator: the player G; its collection `latent_mean` is the moving mean of w.
        discriminator: the player D.
        average: moving average of G's variables; None where none is kept.
        path_length_mean: moving mean of path lengths, [] float32.
        round: how many rounds have been played, [] int32.
        images: how many reals have been seen, [] int32.
        augmentation: of an adaptive probability; None where it is not adaptive.
        growth: how far the networks have grown; None where they do not.
    """

    generator: Player
    discriminator: Player
    average: AverageState | None
    path_length_mean: jax.Array
    round: jax.Array
    images: jax.Array
    augmentation: AugmentationState | None = None
    growth: Growth | None = None
