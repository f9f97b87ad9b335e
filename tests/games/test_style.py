"""The game of styles, with linear networks: each phase against its formula."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses, penalties
from jaxgan.games import stream
from jaxgan.games.styles import draw_noise, mix_styles
from tests.styles import LinearDiscriminator, LinearGenerator, W, Z

B, RATE, GAMMA = 6, 0.1, 3.0
PATH = games.PathLength(weight=2.0, every=4, shrink=2, decay=0.01)


def r1(key, critic, real, fake):
    del key, fake
    return {"r1": (GAMMA, penalties.r1(critic, real))}


def make(**rules):
    rules = {
        "latent": latents.normal(Z),
        "generator_optimiser": optax.sgd(RATE),
        "discriminator_optimiser": optax.sgd(RATE),
        "path_length": PATH,
        "penalties": games.LazyPenalties(r1, every=16),
    } | rules
    return games.style(LinearGenerator(), LinearDiscriminator(), **rules)


def batch_of(count=B):
    return {"image": jax.random.normal(jax.random.key(5), (count, 4, 4, 1))}


def kernel(state, name):
    return np.asarray(state.generator.parameters[name]["kernel"], np.float64)


def slope(state):
    return float(state.discriminator.parameters["slope"])


def mean_w(tree):
    return np.asarray(tree["latent_mean"]["mapping"]["mean"], np.float64)


class Played(NamedTuple):
    """A round without jit, so that keys can be looked at.

    Attributes:
        key: of the round.
        states: before each of the five phases and after the last.
        drawn: the latents of each, in their order.
        info: of the round.
    """

    key: jax.Array
    states: list[Any]
    drawn: list[list[np.ndarray]]
    info: dict[str, Any]


@pytest.fixture(scope="module")
def played():
    drawn: list[list[np.ndarray]] = []

    def latent(key, count):
        z = latents.normal(Z)(key, count)
        if drawn:
            drawn[-1].append(np.asarray(z, np.float64))
        return z

    def double(key, images, probability):
        return 2 * images

    game = make(latent=latent, augment=games.Augmentation(double), mixing=0.9)
    states, key, info = [game.init(jax.random.key(0), batch_of())], jax.random.key(9), {}
    for phase in game.phases:
        drawn.append([])
        play = phase.plays[1] if isinstance(phase, games.Switch) else phase
        state, said = play(key, states[-1], batch_of())
        states.append(state)
        info |= said
    return Played(key, states, drawn, info)


def test_phases_have_latents_of_their_own(played):
    """Two of each: the second is mixed in. Path lengths are those of half the batch."""
    assert [[len(z) for z in zs] for zs in played.drawn] == [
        [B, B],
        [B // 2] * 2,
        *[[B, B]] * 2,
        [],
    ]
    firsts = {z[0].tobytes() for zs in played.drawn for z in zs}
    assert len(firsts) == 8


def test_each_phase_moves_what_is_its_own(played):
    def moved(before, after):
        return {
            name
            for name in games.StyleState._fields
            for one, other in zip(
                *(jax.tree.leaves(getattr(state, name)) for state in (before, after)), strict=True
            )
            if not np.array_equal(one, other)
        }

    assert [moved(*pair) for pair in zip(played.states, played.states[1:], strict=False)] == [
        {"generator"},
        {"generator", "path_length_mean"},
        {"generator", "discriminator"},
        {"discriminator"},
        {"average", "round", "images"},
    ]
    first, *_, last = played.states
    for one, other in zip(
        *(s.generator.parameters.values() for s in (played.states[2], last)), strict=True
    ):
        assert np.array_equal(one["kernel"], other["kernel"])
    assert (last.round, last.images, first.images) == (1, B, 0)


def test_the_mean_of_w_moves_with_the_first_latents_only(played):
    for before, after, zs in zip(played.states, played.states[1:4], played.drawn, strict=False):
        mean, w = mean_w(before.generator.collections), zs[0] @ kernel(before, "map")
        expected = mean + 0.1 * (w.mean(axis=0) - mean)
        np.testing.assert_allclose(mean_w(after.generator.collections), expected, rtol=1e-5)


def test_path_length_is_a_step_of_its_own_weight(played):
    before, after = played.states[1:3]
    key = stream(stream(played.key, "path_length"), "direction")
    y = np.asarray(jax.random.normal(key, (B // 2, 4, 4, 1)), np.float64).reshape(B // 2, 16) / 4
    paint = kernel(before, "paint")  # each of the layers' w is painted with it
    pulled = y @ paint.T
    lengths = np.linalg.norm(pulled, axis=1)
    mean = PATH.decay * lengths.mean()
    np.testing.assert_allclose(after.path_length_mean, mean, rtol=1e-5)
    slopes = np.einsum("bw,bi->bwi", pulled / lengths[:, None], y)  # of each length
    slopes = slopes - PATH.decay * slopes.mean(axis=0)
    gradient = np.mean(2 * (lengths - mean)[:, None, None] * slopes, axis=0)
    expected = paint - RATE * PATH.every * PATH.weight * gradient
    np.testing.assert_allclose(kernel(after, "paint"), expected, rtol=1e-4, atol=1e-6)


def test_r1_is_of_the_images_before_augmentation(played):
    """D(2 x) = 2 b mean(x), of slope b / 8 in each of 16 pixels: R1 is b^2 / 8."""
    before, after = (slope(state) for state in played.states[3:5])
    assert after == pytest.approx(before - RATE * 16 * GAMMA * before / 4, rel=1e-5)


def test_the_average_copies_what_is_no_parameter(played):
    before, after = played.states[0], played.states[-1]
    beta = 0.5 ** (B / 10_000)
    for name in ("map", "paint"):
        expected = beta * kernel(before, name) + (1 - beta) * kernel(after, name)
        made = after.average.mean["params"][name]["kernel"]
        np.testing.assert_allclose(made, expected, rtol=1e-6)
    np.testing.assert_array_equal(
        *(mean_w(tree) for tree in (after.average.mean, after.generator.collections))
    )


def test_phases_are_due_in_their_rounds():
    game = make()
    state = game.init(jax.random.key(0), batch_of())
    due = {
        place: [int(phase.choice(state._replace(round=jnp.int32(n)))) for n in range(33)]
        for place, phase in enumerate(game.phases)
        if isinstance(phase, games.Switch)
    }
    assert due == {
        1: [int(n % 4 == 0) for n in range(33)],
        3: [int(n % 16 == 0) for n in range(33)],
    }
    again, info = game.phases[1].plays[0](jax.random.key(0), state, batch_of())
    assert again is state
    assert info == {}


def test_gradients_that_are_no_numbers():
    """A finite loss whose gradient is NaN: sqrt(0 s)."""
    edge = losses.AdversarialLoss(
        losses.non_saturating.discriminator, lambda real, fake: jnp.sqrt(0.0 * fake)
    )
    game = make(loss=edge)
    state = game.init(jax.random.key(0), batch_of())
    after, info = game.phases[0](jax.random.key(1), state, batch_of())
    assert info["generator/gradient_norm"] == 0
    np.testing.assert_array_equal(kernel(after, "paint"), kernel(state, "paint"))


def test_mixing():
    """One cutoff a batch, uniform in 1 to layers - 1, in nine of ten batches."""
    keys, layers = jax.random.split(jax.random.key(0), 4000), 5

    def mixed(key):
        ones = jnp.ones((3, 6, 2))
        return mix_styles(key, 0 * ones, ones, probability=0.9, layers=layers)

    made = np.asarray(jax.vmap(mixed)(keys))
    firsts = made[:, 0, :, 0]
    assert (made == firsts[:, None, :, None]).all()
    assert (np.diff(firsts, axis=1) >= 0).all()
    counts = np.bincount((firsts == 0).sum(axis=1), minlength=7) / len(keys)
    np.testing.assert_allclose(counts, [0, *[0.9 / 4] * 4, 0, 0.1], atol=0.025)


def test_truncation():
    game = make()
    state = game.init(jax.random.key(0), batch_of())
    learnt = state.average.mean | {"latent_mean": {"mapping": {"mean": jnp.arange(4.0)}}}
    state = state._replace(average=state.average._replace(mean=learnt))
    z = 0.1 * jax.random.normal(jax.random.key(1), (4, Z))
    generate = jax.jit(game.generate)

    def made(**inputs):
        return np.asarray(generate(jax.random.key(2), state, inputs))

    w = np.asarray(games.map_latents(LinearGenerator(), state, z))
    plain = made(latent=z)
    np.testing.assert_allclose(made(w=w), plain, rtol=1e-6)
    np.testing.assert_allclose(made(latent=z, truncation=jnp.ones(4)), plain, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(games.latent_mean(state), jnp.arange(4.0))
    face = made(w=jnp.broadcast_to(jnp.arange(4.0), (1, 4, W)))
    np.testing.assert_allclose(made(latent=z, truncation=jnp.zeros(4)), face.repeat(4, axis=0))
    some = made(latent=z, truncation=jnp.array([0.5, 0, 0, 0.5]), cutoff=jnp.array([4, 4, 0, 2]))
    half = 0.5 * (w + np.arange(4.0))
    np.testing.assert_allclose(some[:1], made(w=half[:1].astype(np.float32)), rtol=1e-5)
    np.testing.assert_allclose(some[1:3], [face[0], plain[2]], rtol=1e-5)
    mixed = np.concatenate([half[3:, :2], w[3:, 2:]], axis=1)
    np.testing.assert_allclose(some[3:], made(w=mixed.astype(np.float32)), rtol=1e-5)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"mixing": 1.5}, "a mixing probability of 1.5 is none"),
        ({"path_length": games.PathLength(every=0)}, "PathLength.every must be 1 or more, not 0"),
        ({"path_length": games.PathLength(shrink=0)}, "PathLength.shrink must be 1 or more"),
        ({"penalties": games.LazyPenalties(r1, every=0)}, "LazyPenalties.every must be 1 or more"),
        ({"half_life": 0}, "a half life of 0 does not average"),
        ({"growing": games.Growing(last=0)}, "from stage 1 to stage 0"),
    ],
)
def test_values_out_of_range(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(**rules)


def test_data_of_another_shape():
    with pytest.raises(ValueError, match=r"\(4, 4, 1\), but the data's are of shape \(4, 4, 3\)"):
        jax.eval_shape(make().init, jax.random.key(0), {"image": jnp.zeros((2, 4, 4, 3))})
    with pytest.raises(ValueError, match="plays with 'label', and there is only 'image'"):
        jax.eval_shape(make(condition="label").init, jax.random.key(0), batch_of())


def test_noise_is_a_function_of_its_seed_and_place():
    constant = {name: {"noise": jnp.zeros((40, 50))} for name in ("b4", "b8")}
    seeds = jnp.array([3, 9, 3], jnp.uint32)
    drawn = jax.jit(draw_noise)(seeds, constant)
    first, second = (np.asarray(drawn[name]["noise"]) for name in constant)
    assert first.shape == (3, 40, 50)
    np.testing.assert_array_equal(first[0], first[2])
    alone = jax.jit(draw_noise)(seeds[1:2], constant)["b4"]["noise"]
    np.testing.assert_array_equal(alone[0], first[1])
    for one, other in ((first[0], first[1]), (first[0], second[0])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1
    assert abs(first.mean()) < 0.05
    assert abs(first.std() - 1) < 0.05


def test_noise_without_a_place_is_left_aside():
    """The linear generator does not look at its noise; another keeps none."""
    game = make()
    state = game.init(jax.random.key(0), batch_of())
    w = jnp.ones((2, 4, W))
    made = game.generate(jax.random.key(1), state, {"w": w})
    seeded = game.generate(
        jax.random.key(1), state, {"w": w, "noise": jnp.arange(2, dtype=jnp.uint32)}
    )
    np.testing.assert_array_equal(made, seeded)
