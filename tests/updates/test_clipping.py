import hypothesis
import hypothesis.extra.numpy as arrays
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import optax
import pytest
from hypothesis import strategies as st

from jaxgan.updates import clip_weights

MODES = {"eager": lambda function: function, "jit": jax.jit}
# The paper's limit, limits that no dtype holds exactly, and limits far from the weights' size.
LIMITS = [0.01, 0.1, 1 / 3, 1.0, 1e-6, 12345.678]


def numbers(bound):
    return arrays.arrays(
        np.float32, 16, elements=st.floats(-bound, bound, width=32, allow_subnormal=False)
    )


def applied(limit, weights, updates):
    clip = clip_weights(limit)
    clipped, _ = clip.update(updates, clip.init(weights), weights)
    return optax.apply_updates(weights, clipped)


apply_jitted = jax.jit(applied, static_argnums=0)


def assert_inside(weights, limit):
    # In Python's float64: float32(limit) may itself lie above the limit.
    assert np.abs(np.asarray(weights, np.float64)).max() <= limit


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    limit=st.sampled_from(LIMITS),
    spread=st.sampled_from([0.001, 1.0, 1000.0, 1e10, 1e30]),
    data=st.data(),
)
def test_weights_are_never_outside(limit, spread, data):
    weights = data.draw(numbers(np.float32(spread).item()))
    updates = data.draw(numbers(np.float32(spread).item()))
    for function in (applied, apply_jitted):
        assert_inside(function(limit, weights, updates), limit)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("mode", ["eager", "jit"])
def test_rounding_does_not_bite(limit, mode):
    """Half a million weights that leave the box, from near and from far."""
    generator = np.random.default_rng(0)
    size = 2**17
    for spread in (0.5 * limit, limit, 3 * limit, 1e4 * limit):
        weights = jnp.asarray(generator.uniform(-spread, spread, size), jnp.float32)
        updates = jnp.asarray(generator.normal(size=size, scale=10 * spread), jnp.float32)
        result = {"eager": applied, "jit": apply_jitted}[mode](limit, weights, updates)
        assert_inside(result, limit)
        exact = np.clip(np.float64(weights) + np.float64(updates), -limit, limit)
        # As near as a difference of numbers of this size can be told.
        np.testing.assert_allclose(result, exact, rtol=0, atol=(spread + limit) * 1.5e-6)


def test_the_plain_difference_would_be_outside():
    """What the exactness is for: without the last step, some of these weights leave the box."""
    generator = np.random.default_rng(0)
    weights = generator.uniform(-0.01, 0.01, 2**17).astype(np.float32)
    largest = np.float32(0.01) - weights
    assert (weights + largest > np.float32(0.01)).any()


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("limit", LIMITS[:4])
def test_narrow_weights(limit, dtype):
    generator = np.random.default_rng(0)
    weights = jnp.asarray(generator.normal(size=4096, scale=limit), dtype)
    for update_dtype in (dtype, jnp.float32):
        updates = jnp.asarray(generator.normal(size=4096, scale=limit), update_dtype)
        result = applied(limit, weights, updates)
        assert result.dtype == dtype
        assert_inside(result, limit)


def test_bound_is_the_largest_number_inside():
    for dtype in (np.float32, ml_dtypes.bfloat16):
        result = applied(0.1, jnp.zeros(1, dtype), jnp.ones(1, dtype))
        inside = np.asarray(result)[0]
        assert float(inside) <= 0.1 < float(np.nextafter(inside, np.asarray(1, dtype)))


@pytest.mark.parametrize("mode", MODES)
def test_update_that_stays_inside_is_unchanged(mode):
    clip = clip_weights(1.0)
    generator = np.random.default_rng(0)
    weights = jnp.asarray(generator.uniform(-0.5, 0.5, 1000), jnp.float32)
    updates = jnp.asarray(generator.uniform(-0.49, 0.49, 1000), jnp.float32)
    clipped, _ = MODES[mode](clip.update)(updates, clip.init(weights), weights)
    np.testing.assert_array_equal(clipped, updates)


@pytest.mark.parametrize("mode", MODES)
def test_last_in_a_chain(mode):
    """Ten rounds of the paper's optimiser, on a tree, with and without the box."""
    limit = 0.01
    free = optax.rmsprop(5e-3, decay=0.99, eps=1e-8)
    kept = optax.chain(optax.rmsprop(5e-3, decay=0.99, eps=1e-8), clip_weights(limit))
    generator = np.random.default_rng(0)
    weights = {
        "kernel": jnp.asarray(generator.normal(size=(32, 32), scale=0.02), jnp.float32),
        "bias": jnp.zeros(32),
    }
    slopes = jax.tree.map(
        lambda leaf: jnp.asarray(generator.normal(size=leaf.shape), jnp.float32), weights
    )

    def one_round(optimiser):
        def step(weights, state):
            updates, state = optimiser.update(slopes, state, weights)
            return optax.apply_updates(weights, updates), state

        return MODES[mode](step)

    step, state = one_round(kept), kept.init(weights)
    reference, reference_state = one_round(free), free.init(weights)
    for _ in range(10):
        expected, reference_state = reference(weights, reference_state)
        weights, state = step(weights, state)
        for name in weights:
            assert_inside(weights[name], limit)
            np.testing.assert_allclose(
                weights[name], np.clip(expected[name], -limit, limit), rtol=0, atol=2e-9
            )
    assert np.abs(weights["kernel"]).max() > 0.0099


def test_second_call_does_not_retrace():
    clip = clip_weights(0.5)
    update = jax.jit(clip.update)
    for value in (1.0, 2.0):
        update(jnp.full(3, value), clip.init(None), jnp.zeros(3))
    assert update._cache_size() == 1


def test_nan_is_not_hidden():
    assert np.isnan(applied(0.5, jnp.zeros(1), jnp.full(1, jnp.nan))).all()


@pytest.mark.parametrize("limit", [0.0, -0.01, float("nan")])
def test_limit_must_be_positive(limit):
    with pytest.raises(ValueError, match="above 0"):
        clip_weights(limit)


def test_weights_are_needed():
    clip = clip_weights(0.1)
    with pytest.raises(ValueError, match="give params"):
        clip.update(jnp.ones(3), clip.init(jnp.ones(3)))
