"""Several runs that are played together."""

from functools import partial

import chex
import jax
import numpy as np
import pytest

from jaxgan.data import pipeline
from jaxgan.games import Game
from jaxgan.training import digest, make_mesh, place
from jaxgan.training.placing_together import place_together

SEEDS = [4, 7]


@pytest.mark.parametrize(
    ("in_memory", "options"),
    [
        (True, {"vmapped": False}),
        (True, {"vmapped": True}),
        (True, {"vmapped": True, "looped": True}),
        (False, {"vmapped": True}),
    ],
    ids=["in_turn", "vmapped", "looped", "streamed"],
)
def test_each_has_the_rounds_of_its_single_run(tiny, in_memory, options):
    traces = []
    game = tiny.game()

    def update(key, state, batch):
        traces.append(1)
        return game.update(key, state, batch)

    counted = Game(game.init, update, game.generate)
    data = type(tiny)(in_memory=in_memory).data(partial(pipeline, seed=0))
    mesh = make_mesh(1)
    together = place_together(counted, data, mesh=mesh, seeds=SEEDS, **options)
    states = together.init()
    begun = [digest(state) for state in together.each(states)]
    states, _ = together.advance(states, 0, 2)
    count = len(traces)
    assert count <= 3  # two for shapes, one to compile, whatever the seeds
    states, reports = together.advance(states, 2, 5)
    assert len(traces) == count
    reports = together.each(jax.device_get(reports))
    for seed, first, state, report in zip(
        SEEDS, begun, together.each(states), reports, strict=True
    ):
        own = type(tiny)(in_memory=in_memory).data(partial(pipeline, seed=seed))
        single = place(game, own, mesh=mesh, key=jax.random.key(seed))
        alone = single.init()
        assert digest(alone) == first
        alone, said = single.advance(alone, 0, 5)
        chex.assert_trees_all_close(state, alone, rtol=1e-5, atol=1e-7)
        chex.assert_trees_all_close(report, jax.device_get(said), rtol=1e-4)
        assert np.isfinite(list(report.info.values())).all()
    assert reports[0].info != reports[1].info
