"""All that the style game remembers outlives a run that is stopped, to the bit."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, penalties, training
from jaxgan.training import Schedule, load, resume
from tests.styles import LinearDiscriminator, LinearGenerator, Z
from tests.training.conftest import Tiny


def brighten(key, images, probability):
    del key
    return images + probability


def r1(key, critic, real, fake):
    del key, fake
    return {"r1": (1.0, penalties.r1(critic, real))}


@dataclasses.dataclass(frozen=True)
class Styles(Tiny):
    schedule: Schedule = Schedule(steps=7, log_every=7, sample_every=7, checkpoint_every=7)

    def game(self):
        return games.style(
            LinearGenerator(),
            LinearDiscriminator(),
            latent=latents.normal(Z),
            generator_optimiser=optax.adam(0.01),
            discriminator_optimiser=optax.adam(0.01),
            path_length=games.PathLength(every=2),
            penalties=games.LazyPenalties(r1, every=3),
            augment=games.Augmentation(brighten, games.Adaptive(images=100, every=2, initial=0.1)),
            growing=games.Growing(last=1, first=0, stable=12, fade=20, minibatches=(4, 8)),
            ramp=0.05,
        )

    def inputs(self, key, count):
        return {"latent": latents.normal(Z)(key, count)}


@pytest.mark.slow
def test_resumed_is_as_uninterrupted(tmp_path):
    """It is stopped while a stage fades in, between two changes of the probability."""
    whole = training.train(Styles(), tmp_path / "whole", name="styles", devices=1)
    half = training.train(Styles(), tmp_path / "half", name="styles", devices=1, until=5)
    state = load(half, Styles())[1]
    assert (state.round, state.images) == (5, 4 * 4 + 8)
    assert state.growth == (1, np.float32(0.6))
    assert state.path_length_mean > 0
    assert state.augmentation.probability != np.float32(0.1)
    assert state.augmentation.sign_count == 8
    assert np.any(state.generator.collections["latent_mean"]["mapping"]["mean"])
    resume(half, Styles())
    assert half.digests()[-1] == whole.digests()[-1]
    after = load(half, Styles())[1]
    assert after.growth == (1, 1)
    assert not jnp.isclose(after.path_length_mean, state.path_length_mean)
    assert jax.tree.structure(after) == jax.tree.structure(state)
