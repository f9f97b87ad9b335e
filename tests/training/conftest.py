"""An experiment small enough to be played in no time."""

import contextlib
import dataclasses
import resource

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses
from jaxgan.data import ArraySource
from jaxgan.training import PositiveFloat, PositiveInt, Schedule


class Generator(nn.Module):
    @nn.compact
    def __call__(self, latent, *, train):
        return jnp.tanh(nn.Dense(16)(latent)).reshape(-1, 4, 4, 1)


class Discriminator(nn.Module):
    @nn.compact
    def __call__(self, images, *, train):
        return nn.Dense(1)(images.reshape(len(images), -1))[:, 0]


@dataclasses.dataclass(frozen=True)
class Tiny:
    schedule: Schedule = Schedule(steps=20, log_every=5, sample_every=10, checkpoint_every=10)
    batch_size: PositiveInt = 8
    learning_rate: PositiveFloat = 1e-3
    in_memory: bool = True

    def game(self):
        return games.adversarial(
            Generator(),
            Discriminator(),
            latent=latents.normal(3),
            loss=losses.non_saturating,
            generator_optimiser=optax.adam(self.learning_rate),
            discriminator_optimiser=optax.adam(self.learning_rate),
            average_decay=0.9,
        )

    def data(self, pipeline):
        image = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), np.uint8)
        return pipeline(
            ArraySource({"image": image}),
            batch_size=self.batch_size,
            resident_bytes=2**30 if self.in_memory else 0,
        )

    def inputs(self, key, count):
        return {"latent": latents.normal(3)(key, count)}


@pytest.fixture
def tiny():
    return Tiny()


def with_steps(experiment, steps):
    schedule = dataclasses.replace(experiment.schedule, steps=steps)
    return dataclasses.replace(experiment, schedule=schedule)


@pytest.fixture
def key():
    return jax.random.key(0)


@contextlib.contextmanager
def no_room(size=0):
    """No file of this process can grow beyond so many bytes: what fits is written, as on a disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(directory):
    """Every file of a run's folder: when it was written, and what is in it.

    But for the lock, which names the process that has it.
    """
    files = [path for path in directory.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


MANIFEST = {
    "experiment": "tiny",
    "configuration": {"batch_size": 8},
    "seed": 3,
    "devices": 1,
    "batch": {"image": {"shape": [8, 4, 4, 1], "dtype": "float32"}},
    "data": "arrays:0",
    "environment": {"revision": None},
}
"""What every manifest has."""
