import chex
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxgan.updates import AverageState, average_weights, half_life_average
from tests.reference import moving_average

MODES = {"eager": lambda function: function, "jit": jax.jit}


def tree(seed):
    generator = np.random.default_rng(seed)
    return {
        "params": {"kernel": jnp.asarray(generator.normal(size=(3, 4)), jnp.float32)},
        "batch_stats": {"mean": jnp.asarray(generator.normal(size=4), jnp.float32)},
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("decay", [0.0, 0.3, 0.999])
def test_closed_form(decay, mode):
    averaging = average_weights(decay)
    init, update = MODES[mode](averaging.init), MODES[mode](averaging.update)
    trees = [tree(seed) for seed in range(15)]
    state = init(trees[0])
    for new in trees[1:]:
        state = update(new, state)
    assert state.count == 14
    assert state.count.dtype == jnp.int32
    expected = jax.tree.map(
        lambda *leaves: moving_average(decay, [np.float64(leaf) for leaf in leaves]), *trees
    )
    chex.assert_trees_all_close(state.mean, expected, rtol=1e-5, atol=1e-6)


def test_long_run_decay_is_the_one_asked_for():
    decay = 0.9999
    late = AverageState(jnp.int32(10**6), jnp.array(0.0))
    state = average_weights(decay).update(jnp.array(1.0), late)
    np.testing.assert_allclose(state.mean, 1e-4, rtol=1e-6)


def test_start_is_forgotten():
    averaging = average_weights(0.9999)
    state, update = averaging.init(jnp.array(1000.0)), jax.jit(averaging.update)
    for _ in range(60):
        state = update(jnp.array(1.0), state)
    # The product of (1 + t) / (10 + t) over 60 rounds, 1e-9, in place of 0.994.
    np.testing.assert_allclose(state.mean, 1.0, rtol=1e-5)


def test_decay_of_zero_is_the_newest():
    averaging = average_weights(0.0)
    state = averaging.update(tree(1), averaging.init(tree(0)))
    chex.assert_trees_all_close(state.mean, tree(1), rtol=1e-6)


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(
    decay=st.floats(0, 0.9999),
    count=st.integers(0, 10**6),
    value=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)
def test_average_of_equals_is_that_number(decay, count, value):
    state = AverageState(jnp.int32(count), jnp.float32(value))
    assert average_weights(decay).update(jnp.float32(value), state).mean == np.float32(value)


@pytest.mark.parametrize("mode", MODES)
def test_dtypes_are_kept_and_integers_copied(mode):
    averaging = average_weights(0.5)
    init, update = MODES[mode](averaging.init), MODES[mode](averaging.update)

    def mixed(number):
        return {
            "float32": jnp.full(2, number, jnp.float32),
            "bfloat16": jnp.full(2, number, jnp.bfloat16),
            "int32": jnp.full(2, number, jnp.int32),
            "bool": jnp.full(2, number > 1, bool),
        }

    state = update(mixed(3), init(mixed(1)))
    chex.assert_trees_all_equal_shapes_and_dtypes(state.mean, mixed(3))
    # d_0 = 0.1
    np.testing.assert_allclose(state.mean["float32"], 2.8, rtol=1e-6)
    np.testing.assert_allclose(np.float32(state.mean["bfloat16"]), 2.8, rtol=1e-2)
    np.testing.assert_array_equal(state.mean["int32"], 3)
    np.testing.assert_array_equal(state.mean["bool"], True)


def test_state_is_not_the_input():
    """Donating the state must leave the weights alive."""
    averaging = average_weights(0.5)
    weights = {"kernel": jnp.ones(3), "count": jnp.ones(3, jnp.int32)}
    state = averaging.init(weights)
    for _ in range(2):
        for leaf, mean in zip(jax.tree.leaves(weights), jax.tree.leaves(state.mean), strict=True):
            assert leaf.unsafe_buffer_pointer() != mean.unsafe_buffer_pointer()
        state = averaging.update(weights, state)
    jax.jit(averaging.update, donate_argnums=1)(weights, state)
    assert weights["kernel"].sum() == 3


def test_second_call_does_not_retrace():
    averaging = average_weights(0.5)
    state, update = averaging.init(tree(0)), jax.jit(averaging.update)
    for seed in range(3):
        state = update(tree(seed), state)
    assert update._cache_size() == 1


@pytest.mark.parametrize("decay", [-0.1, 1.0, 2.0, float("nan")])
def test_decay_outside_is_refused(decay):
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        average_weights(decay)


def test_another_tree_is_refused():
    averaging = average_weights(0.5)
    state = averaging.init({"kernel": jnp.ones(3)})
    for other in (
        {"kernel": jnp.ones(4)},
        {"bias": jnp.ones(3)},
        {"kernel": jnp.ones(3, jnp.int32)},
    ):
        with pytest.raises(AssertionError):
            averaging.update(other, state)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ramp", [None, 0.05])
def test_half_life_in_images(ramp, mode):
    """Parameters by half life, other collections copied; against the formula in float64."""
    half_life, batch_size = 40.0, 8
    averaging = half_life_average(half_life, batch_size=batch_size, ramp=ramp)
    init, update = MODES[mode](averaging.init), MODES[mode](averaging.update)
    state = init(tree(0))
    expected = np.float64(tree(0)["params"]["kernel"])
    for seed in range(1, 130):
        images = (seed - 1) * batch_size
        half = half_life if ramp is None else min(half_life, images * ramp)
        beta = 0.5 ** (batch_size / max(half, 1e-8))
        new = tree(seed)
        state = update(new, state)
        expected = beta * expected + (1 - beta) * np.float64(new["params"]["kernel"])
        assert state.count == images + batch_size
        if seed in (1, 2, 5, 129):
            np.testing.assert_allclose(state.mean["params"]["kernel"], expected, rtol=1e-4)
            np.testing.assert_array_equal(*(t["batch_stats"]["mean"] for t in (state.mean, new)))
    assert ramp is None or half == half_life, "the ramp has its end"


def test_half_life_on_a_schedule_of_images():
    """From 0, which copies, to 24 images: the value that the images before the round give."""
    averaging = half_life_average(lambda images: jnp.minimum(images, 24), batch_size=8)
    state, expected = averaging.init(tree(0)), np.float64(tree(0)["params"]["kernel"])
    for seed, half in enumerate((1e-8, 8, 16, 24, 24), start=1):
        state, beta = averaging.update(tree(seed), state), 0.5 ** (8 / half)
        expected = beta * expected + (1 - beta) * np.float64(tree(seed)["params"]["kernel"])
        np.testing.assert_allclose(state.mean["params"]["kernel"], expected, rtol=1e-4)


def test_half_life_keeps_its_digits():
    averaging = half_life_average(1e7, batch_size=4)
    state = averaging.update({"params": jnp.ones(())}, averaging.init({"params": jnp.zeros(())}))
    np.testing.assert_allclose(state.mean["params"], -np.expm1(-np.log(2) * 4e-7), rtol=1e-5)


@pytest.mark.parametrize(("half_life", "ramp"), [(0, None), (-3.0, None), (10, 0), (10, -0.1)])
def test_half_life_that_is_none(half_life, ramp):
    with pytest.raises(ValueError, match="does not average: give one above 0"):
        half_life_average(half_life, batch_size=4, ramp=ramp)
    assert half_life_average(None, batch_size=4).init({}) is None
