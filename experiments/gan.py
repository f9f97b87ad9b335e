"""GAN (Goodfellow et al., 2014): fully connected players, and both losses of the generator.

python experiments/gan.py train                     digits, about two minutes on two CPU cores
python experiments/gan.py train --loss minimax      the paper's first loss, and what it costs
python experiments/gan.py train --preset paper      all of MNIST
"""

import dataclasses
from typing import Literal

import optax

from jaxgan import cli, games, latents, losses, recipes
from jaxgan.data import Images
from jaxgan.networks import FullyConnectedDiscriminator, FullyConnectedGenerator
from jaxgan.training import Fraction, PositiveFloat, PositiveInt, Schedule

LOSSES = {"non_saturating": losses.non_saturating, "minimax": losses.minimax}


@dataclasses.dataclass(frozen=True)
class GAN(recipes.FromLatents):
    """The paper's game, with Adam for its SGD, and leaky ReLU for its maxout and dropout."""

    images: Images = Images(dataset="mnist")
    schedule: Schedule = Schedule(steps=50_000, sample_every=1000, checkpoint_every=5000)
    """How long, and what is written when."""
    loss: Literal["non_saturating", "minimax"] = "non_saturating"
    """What the generator minimises: minimax is equation 1, non_saturating the remark below it."""
    n_critic: PositiveInt = 1
    """k of Algorithm 1: updates of D for one of G (paper: 1)."""
    batch_size: PositiveInt = 100
    """m of Algorithm 1: images in a minibatch (code: 100)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from U(-1, 1) (code: 100)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam."""
    discriminator_rate: PositiveFloat | None = None
    """Of D's Adam, where it is another than G's."""
    decay: bool = False
    """Let the learning rate fall to 0 over the run, in a straight line."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam (code: SGD with a momentum of 0.5, in the end 0.7)."""
    beta2: Fraction = 0.999
    """Second moment's decay of Adam."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.uniform(self.latent_size)

    @property
    def minibatches(self) -> int:
        """One for each update of D."""
        return self.n_critic

    def game(self) -> games.Game:
        """Algorithm 1."""
        g_rate, d_rate = self.rates(
            self.learning_rate, self.discriminator_rate, n_critic=self.n_critic, decay=self.decay
        )
        return games.adversarial(
            FullyConnectedGenerator(shape=self.images.shape),
            FullyConnectedDiscriminator(),
            latent=self.latent,
            loss=LOSSES[self.loss],
            generator_optimiser=optax.adam(g_rate, self.beta1, self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, self.beta1, self.beta2, eps=1e-8),
            n_critic=self.n_critic,
            average_decay=self.average_decay,
        )


SMALL = GAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=6000, log_every=100, sample_every=300, checkpoint_every=1500),
    learning_rate=2e-3,
    discriminator_rate=1e-3,
    decay=True,
    beta2=0.99,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(GAN(), small=SMALL)
