"""Augmentation in front of discriminators, and the probability that signs of scores control."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses

KEY = jax.random.key(5)
B = 6


class Generator(nn.Module):
    @nn.compact
    def __call__(self, latent, *, train):
        return nn.Dense(4)(latent).reshape(-1, 2, 2, 1)


class Mean(nn.Module):
    """D(x) = w mean(x), w = 1."""

    @nn.compact
    def __call__(self, images, *, train):
        weight = self.param("weight", nn.initializers.ones, ())
        return weight * images.mean(axis=(1, 2, 3))


def keep(key, images, probability):
    return images


def game(augment, **rules):
    return games.adversarial(
        Generator(),
        Mean(),
        latent=latents.normal(3),
        loss=losses.non_saturating,
        generator_optimiser=optax.sgd(0.0),
        discriminator_optimiser=optax.sgd(0.0),
        augment=augment,
        **rules,
    )


def positive(count, of):
    """So many images with a score above 0, the others below."""
    signs = np.where(np.arange(of) < count, 1.0, -1.0)
    return {"image": jnp.asarray(np.broadcast_to(signs[:, None, None, None], (of, 2, 2, 1)))}


def probabilities(adaptive, signs, *, n_critic=1):
    """p before each round, and after the last; signs tell how many reals score above 0."""
    play = game(games.Augmentation(keep, adaptive), n_critic=n_critic)
    batches = [positive(count, n_critic * B) for count in signs]
    state = play.init(KEY, batches[0])
    update = jax.jit(chex.assert_max_traces(play.update, n=1))
    seen = []
    for step, batch in enumerate(batches):
        state, info = update(jax.random.fold_in(KEY, step), state, batch)
        seen.append(float(info["discriminator/augmentation_probability"]))
    chex.clear_trace_counter()
    return [*seen, float(state.augmentation.probability)], info, state


def test_probability_follows_the_mean_sign_of_four_rounds():
    """r is 1, then 2/3 over four rounds though the last is far below 0.6, then 0.5."""
    signs = [B, B, B, B, B, B, B, B // 3, B, B, B, 0]
    found, info, state = probabilities(games.Adaptive(target=0.6, images=240, initial=0.2), signs)
    step = B * 4 / 240
    expected = [*[0.2] * 4, *[0.2 + step] * 4, *[0.2 + 2 * step] * 4, 0.2 + step]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(info["discriminator/real_sign"], -1.0)
    assert float(state.augmentation.sign_count) == float(state.augmentation.sign_sum) == 0


def test_probability_stops_at_nothing_and_at_no_upper_bound():
    found, _, _ = probabilities(games.Adaptive(images=B / 0.7, every=1), [0, B, B, 0, 0])
    np.testing.assert_allclose(found, [0, 0, 0.7, 1.4, 0.7, 0], atol=1e-6)


def test_all_reals_of_a_round_count():
    """Three updates of D in a round: their reals count for r, and as images."""
    adaptive = games.Adaptive(target=0.0, images=3 * B / 0.3, every=1, initial=0.3)
    found, _, _ = probabilities(adaptive, [3 * B // 3, 3 * B - 3], n_critic=3)
    np.testing.assert_allclose(found, [0.3, 0.0, 0.3], atol=1e-6)


def test_what_augments_is_told_the_probability_of_the_moment():
    """D sees nothing but p, and so does a lazy penalty."""

    def tell(key, images, probability):
        return 0 * images + probability

    def penalty(key, critic, real, fake):
        return {"seen": (1.0, critic(real))}

    play = game(games.Augmentation(tell, games.Adaptive(initial=0.25)), penalties=penalty)
    batch = positive(B, B)
    _, info = play.update(KEY, play.init(KEY, batch), batch)
    for name in ("real_score", "fake_score", "seen"):
        np.testing.assert_allclose(info[f"discriminator/{name}"], 0.25, rtol=1e-6)


def test_a_fixed_probability_has_no_state():
    """Checkpoints of games without an adaptive one are as they were."""
    for augment in (None, games.Augmentation(keep, 0.5)):
        assert game(augment).init(KEY, positive(B, B)).augmentation is None


@pytest.mark.parametrize(
    ("adaptive", "sentence"),
    [
        (games.Adaptive(target=1.0), r"a target of 1.0: give one in \(-1, 1\)"),
        (games.Adaptive(images=0), "within 0 images: give more than 0"),
        (games.Adaptive(every=0), "every 0 rounds: give 1 or more"),
        (games.Adaptive(initial=-0.1), "begin at -0.1: give 0 or more"),
    ],
)
def test_numbers_that_control_nothing(adaptive, sentence):
    with pytest.raises(ValueError, match=sentence):
        games.init_augmentation(games.Augmentation(keep, adaptive))
