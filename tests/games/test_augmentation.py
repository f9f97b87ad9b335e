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


class Sum(nn.Module):
    """D(b, a) = w mean(b) + mean |b - a|: 0 where b is a, and both are blank."""

    @nn.compact
    def __call__(self, images, *condition, train):
        weight = self.param("weight", nn.initializers.ones, ())
        apart = jnp.abs(images - condition[0]) if condition else 0 * images
        return (weight * images + 100 * apart).mean(axis=(1, 2, 3))


class Paint(nn.Module):
    """G(x) = x + bias."""

    @nn.compact
    def __call__(self, images, *, train):
        return images + self.param("bias", nn.initializers.zeros, ())


OF_SIDES = {
    "loss": losses.non_saturating,
    "generator_optimiser": optax.sgd(0.0),
    "discriminator_optimiser": optax.sgd(0.0),
}


def spread(key, images, probability):
    """Images times numbers that are drawn for each."""
    shape = (len(images), 1, 1, 1)
    return images * (1 + probability * jax.random.uniform(key, shape))


def test_images_of_a_condition_have_the_same_draws():
    """D(b, a) with b = a sees no difference: whatever was drawn for b was drawn for a."""
    play = games.translation(
        Paint(), Sum(), augment=games.Augmentation(spread, games.Adaptive(initial=1.0)), **OF_SIDES
    )
    x = positive(B, B)["image"]
    state = play.init(KEY, {"a": x, "b": x})
    state, info = play.update(KEY, state, {"a": x, "b": x})
    for name in ("real", "fake"):
        assert 1.0 < float(info[f"discriminator/{name}_score"]) < 2.0
    assert float(state.augmentation.sign_sum) == B


def test_games_of_two_sides_adapt_for_each():
    """Side a's reals score above 0 and b's below: the one probability rises, the other falls."""
    adaptive = games.Adaptive(images=B / 0.1, every=1, initial=0.5)
    play = games.cycle(
        *(Paint(), Paint(), Sum(), Sum()), augment=games.Augmentation(keep, adaptive), **OF_SIDES
    )
    a, b = positive(B, B)["image"], positive(0, B)["image"]
    state = play.init(KEY, {"a": a, "b": b})
    for step in range(2):
        state, info = play.update(jax.random.fold_in(KEY, step), state, {"a": a, "b": b})
    np.testing.assert_allclose(state.discriminator_a.augmentation.probability, 0.7, rtol=1e-6)
    np.testing.assert_allclose(state.discriminator_b.augmentation.probability, 0.3, rtol=1e-6)
    np.testing.assert_allclose(info["discriminator_b/augmentation_probability"], 0.4, rtol=1e-6)
    assert int(state.round) == 2


def test_a_schedule_counts_the_rounds_of_a_cycle():
    def tell(key, images, probability):
        return 0 * images + probability

    play = games.cycle(
        *(Paint(), Paint(), None, Sum()),
        augment=games.Augmentation(tell, lambda played: 0.1 + 0.2 * played),
        **OF_SIDES,
    )
    x = positive(B, B)["image"]
    state = play.init(KEY, {"a": x, "b": x})
    for probability in (0.1, 0.3):
        state, info = play.update(KEY, state, {"a": x, "b": x})
        np.testing.assert_allclose(info["discriminator_b/real_score"], probability, rtol=1e-6)
        np.testing.assert_allclose(info["discriminator_b/fake_score"], probability, rtol=1e-6)
    assert state.discriminator_b.augmentation is None


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
