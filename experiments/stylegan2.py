"""StyleGAN2 (Karras et al., 2020), with adaptive augmentation where there is little data.

python experiments/stylegan2.py train                       faces at 32x32, two CPU cores
python experiments/stylegan2.py train --preset auto --folder MINE --image-size 256
python experiments/stylegan2.py train --preset auto --folder FEW --image-size 256 --augment ada
python experiments/stylegan2.py train --from runs/stylegan2-001 --dataset openmoji/32 --steps 20000
python experiments/stylegan2.py sample runs/stylegan2-001 --truncation 0.7
python experiments/stylegan2.py mix runs/stylegan2-001
python experiments/stylegan2.py truncate runs/stylegan2-001
python experiments/stylegan2.py interpolate runs/stylegan2-001 --animation
python experiments/stylegan2.py arithmetic runs/stylegan2-001 --start 3,8,12 --minus 1 --plus 5,7
python experiments/stylegan2.py traverse runs/stylegan2-001 --directions hair_colour=black
python experiments/stylegan2.py project runs/stylegan2-001 faces/*.png
python experiments/stylegan2.py import ffhq.pkl --preset auto    NVIDIA's weights, for the same

Presets: small is for two cores, on faces that need no network; faces64, faces128 and openmoji64 are
for one accelerator. paper is the paper's configuration F; paper256, paper1024 and cifar are those
of the authors' code with adaptive augmentation, for FFHQ and CIFAR-10. auto finds the batch, its
groups, channels, gamma, rate and half life from the size of images and the devices, and prints
them; so does any of these fields given as None. How long it plays is for --steps to say.
"""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import jax
from annotated_types import Ge

from jaxgan import cli, games, networks, penalties, recipes, updates
from jaxgan.data import Images
from jaxgan.training import FoundNetworks, NonNegativeFloat, PositiveFloat, PositiveInt, Schedule


@dataclasses.dataclass(frozen=True)
class StyleGAN2(recipes.FromStyles):
    """Defaults are the paper's configuration F for FFHQ, 25 million images."""

    images: Images = Images(dataset="ffhq", image_size=1024, channels=3, flip=True)
    schedule: Schedule = Schedule(steps=781_250, sample_every=2000, checkpoint_every=10_000)
    """How long (paper: 25 million images)."""
    batch_size: PositiveInt | None = 32
    """Images in a minibatch (paper: 32); None: from the size of images and the devices."""
    group_size: PositiveInt | None = 4
    """Images of which D sees the deviation together (paper: 4); None: as many, if they fit."""
    channel_base: PositiveInt | None = 32768
    """At a resolution r there are channel_base / r channels (paper: 32,768); None: from the size of
    images."""
    gamma: NonNegativeFloat | None = 10.0
    """Of gamma / 2 |grad D(x)|^2 (paper: 10); None: from the size of images and the batch."""
    learning_rate: PositiveFloat | None = 0.002
    """Of Adam, both players (paper: 0.002); None: from the size of images."""
    half_life: PositiveFloat | None = 10_000
    """Of the moving average of G that pictures are made with, in images (paper: 10,000); None: from
    the batch."""
    penalty_every: PositiveInt = 16
    """Rounds from one update of D by its gradient penalty to the next (paper: 16)."""
    path_length: NonNegativeFloat = 2.0
    """Weight of G's path-length penalty (code: 2); 0 plays without."""
    path_length_every: PositiveInt = 4
    """Rounds from one update of G by it to the next (code: 4); G's Adam allows for it, with or
    without."""
    discriminator_mapping_layers: PositiveInt = 8
    """Of labels to what D compares images with (code: 8)."""
    original: bool = False
    """Give D no shortcuts beside its convolutions (code: for CIFAR-10)."""
    bfloat16_resolutions: Annotated[int, Ge(0)] = 0
    """How many of the largest resolutions are computed in bfloat16 (code: 4, in float16)."""
    clamp: PositiveFloat | None = None
    """The largest absolute value of features (code: 256, because of float16); None: any."""

    def found_in(self, path: Path) -> FoundNetworks:
        """The StyleGAN2 of a pickle of NVIDIA's code."""
        return recipes.found_style(path, of_2018=False)

    def generator(self) -> Any:
        """A mapping, and modulated convolutions."""
        images = self.images
        return networks.StyleGAN2Generator(
            images.image_size,
            images.channels,
            self.base,
            latent_size=self.latent_size,
            w_size=self.w_size,
            mapping_layers=self.mapping_layers,
            channel_base=self.values().channel_base,
            channel_max=self.channel_max,
            classes=self.classes,
            noise=self.noise,
            bfloat16_resolutions=self.bfloat16_resolutions,
            clamp=self.clamp,
        )

    def discriminator(self) -> networks.StyleGAN2Discriminator:
        """Residual blocks, and the minibatch's deviation."""
        return networks.StyleGAN2Discriminator(
            self.images.image_size,
            self.base,
            channel_base=self.values().channel_base,
            channel_max=self.channel_max,
            classes=self.classes,
            mapping_layers=self.discriminator_mapping_layers,
            group_size=self.values().group_size,
            original=self.original,
            bfloat16_resolutions=self.bfloat16_resolutions,
            clamp=self.clamp,
        )

    def game(self) -> games.Game:
        """Non-saturating; path length and R1 are lazy (paper: section 3 and appendix B)."""
        values = self.values()

        def terms(key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array):
            return {"r1": (values.gamma, penalties.r1(critic, real))}

        every, lazily = self.penalty_every, terms
        if values.gamma == 0:
            lazily = games.no_penalties
        elif every > 1:
            lazily = games.LazyPenalties(terms, every)
        path_every, path_length = self.path_length_every, None
        if self.path_length > 0:
            path_length = games.PathLength(self.path_length, path_every)
        return games.style(
            self.generator(),
            self.discriminator(),
            latent=self.latent,
            generator_optimiser=updates.lazy_adam(values.learning_rate, every=path_every),
            discriminator_optimiser=self.of_discriminator(
                updates.lazy_adam(values.learning_rate, every=every)
            ),
            mixing=self.mixing,
            path_length=path_length,
            penalties=lazily,
            augment=self.augmentation(),
            half_life=values.half_life,
            ramp=self.ramp,
            condition=self.condition,
        )


AUTO = StyleGAN2(
    images=Images(dataset="ffhq", image_size=1024, channels=3),
    schedule=Schedule(steps=781_250, sample_every=1000, checkpoint_every=5000),
    batch_size=None,
    group_size=None,
    mapping_layers=2,
    channel_base=None,
    gamma=None,
    learning_rate=None,
    half_life=None,
    ramp=0.05,
)


def for_accelerator(dataset: str, size: int, steps: int) -> StyleGAN2:
    """As `auto` of one device, with its values for minibatches of 32 written down."""
    return dataclasses.replace(
        AUTO,
        images=Images(dataset=dataset, image_size=size, channels=3),
        schedule=Schedule(steps=steps, sample_every=1000, checkpoint_every=5000),
        batch_size=32,
        group_size=4,
        channel_base=16384,
        gamma=0.0002 * size**2 / 32,
        learning_rate=0.0025,
        half_life=10_000,
    )


PRESETS = {
    "small": StyleGAN2(
        images=Images(dataset="faces/open_peeps_32", image_size=32, channels=3),
        schedule=Schedule(steps=10_000, log_every=100, sample_every=500, checkpoint_every=2000),
        batch_size=4,
        group_size=4,
        latent_size=64,
        w_size=64,
        mapping_layers=2,
        noise=False,  # drawings have none
        mixing=0.2,
        channel_base=512,
        channel_max=64,
        gamma=1.0,
        learning_rate=0.01,
        half_life=2000,
        ramp=0.05,
        path_length=0.0,
        path_length_every=1,
        augment_images=20_000,
    ),
    "faces64": for_accelerator("faces/open_peeps_64", 64, 60_000),
    "faces128": for_accelerator("faces/open_peeps_128", 128, 90_000),
    "openmoji64": dataclasses.replace(for_accelerator("openmoji/64", 64, 60_000), augment="ada"),
    "auto": AUTO,
    "cifar": StyleGAN2(
        images=Images(dataset="cifar10", image_size=32, channels=3),
        schedule=Schedule(steps=1_562_500, sample_every=2000, checkpoint_every=10_000),
        batch_size=64,
        group_size=32,
        mapping_layers=2,
        mixing=0.0,
        gamma=0.01,
        learning_rate=0.0025,
        half_life=500_000,
        ramp=0.05,
        path_length=0.0,  # G's rate stays that of a game with it, as in the authors' code
        original=True,
        augment="ada",
        bfloat16_resolutions=4,
        clamp=256.0,
    ),
    "paper256": StyleGAN2(
        images=Images(dataset="ffhq", image_size=256, channels=3, flip=True),
        schedule=Schedule(steps=390_625, sample_every=2000, checkpoint_every=10_000),
        batch_size=64,
        group_size=8,
        channel_base=16384,
        gamma=1.0,
        learning_rate=0.0025,
        half_life=20_000,
        bfloat16_resolutions=4,
        clamp=256.0,
    ),
    "paper": StyleGAN2(),
    "paper1024": StyleGAN2(gamma=2.0, bfloat16_resolutions=4, clamp=256.0),
}
"""By their names; the authors' are those of StyleGAN2-ADA's code."""

if __name__ == "__main__":
    cli.main(presets=PRESETS)
