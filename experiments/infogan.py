"""InfoGAN (Chen et al., 2016): codes that come to mean something without any label.

python experiments/infogan.py train                   digits, about eleven minutes of one CPU core
python experiments/infogan.py train --preset stacked  three digits in one picture, a thousand modes
python experiments/infogan.py train --preset paper    all of MNIST
python experiments/infogan.py evaluate runs/infogan-001     does the code of ten name the digit?

What training shows: each column is a value of the categorical code; from the sixth row on, the
first (and then the second) continuous code goes from -1.5 to 1.5 while the noise stays.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan import cli, games, layers, losses, networks, recipes
from jaxgan.data import Images
from jaxgan.training import (
    Fraction,
    Generate,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Schedule,
)


@dataclasses.dataclass(frozen=True)
class InfoGAN(recipes.FromLatents):
    """Defaults are the paper's for MNIST, appendix C.1, and where it is silent the authors' code's.

    `PAPER` sets the two that were added later, whose defaults are what older runs had.
    """

    images: Images = Images(dataset="mnist")
    schedule: Schedule = Schedule(steps=5000)
    """How long (code: 50 epochs of 100 rounds)."""
    noise: PositiveInt = 62
    """Numbers of a latent that mean nothing (paper: 62)."""
    categorical: tuple[PositiveInt, ...] = (10,)
    """How many values each categorical code has (paper: 10)."""
    continuous: int = 2
    """How many continuous codes there are, from U(-1, 1) (paper: 2)."""
    categorical_weight: PositiveFloat = 1.0
    """lambda of the categorical codes (paper: 1)."""
    continuous_weight: PositiveFloat = 1.0
    """lambda of the continuous codes (code: 1; paper: less than 1 where they weigh too much)."""
    batch_size: PositiveInt = 128
    """Images in a minibatch (code: 128)."""
    width: PositiveInt = 64
    """Channels next to the image (paper: 64)."""
    generator_rate: PositiveFloat = 1e-3
    """Learning rate of G's Adam (paper: 1e-3)."""
    discriminator_rate: PositiveFloat = 2e-4
    """Learning rate of the Adam of D and Q (paper: 2e-4)."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam (code: 0.5)."""
    beta2: Fraction = 0.999
    """Second moment's decay of Adam (code: 0.999)."""
    decay: bool = False
    """Let the learning rates fall to 0 over the run, in a straight line (paper: no)."""
    uniform_noise: bool = False
    """Draw the noise from U(-1, 1) rather than N(0, I) (code: U(-1, 1))."""
    gain_spread: NonNegativeFloat = 0.0
    """Standard deviation of batch norm's gains around 1 at the start (code: 0.02)."""
    affine: NonNegativeFloat = 0.0
    """How far images are slanted, scaled and shifted at random before Q names their categorical
    codes, so that these cannot mean a slant; 1 slants by 0.4 at the most (paper: 0)."""

    @property
    def latent(self) -> games.CodedLatent:
        """[noise, categorical codes, continuous codes]."""
        return games.CodedLatent(self.noise, self.categorical, self.continuous, self.uniform_noise)

    def game(self) -> games.Game:
        """G and Q minimise, D maximises V(D, G) - lambda L_I(G, Q) (paper: equation 6)."""
        size, channels = self.images.image_size, self.images.channels
        gains = layers.normal(self.gain_spread, mean=1.0)
        moved = partial(layers.random_affine, strength=self.affine)
        head = networks.Codes(self.categorical, self.continuous, scale_init=gains)
        g_rate, d_rate = self.rates(self.generator_rate, self.discriminator_rate, decay=self.decay)
        return games.adversarial(
            networks.InfoGANGenerator(size, channels, width=self.width, scale_init=gains),
            networks.InfoGANDiscriminator(size, width=self.width, head=head, scale_init=gains),
            latent=self.latent,
            auxiliary=games.information(
                self.latent,
                categorical_weight=self.categorical_weight,
                continuous_weight=self.continuous_weight,
                view=moved if self.affine and self.categorical else None,
            ),
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(g_rate, self.beta1, self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, self.beta1, self.beta2, eps=1e-8),
            average_decay=self.average_decay,
        )

    def shown(self, key: jax.Array, count: int) -> games.Batch:
        """Latents by rows of K, a column for each value of the first categorical code.

        Of every ten rows five are drawn anew; in the others one noise stays, and one continuous
        code (the first, in the next ten rows the second, and so on) goes from -1.5 to 1.5.
        """
        latent = self.latent
        if not latent.categorical or not latent.continuous:
            return {"latent": latent(key, count)}
        coded = latent.split(latent(key, count))
        row, column = jnp.divmod(jnp.arange(count), latent.categorical[0])
        walk, stride = row % 10 - 5, 10 * latent.categorical[0]
        steady = jnp.where(walk >= 0, jnp.arange(count) // stride * stride, jnp.arange(count))
        axis = jax.nn.one_hot(row // 10 % latent.continuous, latent.continuous)
        way = axis * (walk * 0.75 - 1.5).reshape(-1, 1)
        return {
            "latent": latent.join(
                games.Coded(
                    noise=coded.noise[steady],
                    categorical=(
                        jax.nn.one_hot(column, latent.categorical[0]),
                        *(code[steady] for code in coded.categorical[1:]),
                    ),
                    continuous=jnp.where(walk.reshape(-1, 1) >= 0, way, coded.continuous),
                )
            )
        }

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """How well the first code of ten names the digit; of else, as of all samples."""
        digits = self.images.folder is None and self.images.dataset in ("digits", "mnist")
        if not digits or 10 not in self.categorical:
            return super().evaluate(generate, key)
        recipes.check_digits(self.images)
        latent = self.latent(key, 5000)
        code = self.latent.split(latent).categorical[self.categorical.index(10)]
        codes = np.asarray(code).argmax(1)
        made = generate(key, {"latent": latent})
        return recipes.evaluate_codes(made, codes, data_dir=self.images.data_dir)


PAPER = InfoGAN(uniform_noise=True, gain_spread=0.02)

SMALL = InfoGAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=4000, log_every=100, sample_every=160, checkpoint_every=800),
    categorical_weight=1.5,
    continuous_weight=0.3,
    batch_size=64,
    width=32,
    generator_rate=1.5e-3,
    discriminator_rate=5e-4,
    average_decay=0.998,
    affine=1.0,
)

STACKED = dataclasses.replace(
    SMALL,
    images=Images(dataset="stacked_digits", channels=3),
    schedule=Schedule(steps=4500, log_every=100, sample_every=180, checkpoint_every=900),
    categorical=(10, 10, 10),
    generator_rate=3e-3,
    discriminator_rate=1e-3,
    affine=0.0,
)

if __name__ == "__main__":
    cli.main(PAPER, small=SMALL, presets={"stacked": STACKED})
