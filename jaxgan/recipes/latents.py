"""What experiments that play from latents have in common: data, inputs, networks and figures."""

import abc
import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.typing import Initializer

from jaxgan import games, layers, networks, updates
from jaxgan.data import Images, Resident, Source, Streamed, check_labels, height_and_width
from jaxgan.games import Batch
from jaxgan.latents import Prior
from jaxgan.layers import Classes
from jaxgan.recipes.kernels import first_kernel
from jaxgan.recipes.samples import evaluate_attributes, evaluate_labelled, evaluate_samples
from jaxgan.recipes.vectors import varied
from jaxgan.training import Fraction, Generate, Pipeline, PositiveInt, Schedule

Architecture: TypeAlias = Literal["dcgan", "infogan"]
"""DCGAN's networks, of convolutions alone, or InfoGAN's, with dense layers besides."""


@dataclass(frozen=True)
class FromLatents(abc.ABC):
    """An experiment whose images are made of latents: what follows from its images and prior."""

    images: Images
    """The pictures."""
    schedule: Schedule
    """How long, and what is written when."""
    batch_size: PositiveInt
    """Images in a minibatch."""
    average_decay: Fraction | None = dataclasses.field(default=None, kw_only=True)
    """Of the moving average of G's weights that pictures are made with; none where not given."""

    @property
    @abc.abstractmethod
    def latent(self) -> Prior:
        """p(z): `(key, count) -> [count, Z]`."""

    @property
    def minibatches(self) -> int:
        """How many minibatches a round takes: one for each update of D."""
        return 1

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """What the batch of a round is like."""
        count, images = self.batch_size * self.minibatches, self.images
        shape = count, *height_and_width(images.image_size), images.channels
        return {"image": jax.ShapeDtypeStruct(shape, jnp.float32)}

    def source(self) -> Source:
        """The images, opened; labels, where there are any, are not looked at."""
        return self.images.source()

    def data(self, pipeline: Pipeline) -> Resident | Streamed:
        """The minibatches of a round."""
        batch_size = self.batch_size * self.minibatches
        images = self.images
        return pipeline(
            self.source(), batch_size=batch_size, flip=images.flip, dequantise=images.dequantise
        )

    def inputs(self, key: jax.Array, count: int) -> Batch:
        """Latents."""
        return {"latent": self.latent(key, count)}

    def rates(
        self,
        generator: float,
        discriminator: float | None = None,
        *,
        n_critic: int = 1,
        decay: bool = True,
    ) -> tuple[optax.Schedule, optax.Schedule]:
        """The learning rates of G and of D over a run.

        Args:
            generator: G's, at first.
            discriminator: D's, likewise; G's where None.
            n_critic: updates of D in a round.
            decay: both fall to 0 over the run, in a straight line; False leaves them as they are.
        """
        rounds = self.schedule.steps
        d_rate = generator if discriminator is None else discriminator
        return (
            optax.linear_schedule(generator, 0.0 if decay else generator, rounds),
            optax.linear_schedule(d_rate, 0.0 if decay else d_rate, rounds * n_critic),
        )

    def latent_kernels(self, state: Any) -> list[jax.Array]:
        """The kernel of G's first layer, `[Z, ...]`, averaged where pictures are made so.

        Args:
            state: the game's, a `games.AdversarialState`.
        """
        learnt = updates.averaged(state.average, games.variables(state.generator))
        size = jax.eval_shape(lambda key: self.latent(key, 1), jax.random.key(0)).shape[1]
        return [first_kernel(learnt["params"], size)]

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """What a classifier sees in samples of digits, plain or stacked, or of faces."""
        return evaluate_samples(self.images, lambda count: generate(key, self.inputs(key, count)))


@dataclass(frozen=True)
class FromLabels(FromLatents):
    """An experiment whose images are made of latents and labels, or vectors of labels."""

    classes: Classes
    """How many labels there are; or of each attribute, where an image has several."""
    usual: tuple[int, ...] = dataclasses.field(default=(), kw_only=True)
    """Of several attributes, the labels that samples have of those that nobody named; the first
    ones where not given."""

    def __post_init__(self) -> None:
        if self.usual and isinstance(self.classes, int):
            given = ",".join(map(str, self.usual))
            raise ValueError(
                f"--usual {given} is of several attributes, and images have one label here: give "
                "--usual with nothing behind it"
            )
        self._in_turn()

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """What the batch of a round is like."""
        image = super().shapes["image"]
        attributes = () if isinstance(self.classes, int) else (len(self.classes),)
        label = jax.ShapeDtypeStruct((image.shape[0], *attributes), jnp.int32)
        return {"image": image, "label": label}

    def source(self) -> Source:
        """The images with their labels."""
        return check_labels(super().source(), classes=self.classes)

    def inputs(self, key: jax.Array, count: int) -> Batch:
        """Latents, and the labels in turn; of vectors those of `varied`."""
        turn = self._in_turn()
        return {
            **super().inputs(key, count),
            "label": jnp.asarray(turn[np.arange(count) % len(turn)]),
        }

    def shown(self, key: jax.Array, count: int) -> Batch:
        """The same; of vectors one latent a row, in which each column has its own attributes."""
        inputs = self.inputs(key, count)
        if isinstance(self.classes, int):
            return inputs
        row = np.arange(count) // len(self._in_turn())
        return {**inputs, "latent": inputs["latent"][row]}

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Whether a classifier sees samples as what was ordered, and how they vary."""

        def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
            inputs = self.inputs(key, count)
            return generate(key, inputs), np.asarray(inputs["label"])

        def make(labels: np.ndarray) -> np.ndarray:
            return generate(key, {"latent": self.latent(key, len(labels)), "label": labels})

        if isinstance(self.classes, int):
            return evaluate_labelled(self.images, draw)
        return evaluate_attributes(self.images, make)

    def _in_turn(self) -> np.ndarray:
        if isinstance(self.classes, int):
            return np.arange(self.classes, dtype=np.int32)
        return varied(self.classes, self.usual)


def convolutional_networks(
    architecture: Architecture,
    images: Images,
    width: int,
    *,
    discriminator_width: int | None = None,
    head: nn.Module | None = None,
    batch_norm: bool = True,
    kernel_init: Initializer | None = None,
    bfloat16: bool = False,
) -> tuple[nn.Module, nn.Module]:
    """A generator and a discriminator.

    Args:
        architecture: whose networks.
        images: what is made.
        width: channels of the generator next to the image.
        discriminator_width: those of the discriminator; as many where None.
        head: what the discriminator ends in; one score an image where None.
        batch_norm: False leaves it out of the discriminator.
        kernel_init: of the discriminator's weights; N(0, 0.02) where None.
        bfloat16: compute in bfloat16; parameters stay float32.
    """
    size, channels = images.image_size, images.channels
    dtype = jnp.bfloat16 if bfloat16 else jnp.float32
    d_width = width if discriminator_width is None else discriminator_width
    head = networks.Score() if head is None else head
    init = layers.normal(0.02) if kernel_init is None else kernel_init
    if architecture == "dcgan":
        return (
            networks.DCGANGenerator(size, channels, width, dtype),
            networks.DCGANDiscriminator(size, d_width, batch_norm, dtype, head, init),
        )
    return (
        networks.InfoGANGenerator(size, channels, width, dtype),
        networks.InfoGANDiscriminator(*(size, d_width, head, dtype, batch_norm), kernel_init=init),
    )
