"""DCGAN (Radford, Metz and Chintala, 2016): a generator and a discriminator of convolutions alone.

python experiments/dcgan.py train                   digits, about four minutes on two CPU cores
python experiments/dcgan.py train --preset paper    bedrooms at 64x64, five epochs of LSUN
"""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from jaxgan import cli, games, latents, losses
from jaxgan.data import Images, Resident, Streamed
from jaxgan.networks import DCGANDiscriminator, DCGANGenerator
from jaxgan.training import Fraction, Generate, Pipeline, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class DCGAN:
    """Defaults are the paper's, section 4."""

    images: Images = Images(dataset="lsun/bedroom", image_size=64, channels=3)
    """The pictures."""
    schedule: Schedule = Schedule(steps=118_479, sample_every=2000, checkpoint_every=5000)
    """Five epochs of 3,033,042 bedrooms (paper: Figure 3)."""
    batch_size: PositiveInt = 128
    """Images in a minibatch (paper: 128)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from U(-1, 1) (paper: 100)."""
    width: PositiveInt = 128
    """Channels next to the image; they double towards the smallest map (paper: 128, Figure 1)."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam, both players (paper: 2e-4)."""
    decay: bool = False
    """Let the learning rate fall to 0 over the run, in a straight line (paper: no)."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam (paper: 0.5)."""
    average_decay: Fraction | None = None
    """Of the moving average of G's weights that pictures are made with (paper: none)."""
    bfloat16: bool = False
    """Compute in bfloat16; parameters stay float32."""

    def game(self) -> games.Game:
        """Non-saturating, one update of D for one of G."""
        size, channels = self.images.image_size, self.images.channels
        final_rate = 0.0 if self.decay else self.learning_rate
        rate = optax.linear_schedule(self.learning_rate, final_rate, self.schedule.steps)
        dtype = jnp.bfloat16 if self.bfloat16 else jnp.float32
        return games.adversarial(
            DCGANGenerator(size, channels, width=self.width, dtype=dtype),
            DCGANDiscriminator(size, width=self.width, dtype=dtype),
            latent=latents.uniform(self.latent_size),
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(rate, b1=self.beta1, eps=1e-8),
            discriminator_optimiser=optax.adam(rate, b1=self.beta1, eps=1e-8),
            average_decay=self.average_decay,
        )

    def data(self, pipeline: Pipeline) -> Resident | Streamed:
        """One minibatch a round."""
        return pipeline(self.images.source(), batch_size=self.batch_size, flip=self.images.flip)

    def inputs(self, key: jax.Array, count: int) -> games.Batch:
        """Latents."""
        return {"latent": latents.uniform(self.latent_size)(key, count)}

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """What a classifier sees in samples of digits, plain or stacked."""
        return cli.judge(self.images, lambda count: generate(key, self.inputs(key, count)))


SMALL = DCGAN(
    images=Images(dataset="digits", image_size=28, channels=1),
    schedule=Schedule(steps=4500, log_every=100, sample_every=150, checkpoint_every=1500),
    batch_size=64,
    width=40,
    learning_rate=6e-4,
    decay=True,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(DCGAN(), small=SMALL)
