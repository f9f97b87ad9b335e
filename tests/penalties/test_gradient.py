import contextlib
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial

from jaxgan.penalties import dragan, gradient_penalty, r1, r2
from tests.reference import (
    central_difference,
    curvature,
    half_squared_norm,
    slope_penalty,
    tanh_critic,
    tanh_critic_input_gradients,
)

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
SHAPE = (5, 2, 3)
KEY = jax.random.key(7)
SCALE = 0.8
GENERATOR = np.random.default_rng(3)
WEIGHTS = {
    name: GENERATOR.normal(size=size).astype(np.float32)
    for name, size in {"W": (4, 6), "b": (4,), "v": (4,)}.items()
}
REAL = GENERATOR.normal(size=SHAPE).astype(np.float32)
FAKE = GENERATOR.normal(size=SHAPE).astype(np.float32)
# One weight an example, so that a loss of one example cannot pass for that of another.
COTANGENT = GENERATOR.normal(size=SHAPE[0]).astype(np.float32)


def exact(tree):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def interpolated(real, fake):
    epsilon = exact(jax.random.uniform(KEY, (len(real), *(1,) * (real.ndim - 1))))
    return epsilon * real + (1 - epsilon) * fake


def in_the_cloud(real):
    # The deviation is a constant, that of the batch, whatever `real` is differentiated at.
    return real + SCALE * exact(REAL).std() * exact(jax.random.normal(KEY, real.shape))


class Case(NamedTuple):
    """A penalty as a function (critic, real, fake), and the same of (weights, real, fake)."""

    penalty: Callable
    reference: Callable


CASES = {
    "gradient_penalty": Case(
        lambda critic, real, fake: gradient_penalty(KEY, critic, real, fake, target=0.7),
        lambda weights, real, fake: slope_penalty(
            tanh_critic_input_gradients(weights, interpolated(real, fake)), 0.7
        ),
    ),
    "r1": Case(
        lambda critic, real, fake: r1(critic, real),
        lambda weights, real, fake: half_squared_norm(tanh_critic_input_gradients(weights, real)),
    ),
    "r2": Case(
        lambda critic, real, fake: r2(critic, fake),
        lambda weights, real, fake: half_squared_norm(tanh_critic_input_gradients(weights, fake)),
    ),
    "dragan": Case(
        lambda critic, real, fake: dragan(KEY, critic, real, scale=SCALE, target=0.7),
        lambda weights, real, fake: slope_penalty(
            tanh_critic_input_gradients(weights, in_the_cloud(real)), 0.7
        ),
    ),
}
over_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
over_modes = pytest.mark.parametrize("mode", MODES)


def linear(weights, images):
    return images.reshape(len(images), -1) @ weights


def weighed(case):
    """The penalty as one number of (weights, real, fake), in JAX and in the reference."""

    def found(weights, real, fake):
        return jnp.dot(COTANGENT, case.penalty(Partial(tanh_critic, weights), real, fake))

    def right(weights, real, fake):
        return float(exact(COTANGENT) @ case.reference(weights, real, fake))

    return found, right


@over_modes
@over_cases
def test_values(case, mode):
    with MODES[mode]():
        value = case.penalty(Partial(tanh_critic, WEIGHTS), REAL, FAKE)
    assert value.shape == SHAPE[:1]
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(
        value, case.reference(exact(WEIGHTS), exact(REAL), exact(FAKE)), rtol=2e-5, atol=1e-6
    )


@over_modes
@over_cases
def test_gradients_of_critic_and_images(case, mode):
    found, right = weighed(case)
    weights, images = jax.tree.map(jnp.asarray, (WEIGHTS, (REAL, FAKE)))
    with MODES[mode]():
        slopes = jax.grad(found, argnums=(0, 1, 2))(weights, *images)
    arguments = exact((WEIGHTS, REAL, FAKE))
    for name in WEIGHTS:

        def of_weight(value, name=name):
            return right({**arguments[0], name: value}, *arguments[1:])

        expected = central_difference(of_weight, arguments[0][name])
        np.testing.assert_allclose(slopes[0][name], expected, rtol=5e-5, atol=2e-5)
    of_real = central_difference(lambda x: right(arguments[0], x, arguments[2]), arguments[1])
    of_fake = central_difference(lambda x: right(*arguments[:2], x), arguments[2])
    np.testing.assert_allclose(slopes[1], of_real, rtol=5e-5, atol=2e-5)
    np.testing.assert_allclose(slopes[2], of_fake, rtol=5e-5, atol=2e-5)


@over_cases
def test_second_derivatives(case):
    found, right = weighed(case)
    arguments = exact((WEIGHTS, REAL, FAKE))
    direction = np.random.default_rng(5).normal(size=WEIGHTS["W"].shape)

    def along(step):
        return found({**WEIGHTS, "W": WEIGHTS["W"] + step * direction}, REAL, FAKE)

    expected = curvature(
        lambda value: right({**arguments[0], "W": value}, *arguments[1:]),
        arguments[0]["W"],
        direction,
    )
    np.testing.assert_allclose(jax.grad(jax.grad(along))(0.0), expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 5, 1)])
def test_linear_critic(shape):
    """|w|^2 / 2 and (|w| - target)^2 for each example, and what they ask of w."""
    size = int(np.prod(shape[1:]))
    w = jnp.asarray(np.random.default_rng(6).normal(size=size), jnp.float32)
    norm = float(np.linalg.norm(exact(w)))
    real, fake = jnp.ones(shape), jnp.zeros(shape)
    squared = ((norm**2 / 2), w)
    distance = ((norm - 1) ** 2, 2 * (norm - 1) * w / norm)
    for penalty, (value, slope) in (
        (lambda critic: r1(critic, real), squared),
        (lambda critic: r2(critic, fake), squared),
        (lambda critic: gradient_penalty(KEY, critic, real, fake), distance),
        (lambda critic: dragan(KEY, critic, real), distance),
    ):
        np.testing.assert_allclose(penalty(Partial(linear, w)), [value] * 3, rtol=1e-5)
        found = jax.grad(lambda w, penalty=penalty: penalty(Partial(linear, w)).mean())(w)
        np.testing.assert_allclose(found, slope, rtol=1e-5, atol=1e-6)


@over_cases
def test_gradient_is_finite_where_the_critics_is_zero(case):
    found, _ = weighed(case)

    def slopes(step):
        return jax.grad(found)({**WEIGHTS, "v": step * WEIGHTS["v"]}, REAL, FAKE)

    chex.assert_tree_all_finite((slopes(0.0), jax.jacrev(slopes)(0.0)))


def without_chance(case, critic):
    """A penalty of one batch in which what is drawn does not matter.

    What is drawn stays where it is when the batch is permuted. But between an image and itself
    lies that image, and a cloud of no width is the image.
    """
    if case is CASES["dragan"]:
        return lambda images: dragan(KEY, critic, images, scale=0.0)
    return lambda images: case.penalty(critic, images, images)


@over_cases
def test_permuted_batch_permutes_the_penalty(case):
    order = np.array([3, 0, 4, 1, 2])
    penalty = without_chance(case, Partial(tanh_critic, WEIGHTS))
    np.testing.assert_allclose(penalty(REAL[order]), penalty(REAL)[order], rtol=1e-4, atol=1e-6)


@over_cases
def test_an_example_is_penalised_by_its_own_gradient(case):
    """The norm is of an example, not of the batch: the others can change as they like."""
    penalty = without_chance(case, Partial(tanh_critic, WEIGHTS))
    before, after = penalty(REAL), penalty(np.concatenate([REAL[:1], -REAL[1:]]))
    np.testing.assert_allclose(before[0], after[0], rtol=1e-5)
    assert not np.isclose(before[1:], after[1:], rtol=1e-2).any()


def test_one_epsilon_for_each_example_and_all_its_numbers():
    # s(x) = |x|^2 / 2 has the gradient x, and x̂ is epsilon itself where reals are 1, fakes 0.
    def half_square(images):
        return (images**2).sum(axis=(1, 2)) / 2

    shape = (64, 3, 2)
    squared = gradient_penalty(KEY, half_square, jnp.ones(shape), jnp.zeros(shape), target=0.0)
    epsilon = np.sqrt(squared / 6)
    assert len(np.unique(epsilon)) == 64
    assert 0 <= epsilon.min() < 0.1
    assert 0.9 < epsilon.max() < 1
    # The x̂ of an example lies on the line: all of its numbers have the same share of the real.
    shares = jax.grad(
        lambda real: gradient_penalty(KEY, half_square, real, jnp.zeros(shape), target=0.0).sum()
    )(jnp.ones(shape))
    np.testing.assert_allclose(shares, shares[:, :1, :1] * jnp.ones(shape), rtol=1e-5)


def test_the_cloud_is_as_wide_as_asked():
    def half_square(images):
        return (images**2).sum(axis=1) / 2

    images = 3 + 2 * jax.random.normal(jax.random.key(1), (400, 50))
    cloud = dragan(KEY, half_square, images, scale=0.25, target=0.0).mean() / 50
    # E |x + δ|^2 = mean of x^2 + (0.25 * 2)^2
    np.testing.assert_allclose(cloud - (images**2).mean(), 0.25, rtol=0.15)


def test_dragan_of_a_constant_batch_is_finite():
    slopes = jax.grad(lambda x: dragan(KEY, Partial(tanh_critic, WEIGHTS), x).sum())(
        jnp.ones(SHAPE)
    )
    chex.assert_tree_all_finite(slopes)


def test_narrow_images_give_a_penalty_of_float32():
    images = jnp.asarray(REAL, jnp.bfloat16)
    weights = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.bfloat16), WEIGHTS)
    value = r1(Partial(tanh_critic, weights), images)
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, r1(Partial(tanh_critic, WEIGHTS), REAL), rtol=0.2, atol=0.05)
