from functools import partial
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import games
from jaxgan.data import pipeline
from jaxgan.games import Game
from jaxgan.training import digest, make_mesh, place
from jaxgan.training.placement import Report, check_divides


def test_mesh_of_too_many_devices():
    with pytest.raises(ValueError, match="5 devices were asked for, and there are 4"):
        make_mesh(5)
    with pytest.raises(ValueError, match="0 devices were asked for"):
        make_mesh(0)


def test_batch_that_does_not_divide():
    with pytest.raises(ValueError, match=r"take 8 or 12 examples, or 1, 2 devices"):
        check_divides(10, 4)
    with pytest.raises(ValueError, match=r"take 4 examples, or 1 devices"):
        check_divides(1, 4)
    check_divides(12, 4)


def test_however_and_in_whatever_way_the_rounds_are_cut(tiny, key):
    results = {}
    for way in ("one_a_call", "looped", "streamed"):
        data = type(tiny)(in_memory=way != "streamed").data(partial(pipeline, seed=0))
        placed = place(tiny.game(), data, mesh=make_mesh(2), key=key, looped=way == "looped")
        assert (placed.stride > 1) == (way == "looped")
        results[way] = play(placed, [7])
        for cuts in ([7], [1] * 7, [3, 4], [5, 1, 1]):
            assert digest(play(placed, cuts)) == digest(results[way])
    for way in ("looped", "streamed"):
        state, report = results[way]
        chex.assert_trees_all_close(state, results["one_a_call"][0], rtol=1e-5)
        chex.assert_trees_all_close(report.info, results["one_a_call"][1].info, rtol=1e-5)


def play(placed, cuts):
    state, start = placed.init(), 0
    for cut in cuts:
        state, report = placed.advance(state, start, start + cut)
        start += cut
    return state, report


def test_resumes_in_the_middle_of_a_stream(tiny, key):
    tiny = type(tiny)(in_memory=False)
    placed = place(tiny.game(), tiny.data(partial(pipeline, seed=0)), mesh=make_mesh(1), key=key)
    state, _ = placed.advance(placed.init(), 0, 5)
    kept = jax.tree.map(np.array, state)
    state, _ = placed.advance(state, 5, 9)
    again, _ = placed.advance(kept, 5, 9)
    assert digest(state) == digest(again)


def test_the_state_is_given_away(tiny, key):
    placed = place(tiny.game(), tiny.data(partial(pipeline, seed=0)), mesh=make_mesh(1), key=key)
    state = placed.init()
    placed.advance(state, 0, 1)
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(state))


def test_one_program_for_all_steps(tiny, key):
    """Of `update`, one trace for its shapes and one to compile it, and never again."""
    traces = []
    game = tiny.game()

    def update(key, state, batch):
        traces.append(1)
        return game.update(key, state, batch)

    counted = Game(game.init, update, game.generate)
    placed = place(counted, tiny.data(partial(pipeline, seed=0)), mesh=make_mesh(1), key=key)
    state, _ = placed.advance(placed.init(), 0, 3)
    assert len(traces) == 2
    placed.advance(state, 3, 6)
    assert len(traces) == 2


class Counter(NamedTuple):
    round: jax.Array
    total: jax.Array


def game_of_phases(traces):
    """Adds up images and noise; every second round, before it counts, takes a tenth away."""

    def init(key, batch):
        return Counter(jnp.int32(0), jax.random.normal(key, ()))

    def add(key, state, batch):
        traces.append("add")
        noise = jax.random.normal(games.stream(key, "noise"), ())
        total = state.total + batch["image"].mean() + noise
        return state._replace(total=total), {"a/total": total}

    def decay(key, state, batch):
        traces.append("decay")
        return state._replace(total=0.9 * state.total), {}

    def count(key, state, batch):
        traces.append("count")
        return state._replace(round=state.round + 1), {"b/round": state.round + 1}

    phases = add, games.every_so_often(2, decay), count
    generate = games.Switch(
        lambda state: state.round % 2,
        (lambda key, state, inputs: inputs["x"], lambda key, state, inputs: -inputs["x"]),
    )
    return Game(init, games.in_turn(phases), generate, phases)


@pytest.mark.parametrize("in_memory", [True, False], ids=["resident", "streamed"])
def test_a_game_of_phases_is_played_phase_by_phase(tiny, key, in_memory):
    """Each play is a program of its own, and the rounds are those of `update`."""
    data = type(tiny)(in_memory=in_memory).data(partial(pipeline, seed=4))
    traces = []
    game = game_of_phases(traces)
    placed = place(game, data, mesh=make_mesh(2), key=key)
    assert placed.stride == 1
    whole = play(placed, [5])
    assert traces == ["add", "decay", "count"]
    assert digest(play(placed, [2, 3])) == digest(whole)
    assert len(traces) == 3
    expected, update = placed.init(), jax.jit(game.update)
    for step in range(5):
        expected, info = update(jax.random.fold_in(key, step), expected, data(step))
    chex.assert_trees_all_close(whole, (expected, Report(info, jnp.int32(-1))), rtol=1e-5)
    inputs = {"x": jnp.arange(3.0)}
    np.testing.assert_array_equal(placed.generate(key, expected, inputs), [0, -1, -2])
    one = play(placed, [4])[0]
    np.testing.assert_array_equal(placed.generate(key, one, inputs), [0, 1, 2])


def test_phases_in_a_loop(tiny, key):
    data = tiny.data(partial(pipeline, seed=4))
    results = [
        play(place(game_of_phases([]), data, mesh=make_mesh(1), key=key, looped=looped), [5])
        for looped in (False, True)
    ]
    chex.assert_trees_all_close(*results, rtol=1e-5)


def test_report_keeps_the_first_failure():
    report = Report({"a": jnp.zeros(()), "b": jnp.zeros(())}, jnp.int32(-1))
    values = [(1.0, 2.0), (3.0, jnp.nan), (jnp.inf, 5.0), (6.0, 7.0)]
    for step, (a, b) in enumerate(values):
        report = report.add(jnp.int32(step), {"a": jnp.float32(a), "b": jnp.float32(b)})
    assert report.failed == 1
    assert report.info["a"] == 3
    assert jnp.isnan(report.info["b"])


@pytest.mark.parametrize("way", ["one_a_call", "looped", "streamed"])
def test_a_round_is_a_function_of_key_and_step(tiny, key, way):
    """Round `step` has the key `fold_in(key, step)` and the batch `data(step)`."""
    data = type(tiny)(in_memory=way != "streamed").data(partial(pipeline, seed=4))
    game = tiny.game()
    placed = place(game, data, mesh=make_mesh(1), key=key, looped=way == "looped")
    expected = placed.init()
    for step in (3, 4):
        expected, info = jax.jit(game.update)(jax.random.fold_in(key, step), expected, data(step))
    state, report = placed.advance(placed.init(), 3, 5)
    chex.assert_trees_all_close(state, expected, rtol=1e-5)
    chex.assert_trees_all_close(report.info, info, rtol=1e-5)
