"""The adversarial game with conditions, auxiliary heads, augmentation and lazy penalties."""

import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses, networks, penalties
from jaxgan.games import stream

Z, B, CLASSES = 3, 6, 4


class Generator(nn.Module):
    """Keeps the condition that it is called with."""

    @nn.compact
    def __call__(self, latent, *condition, train):
        image = nn.Dense(4, use_bias=False)(latent)
        if condition:
            self.variable("memory", "label", jnp.zeros, (len(latent),), jnp.int32)
            if train and not self.is_initializing():
                self.put_variable("memory", "label", condition[0])
        return image.reshape(-1, 2, 2, 1)


class Discriminator(nn.Module):
    """D(x) = x b; keeps the conditions of its last two calls."""

    @nn.compact
    def __call__(self, images, *condition, train):
        if condition:
            seen = self.variable("memory", "seen", jnp.zeros, (2, len(images)), jnp.int32)
            if train and not self.is_initializing():
                seen.value = jnp.stack([seen.value[1], condition[0]])
        return nn.Dense(1, use_bias=False)(images.reshape(len(images), -1))[:, 0]


class Sorter(nn.Module):
    """D(x) -> (scores, logits); refuses a condition, as its signature says."""

    @nn.compact
    def __call__(self, images, *, train):
        x = images.reshape(len(images), -1)
        return nn.Dense(1)(x)[:, 0], nn.Dense(CLASSES)(x)


def make(generator=None, discriminator=None, **rules):
    rules = {
        "latent": latents.normal(Z),
        "loss": losses.non_saturating,
        "average_decay": None,
        "generator_optimiser": optax.sgd(0.1),
        "discriminator_optimiser": optax.sgd(0.1),
    } | rules
    return games.adversarial(generator or Generator(), discriminator or Discriminator(), **rules)


def batch_of(count):
    image = jax.random.normal(jax.random.key(5), (count, 2, 2, 1))
    return {"image": image, "label": jnp.arange(count) % CLASSES}


def play(game, batch, rounds=1):
    state = game.init(jax.random.key(0), batch)
    update = jax.jit(game.update)
    info = {}
    for step in range(rounds):
        state, info = update(jax.random.fold_in(jax.random.key(1), step), state, batch)
    return state, info


def test_reals_and_fakes_come_with_the_labels_of_the_data():
    batch = batch_of(2 * B)
    state, _ = play(make(condition="label", n_critic=2), batch)
    last = np.asarray(games.split_minibatches(batch, 2)[1]["label"])
    np.testing.assert_array_equal(state.discriminator.collections["memory"]["seen"], [last, last])
    np.testing.assert_array_equal(state.generator.collections["memory"]["label"], last)


def test_minibatch_of_the_generator_is_that_of_several_minibatches():
    state, _ = play(make(Sizes(), n_critic=3, generator_minibatches=2), batch_of(3 * B))
    assert int(state.generator.collections["memory"]["size"]) == 2 * B
    with pytest.raises(
        ValueError, match="as large as 4 of D's, and a round has 3: give 1 to n_critic=3"
    ):
        make(n_critic=3, generator_minibatches=4)


class Sizes(nn.Module):
    """Keeps the size of the last minibatch."""

    @nn.compact
    def __call__(self, latent, *, train):
        size = self.variable("memory", "size", jnp.zeros, (), jnp.int32)
        if train and not self.is_initializing():
            size.value = jnp.int32(len(latent))
        return nn.Dense(4)(latent).reshape(-1, 2, 2, 1)


def test_generator_plays_in_its_rounds_alone():
    game = make(generator_plays=lambda played: played % 3 == 2)
    batch = batch_of(B)
    states = [play(game, batch, rounds)[0] for rounds in range(4)]
    moved = [
        not np.array_equal(*map(jax.tree.leaves, (a.generator.parameters, b.generator.parameters)))
        for a, b in itertools.pairwise(states)
    ]
    assert moved == [False, False, True]
    for one, other in itertools.pairwise(states):
        before, after = one.discriminator.parameters, other.discriminator.parameters
        assert not np.array_equal(jax.tree.leaves(before)[0], jax.tree.leaves(after)[0])


def test_auxiliary_terms_against_the_paper():
    """L_S + L_C for D on reals and fakes, L_C for G; by hand, from the state before the round."""
    batch = batch_of(B)
    game = make(
        discriminator=Sorter(),
        condition="label",
        auxiliary=games.auxiliary_classifier(weight=0.5),
        generator_optimiser=optax.sgd(0.0),
        discriminator_optimiser=optax.sgd(0.0),
    )
    state = game.init(jax.random.key(0), batch)
    key = jax.random.key(1)
    _, info = jax.jit(game.update)(key, state, batch)
    weights = state.discriminator.parameters
    made = np.asarray(jax.tree.leaves(state.generator.parameters)[0], np.float64)

    def cross_entropy(x):
        logits = x @ np.float64(weights["Dense_1"]["kernel"])
        logits = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -logits[np.arange(B), np.asarray(batch["label"])].mean()

    def fake(key):
        return np.asarray(latents.normal(Z)(stream(key, "latent"), B), np.float64) @ made

    key_critic = jax.random.fold_in(stream(key, "discriminator"), 0)
    real = np.asarray(batch["image"], np.float64).reshape(B, -1)
    expected = {
        "discriminator/real/class": cross_entropy(real),
        "discriminator/fake/class": cross_entropy(fake(key_critic)),
        "generator/class": cross_entropy(fake(stream(key, "generator"))),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(info[name], value, rtol=1e-5)
    total = info["generator/adversarial"] + 0.5 * info["generator/class"]
    np.testing.assert_allclose(info["generator/loss"], total, rtol=1e-6)


def test_augmentation_stands_before_reals_and_fakes_in_both_players_updates():
    """D sees nothing but zeros: its weights get no gradient, and G none either."""
    game = make(augment=games.Augmentation(lambda key, images, probability: images * 0))
    batch = batch_of(B)
    state, info = play(game, batch)
    start = game.init(jax.random.key(0), batch)
    for before, after in zip(jax.tree.leaves(start), jax.tree.leaves(state), strict=True):
        if before.ndim:
            np.testing.assert_array_equal(before, after)
    assert float(info["generator/gradient_norm"]) == 0


def test_augmentation_of_reals_and_fakes_differ_by_key():
    """Every call has a key of its own."""
    keys = []

    def augment(key, images, probability):
        keys.append(key)
        return images

    game = make(augment=games.Augmentation(augment))
    batch = batch_of(B)
    game.update(jax.random.key(1), game.init(jax.random.key(0), batch), batch)
    drawn = {int(jax.random.bits(key)) for key in keys if not isinstance(key, jax.core.Tracer)}
    assert len(drawn) == len(keys) == 4


def test_weight_that_is_a_schedule():
    def terms(key, critic, real, fake):
        return {"r1": (optax.linear_schedule(1.0, 3.0, 2), penalties.r1(critic, real))}

    frozen = {"generator_optimiser": optax.sgd(0.0), "discriminator_optimiser": optax.sgd(0.0)}
    game = make(penalties=terms, **frozen)
    for rounds, weight in ((1, 1.0), (2, 2.0), (3, 3.0), (4, 3.0)):
        _, info = play(game, batch_of(B), rounds)
        rest = info["discriminator/loss"] - info["discriminator/adversarial"]
        np.testing.assert_allclose(rest, weight * info["discriminator/r1"], rtol=1e-4)


def test_lazy_penalty_is_a_step_of_its_own():
    """Every second round ends D's updates with a descent of 2 gamma R1 alone."""
    gamma, rate, interval = 0.7, 0.1, 2

    def terms(key, critic, real, fake):
        return {"r1": (gamma, penalties.r1(critic, real))}

    batch = batch_of(B)
    lazy = make(penalties=games.LazyPenalties(terms, every=interval))
    plain = make()
    for rounds in (1, 2):
        before, _ = play(lazy, batch, rounds - 1)
        key = jax.random.fold_in(jax.random.key(1), rounds - 1)
        with_penalty, _ = lazy.update(key, before, batch)
        without, _ = plain.update(key, before, batch)
        b = jax.tree.leaves(without.discriminator.parameters)[0]
        # R1 of D(x) = x b is |b|^2 / 2, whose gradient is b.
        expected = b - rate * interval * gamma * b if rounds == 1 else b
        made = jax.tree.leaves(with_penalty.discriminator.parameters)[0]
        np.testing.assert_allclose(made, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            {"penalties": games.LazyPenalties(games.no_penalties, every=0)},
            "LazyPenalties.every must be 1 or more, not 0",
        ),
        (
            {"penalties": games.LazyPenalties(games.no_penalties, every=-3)},
            "LazyPenalties.every must be 1 or more, not -3",
        ),
        ({"n_critic": 0}, "n_critic must be 1 or more, not 0"),
    ],
)
def test_counts(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(**rules)


def test_data_without_labels():
    game = make(condition="label")
    with pytest.raises(ValueError, match="plays with 'label', and there is only 'image'"):
        game.init(jax.random.key(0), {"image": jnp.zeros((B, 2, 2, 1))})


def test_generating_without_the_label():
    game = make(condition="label")
    state, _ = play(game, batch_of(B))
    with pytest.raises(ValueError, match="plays with 'label', and there is only 'latent'"):
        game.generate(jax.random.key(0), state, {"latent": jnp.zeros((2, Z))})


def test_conditioning_that_a_network_lacks():
    plain = networks.FullyConnectedGenerator(shape=(2, 2, 1), widths=(4,))
    game = make(plain, condition="label")
    with pytest.raises(ValueError, match="FullyConnectedGenerator cannot be called with"):
        game.init(jax.random.key(0), batch_of(B))


def test_condition_that_a_network_misses():
    conditional = networks.AppendLabel(
        networks.FullyConnectedGenerator(shape=(2, 2, 1), widths=(4,)), CLASSES
    )
    with pytest.raises(ValueError, match="AppendLabel cannot be called with"):
        make(conditional).init(jax.random.key(0), batch_of(B))


def test_label_out_of_range():
    conditional = networks.AppendLabel(
        networks.FullyConnectedGenerator(shape=(2, 2, 1), widths=(4,)), CLASSES
    )
    game = make(conditional, condition="label")
    state = jax.jit(game.init)(jax.random.key(0), batch_of(B))
    inputs = {"latent": jnp.zeros((1, Z)), "label": jnp.array([CLASSES])}
    with pytest.raises(ValueError, match=f"label {CLASSES} is out of range"):
        game.generate(jax.random.key(0), state, inputs)
    wrong = batch_of(B) | {"label": jnp.full(B, CLASSES)}
    _, info = jax.jit(game.update)(jax.random.key(1), state, wrong)
    assert np.isnan(info["generator/loss"])


def test_critic_with_batch_norm_under_a_penalty():
    def terms(key, critic, real, fake):
        return {"r1": (1.0, penalties.r1(critic, real))}

    game = games.adversarial(
        networks.DCGANGenerator(8, 1, width=4),
        networks.DCGANDiscriminator(8, width=4),
        latent=latents.normal(Z),
        loss=losses.non_saturating,
        generator_optimiser=optax.sgd(0.1),
        discriminator_optimiser=optax.sgd(0.1),
        penalties=terms,
    )
    # At 8x8 there is one layer and no batch norm: nothing to refuse.
    jax.eval_shape(game.init, jax.random.key(0), {"image": jnp.zeros((B, 8, 8, 1))})
    game = games.adversarial(
        networks.DCGANGenerator(16, 1, width=4),
        networks.DCGANDiscriminator(16, width=4),
        latent=latents.normal(Z),
        loss=losses.non_saturating,
        generator_optimiser=optax.sgd(0.1),
        discriminator_optimiser=optax.sgd(0.1),
        penalties=terms,
    )
    with pytest.raises(ValueError, match="batch norm mixes the examples of a batch"):
        jax.eval_shape(game.init, jax.random.key(0), {"image": jnp.zeros((B, 16, 16, 1))})


def ones(key, images):
    return 0 * images + 1


def test_share_of_augmented_images():
    """D sees zeros with probability p: the mean of |D(x)| falls by that share."""
    start = make().init(jax.random.key(0), batch_of(B))
    batch = batch_of(4000)
    scores = {}
    for share in (0.0, 0.3, 1.0, lambda played: 0.3 + 0 * played):
        game = make(augment=games.Augmentation(games.whole_images(ones), share))
        _, info = jax.jit(game.update)(jax.random.key(1), start, batch)
        scores[share if isinstance(share, float) else "schedule"] = float(
            info["discriminator/real_score"]
        )
    expected = 0.7 * scores[0.0] + 0.3 * scores[1.0]
    assert abs(scores[1.0] - scores[0.0]) > 0.1
    np.testing.assert_allclose(scores[0.3], expected, atol=0.05 * abs(scores[1.0]) + 0.02)
    np.testing.assert_allclose(scores["schedule"], scores[0.3], rtol=1e-6)


def first_round(game, **batch):
    """Traced as far as a round goes."""
    batch = {"image": jnp.zeros((B, 2, 2, 1))} | batch
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    return jax.eval_shape(game.update, jax.random.key(0), state, batch)


@pytest.mark.parametrize("name", ["adversarial", "lecam", "real_score", "gradient_norm"])
def test_no_term_takes_anothers_place(name):
    def terms(key, critic, real, fake):
        return {name: (0.1, penalties.r1(critic, real))}

    game = make(penalties=terms, lecam=games.LeCam(0.3))
    with pytest.raises(ValueError, match=f"a term is named '{name}'"):
        first_round(game)


def test_no_term_of_a_head_takes_anothers_place():
    def terms(logits, *_):
        return {"adversarial": (1.0, logits.mean(1))}

    auxiliary = games.Auxiliary(real=lambda logits: {}, fake=terms)
    with pytest.raises(ValueError, match="a term is named 'adversarial'"):
        first_round(make(discriminator=Sorter(), auxiliary=auxiliary))


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            {"discriminator": Sorter(), "auxiliary": games.auxiliary_classifier()},
            "needs labels to compare with",
        ),
        ({"discriminator": Sorter()}, "Sorter says more than a score"),
        (
            {"auxiliary": games.auxiliary_classifier(), "condition": "label"},
            "Discriminator says a score alone",
        ),
        ({"lecam": games.LeCam(0.3, decay=None)}, r"give a decay in \[0, 1\), not None"),
    ],
)
def test_parts_that_do_not_fit_together(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        first_round(make(**rules), label=jnp.zeros(B, jnp.int32))


@pytest.mark.parametrize("share", [0, 1])
def test_augmentation_of_none_or_all(share):
    """A whole number is a share like another."""
    game = make(augment=games.Augmentation(games.whole_images(ones), share))
    assert first_round(game)
