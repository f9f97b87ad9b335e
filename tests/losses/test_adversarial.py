import contextlib

import hypothesis
import hypothesis.extra.numpy as arrays
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxgan import losses
from tests.reference import LOSSES, per_example

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
PLAYERS = [(name, player) for name in LOSSES for player in (0, 1)]
SCORES = arrays.arrays(
    np.float32, (2, 5), elements=st.floats(-100, 100, width=32, allow_subnormal=False)
)


def subject(name, player):
    return getattr(losses, name)[player]


def draw(shape, spread=3.0):
    generator = np.random.default_rng(0)
    return [generator.normal(size=shape, scale=spread).astype(np.float32) for _ in range(2)]


def gradients(loss, real, fake):
    return jax.grad(lambda real, fake: loss(real, fake).sum(), argnums=(0, 1))(real, fake)


def test_fields_are_discriminator_and_generator():
    for name in LOSSES:
        loss = getattr(losses, name)
        assert isinstance(loss, losses.AdversarialLoss)
        assert loss.discriminator is loss[0]
        assert loss.generator is loss[1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(7,), (3, 5, 6)])
@pytest.mark.parametrize(("name", "player"), PLAYERS)
def test_values_and_gradients(name, player, shape, mode):
    loss, reference = subject(name, player), LOSSES[name][player]
    real, fake = draw(shape)
    with MODES[mode]():
        value = loss(real, fake)
        slope_real, slope_fake = gradients(loss, jnp.asarray(real), jnp.asarray(fake))
    assert value.shape == shape[:1]
    assert value.dtype == jnp.float32
    exact = [array.astype(np.float64) for array in (real, fake)]
    patches = np.prod(shape[1:])
    np.testing.assert_allclose(value, per_example(reference.value(*exact)), rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(
        slope_real, reference.slope_real(*exact) / patches, rtol=2e-6, atol=1e-7
    )
    np.testing.assert_allclose(
        slope_fake, reference.slope_fake(*exact) / patches, rtol=2e-6, atol=1e-7
    )


@pytest.mark.parametrize(("name", "player"), PLAYERS)
def test_far_scores_neither_overflow_nor_lose_their_gradient(name, player):
    loss, reference = subject(name, player), LOSSES[name][player]
    real, fake = (
        x.ravel().astype(np.float32)
        for x in np.meshgrid([-100.0, -40.0, 0.5, 40.0, 100.0], [-100.0, -40.0, 0.5, 40.0, 100.0])
    )
    exact = real.astype(np.float64), fake.astype(np.float64)
    with np.errstate(all="raise", under="ignore"):
        expected = [function(*exact) for function in reference]
    # The smallest of these, exp(-200) and exp(-100), are below float32's normal numbers.
    found = [loss(real, fake), *gradients(loss, jnp.asarray(real), jnp.asarray(fake))]
    for values, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(values, right, rtol=1e-5, atol=1e-37)


def test_the_non_saturating_generator_learns_where_the_minimax_one_does_not():
    real, fake = jnp.zeros(1), jnp.full(1, -100.0)
    assert gradients(losses.non_saturating.generator, real, fake)[1] == -1.0
    assert abs(gradients(losses.minimax.generator, real, fake)[1]) < 1e-37


@pytest.mark.parametrize(("name", "player"), PLAYERS)
def test_patches_are_averaged_after_the_loss(name, player):
    loss = subject(name, player)
    real, fake = draw((3, 4, 2))
    patches = loss(real.reshape(-1), fake.reshape(-1)).reshape(3, -1)
    np.testing.assert_allclose(loss(real, fake), patches.mean(axis=1), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "player"), PLAYERS)
def test_narrow_scores_are_computed_in_float32(name, player):
    loss = subject(name, player)
    real, fake = (jnp.asarray(x, jnp.bfloat16) for x in draw((6, 50)))
    value = loss(real, fake)
    assert value.dtype == jnp.float32
    np.testing.assert_array_equal(value, loss(real.astype(jnp.float32), fake.astype(jnp.float32)))
    assert gradients(loss, real, fake)[1].dtype == jnp.bfloat16


@pytest.mark.parametrize(("name", "player"), PLAYERS)
def test_second_call_does_not_retrace(name, player):
    loss = subject(name, player)
    real, fake = draw((9, 2))
    loss(real, fake)
    programs = loss._cache_size()
    loss(fake, real)
    assert loss._cache_size() == programs


@pytest.mark.parametrize(("name", "player"), PLAYERS)
@pytest.mark.parametrize(
    ("real", "fake"),
    [
        (jnp.zeros(3), jnp.zeros(4)),
        (jnp.zeros((3, 1)), jnp.zeros(3)),
        (jnp.zeros(()), jnp.zeros(())),
        (jnp.zeros(3, jnp.int32), jnp.zeros(3, jnp.int32)),
    ],
)
def test_what_are_no_scores_is_refused(name, player, real, fake):
    with pytest.raises(AssertionError):
        subject(name, player)(real, fake)


@pytest.mark.parametrize(("name", "player"), PLAYERS)
@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(scores=SCORES, order=st.permutations(range(5)))
def test_permuted_batch_permutes_the_loss(name, player, scores, order):
    loss, order = subject(name, player), np.array(order)
    np.testing.assert_array_equal(loss(*scores[:, order]), loss(*scores)[order])


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(scores=SCORES, shift=st.floats(-100, 100, width=32))
def test_symmetries(scores, shift):
    real, fake = scores
    relativistic, wasserstein, hinge = losses.relativistic, losses.wasserstein, losses.hinge
    minimax, non_saturating = losses.minimax, losses.non_saturating
    # The generator of the relativistic game is the discriminator with the sides swapped, and
    # softplus(-x) - softplus(x) = -x makes their difference the Wasserstein loss. (The last numbers
    # of an array, which fill no vector of the processor's, may be rounded another way.)
    np.testing.assert_allclose(
        relativistic.generator(real, fake), relativistic.discriminator(fake, real), rtol=1e-6
    )
    np.testing.assert_allclose(
        relativistic.discriminator(real, fake) - relativistic.generator(real, fake),
        wasserstein.discriminator(real, fake),
        atol=1e-4,
    )
    # Only the difference counts.
    for loss in (relativistic.discriminator, relativistic.generator, wasserstein.discriminator):
        np.testing.assert_allclose(
            loss(real + shift, fake + shift), loss(real, fake), rtol=1e-5, atol=1e-4
        )
    np.testing.assert_array_equal(
        wasserstein.discriminator(fake, real), -wasserstein.discriminator(real, fake)
    )
    # Swapping the sides and their signs leaves these as they are.
    for loss in (minimax.discriminator, hinge.discriminator):
        np.testing.assert_allclose(loss(-fake, -real), loss(real, fake), rtol=1e-6)
    # softplus(-x) - softplus(x) = -x again.
    np.testing.assert_allclose(
        minimax.generator(real, fake) + non_saturating.generator(real, fake), -fake, atol=1e-4
    )


def test_loss_inside_an_outer_jit_and_vmap():
    real, fake = (jnp.asarray(x) for x in draw((4, 6)))
    outer = jax.jit(jax.vmap(losses.hinge.discriminator))
    for _ in range(2):
        np.testing.assert_allclose(
            outer(real, fake).reshape(-1),
            losses.hinge.discriminator(real.reshape(-1), fake.reshape(-1)),
            rtol=1e-6,
        )
    assert outer._cache_size() == 1
