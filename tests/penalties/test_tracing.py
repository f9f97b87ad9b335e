"""How penalties take a critic: what is traced, what is refused, which key is used."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial

from jaxgan.penalties import dragan, gradient_penalty, r1, r2
from tests.reference import tanh_critic

SHAPE = (5, 2, 3)
KEY = jax.random.key(7)
GENERATOR = np.random.default_rng(3)
WEIGHTS = {
    name: GENERATOR.normal(size=size).astype(np.float32)
    for name, size in {"W": (4, 6), "b": (4,), "v": (4,)}.items()
}
REAL = GENERATOR.normal(size=SHAPE).astype(np.float32)
FAKE = GENERATOR.normal(size=SHAPE).astype(np.float32)
PENALTIES = {
    "gradient_penalty": lambda critic, real, fake: gradient_penalty(KEY, critic, real, fake),
    "r1": lambda critic, real, fake: r1(critic, real),
    "r2": lambda critic, real, fake: r2(critic, fake),
    "dragan": lambda critic, real, fake: dragan(KEY, critic, real),
}
over_penalties = pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)


@over_penalties
def test_second_call_does_not_retrace(penalty):
    traces = []

    def critic(weights, images):
        traces.append(images.shape)
        return tanh_critic(weights, images)

    changed = jax.tree.map(lambda leaf: 2 * leaf, WEIGHTS)
    first = penalty(Partial(critic, WEIGHTS), REAL, FAKE)
    second = penalty(Partial(critic, changed), REAL, FAKE)
    assert not np.isclose(first, second, rtol=1e-2).any()
    assert traces == [SHAPE]

    def plain(images):
        return critic(WEIGHTS, images)

    for _ in range(2):
        np.testing.assert_allclose(penalty(plain, REAL, FAKE), first, rtol=1e-5)
    assert traces == [SHAPE] * 2


@over_penalties
def test_critic_that_closes_over_the_tracers_of_an_outer_transformation(penalty):
    def of_both(critic, real, fake):
        # Twice, so that a program kept from the first call would show.
        return (penalty(critic, real, fake) + penalty(critic, 2 * real, fake)).sum()

    def closing(weights, real, fake):
        return of_both(lambda images: tanh_critic(weights, images), real, fake)

    def given(weights, real, fake):
        return of_both(Partial(tanh_critic, weights), real, fake)

    weights = jax.tree.map(jnp.asarray, WEIGHTS)
    expected = jax.grad(given)(weights, REAL, FAKE)
    chex.assert_trees_all_close(jax.grad(closing)(weights, REAL, FAKE), expected, rtol=1e-4)
    inside = jax.jit(jax.grad(closing))
    chex.assert_trees_all_close(inside(weights, REAL, FAKE), expected, rtol=1e-4)
    changed = jax.tree.map(lambda leaf: 2 * leaf, weights)
    chex.assert_trees_all_close(
        inside(changed, REAL, FAKE), jax.grad(given)(changed, REAL, FAKE), rtol=1e-4
    )
    assert inside._cache_size() == 1


def test_critic_by_name():
    def critic(images):
        return tanh_critic(WEIGHTS, images)

    np.testing.assert_array_equal(r1(critic=critic, real=REAL), r1(critic, REAL))


@pytest.mark.parametrize("penalty", [gradient_penalty, dragan])
def test_key_is_used_once_and_decides(penalty):
    images = (REAL, FAKE) if penalty is gradient_penalty else (REAL,)
    critic = Partial(tanh_critic, WEIGHTS)
    with jax.debug_key_reuse(True):
        first = penalty(jax.random.key(1), critic, *images)
        again = penalty(jax.random.key(1), critic, *images)
        other = penalty(jax.random.key(2), critic, *images)
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other, rtol=1e-4).any()


def test_what_is_no_critic_or_no_image_is_refused():
    images = jnp.ones((3, 4))
    with pytest.raises(AssertionError):  # [B, 1]
        r1(lambda x: x[:, :1], images)
    with pytest.raises(AssertionError):  # not per example
        r2(lambda x: x.sum(), images)
    with pytest.raises(AssertionError):
        gradient_penalty(KEY, lambda x: x[:, 0], images, images[:2])
    with pytest.raises(AssertionError):
        r1(lambda x: x, jnp.ones(3))
    with pytest.raises(AssertionError):
        dragan(KEY, lambda x: x[:, 0], jnp.ones((3, 4), jnp.int32))
