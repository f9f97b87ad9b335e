"""Tiny runs of real networks as they begin, without data: in a second or two."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments import cgan, dcgan, stylegan, stylegan2
from jaxgan.training import create_from_state

SIZE = 8
_STYLES = {
    "batch_size": 2,
    "latent_size": 6,
    "w_size": 4,
    "mapping_layers": 1,
    "channel_base": 32,
    "channel_max": 8,
}


def _small(experiment, **fields):
    images = dataclasses.replace(experiment.images, image_size=SIZE)
    return dataclasses.replace(experiment, images=images, **fields)


STYLEGAN2 = _small(stylegan2.PRESETS["small"], **_STYLES, noise=True)
STYLEGAN = _small(*(stylegan.SMALL,), **_STYLES, minibatches=(2,), first_size=4, stable=10, fade=0)
DCGAN = _small(
    dcgan.SMALL, batch_size=2, latent_size=6, width=4, architecture="dcgan", average_decay=None
)
CGAN = _small(cgan.SMALL, batch_size=2, latent_size=6, width=4, classes=3, average_decay=None)


def begun(experiment, directory, *, name, seed=0, scale=1.0, licence=None):
    """A run of no rounds, and its state.

    Args:
        experiment: one of these.
        directory: of the run.
        name: of the experiment.
        seed: of its parameters.
        scale: of those of G, so that its images differ from each other.
        licence: of its networks.
    """
    shapes = experiment.shapes

    def init(key):
        return experiment.game().init(
            key, {name: jnp.zeros(leaf.shape, leaf.dtype) for name, leaf in shapes.items()}
        )

    state = jax.jit(init)(jax.random.key(seed))
    parameters = jax.tree.map(lambda leaf: scale * leaf, state.generator.parameters)
    state = state._replace(generator=state.generator._replace(parameters=parameters))
    create_from_state(
        *(experiment, directory, state),
        name=name,
        seed=seed,
        shapes=shapes,
        data="imported: none",
        licence=licence,
    )
    return state
