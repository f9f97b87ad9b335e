import contextlib

import hypothesis
import hypothesis.extra.numpy as arrays
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxgan import losses
from jaxgan.updates import average_weights
from tests.reference import per_example

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
ANCHORS = {"real_anchor": 0.8, "fake_anchor": -1.7}
# name: (loss, value, slope in the first scores, slope in the second); the last three in float64.
CASES = {
    "consistency": (
        losses.consistency,
        lambda x, y: (x - y) ** 2,
        lambda x, y: 2 * (x - y),
        lambda x, y: 2 * (y - x),
    ),
    "lecam": (
        lambda x, y: losses.lecam(x, y, real_anchor=jnp.array(0.8), fake_anchor=jnp.array(-1.7)),
        lambda x, y: (x + 1.7) ** 2 + (y - 0.8) ** 2,
        lambda x, y: 2 * (x + 1.7),
        lambda x, y: 2 * (y - 0.8),
    ),
}
over_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def draw(shape):
    generator = np.random.default_rng(0)
    return [generator.normal(size=shape, scale=3).astype(np.float32) for _ in range(2)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(7,), (3, 5, 6)])
@over_cases
def test_values_and_gradients(case, shape, mode):
    loss, value, *slopes = case
    scores = draw(shape)
    weights = np.arange(1.0, shape[0] + 1)
    with MODES[mode]():
        found = loss(*scores)
        gradients = jax.grad(
            lambda x, y: (jnp.asarray(weights, jnp.float32) * loss(x, y)).sum(), argnums=(0, 1)
        )(*map(jnp.asarray, scores))
    assert found.shape == shape[:1]
    assert found.dtype == jnp.float32
    exact = [x.astype(np.float64) for x in scores]
    np.testing.assert_allclose(found, per_example(value(*exact)), rtol=1e-5)
    share = weights.reshape(-1, *(1 for _ in shape[1:])) / np.prod(shape[1:])
    for gradient, slope in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(gradient, share * slope(*exact), rtol=1e-5, atol=1e-5)


@over_cases
def test_narrow_scores_are_computed_in_float32(case):
    scores = [jnp.asarray(x, jnp.bfloat16) for x in draw((6, 50))]
    found = case[0](*scores)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, case[0](*(x.astype(jnp.float32) for x in scores)))


def test_anchors_are_constants():
    def total(real_anchor, fake_anchor):
        anchors = {"real_anchor": real_anchor, "fake_anchor": fake_anchor}
        return losses.lecam(*draw((5,)), **anchors).sum()

    assert jax.grad(total, argnums=(0, 1))(0.8, -1.7) == (0.0, 0.0)


def test_anchors_are_means_of_the_past():
    """The recurrence of the docstring: after many rounds the anchors are the mean scores."""
    averaging = average_weights(0.9)
    anchors = averaging.init({"real_anchor": jnp.array(0.0), "fake_anchor": jnp.array(0.0)})
    means = {"real_anchor": jnp.array(2.0), "fake_anchor": jnp.array(-1.0)}
    for _ in range(60):
        anchors = averaging.update(means, anchors)
    found = losses.lecam(jnp.array([2.0]), jnp.array([-1.0]), **anchors.mean)
    np.testing.assert_allclose(found, 9.0 + 9.0, rtol=1e-4)


SCORES = arrays.arrays(np.float32, (2, 5), elements=st.floats(-100, 100, width=32))


@over_cases
@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(scores=SCORES, order=st.permutations(range(5)))
def test_permuted_batch_permutes_the_loss(case, scores, order):
    order = np.array(order)
    np.testing.assert_array_equal(case[0](*scores[:, order]), case[0](*scores)[order])


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(scores=SCORES)
def test_consistency_is_symmetric_and_zero_where_equal(scores):
    one, other = scores
    np.testing.assert_array_equal(losses.consistency(one, other), losses.consistency(other, one))
    np.testing.assert_array_equal(losses.consistency(one, one), np.zeros(5))


@over_cases
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (jnp.zeros(3), jnp.zeros(4)),
        (jnp.zeros((3, 1)), jnp.zeros(3)),
        (jnp.zeros(()), jnp.zeros(())),
        (jnp.zeros(3, jnp.int32), jnp.zeros(3, jnp.int32)),
    ],
)
def test_what_are_no_scores_is_refused(case, one, other):
    with pytest.raises(AssertionError):
        case[0](one, other)


@pytest.mark.parametrize("wrong", ANCHORS)
def test_an_anchor_of_each_example_is_refused(wrong):
    anchors = ANCHORS | {wrong: jnp.zeros(3)}
    with pytest.raises(AssertionError):
        losses.lecam(jnp.zeros(3), jnp.zeros(3), **anchors)


def test_second_call_does_not_retrace():
    for anchor in (0.1, 0.2):
        scores = draw((11,))
        losses.lecam(*scores, real_anchor=jnp.array(anchor), fake_anchor=jnp.array(-anchor))
        if anchor == 0.1:
            programs = losses.lecam._cache_size()
    assert losses.lecam._cache_size() == programs
