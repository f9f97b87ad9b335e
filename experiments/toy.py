"""GANs of the plane: mixtures whose every mode can be counted, with every loss and penalty.

python experiments/toy.py train             grid of 25, non-saturating + R1; a minute on one core
python experiments/toy.py evaluate RUN      modes found, share of samples near a mode

Other rules and other data, as flags of `train`:
  --loss relativistic --penalty r1_r2
  --loss wasserstein --penalty gradient_penalty --strength 0.1 --n-critic 3
  --loss minimax --penalty none
  --mixture ring
  --mixture spiral
"""

import dataclasses
import io
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan import cli, games, latents, losses, penalties, updates
from jaxgan.data import Resident, Streamed, mixtures
from jaxgan.networks import PerceptronDiscriminator, PerceptronGenerator
from jaxgan.training import Fraction, Generate, Pipeline, PositiveFloat, PositiveInt, Schedule
from jaxgan.training.pictures import Picture

MIXTURES: dict[str, Callable[[], mixtures.Mixture]] = {
    "ring": mixtures.ring,
    "grid": mixtures.grid,
    "spiral": mixtures.spiral,
}
LOSSES = {
    "minimax": losses.minimax,
    "non_saturating": losses.non_saturating,
    "least_squares": losses.least_squares,
    "hinge": losses.hinge,
    "wasserstein": losses.wasserstein,
    "relativistic": losses.relativistic,
}
PENALTIES: dict[str, Callable[..., dict[str, jax.Array]]] = {
    "r1": lambda key, critic, real, fake: {"r1": penalties.r1(critic, real)},
    "r1_r2": lambda key, critic, real, fake: {
        "r1": penalties.r1(critic, real),
        "r2": penalties.r2(critic, fake),
    },
    "gradient_penalty": lambda key, critic, real, fake: {
        "gradient_penalty": penalties.gradient_penalty(key, critic, real, fake)
    },
    "dragan": lambda key, critic, real, fake: {"dragan": penalties.dragan(key, critic, real)},
}


@dataclasses.dataclass(frozen=True)
class Toy:
    """Defaults are those of the published code of Gulrajani et al. (2017) for toy data."""

    schedule: Schedule = Schedule(steps=100_000, sample_every=5000, checkpoint_every=20_000)
    """How long, and what is written when."""
    mixture: Literal["ring", "grid", "spiral"] = "grid"
    """The data: 8 modes (code), 25 modes, or a curve of 100 links."""
    loss: Literal[
        "minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"
    ] = "wasserstein"
    """What both players minimise."""
    penalty: Literal["none", "r1", "r1_r2", "gradient_penalty", "dragan", "clip"] = (
        "gradient_penalty"
    )
    """What keeps the discriminator smooth; clip is WGAN's box of weights."""
    strength: PositiveFloat = 0.1
    """Weight of the penalty (its lambda or gamma), or half the width of the box."""
    n_critic: PositiveInt = 5
    """Updates of D for one of G."""
    batch_size: PositiveInt = 256
    """Points in a minibatch."""
    latent_size: PositiveInt = 2
    """Z, numbers in a latent, drawn from N(0, 1)."""
    width: PositiveInt = 512
    """Of each hidden layer of either player."""
    depth: PositiveInt = 3
    """Hidden layers of either player."""
    learning_rate: PositiveFloat = 1e-4
    """Of Adam, both players."""
    decay: bool = False
    """Let the learning rate fall to 0 over the run, in a straight line."""
    beta1: Fraction = 0.5
    """First moment's decay of Adam."""
    beta2: Fraction = 0.9
    """Second moment's decay of Adam."""
    average_decay: Fraction | None = None
    """Of the moving average of G's weights that samples are made with."""

    def game(self) -> games.Game:
        """Any loss under any penalty."""
        widths = (self.width,) * self.depth
        clip = updates.clip_weights(self.strength) if self.penalty == "clip" else optax.identity()
        penalty = PENALTIES.get(self.penalty)
        return games.adversarial(
            PerceptronGenerator(widths=widths),
            PerceptronDiscriminator(widths=widths),
            latent=latents.normal(self.latent_size),
            loss=LOSSES[self.loss],
            generator_optimiser=self.adam(updates_a_round=1),
            discriminator_optimiser=optax.chain(self.adam(updates_a_round=self.n_critic), clip),
            penalties=games.no_penalties if penalty is None else self.weighted(penalty),
            real="point",
            n_critic=self.n_critic,
            average_decay=self.average_decay,
        )

    def adam(self, *, updates_a_round: int) -> optax.GradientTransformation:
        """Adam, with a rate that falls with the rounds."""
        final_rate = 0.0 if self.decay else self.learning_rate
        steps = self.schedule.steps * updates_a_round
        rate = optax.linear_schedule(self.learning_rate, final_rate, steps)
        return optax.adam(rate, b1=self.beta1, b2=self.beta2, eps=1e-8)

    def weighted(self, penalty: Callable[..., dict[str, jax.Array]]) -> games.Penalties:
        """The terms of a penalty, all of one weight."""
        return lambda key, critic, real, fake: {
            name: (self.strength, values)
            for name, values in penalty(key, critic, real, fake).items()
        }

    def data(self, pipeline: Pipeline) -> Resident | Streamed:
        """A minibatch for each update of D."""
        source = MIXTURES[self.mixture]().source()
        return pipeline(source, batch_size=self.batch_size * self.n_critic)

    def inputs(self, key: jax.Array, count: int) -> games.Batch:
        """Latents."""
        return {"latent": latents.normal(self.latent_size)(key, count)}

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """Samples over data, on the landscape of the discriminator's scores."""
        from matplotlib.figure import Figure
        from PIL import Image

        more = self.inputs(jax.random.key(0), 2000)
        made = np.concatenate([made, self.game().generate(jax.random.key(0), state, more)])
        real = MIXTURES[self.mixture]().draw(1000, seed=1)
        ticks = jnp.linspace(-2.3, 2.3, 120)
        plane = jnp.stack(jnp.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        critic = PerceptronDiscriminator(widths=(self.width,) * self.depth)
        scores = games.apply_eval(
            jax.random.key(0), critic, games.variables(state.discriminator), plane
        )
        figure = Figure(figsize=(3.5, 3.5), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.contourf(ticks, ticks, np.reshape(scores, (120, 120)), levels=16, cmap="cividis")
        axes.scatter(*real.T, s=6, color="white", alpha=0.6, linewidths=0)
        axes.scatter(*made.T, s=3, color="#d62728", alpha=0.7, linewidths=0)
        axes.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3))
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return Image.open(file).convert("RGB")

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Modes found and share of samples within three deviations, of 2,500 samples."""
        inputs = self.inputs(games.stream(key, "inputs"), 2500)
        made = generate(games.stream(key, "sample"), inputs)
        return MIXTURES[self.mixture]().coverage(made)._asdict()


SMALL = Toy(
    schedule=Schedule(steps=12_000, log_every=200, sample_every=400, checkpoint_every=4000),
    loss="non_saturating",
    penalty="r1",
    strength=0.01,
    n_critic=1,
    width=64,
    depth=4,
    learning_rate=3e-3,
    decay=True,
    beta2=0.99,
    average_decay=0.999,
)

if __name__ == "__main__":
    cli.main(Toy(), small=SMALL)
