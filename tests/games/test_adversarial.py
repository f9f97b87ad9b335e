"""The adversarial game against its paper: Algorithm 1, written out in float64 NumPy."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses
from jaxgan.games import stream
from tests.reference import sigmoid

Z, B, K, RATE = 3, 4, 2, 0.1


class Generator(nn.Module):
    """G(z) = z A"""

    side: int = 2

    @nn.compact
    def __call__(self, latent, *, train):
        image = nn.Dense(self.side**2, use_bias=False)(latent)
        return image.reshape(-1, self.side, self.side, 1)


class Discriminator(nn.Module):
    """D(x) = x b"""

    @nn.compact
    def __call__(self, images, *, train):
        return nn.Dense(1, use_bias=False)(images.reshape(len(images), -1))[:, 0]


class Counting(nn.Module):
    """Counts how often it is called in training."""

    @nn.compact
    def __call__(self, images, *, train):
        calls = self.variable("memory", "calls", jnp.zeros, ())
        if train and not self.is_initializing():
            calls.value += 1
        return Discriminator()(images, train=train)


def make(discriminator=None, **rules):
    rules = {"loss": losses.non_saturating, "n_critic": K, "average_decay": None} | rules
    return games.adversarial(
        Generator(),
        discriminator or Discriminator(),
        latent=latents.normal(Z),
        generator_optimiser=optax.sgd(RATE),
        discriminator_optimiser=optax.sgd(RATE),
        **rules,
    )


@pytest.fixture
def batch():
    return {"image": jax.random.normal(jax.random.key(5), (K * B, 2, 2, 1))}


def test_one_round_is_algorithm_1(batch):
    game = make()
    key = jax.random.key(9)
    state = game.init(jax.random.key(0), batch)
    after, info = jax.jit(game.update)(key, state, batch)

    def draw(key):
        return np.asarray(latents.normal(Z)(stream(key, "latent"), B), np.float64)

    (a,) = (np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(state.generator.parameters))
    (b,) = (
        np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(state.discriminator.parameters)
    )
    images = np.asarray(batch["image"], np.float64).reshape(K * B, -1)
    for k in range(K):
        real = images[k::K]
        fake = draw(jax.random.fold_in(stream(key, "discriminator"), k)) @ a
        gradient = (
            -real.T @ sigmoid(-real @ b) + fake.T @ sigmoid(fake @ b)
        ) / B  # of mean log D(x) + log(1 - D(G(z))), with the sign turned
        loss = np.mean(np.logaddexp(0, -real @ b) + np.logaddexp(0, fake @ b))
        norm = np.linalg.norm(gradient)
        b = b - RATE * gradient
    z = draw(stream(key, "generator"))
    generator_gradient = -z.T @ (sigmoid(-z @ a @ b) @ b.T) / B
    generator_loss = np.mean(np.logaddexp(0, -z @ a @ b))
    a = a - RATE * generator_gradient

    np.testing.assert_allclose(jax.tree.leaves(after.discriminator.parameters)[0], b, rtol=1e-5)
    np.testing.assert_allclose(
        jax.tree.leaves(after.generator.parameters)[0], a, rtol=1e-5, atol=1e-7
    )
    expected = {
        "discriminator/loss": loss,
        "discriminator/gradient_norm": norm,
        "generator/loss": generator_loss,
        "generator/gradient_norm": np.linalg.norm(generator_gradient),
    }
    for name, value in expected.items():
        assert float(info[name]) == pytest.approx(value, rel=1e-5)


def test_collections_move_in_their_players_updates_only(batch):
    game = make(Counting())
    state = game.init(jax.random.key(0), batch)
    after, _ = game.update(jax.random.key(1), state, batch)
    (calls,) = jax.tree.leaves(after.discriminator.collections)
    assert calls == 2 * K  # reals and fakes, each in a batch of its own


def test_penalties_are_weighed_and_reported(batch):
    def penalties(key, critic, real, fake):
        assert real.shape == fake.shape == (B, 2, 2, 1)
        return {"mean": (2.0, critic(real)), "constant": (3.0, jnp.ones(B))}

    game = make(penalties=penalties)
    state = game.init(jax.random.key(0), batch)
    _, info = game.update(jax.random.key(1), state, batch)
    total = info["discriminator/adversarial"] + 2 * info["discriminator/mean"] + 3
    assert info["discriminator/loss"] == pytest.approx(float(total), rel=1e-6)
    assert info["discriminator/constant"] == 1


def test_lecam_pulls_to_anchors_that_are_kept(batch):
    weight = 0.3
    game = make(loss=losses.wasserstein, lecam=games.LeCam(lambda played: weight * (1 + played)))
    state = game.init(jax.random.key(0), batch)
    (b,) = (
        np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(state.discriminator.parameters)
    )
    images = np.asarray(batch["image"], np.float64).reshape(K * B, -1)
    anchors = np.zeros(2)  # of reals, of fakes
    for played in range(2):
        key = jax.random.key(7 + played)
        a = np.asarray(jax.tree.leaves(state.generator.parameters)[0], np.float64)
        state, info = jax.jit(game.update)(key, state, batch)
        for k in range(K):
            z = latents.normal(Z)(
                stream(jax.random.fold_in(stream(key, "discriminator"), k), "latent"), B
            )
            real, fake = images[k::K], np.asarray(z, np.float64) @ a
            to_fakes, to_reals = real @ b - anchors[1], fake @ b - anchors[0]
            term = np.mean(to_fakes**2 + to_reals**2)
            means = np.array([np.mean(real @ b), np.mean(fake @ b)])
            pull = 2 * (real.T @ to_fakes + fake.T @ to_reals) / B
            push = (fake - real).mean(axis=0)[:, None]
            rate = max(0.01, 9 / (10 + played * K + k))
            b = b - RATE * (push + weight * (1 + played) * pull)
            anchors = anchors + rate * (means - anchors)
        assert float(info["discriminator/lecam"]) == pytest.approx(term, rel=1e-4)
    np.testing.assert_allclose(jax.tree.leaves(state.discriminator.parameters)[0], b, rtol=1e-4)
    kept = state.anchors.mean
    np.testing.assert_allclose([kept["real_anchor"], kept["fake_anchor"]], anchors, rtol=1e-4)


def test_generate_uses_the_average(batch):
    decay = 0.5
    game = make(average_decay=decay)
    state = game.init(jax.random.key(0), batch)
    after, _ = game.update(jax.random.key(1), state, batch)
    inputs = {"latent": jnp.eye(Z)}
    kept = min(decay, 1 / 10)
    before, now = (jax.tree.leaves(s.generator.parameters)[0] for s in (state, after))
    expected = (kept * before + (1 - kept) * now).reshape(Z, 2, 2, 1)
    made = game.generate(jax.random.key(2), after, inputs)
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("n_critic", [0, -3])
def test_no_updates_of_the_critic(n_critic):
    with pytest.raises(ValueError, match=f"n_critic must be 1 or more, not {n_critic}"):
        make(n_critic=n_critic)


def test_images_of_another_shape(batch):
    game = games.adversarial(
        Generator(side=3),
        Discriminator(),
        latent=latents.normal(Z),
        loss=losses.hinge,
        generator_optimiser=optax.sgd(RATE),
        discriminator_optimiser=optax.sgd(RATE),
    )
    with pytest.raises(ValueError, match=r"\(3, 3, 1\), but the data's are of shape \(2, 2, 1\)"):
        game.init(jax.random.key(0), batch)


def test_batch_that_cannot_be_split():
    with pytest.raises(ValueError, match="a batch of 7 examples cannot be split into 2"):
        games.split_minibatches({"image": jnp.zeros((7, 2, 2, 1))}, 2)


def test_streams_are_independent_by_name():
    key = jax.random.key(0)
    assert stream(key, "latent") == stream(key, "latent")
    assert stream(key, "latent") != stream(key, "penalty")
    assert stream(key, "latent") != stream(jax.random.key(1), "latent")
