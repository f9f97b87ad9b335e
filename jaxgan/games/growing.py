"""Progressive growing: networks are trained on small images first, and larger ones are faded in."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxgan.games.terms import Critic, Penalties, Terms


class Growth(NamedTuple):
    """How far networks have grown.

    Attributes:
        stage: [] int32; stage s makes images of the base's size times 2^s.
        fade: how much of the last stage is in the image, [] float32 in (0, 1].
    """

    stage: jax.Array
    fade: jax.Array


class Growing(NamedTuple):
    """When networks grow: the schedule of Karras et al., Progressive Growing of GANs, 2018.

    The first stage is trained on `stable` images. Then each next one is faded in over `fade`
    images, and trained on `stable` more. Defaults are those of StyleGAN's code (2019), from 8x8.

    Attributes:
        last: the stage of the whole network: base * 2^last is its image size.
        first: the stage that training begins at.
        stable: images for which a stage stays as it is; 0 or more.
        fade: images over which a stage is faded in; 0 or more, not both 0.
        minibatches: images in a round of each stage, from the first to the last; each divides the
            batch. The whole batch at all stages where ().
        rates: what the optimisers' updates are multiplied by at each stage, likewise; 1 where ().
    """

    last: int
    first: int = 1
    stable: int = 600_000
    fade: int = 600_000
    minibatches: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()

    @property
    def stages(self) -> range:
        """The stages, in turn."""
        return range(self.first, self.last + 1)

    def check(self) -> "Growing":
        """Itself, if it is a schedule.

        Raises:
            ValueError: names the value.
        """
        if not 0 <= self.first <= self.last:
            raise ValueError(
                f"networks cannot grow from stage {self.first} to stage {self.last}: give a first "
                "of 0 or more, and a last that is no smaller"
            )
        if self.stable < 0 or self.fade < 0 or self.stable + self.fade == 0:
            raise ValueError(
                f"{self.stable} stable images and {self.fade} of fading make no schedule: give "
                "counts of 0 or more, not both 0"
            )
        for name, values in {"minibatches": self.minibatches, "rates": self.rates}.items():
            if values and len(values) != len(self.stages):
                raise ValueError(
                    f"{len(values)} {name} were given for the {len(self.stages)} stages "
                    f"{self.first} to {self.last}: give one for each, or none"
                )
            if not all(value > 0 for value in values):
                raise ValueError(f"{name} must be above 0, not {values}")
        return self

    def at(self, images: jax.Array) -> Growth:
        """How far networks have grown once so many images have been seen, [] int32."""
        index = images // (self.stable + self.fade)
        within = images % (self.stable + self.fade)
        fading = (within > self.stable) & (self.first + index < self.last)
        stage = jnp.minimum(self.first + index + fading, self.last)
        fade = jnp.where(fading, (within - self.stable) / max(self.fade, 1), 1.0)
        return Growth(stage.astype(jnp.int32), fade.astype(jnp.float32))

    def minibatch(self, stage: int, batch_size: int) -> int:
        """Images of a round at a stage, of a batch of so many.

        Raises:
            ValueError: where these do not divide the batch.
        """
        size = self.minibatches[stage - self.first] if self.minibatches else batch_size
        if batch_size % size:
            raise ValueError(
                f"a batch of {batch_size} examples cannot be split into minibatches of {size}, "
                f"those of stage {stage}: give a batch size that all of {self.minibatches} divide"
            )
        return size

    def paced(
        self, optimiser: optax.GradientTransformation, stage: int
    ) -> optax.GradientTransformation:
        """The optimiser at the rate of a stage, with the state that it has at all of them."""
        if not self.rates:
            return optimiser
        rate = self.rates[stage - self.first]

        def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
            changes, state = optimiser.update(updates, state, params)
            return jax.tree.map(lambda change: rate * change, changes), state

        return optax.GradientTransformation(optimiser.init, update)


class AtStage(nn.Module):
    """A network at one stage of its growth: the same variables, and less of them in use."""

    network: nn.Module
    stage: int
    fade: Any

    def setup(self) -> None:
        """The network's variables are this one's."""
        nn.share_scope(self, self.network)

    def __call__(self, *inputs: jax.Array, train: bool) -> Any:
        """The network's, with stage and fade."""
        network: Any = self.network
        return network(*inputs, train=train, stage=self.stage, fade=self.fade)

    def map_latents(self, *inputs: jax.Array, train: bool) -> Any:
        """A generator's; it is the same at all stages."""
        network: Any = self.network
        return network.map_latents(*inputs, train=train)

    def synthesise(self, w: jax.Array, *, train: bool) -> Any:
        """A generator's, with stage and fade."""
        network: Any = self.network
        return network.synthesise(w, train=train, stage=self.stage, fade=self.fade)


def at_full_size(penalties: Penalties, halvings: int) -> Penalties:
    """Penalties of images that were halved so often, with respect to the full ones.

    As in the authors' code, whose networks see small images enlarged to the full size. Of images
    with a quarter of the pixels, a gradient's square is a quarter of what it is with respect to
    the small image.
    """
    if halvings == 0:
        return penalties
    factor = 2**halvings

    def of_full(key: jax.Array, critic: Critic, real: jax.Array, fake: jax.Array) -> Terms:
        return penalties(
            key,
            lambda images: critic(shrink(images, factor)),
            enlarge(real, factor),
            enlarge(fake, factor),
        )

    return of_full


def shrink(images: jax.Array, factor: int) -> jax.Array:
    """The mean of each square of `factor` by `factor` pixels; `[B, H, W, C]`."""
    b, h, w, c = images.shape
    return images.reshape(b, h // factor, factor, w // factor, factor, c).mean(axis=(2, 4))


def enlarge(images: jax.Array, factor: int) -> jax.Array:
    """Each pixel `factor` by `factor` times; `[B, H, W, C]`."""
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def faded(images: jax.Array, fade: jax.Array) -> jax.Array:
    """Images that have as much of their finest detail as a stage that is fading in can make."""
    coarse = enlarge(shrink(images, 2), 2)
    return coarse + fade * (images - coarse)
