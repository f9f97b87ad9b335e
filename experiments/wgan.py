"""WGAN (Arjovsky, Chintala and Bottou, 2017): a critic with clipped weights for the discriminator.

python experiments/wgan.py train                    digits, about 18 minutes of one old CPU core
python experiments/wgan.py train --preset paper     bedrooms at 64x64
python experiments/estimate.py runs/wgan-001        how far the critic holds the two apart
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import optax

from jaxgan import cli, games, latents, losses, recipes, updates
from jaxgan.data import Images
from jaxgan.training import PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class WGAN(recipes.FromLatents):
    """Defaults are the paper's, Algorithm 1 and its authors' code."""

    images: Images = Images(dataset="lsun/bedroom", image_size=64, channels=3)
    schedule: Schedule = Schedule(steps=200_000, sample_every=2000, checkpoint_every=5000)
    """Rounds of n_critic updates of the critic; nearly every one ends with one of G."""
    architecture: recipes.Architecture = "dcgan"
    """The networks: DCGAN's (paper), or InfoGAN's, which have a fully connected layer besides."""
    batch_size: PositiveInt = 64
    """m: images in a minibatch (paper: 64)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from N(0, I) (code: 100)."""
    width: PositiveInt = 64
    """Channels next to the image; they double towards the smallest map (code: 64)."""
    learning_rate: PositiveFloat = 5e-5
    """alpha, of RMSProp, both players (paper: 5e-5)."""
    decay: bool = False
    """The learning rate falls to 0 over the run, in a straight line (paper: it stays)."""
    clip: PositiveFloat = 0.01
    """c: no weight of the critic is beyond it (paper: 0.01)."""
    n_critic: PositiveInt = 5
    """Updates of the critic for one of G (paper: 5)."""
    thorough: PositiveInt = 100
    """Updates of the critic for each of G's first 25 updates and every 500th (code: 100)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    @property
    def minibatches(self) -> int:
        """One for each update of the critic."""
        return self.n_critic

    def game(self) -> games.Game:
        """Algorithm 1: RMSProp without momentum, then the weights are clipped."""
        # As in PyTorch, epsilon is outside of the root: the clipped critic's slopes are small.
        rmsprop = partial(optax.rmsprop, decay=0.99, eps=1e-8, eps_in_sqrt=False)
        g_rate, d_rate = self.rates(self.learning_rate, n_critic=self.n_critic, decay=self.decay)
        return games.adversarial(
            *recipes.convolutional_networks(self.architecture, self.images, self.width),
            latent=self.latent,
            loss=losses.wasserstein,
            generator_optimiser=rmsprop(g_rate),
            discriminator_optimiser=optax.chain(rmsprop(d_rate), updates.clip_weights(self.clip)),
            n_critic=self.n_critic,
            generator_plays=self.generator_plays,
            average_decay=self.average_decay,
        )

    def generator_plays(self, played: jax.Array) -> jax.Array:
        """Whether G is updated in a round: a thorough update of G takes several rounds."""
        rounds = -(-self.thorough // self.n_critic)
        first = 25 * rounds
        # From G's update 25 on, every 500th takes `rounds` rounds, the 499 between one each.
        since = (played - first - 475) % (499 + rounds)
        return jnp.where(played < first, played % rounds == rounds - 1, since >= rounds - 1)


SMALL = WGAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=4400, log_every=50, sample_every=220, checkpoint_every=2200),
    architecture="infogan",
    width=32,
    learning_rate=1e-3,
    decay=True,
    n_critic=1,
    thorough=20,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(WGAN(), small=SMALL)
