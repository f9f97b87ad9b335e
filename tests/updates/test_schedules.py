"""Schedules at their corners."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import updates


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.55), (2e-4, 5e-5), (0.9, 0.99)])
def test_cosine_against_numpy(start, end):
    steps = np.arange(0, 15)
    made = [jax.jit(updates.cosine(start, end, steps=10))(step) for step in steps]
    way = np.minimum(steps / 10, 1)
    np.testing.assert_allclose(made, end + (start - end) * (1 + np.cos(np.pi * way)) / 2, rtol=1e-5)


def test_cosine_of_no_length():
    with pytest.raises(ValueError, match="a schedule of 0 steps leads nowhere"):
        updates.cosine(1.0, 0.0, steps=0)


@pytest.mark.parametrize(
    ("constant", "falling", "values"),
    [
        (100, 100, {0: 1, 99: 1, 100: 1, 101: 0.99, 150: 0.5, 199: 0.01, 200: 0, 1000: 0}),
        (0, 4, {0: 1, 1: 0.75, 3: 0.25, 4: 0, 5: 0}),
        (3, 0, {0: 1, 3: 1, 100: 1}),
        (0, 1, {0: 1, 1: 0}),
    ],
)
def test_constant_then_linear_at_its_corners(constant, falling, values):
    schedule = updates.constant_then_linear(2e-4, constant=constant, falling=falling)
    for step, share in values.items():
        for count in (step, jnp.int32(step)):
            made = jax.jit(schedule)(count)
            np.testing.assert_allclose(made, 2e-4 * share, rtol=1e-5, atol=1e-10)


def test_constant_then_linear_in_an_optimiser():
    rule = optax.sgd(updates.constant_then_linear(1.0, constant=2, falling=2))
    state, moves = rule.init(jnp.zeros(())), []
    for _ in range(6):
        move, state = rule.update(jnp.ones(()), state)
        moves.append(-float(move))
    assert moves == [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]


@pytest.mark.parametrize(("constant", "falling"), [(-1, 3), (3, -1), (0, 0)])
def test_constant_then_linear_of_no_length(constant, falling):
    with pytest.raises(ValueError, match="make no schedule"):
        updates.constant_then_linear(1.0, constant=constant, falling=falling)
