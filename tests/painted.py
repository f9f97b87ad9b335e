"""Experiments whose images are their latents: what a verb draws can be read off the pictures."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from jaxgan import games
from jaxgan.data import ArraySource, Images
from jaxgan.games import stream
from jaxgan.latents import truncate
from jaxgan.training import Schedule

Z, W, LAYERS, SIZE = 4, 3, 2, 4
MEAN = 0.25
BRIGHTER = 0.1
"""For each number of the label."""
KERNEL = np.array([1, 0, 0, 1, 2, 0])
"""Which numbers of a latent the columns of the kernel are: most the first, then the second."""
HALF_A_BYTE = {"atol": 1 / 254}


@dataclasses.dataclass(frozen=True)
class Painted:
    """Images of 4x4 pixels: each row is the latent, 0.1 brighter for each label."""

    schedule: Schedule = Schedule(steps=1)
    images: Images = Images(dataset="digits", image_size=SIZE)
    classes: int | None = None

    def game(self):
        return games.Game(
            init=lambda key, batch: {"kernel": jnp.eye(Z)[:, KERNEL], "seen": batch},
            update=lambda key, state, batch: (state, {"loss": batch["image"].mean()}),
            generate=lambda key, state, inputs: self.paint(state, inputs),
        )

    def paint(self, state, inputs):
        rows = inputs["latent"] + BRIGHTER * labels(inputs)
        return jnp.broadcast_to(rows[:, None, :, None], (len(rows), SIZE, SIZE, 1))

    def data(self, pipeline):
        return pipeline(ArraySource({"image": np.zeros((8, 4, 4, 1), np.uint8)}), batch_size=4)

    @property
    def latent(self):
        return lambda key, count: jax.random.uniform(key, (count, Z), minval=-0.5, maxval=0.5)

    def inputs(self, key, count):
        inputs = {"latent": self.latent(key, count)}
        return inputs if self.classes is None else inputs | {"label": jnp.arange(count) % 3}

    def latent_kernels(self, state):
        return [state["kernel"]]


@dataclasses.dataclass(frozen=True)
class Dressed(Painted):
    """Images of 4x4 pixels, of two layers' styles: the rows of either are its w, and w's mean.

    A w is the first three numbers of the latent, 0.1 more for each label.
    """

    def paint(self, state, inputs):
        w = inputs["w"] if "w" in inputs else self.map_latents(state, inputs)
        if "truncation" in inputs:
            near = truncate(w, self.latent_mean(state), inputs["truncation"])
            cutoff = inputs.get("cutoff", jnp.full(len(w), LAYERS))
            w = jnp.where(jnp.arange(LAYERS)[None, :, None] < cutoff[:, None, None], near, w)
        rows = jnp.concatenate([w, w.mean(axis=2, keepdims=True)], axis=2)
        return rows.repeat(SIZE // LAYERS, axis=1)[..., None]

    def map_latents(self, state, inputs):
        w = inputs["latent"][:, :W] + BRIGHTER * labels(inputs)
        return jnp.repeat(w[:, None], LAYERS, axis=1)

    def latent_mean(self, state):
        return jnp.full(W, MEAN)

    def latent_kernels(self, state):
        return [state["kernel"][:W]]


def labels(inputs):
    """Of each image, `[N, 1]`; 0 where there are none."""
    count = len(inputs["latent"])
    return inputs.get("label", jnp.zeros(count)).astype(jnp.float32).reshape(count, 1)


def sampled(experiment, seed, count, label=None):
    """The inputs that `sample --seed` has, as NumPy's arrays."""
    inputs = experiment.inputs(stream(jax.random.key(seed), "inputs"), count)
    if label is not None:
        inputs["label"] = jnp.full(count, label)
    return {name: np.asarray(array) for name, array in inputs.items()}


def styles(inputs):
    """The w of inputs, `[N, W]`."""
    return np.asarray(Dressed().map_latents(None, inputs))[:, 0]


def cells(path, columns, *, band=0, top=0):
    """The last row of each image of a sheet, in [-1, 1]: `[rows, columns, SIZE]`.

    Args:
        path: of the sheet.
        columns: how many images a row has.
        band: pixels above each row of images, of words.
        top: pixels above all of them.
    """
    gap, scale = 2, 64 // SIZE
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L"), np.float64)[top:] / 127.5 - 1
    height = scale * (SIZE + 2 * gap) + band if band else scale * (SIZE + gap)
    rows = pixels.shape[0] // height
    found = np.zeros((rows, columns, SIZE))
    for row in range(rows):
        for column in range(columns):
            bottom = row * height + band + scale * (gap + SIZE) - 1
            left = scale * (gap + column * (SIZE + gap))
            found[row, column] = pixels[bottom, left : left + scale * SIZE : scale]
    return found


ATTRIBUTES = {"left": ("none", "some", "much"), "right": ("dark", "bright")}


def seeing(images):
    """A classifier of `ATTRIBUTES`: how bright the first column is, and the second."""
    left, right = images[:, -1, 0, 0], images[:, -1, 1, 0]
    odds = {
        "left": -((left[:, None] - np.array([-0.4, 0.0, 0.4])) ** 2) * 20,
        "right": np.stack([-right, right], axis=1) * 20,
    }
    return {
        name: np.exp(part) / np.exp(part).sum(axis=1, keepdims=True) for name, part in odds.items()
    }
