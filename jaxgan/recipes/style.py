"""What experiments with styles have in common: data, inputs, styles, and values that follow."""

import abc
import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from annotated_types import Ge, Le

from jaxgan import games, latents, layers, updates
from jaxgan.data import Images, Resident, Source, Streamed, check_labels, height_and_width
from jaxgan.games import Batch
from jaxgan.recipes.freezing import freeze_layers
from jaxgan.recipes.imported import with_networks
from jaxgan.recipes.kernels import style_kernels
from jaxgan.recipes.samples import evaluate_labelled, evaluate_samples
from jaxgan.training import (
    Generate,
    NonNegativeFloat,
    Pipeline,
    PositiveFloat,
    PositiveInt,
    Schedule,
)
from jaxgan.weights import StyleNetworks

Probability: TypeAlias = Annotated[float, Ge(0), Le(1)]
"""A number in [0, 1]."""
Augment: TypeAlias = Literal["none", "diffaugment", "ada"]
"""No augmentation, DiffAugment of all images, or the operations of StyleGAN2-ADA, as often as the
discriminator's signs ask for."""
AugmentOperations: TypeAlias = Literal[
    "blit", "geom", "color", "bg", "bgc", "bgcf", "bgcfn", "bgcfnc"
]
"""Names of `layers.PIPELINES`."""


class StyleValues(NamedTuple):
    """Values that may follow from the size of images and the devices; see `FromStyles`."""

    batch_size: int
    group_size: int
    channel_base: int
    gamma: float
    learning_rate: float
    half_life: float


@dataclass(frozen=True)
class FromStyles(abc.ABC):
    """An experiment whose images are made of styles, of latents and perhaps of labels.

    Where a field is None that says so, `resolved` finds its value.
    """

    images: Images
    """The pictures."""
    schedule: Schedule
    """How long, and what is written when."""
    classes: PositiveInt | None = None
    """How many labels there are that images are made to; None plays without them."""
    batch_size: PositiveInt | None = None
    """Images in a minibatch; None: from the size of images and the devices."""
    group_size: PositiveInt | None = None
    """Images of which D sees the deviation together; None: 4, or as many as fit the batch."""
    base: tuple[PositiveInt, PositiveInt] = (4, 4)
    """Height and width of what G starts from: images have them times 2, 4, 8, ..."""
    latent_size: PositiveInt = 512
    """Z, numbers in a latent, drawn from N(0, I) (paper: 512)."""
    w_size: PositiveInt = 512
    """W, numbers in a style (paper: 512)."""
    mapping_layers: PositiveInt = 8
    """From a latent to w (paper: 8)."""
    channel_base: PositiveInt | None = None
    """At a resolution r there are channel_base / r channels; None: from the size of images."""
    channel_max: PositiveInt = 512
    """The most channels (paper: 512)."""
    noise: bool = True
    """Add noise to the features, each layer with a strength that it learns (paper: yes)."""
    mixing: Probability = 0.9
    """Probability that two latents share the images of a minibatch (paper: 0.9)."""
    gamma: NonNegativeFloat | None = None
    """Of $gamma / 2 |grad D(x)|^2$; None: from the size of images and the batch."""
    learning_rate: PositiveFloat | None = None
    """Of Adam, both players; None: from the size of images."""
    half_life: PositiveFloat | None = None
    """Of the moving average of G that pictures are made with, in images; None: from the batch."""
    ramp: PositiveFloat | None = None
    """The half life is at most this share of the images seen so far; None: there is no such
    limit."""
    augment: Augment = "none"
    """What D sees: the images as they are; all through DiffAugment; or adaptively augmented."""
    augment_operations: AugmentOperations = "bgc"
    """Of ada: blits, geometry and colours (paper), or another choice, as the code names them."""
    augment_target: Annotated[float, Ge(-1), Le(1)] = 0.6
    """Of ada: the mean sign of D on reals that its probability is moved for (paper: 0.6)."""
    augment_images: PositiveInt = 500_000
    """Of ada: images in which its probability could go from 0 to 1 (paper: 500,000)."""
    freeze_discriminator: Annotated[int, Ge(0)] = 0
    """How many layers of D do not move, those nearest to the image (Freeze-D)."""

    @property
    def latent(self) -> latents.Prior:
        """p(z)."""
        return latents.normal(self.latent_size)

    @property
    def condition(self) -> str | None:
        """The array of the batch that images are made to."""
        return None if self.classes is None else "label"

    @abc.abstractmethod
    def generator(self) -> Any:
        """G, of the experiment's options: a `games.StyleGenerator`."""

    @abc.abstractmethod
    def game(self) -> games.Game:
        """The game that is played."""

    def resolved(self, devices: int) -> Self:
        """The configuration with all values, as `values` finds them."""
        return dataclasses.replace(self, **self.values(devices)._asdict())

    def values(self, devices: int = 1) -> StyleValues:
        """What is given, and for the rest what StyleGAN2-ADA's code finds for `--cfg=auto`.

        For images of resolution R and g devices: minibatches of min(g min(4096 / R, 32), 64),
        groups of up to 4 in them, channels from 16,384 / r (32,768 from 512 on), a rate of 0.0025
        (0.002 from 1024 on), $gamma = 0.0002 R^2 / batch$, a half life of 10,000 images for every
        32 of the minibatch. R is the longer side, $R^2$ the pixels of images that are not square;
        where g does not divide the minibatch, it is the next smaller one.

        Args:
            devices: that share a batch.
        """
        height, width = height_and_width(self.images.image_size)
        size = max(height, width)
        batch = max(min(devices * min(4096 // size, 32), 64), devices)
        batch = self.batch_size or batch - batch % devices
        most = max(1, min(4, batch // devices))
        group = next(count for count in range(most, 0, -1) if batch % count == 0)
        return StyleValues(
            batch,
            self.group_size or group,
            self.channel_base or (16384 if size < 512 else 32768),
            0.0002 * height * width / batch if self.gamma is None else self.gamma,
            self.learning_rate or (0.0025 if size < 1024 else 0.002),
            self.half_life or batch * 10_000 / 32,
        )

    def transferred(self, before: Self, *, imported: bool) -> Self:
        """The configuration of a run that begins with the networks of other images, or imported.

        As NVIDIA's code does with `--resume`, the average's half life has no ramp, and the
        probability of the augmentation moves five times as fast: within 100,000 images. What
        differs from the other run's was asked for and stays. A run that goes on with its own images
        keeps all.

        Args:
            before: that of the other run.
            imported: whether the other was not trained but imported.
        """
        if before.images == self.images and not imported:
            return self
        ramp = None if self.ramp == before.ramp else self.ramp
        asked = self.augment_images != before.augment_images
        speed = self.augment_images if asked else min(self.augment_images, 100_000)
        return dataclasses.replace(self, ramp=ramp, augment_images=speed)

    def source(self) -> Source:
        """The images, opened; with labels where images are made to them."""
        source = self.images.source()
        return source if self.classes is None else check_labels(source, classes=self.classes)

    def data(self, pipeline: Pipeline) -> Resident | Streamed:
        """The minibatch of a round."""
        batch_size, images = self.values().batch_size, self.images
        return pipeline(
            self.source(), batch_size=batch_size, flip=images.flip, dequantise=images.dequantise
        )

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """What the batch of a round is like."""
        count, images = self.values().batch_size, self.images
        shape = count, *height_and_width(images.image_size), images.channels
        label = {} if self.classes is None else {"label": jax.ShapeDtypeStruct((count,), jnp.int32)}
        return {"image": jax.ShapeDtypeStruct(shape, jnp.float32), **label}

    def with_networks(self, state: games.StyleState, networks: StyleNetworks) -> games.StyleState:
        """The state with the networks of a file."""
        return with_networks(state, networks)

    def inputs(self, key: jax.Array, count: int) -> Batch:
        """Latents, and the labels in turn."""
        made: dict[str, jax.Array] = {"latent": self.latent(key, count)}
        if self.classes is not None:
            made["label"] = jnp.arange(count) % self.classes
        return made

    def map_latents(self, state: games.StyleState, inputs: Batch) -> jax.Array:
        """The w of inputs, `[N, L, W]`, not truncated, by the averaged mapping."""
        y = games.conditions(inputs, self.condition)
        return games.map_latents(self.generator(), state, inputs["latent"], *y)

    def latent_mean(self, state: games.StyleState) -> jax.Array:
        """The mean of w that truncation draws to, `[W]`."""
        return games.latent_mean(state)

    def latent_kernels(self, state: games.StyleState) -> list[jax.Array]:
        """The kernels from w to the styles of G's layers, `[W, ...]`, of the average of G.

        Args:
            state: the game's; while networks grow, layers that are not in use yet are left out.
        """
        learnt: Any = updates.averaged(state.average, games.variables(state.generator))
        largest = None if state.growth is None else 4 << int(state.growth.stage)
        return style_kernels(learnt["params"], largest=largest)

    def blended(
        self, state: games.StyleState, other: games.StyleState, resolution: int
    ) -> games.StyleState:
        """The state with G's layers from a resolution on of another, and those of its average.

        Args:
            state: the game's; D and the optimisers are its own.
            other: that of another run.
            resolution: as names count, from 4 at the base.

        Raises:
            ValueError: where there are no such layers, or the two have other networks.
        """
        if (state.average is None) != (other.average is None):
            raise ValueError(
                "one of the two runs keeps an average of its generator, and the other does not: "
                "give two that do, or two that do not"
            )
        mine, its = games.variables(state.generator), games.variables(other.generator)
        collections = dict(latents.blend_from(mine, its, resolution))
        parameters = collections.pop("params")
        generator = state.generator._replace(parameters=parameters, collections=collections)
        average = state.average
        if average is not None and other.average is not None:
            mean = latents.blend_from(average.mean, other.average.mean, resolution)
            average = average._replace(mean=mean)
        return state._replace(generator=generator, average=average)

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """What a classifier sees in samples of faces, drawings or digits, made to labels or not."""
        if self.classes is None:
            return evaluate_samples(
                self.images, lambda count: generate(key, self.inputs(key, count))
            )

        def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
            inputs = self.inputs(key, count)
            return generate(key, inputs), np.asarray(inputs["label"])

        return evaluate_labelled(self.images, draw)

    def augmentation(self) -> games.Augmentation | None:
        """What happens to images in front of D."""
        if self.augment == "none":
            return None
        if self.augment == "diffaugment":
            return games.Augmentation(games.whole_images(layers.differentiable_augmentation))
        adaptive = games.Adaptive(self.augment_target, self.augment_images)
        operations = layers.PIPELINES[self.augment_operations]
        return games.Augmentation(
            partial(layers.adaptive_augmentation, operations=operations), adaptive
        )

    def of_discriminator(
        self, optimiser: optax.GradientTransformation
    ) -> optax.GradientTransformation:
        """D's optimiser, which leaves frozen layers alone."""
        return freeze_layers(optimiser, self.freeze_discriminator)
