"""The codes of InfoGAN, and the players' terms of Q."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, losses

B = 5


class Distribution(NamedTuple):
    logits: tuple[jax.Array, ...]
    mean: jax.Array
    log_variance: jax.Array


class Generator(nn.Module):
    @nn.compact
    def __call__(self, latent, *, train):
        return nn.Dense(4)(latent).reshape(-1, 2, 2, 1)


class Discriminator(nn.Module):
    @nn.compact
    def __call__(self, images, *, train):
        x = images.reshape(len(images), -1)
        q = Distribution((nn.Dense(3)(x),), nn.Dense(2)(x), jnp.zeros((len(x), 2)))
        return nn.Dense(1)(x)[:, 0], q


LATENT = games.CodedLatent(noise=2, categorical=(3,), continuous=2)


def test_latents_are_noise_one_hot_codes_and_uniform_numbers():
    latent = games.CodedLatent(noise=3, categorical=(4, 2), continuous=2)
    drawn = np.asarray(latent(jax.random.key(0), 4000))
    assert drawn.shape == (4000, latent.size) == (4000, 11)
    coded = latent.split(jnp.asarray(drawn))
    np.testing.assert_array_equal(latent.join(coded), drawn)
    np.testing.assert_allclose(coded.noise.mean(0), 0, atol=0.07)
    np.testing.assert_allclose(coded.noise.std(0), 1, atol=0.05)
    for code, size in zip(coded.categorical, (4, 2), strict=True):
        assert set(np.unique(code)) == {0, 1}
        np.testing.assert_array_equal(code.sum(1), 1)
        np.testing.assert_allclose(code.mean(0), 1 / size, atol=0.04)
    assert coded.continuous.min() >= -1
    assert coded.continuous.max() < 1
    np.testing.assert_allclose(coded.continuous.var(0), 1 / 3, atol=0.03)
    pairs = np.corrcoef(drawn.T)
    assert abs(pairs[0:3, 3:]).max() < 0.06  # parts are drawn independently


def test_noise_may_be_uniform():
    latent = games.CodedLatent(noise=3, uniform_noise=True)
    coded = latent.split(latent(jax.random.key(0), 4000))
    assert -1 <= coded.noise.min() < -0.99
    assert 0.99 < coded.noise.max() < 1
    np.testing.assert_allclose(coded.noise.var(0), 1 / 3, atol=0.03)
    usual = games.CodedLatent(noise=3)
    theirs = usual.split(usual(jax.random.key(0), 4000))
    np.testing.assert_array_equal(coded.categorical[0], theirs.categorical[0])
    np.testing.assert_array_equal(coded.continuous, theirs.continuous)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"categorical": (), "continuous": 0}, "has no code"),
        ({"categorical": (1,)}, "must have 2 values or more"),
        ({"noise": -1}, "must be 0 or more"),
        ({"continuous": -2}, "must be 0 or more"),
    ],
)
def test_codes_that_sum_to_nothing(parts, sentence):
    with pytest.raises(ValueError, match=sentence):
        games.CodedLatent(**parts)


def game(rate, view=None):
    return games.adversarial(
        Generator(),
        Discriminator(),
        latent=LATENT,
        loss=losses.non_saturating,
        auxiliary=games.information(
            LATENT, categorical_weight=1.0, continuous_weight=0.5, view=view
        ),
        generator_optimiser=optax.sgd(rate),
        discriminator_optimiser=optax.sgd(rate),
        average_decay=None,
    )


@pytest.mark.parametrize("factor", [None, 0.5])
def test_terms_against_the_bound(factor):
    """The bound by hand in float64, from what G makes of the latents of its own update.

    Under a view categorical codes are told of what it shows, and continuous ones as before; both
    players have it so.
    """
    view = None if factor is None else lambda key, images: factor * images
    batch = {"image": jax.random.normal(jax.random.key(5), (B, 2, 2, 1))}
    state = game(0.0).init(jax.random.key(0), batch)
    key = jax.random.key(1)
    _, info = jax.jit(game(0.0, view).update)(key, state, batch)
    of_d = jax.random.fold_in(games.stream(key, "discriminator"), 0)
    categorical, continuous = bounds_by_hand(state, of_d, factor)
    found = info["discriminator/fake/information_categorical_0"]
    np.testing.assert_allclose(found, categorical, rtol=1e-4)
    found = info["discriminator/fake/information_continuous"]
    np.testing.assert_allclose(found, continuous, rtol=1e-4)
    categorical, continuous = bounds_by_hand(state, games.stream(key, "generator"), factor)
    np.testing.assert_allclose(info["generator/information_categorical_0"], categorical, rtol=1e-4)
    np.testing.assert_allclose(info["generator/information_continuous"], continuous, rtol=1e-4)
    expected = info["generator/adversarial"] - categorical - 0.5 * continuous
    np.testing.assert_allclose(info["generator/loss"], expected, rtol=1e-4)


def bounds_by_hand(state, key, factor):
    """Of the fakes of an update with this key."""
    z = LATENT(games.stream(key, "latent"), B)
    g, d = (jax.tree.map(np.float64, p.parameters) for p in (state.generator, state.discriminator))
    x = np.float64(z) @ g["Dense_0"]["kernel"] + g["Dense_0"]["bias"]
    logits, mean = (
        seen @ d[n]["kernel"] + d[n]["bias"]
        for n, seen in (("Dense_0", (factor or 1) * x), ("Dense_1", x))
    )
    log_q = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    coded = jax.tree.map(np.float64, LATENT.split(z))
    categorical = (log_q * coded.categorical[0]).sum(1).mean() + np.log(3)
    normal = -((coded.continuous - mean) ** 2) / 2 - np.log(2 * np.pi) / 2 + np.log(2)
    return categorical, normal.sum(1).mean()


def test_players_raise_the_bound():
    batch = {"image": jax.random.normal(jax.random.key(5), (B, 2, 2, 1))}
    state = game(0.1).init(jax.random.key(0), batch)
    update = jax.jit(game(0.1).update)
    bounds = []
    for step in range(200):
        state, info = update(jax.random.fold_in(jax.random.key(1), step), state, batch)
        bounds.append(float(info["generator/information_categorical_0"]))
    assert np.mean(bounds[-20:]) > 0.7  # of log 3 = 1.10 nats
    assert np.mean(bounds[:5]) < 0.4


def test_bound_reaches_the_generator():
    """Without adversarial gradients (D's score is constant), G still moves."""

    class Silent(Discriminator):
        @nn.compact
        def __call__(self, images, *, train):
            x = images.reshape(len(images), -1)
            q = Distribution((nn.Dense(3)(x),), nn.Dense(2)(x), jnp.zeros((len(x), 2)))
            return jnp.zeros(len(x)), q

    played = games.adversarial(
        Generator(),
        Silent(),
        latent=LATENT,
        loss=losses.non_saturating,
        auxiliary=games.information(LATENT),
        generator_optimiser=optax.sgd(0.1),
        discriminator_optimiser=optax.sgd(0.1),
    )
    batch = {"image": jnp.ones((B, 2, 2, 1))}
    _, info = played.update(jax.random.key(1), played.init(jax.random.key(0), batch), batch)
    assert float(info["generator/gradient_norm"]) > 1e-3
