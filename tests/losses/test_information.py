import contextlib

import chex
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxgan.losses import categorical_information, gaussian_information
from tests.reference import central_difference

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
GENERATOR = np.random.default_rng(5)
LOGITS = GENERATOR.normal(size=(6, 4), scale=3).astype(np.float32)
LABELS = np.array([3, 0, 1, 1, 2, 0])
CODE = np.eye(4, dtype=np.float32)[LABELS]
MEAN = GENERATOR.uniform(-1, 1, size=(6, 3)).astype(np.float32)
LOG_VARIANCE = GENERATOR.normal(size=(6, 3)).astype(np.float32)
POINT = GENERATOR.uniform(-1, 1, size=(6, 3)).astype(np.float32)
WEIGHTS = GENERATOR.normal(size=6).astype(np.float32)


def log_density(code, mean, variance):
    """Of a Gaussian, in float64, from its definition."""
    return np.log(np.exp(-((code - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))


def categorical_reference(logits, labels):
    """log Q(c|x) + H(c), the entropy summed over the uniform prior."""
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    prior = np.full(logits.shape[1], 1 / logits.shape[1])
    entropy = -(prior * np.log(prior)).sum()
    return np.log(probability[np.arange(len(labels)), labels]) + entropy


def gaussian_reference(mean, log_variance, code):
    entropy = -np.log(1 / 2)
    return (log_density(code, mean, np.exp(log_variance)) + entropy).sum(axis=1)


def exact(*arrays):
    return [np.asarray(array, np.float64) for array in arrays]


@pytest.mark.parametrize("mode", MODES)
def test_categorical(mode):
    with MODES[mode]():
        found = categorical_information(LOGITS, CODE)
        slope = jax.grad(lambda logits: WEIGHTS @ categorical_information(logits, CODE))(
            jnp.asarray(LOGITS)
        )
    (logits, weights) = exact(LOGITS, WEIGHTS)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, categorical_reference(logits, LABELS), rtol=1e-5, atol=1e-6)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(slope, weights[:, None] * (CODE - probability), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_gaussian(mode):
    arguments = [jnp.asarray(x) for x in (MEAN, LOG_VARIANCE, POINT)]
    with MODES[mode]():
        found = gaussian_information(*arguments)
        slopes = jax.grad(
            lambda *arguments: jnp.asarray(WEIGHTS) @ gaussian_information(*arguments),
            argnums=(0, 1, 2),
        )(*arguments)
    mean, log_variance, code, weights = exact(MEAN, LOG_VARIANCE, POINT, WEIGHTS)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(
        found, gaussian_reference(mean, log_variance, code), rtol=1e-5, atol=1e-5
    )
    distance = (code - mean) / np.exp(log_variance)
    expected = distance, ((code - mean) * distance - 1) / 2, -distance
    for slope, right in zip(slopes, expected, strict=True):
        np.testing.assert_allclose(slope, weights[:, None] * right, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_variance_of_one(mode):
    with MODES[mode]():
        found = gaussian_information(MEAN, 0.0, POINT)
        slope = jax.grad(lambda mean: gaussian_information(mean, 0.0, POINT).sum())(
            jnp.asarray(MEAN)
        )
    mean, code = exact(MEAN, POINT)
    np.testing.assert_allclose(
        found, gaussian_reference(mean, np.zeros_like(mean), code), rtol=1e-5, atol=1e-6
    )
    each = gaussian_information(MEAN, np.zeros_like(MEAN), POINT)
    np.testing.assert_allclose(found, each, rtol=1e-6)
    np.testing.assert_allclose(slope, code - mean, rtol=1e-5, atol=1e-6)


def test_as_pytorch_has_it():
    torch = pytest.importorskip("torch")
    mean, log_variance, code = (torch.tensor(x) for x in (MEAN, LOG_VARIANCE, POINT))
    expected = torch.distributions.Normal(mean, (log_variance / 2).exp()).log_prob(code).sum(1)
    found = gaussian_information(MEAN, LOG_VARIANCE, POINT) - 3 * np.log(2)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-5)


def test_a_small_variance_is_no_overflow():
    found = gaussian_information(jnp.full((1, 1), 1e-20), -100.0, jnp.zeros((1, 1)))
    expected = np.log(2) - (np.log(2 * np.pi) - 100 + np.exp(100.0) * 1e-40) / 2
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


def test_far_logits():
    logits = jnp.float32([[100.0, -100.0], [-100.0, 100.0]])
    code = jnp.float32([[1.0, 0.0], [1.0, 0.0]])
    found = categorical_information(logits, code)
    np.testing.assert_allclose(found, np.log(2) + np.float64([0.0, -200.0]), rtol=1e-6)


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(scale=st.floats(0, 50, width=32), seed=st.integers(0, 100))
def test_no_more_can_be_read_than_there_is(scale, seed):
    logits = scale * jax.random.normal(jax.random.key(seed), (5, 4))
    assert bool((categorical_information(logits, CODE[:5]) <= np.log(4) + 1e-6).all())


def test_nothing_is_read_where_q_does_not_look():
    np.testing.assert_allclose(categorical_information(np.zeros((6, 4), np.float32), CODE), 0)
    # The best Gaussian that does not look: that of the prior's moments. It loses
    # log(2 pi e / 3) / 2 - log 2 to the uniform distribution, here to the mean over the code.
    code = np.linspace(-1, 1, 20_001, dtype=np.float32)[:, None]
    blind = gaussian_information(np.zeros_like(code), float(-np.log(3)), code).mean()
    np.testing.assert_allclose(blind, np.log(2) - np.log(2 * np.pi * np.e / 3) / 2, atol=1e-3)


# A generator and a Q of a few numbers each: the gradient must reach both.
WEIGHTS_G = {
    "latent": GENERATOR.normal(size=(2, 6)).astype(np.float32),
    "categorical": GENERATOR.normal(size=(4, 6)).astype(np.float32),
    "continuous": GENERATOR.normal(size=(3, 6)).astype(np.float32),
}
WEIGHTS_Q = {
    "logits": GENERATOR.normal(size=(6, 4)).astype(np.float32),
    "mean": GENERATOR.normal(size=(6, 3)).astype(np.float32),
    "log_variance": GENERATOR.normal(size=(6, 3)).astype(np.float32),
}
LATENT = GENERATOR.normal(size=(6, 2)).astype(np.float32)


def play(g, q, numpy):
    """Q's parameters of what G makes of the codes, in JAX or in float64 NumPy."""
    images = numpy.tanh(LATENT @ g["latent"] + CODE @ g["categorical"] + POINT @ g["continuous"])
    return images @ q["logits"], images @ q["mean"], images @ q["log_variance"]


def bound(g, q):
    logits, mean, log_variance = play(g, q, jnp)
    return (
        categorical_information(logits, CODE).mean()
        + 0.5 * gaussian_information(mean, log_variance, POINT).mean()
    )


def bound_in_numpy(g, q):
    logits, mean, log_variance = play(g, q, np)
    return (
        categorical_reference(logits, LABELS).mean()
        + 0.5 * gaussian_reference(mean, log_variance, *exact(POINT)).mean()
    )


@pytest.mark.parametrize("player", [0, 1])
def test_the_gradient_reaches_generator_and_q(player):
    weights = [WEIGHTS_G, WEIGHTS_Q]
    found = jax.jit(jax.grad(bound, argnums=player))(*weights)
    doubles = [{name: np.float64(x) for name, x in side.items()} for side in weights]

    def along(name):
        def value(x):
            sides = list(doubles)
            sides[player] = sides[player] | {name: x}
            return bound_in_numpy(*sides)

        return central_difference(value, doubles[player][name])

    expected = {name: along(name) for name in weights[player]}
    assert all(np.abs(gradient).max() > 1e-3 for gradient in expected.values())
    chex.assert_trees_all_close(found, expected, rtol=1e-4, atol=1e-5)


def test_subtracting_the_bound_teaches_g_and_q_the_code():
    """A generator and a Q that start blind and descend on minus the bound end up reading it."""
    g = jax.tree.map(lambda x: 0.1 * x, WEIGHTS_G)
    q = jax.tree.map(jnp.zeros_like, WEIGHTS_Q)
    before = bound(g, q)
    descend = jax.jit(jax.grad(lambda g, q: -bound(g, q), argnums=(0, 1)))
    for _ in range(500):  # at a larger rate the shrinking variance makes the steps unstable
        g, q = jax.tree.map(lambda x, slope: x - 0.03 * slope, (g, q), descend(g, q))
    assert float(before) < 0.1
    logits, mean, _ = play(g, q, jnp)
    assert float(categorical_information(logits, CODE).mean()) > 0.75 * np.log(4)
    assert float(jnp.abs(mean - POINT).mean()) < 0.2


def test_narrow_arguments_are_computed_in_float32():
    narrow = [jnp.asarray(x, jnp.bfloat16) for x in (MEAN, LOG_VARIANCE, POINT)]
    wide = [x.astype(jnp.float32) for x in narrow]
    found = gaussian_information(*narrow)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, gaussian_information(*wide))
    found = categorical_information(jnp.asarray(LOGITS, jnp.bfloat16), CODE)
    assert found.dtype == jnp.float32


@pytest.mark.parametrize(
    ("logits", "code"),
    [
        (LOGITS, CODE[:, :3]),
        (LOGITS, CODE[:5]),
        (LOGITS, LABELS),
        (LOGITS, CODE.astype(np.int32)),
        (LOGITS[0], CODE[0]),
    ],
)
def test_wrong_categorical_arguments_are_refused(logits, code):
    with pytest.raises(AssertionError):
        categorical_information(logits, code)


@pytest.mark.parametrize(
    ("mean", "log_variance", "code"),
    [
        (MEAN, LOG_VARIANCE, POINT[:, :2]),
        (MEAN, LOG_VARIANCE[:5], POINT),
        (MEAN, LOG_VARIANCE[0], POINT),
        (MEAN, LOG_VARIANCE, POINT.astype(np.int32)),
        (MEAN[0], LOG_VARIANCE[0], POINT[0]),
    ],
)
def test_wrong_gaussian_arguments_are_refused(mean, log_variance, code):
    with pytest.raises(AssertionError):
        gaussian_information(mean, log_variance, code)
