"""CycleGAN and the one-way game against their equations in float64."""

import chex
import flax.linen as nn
import jax
import numpy as np
import optax
import pytest

from jaxgan import games, losses
from tests.sides import Rate, Tint, doubles, rate, sides, slopes, tint


def cyclegan(*, one_way=False, **rules):
    rules = {
        "loss": losses.least_squares,
        "generator_optimiser": optax.sgd(0.1),
        "discriminator_optimiser": optax.sgd(0.1),
        "adversarial_weight": 2.0,
        "identity_weight": 5.0,
        "discriminator_weight": 1.0,
        "pool_size": 5,
    } | rules
    return games.cycle(Tint(), Tint(0.5, -0.2), None if one_way else Rate(), Rate(), **rules)


def paper(g, f, d_a, d_b, a, b):
    """The terms of the paper's equations 1 and 2, and of its identity loss, in float64.

    Least squares as the paper has it, without halves; half of the discriminators' objectives.
    """
    fake_b, fake_a = tint(g, a), tint(f, b)
    return {
        "generator/adversarial_b": ((rate(d_b, fake_b) - 1) ** 2).mean(),
        "generator/adversarial_a": ((rate(d_a, fake_a) - 1) ** 2).mean(),
        "generator/cycle_a": np.abs(tint(f, fake_b) - a).mean(),
        "generator/cycle_b": np.abs(tint(g, fake_a) - b).mean(),
        "generator/identity_b": np.abs(tint(g, b) - b).mean(),
        "generator/identity_a": np.abs(tint(f, a) - a).mean(),
        "discriminator_a/real": ((rate(d_a, a) - 1) ** 2).mean() / 2,
        "discriminator_a/fake": (rate(d_a, fake_a) ** 2).mean() / 2,
        "discriminator_b/real": ((rate(d_b, b) - 1) ** 2).mean() / 2,
        "discriminator_b/fake": (rate(d_b, fake_b) ** 2).mean() / 2,
    }


def generators_loss(terms, sides="ab"):
    other = {"a": "b", "b": "a"}
    return sum(
        terms[f"generator/adversarial_{side}"]
        + 10 * terms[f"generator/cycle_{other[side]}"]
        + 5 * terms[f"generator/identity_{side}"]
        for side in sides
    )


@pytest.mark.parametrize("one_way", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_one_update_against_the_papers_equations(compiled, one_way):
    batch, exact = sides()
    game = cyclegan(one_way=one_way)
    state = game.init(jax.random.key(0), batch)
    after, info = (jax.jit(game.update) if compiled else game.update)(
        jax.random.key(1), state, batch
    )
    played = ("b",) if one_way else ("a", "b")
    weights = {
        "g": doubles(state.a_to_b.parameters),
        "f": doubles(state.b_to_a.parameters),
        "d_a": doubles(state.discriminator_b.player.parameters),  # both start alike
        "d_b": doubles(state.discriminator_b.player.parameters),
    }
    terms = paper(**weights, **exact)
    for name, value in terms.items():
        if not name.startswith("generator"):
            continue
        role, side = name.split("/")[1].split("_")
        if one_way and side != ("a" if role == "cycle" else "b"):
            assert name not in info
            continue
        # The library's least squares have the half that the paper's have not.
        half = 0.5 if role == "adversarial" else 1.0
        assert float(info[name]) == pytest.approx(half * value, rel=1e-5), name
    assert float(info["generator/loss"]) == pytest.approx(generators_loss(terms, played), rel=1e-5)
    for side in played:
        both = terms[f"discriminator_{side}/real"] + terms[f"discriminator_{side}/fake"]
        assert float(info[f"discriminator_{side}/loss"]) == pytest.approx(both, rel=1e-5)

    def moved(which, loss):
        def value(changed):
            return loss(paper(**(weights | {which: changed}), **exact))

        slope = slopes(value, weights[which])
        return {name: x - 0.1 * slope[name] for name, x in weights[which].items()}

    def of_generators(terms):
        return generators_loss(terms, played)

    assert after.a_to_b.parameters == pytest.approx(moved("g", of_generators), rel=1e-4)
    assert after.b_to_a.parameters == pytest.approx(moved("f", of_generators), rel=1e-4)
    for side in played:

        def of_discriminator(terms, side=side):
            return terms[f"discriminator_{side}/real"] + terms[f"discriminator_{side}/fake"]

        # The pool fills, so D sees the images of this round: those of G before its update.
        pooled = getattr(after, f"discriminator_{side}")
        expected = moved(f"d_{side}", of_discriminator)
        assert pooled.player.parameters == pytest.approx(expected, rel=1e-4)
        assert int(pooled.pool.count) == 3
        fake = tint(weights["g"], exact["a"]) if side == "b" else tint(weights["f"], exact["b"])
        np.testing.assert_allclose(pooled.pool.images[:3], fake, rtol=1e-5)
        np.testing.assert_array_equal(pooled.pool.images[3:], 0)
    assert (after.discriminator_a is None) == one_way


def test_discriminators_see_what_comes_out_of_the_pool():
    """With a full pool of another image, about half of what D sees is that image."""
    batch, _ = sides(batch=1)
    game = cyclegan(pool_size=1)
    state = game.init(jax.random.key(0), batch)
    other = np.full_like(state.discriminator_b.pool.images, 0.9)
    full = state.discriminator_b._replace(pool=games.Pool(other, np.int32(1)))
    weights = doubles(state.discriminator_b.player.parameters)
    new = rate(weights, tint(doubles(state.a_to_b.parameters), batch["a"])).mean()
    old = rate(weights, other).mean()
    update = jax.jit(game.update)
    for key in jax.random.split(jax.random.key(5), 8):
        after, info = update(key, state._replace(discriminator_b=full), batch)
        kept = np.array_equal(after.discriminator_b.pool.images, other)
        seen = float(info["discriminator_b/fake_score"])
        assert seen == pytest.approx(new if kept else old, abs=1e-5)
    assert abs(new - old) > 0.01


def test_resumes_to_the_bit_with_a_half_filled_pool():
    game = cyclegan(pool_size=20, average_decay=0.9)
    update = jax.jit(game.update)

    def play(state, rounds):
        for step in rounds:
            state, _ = update(jax.random.fold_in(jax.random.key(1), step), state, sides(step)[0])
        return state

    half = play(game.init(jax.random.key(0), sides()[0]), range(4))
    assert int(half.discriminator_a.pool.count) == 12
    whole = play(half, range(4, 14))
    copied = jax.tree.map(lambda leaf: jax.numpy.array(np.array(leaf)), half)
    jax.tree.map(np.testing.assert_array_equal, whole, play(copied, range(4, 14)))


@pytest.mark.parametrize("average_decay", [None, 0.5])
def test_generates_both_ways(average_decay):
    batch, _ = sides()
    game = cyclegan(average_decay=average_decay)
    state = game.init(jax.random.key(0), batch)
    state, _ = game.update(jax.random.key(1), state, batch)
    learnt = [doubles(player.parameters) for player in (state.a_to_b, state.b_to_a)]
    if state.average is not None:
        learnt = [doubles(variables["params"]) for variables in state.average.mean]
    for side, weights in zip("ab", learnt, strict=True):
        made = game.generate(jax.random.key(2), state, {side: batch[side]})
        np.testing.assert_allclose(made, tint(weights, batch[side]), rtol=1e-5)


def test_sides_of_different_shapes():
    batch, _ = sides()
    with pytest.raises(ValueError, match=r"side a has .* \(3, 5, 2\) and side b of .* \(4, 5, 2\)"):
        cyclegan().init(jax.random.key(0), batch | {"a": batch["a"][:, :3]})
    grey = batch | {"a": batch["a"][..., :1]}
    with pytest.raises(ValueError, match=r"1 channels and side b of 2.*must be 0, not 5\.0"):
        cyclegan().init(jax.random.key(0), grey)
    with pytest.raises(ValueError, match=r"shape \(4, 5, 1\) of .* of shape \(4, 5, 2\)"):
        cyclegan(identity_weight=0).init(jax.random.key(0), grey)


class Mix(nn.Module):
    """Other channels of the channels."""

    channels: int

    @nn.compact
    def __call__(self, images, *, train):
        return nn.Dense(self.channels)(images)


def test_sides_of_different_channels():
    batch, _ = sides()
    batch["a"] = batch["a"][..., :1]
    sgd = optax.sgd(0.1)
    rules = {"generator_optimiser": sgd, "discriminator_optimiser": sgd, "pool_size": 3}
    game = games.cycle(Mix(2), Mix(1), Mix(1), Mix(1), loss=losses.least_squares, **rules)
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
    assert {"generator/cycle_a", "generator/cycle_b"} <= info.keys()
    assert state.discriminator_b.pool.images.shape[1:] == batch["b"].shape[1:]
    for side, other in ("ab", "ba"):
        made = jax.eval_shape(game.generate, jax.random.key(0), state, {side: batch[side]})
        assert made.shape == batch[other].shape


def test_no_such_pool():
    with pytest.raises(ValueError, match="a pool of -2 images"):
        cyclegan(pool_size=-2).init(jax.random.key(0), sides()[0])
