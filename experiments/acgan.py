"""ACGAN (Odena, Olah and Shlens, 2017): the discriminator says the label that G was given.

python experiments/acgan.py train                   digits, about three minutes on two CPU cores
python experiments/acgan.py train --preset paper    CIFAR-10
python experiments/acgan.py sample runs/acgan-001 --label 7
python experiments/acgan.py evaluate runs/acgan-001
"""

import dataclasses

import optax

from jaxgan import cli, games, latents, losses, networks, recipes
from jaxgan.data import Images
from jaxgan.training import Fraction, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class ACGAN(recipes.FromLabels):
    """The paper's game on CIFAR-10, with DCGAN's networks (the paper's D has dropout besides)."""

    images: Images = Images(dataset="cifar10", image_size=32, channels=3)
    schedule: Schedule = Schedule(steps=50_000, sample_every=1000, checkpoint_every=5000)
    """How long, and what is written when."""
    classes: PositiveInt = 10
    """How many labels there are."""
    architecture: recipes.Architecture = "dcgan"
    """The networks: DCGAN's; or InfoGAN's, which have dense layers besides."""
    class_weight: PositiveFloat = 1.0
    """Of L_C beside L_S (paper: 1)."""
    batch_size: PositiveInt = 100
    """Images in a minibatch (paper: 100)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent; the label stands behind them, one-hot (paper: 100)."""
    width: PositiveInt = 96
    """Channels next to the image; they double towards the smallest map."""
    learning_rate: PositiveFloat = 2e-4
    """Of Adam (paper: 2e-4)."""
    discriminator_rate: PositiveFloat | None = None
    """Of D's Adam, where it is another than G's (paper: the same)."""
    decay: bool = False
    """Let the learning rate fall to 0 over the run, in a straight line (paper: no)."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam (paper: 0.5)."""
    beta2: Fraction = 0.999
    """Second moment's decay of Adam (paper: 0.999)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    def game(self) -> games.Game:
        """D maximises L_S + L_C, G maximises L_C - L_S (paper: section 3), non-saturating."""
        generator, discriminator = recipes.convolutional_networks(
            self.architecture, self.images, self.width, head=networks.Classifier(self.classes)
        )
        g_rate, d_rate = self.rates(self.learning_rate, self.discriminator_rate, decay=self.decay)
        return games.adversarial(
            networks.AppendLabel(generator, self.classes),
            discriminator,
            latent=self.latent,
            condition="label",
            auxiliary=games.auxiliary_classifier(weight=self.class_weight),
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(g_rate, self.beta1, self.beta2, eps=1e-8),
            discriminator_optimiser=optax.adam(d_rate, self.beta1, self.beta2, eps=1e-8),
            average_decay=self.average_decay,
        )


SMALL = ACGAN(
    images=Images(dataset="digits"),
    schedule=Schedule(steps=1600, log_every=50, sample_every=80, checkpoint_every=800),
    architecture="infogan",
    batch_size=64,
    width=32,
    learning_rate=2e-3,
    discriminator_rate=1e-3,
    decay=True,
    beta2=0.99,
    average_decay=0.998,
)

if __name__ == "__main__":
    cli.main(ACGAN(), small=SMALL)
