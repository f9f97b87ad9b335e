import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan.updates import lazy_adam

MODES = {"eager": lambda function: function, "jit": jax.jit}
GENERATOR = np.random.default_rng(6)
WEIGHTS = {"kernel": GENERATOR.normal(size=(3, 2)), "bias": GENERATOR.normal(size=2)}
GRADIENTS = [
    {name: GENERATOR.normal(size=x.shape) for name, x in WEIGHTS.items()} for _ in range(12)
]


def single(tree):
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), tree)


def adam(weights, gradients, rates, b1, b2, eps):
    """Adam's Algorithm 1, one array, in float64."""
    m = v = np.zeros_like(weights)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m = b1 * m + (1 - b1) * gradient
        v = b2 * v + (1 - b2) * gradient**2
        weights = weights - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
    return weights


def descend(optimiser, mode="jit"):
    weights = single(WEIGHTS)
    state, update = optimiser.init(weights), MODES[mode](optimiser.update)
    for gradients in GRADIENTS:
        updates, state = update(single(gradients), state, weights)
        weights = optax.apply_updates(weights, updates)
    return weights


def expected(rates, b1, b2, eps):
    return {
        name: adam(x, [gradients[name] for gradients in GRADIENTS], rates, b1, b2, eps)
        for name, x in WEIGHTS.items()
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("every", [2, 4, 16])
@pytest.mark.parametrize("b1", [0.0, 0.5])
def test_the_paper_s_factors(every, b1, mode):
    found = descend(lazy_adam(0.05, every=every, b1=b1, b2=0.9, eps=1e-3), mode)
    c = every / (every + 1)
    right = expected([0.05 * c] * 12, b1**c, 0.9**c, 1e-3)
    chex.assert_trees_all_close(found, right, rtol=1e-5, atol=1e-6)


def test_defaults_are_stylegan2_s():
    found = descend(lazy_adam(0.002, every=16))
    right = expected([0.002 * 16 / 17] * 12, 0.0, 0.99 ** (16 / 17), 1e-8)
    chex.assert_trees_all_close(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("every", [2, 3, 4])
def test_a_schedule_goes_by_the_updates_of_the_main_loss(every):
    """Rounds in the order of the game: the first of each `every` ends in the penalty's update."""

    def schedule(count):
        return 0.05 / (1.0 + count)

    mains = []
    for main in range(12):
        mains += [main, main] if main % every == 0 else [main]
    c = every / (every + 1)
    found = descend(lazy_adam(schedule, every=every, b1=0.3, b2=0.9))
    right = expected([c * 0.05 / (1 + main) for main in mains[:12]], 0.3**c, 0.9**c, 1e-8)
    chex.assert_trees_all_close(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rate", [0.05, optax.linear_schedule(0.05, 0.0, 10)])
def test_every_update_is_plain_adam(rate):
    found = descend(lazy_adam(rate, every=1, b1=0.3, b2=0.9, eps=1e-6))
    chex.assert_trees_all_equal(found, descend(optax.adam(rate, 0.3, 0.9, eps=1e-6)))


def test_the_pace_is_that_of_plain_adam():
    """The same weights after as many main updates, where the penalty's gradients are no others."""
    every, rounds, slope = 4, 40, jnp.array(0.3)
    lazy, plain = lazy_adam(0.01, every=every, b1=0.9), optax.adam(0.01, b1=0.9, b2=0.99)
    moved = []
    for optimiser, steps in ((lazy, rounds * (every + 1) // every), (plain, rounds)):
        weight = jnp.array(0.0)
        state = optimiser.init(weight)
        for _ in range(steps):
            updates, state = optimiser.update(slope, state)
            weight += updates
        moved.append(float(weight))
    assert moved[0] == pytest.approx(-0.4, rel=1e-3)
    assert moved[0] == pytest.approx(moved[1], rel=1e-4)


@pytest.mark.parametrize("every", [0, -1])
def test_no_interval_is_refused(every):
    with pytest.raises(ValueError, match=f"every {every} updates"):
        lazy_adam(0.002, every=every)
