"""Several runs that are played together."""

import os
import signal
from functools import partial

import chex
import jax
import numpy as np
import pytest

from jaxgan import training
from jaxgan.data import pipeline
from jaxgan.games import Game
from jaxgan.training import (
    Interrupted,
    NotFinite,
    RunError,
    digest,
    load,
    make_mesh,
    place,
    resume,
    train,
)
from jaxgan.training.placing_together import place_together
from jaxgan.training.record import Record
from tests.training.conftest import contents, with_steps
from tests.training.test_loop import Poisoned
from tests.training.test_placement import game_of_phases

SEEDS = [4, 7]


@pytest.mark.parametrize(
    ("in_memory", "options"),
    [
        (True, {"vmapped": False}),
        (True, {"vmapped": True, "looped": True, "devices": 2}),
        (False, {"vmapped": True}),
    ],
    ids=["in_turn", "looped", "streamed"],
)
def test_each_has_the_rounds_of_its_single_run(tiny, in_memory, options):
    traces, options = [], dict(options)
    game = tiny.game()

    def update(key, state, batch):
        traces.append(1)
        return game.update(key, state, batch)

    counted = Game(game.init, update, game.generate)
    data = type(tiny)(in_memory=in_memory).data(partial(pipeline, seed=0))
    mesh = make_mesh(options.pop("devices", 1))
    together = place_together(counted, data, mesh=mesh, seeds=SEEDS, **options)
    states = together.init()
    begun = [digest(state) for state in together.each(states)]
    states, _ = together.advance(states, 0, 2)
    count = len(traces)
    assert count <= 3  # two for shapes, one to compile, whatever the seeds
    states, reports = together.advance(states, 2, 5)
    assert len(traces) == count
    reports = together.each(jax.device_get(reports))
    assert reports[0].info != reports[1].info
    own = type(tiny)(in_memory=in_memory).data(partial(pipeline, seed=SEEDS[1]))
    single = place(game, own, mesh=mesh, key=jax.random.key(SEEDS[1]))
    alone = single.init()
    assert digest(alone) == begun[1]
    alone, said = single.advance(alone, 0, 5)
    chex.assert_trees_all_close(together.each(states)[1], alone, rtol=1e-5, atol=1e-7)
    chex.assert_trees_all_close(reports[1], jax.device_get(said), rtol=1e-4)


@pytest.mark.parametrize("looped", [False, True])
def test_games_of_phases(tiny, looped):
    """Of a `Switch` only the play that is chosen is paid for, so each run plays its own rounds."""
    data, traces = tiny.data(partial(pipeline, seed=0)), []
    placing = {"mesh": make_mesh(1), "looped": looped}
    together = place_together(game_of_phases(traces), data, seeds=SEEDS, **placing)
    states, _ = together.advance(together.init(), 0, 3)
    assert traces.count("add") == (2 if looped else 1)  # for its shapes, and to compile it
    for seed, state in zip(SEEDS, together.each(states), strict=True):
        own = data.reseeded(seed)
        single = place(game_of_phases([]), own, key=jax.random.key(seed), **placing)
        chex.assert_trees_all_close(state, single.advance(single.init(), 0, 3)[0], rtol=1e-6)


def train_together(experiment, directory, seeds, *, devices=1, **options):
    return training.train_together(
        experiment, directory, seeds, name="tiny", devices=devices, **options
    )


def assert_close(run, other, experiment):
    """The same states and terms, to rounding."""
    states = [load(each, experiment)[1] for each in (run, other)]
    chex.assert_trees_all_close(*states, rtol=1e-5, atol=1e-7)
    lines = zip(run.metrics(), other.metrics(), strict=True)
    for line, same in lines:
        assert line["step"] == same["step"]
        chex.assert_trees_all_close(line["terms"], same["terms"], rtol=1e-4)


def test_each_is_a_whole_run(tiny, tmp_path, capsys):
    runs = train_together(tiny, tmp_path / "several", SEEDS, until=13)
    said = capsys.readouterr().out
    assert "several begins: 2 runs, of seeds 4, 7" in said
    assert "step 5/13 of 2 runs" in said
    before = contents(runs[0].directory)
    for run, seed in zip(runs, SEEDS, strict=True):
        assert run.directory == tmp_path / "several" / f"seed-{seed}"
        assert run.manifest["seed"] == seed
        assert run.manifest["together"] == SEEDS
        assert [line["step"] for line in run.metrics()] == [5, 10]
        assert list(run.pictures()) == [0, 10, 13]
        assert f"samples: {run.samples / 'step_0000013.png'}" in said
    mean = np.mean([run.metrics()[0]["terms"]["generator/loss"] for run in runs])
    assert f"generator/loss {mean:.4g}" in said
    resume(runs[1], tiny)
    assert contents(runs[0].directory) == before
    alone = train(tiny, tmp_path / "alone", name="tiny", seed=7, devices=1)
    assert_close(runs[1], alone, tiny)
    assert alone.digests()[0] == runs[1].digests()[0]


def test_seeds_are_dealt_out_to_devices(tiny, tmp_path):
    """Each of the two has two of the four devices, which share its batches."""
    tiny = with_steps(tiny, 5)
    runs = train_together(tiny, tmp_path / "several", SEEDS, devices=4)
    alone = train(tiny, tmp_path / "alone", name="tiny", seed=7, devices=2)
    assert runs[1].manifest["devices"] == 2
    assert_close(runs[1], alone, tiny)


def test_nothing_is_overwritten_or_left_half_made(tiny, tmp_path):
    (tmp_path / "several" / "seed-7").mkdir(parents=True)
    (tmp_path / "several" / "seed-7" / "mine").touch()
    with pytest.raises(RunError, match="seed-7 already holds something"):
        train_together(tiny, tmp_path / "several", SEEDS)
    assert sorted(tmp_path.rglob("*")) == [
        tmp_path / "several",
        tmp_path / "several" / "seed-7",
        tmp_path / "several" / "seed-7" / "mine",
    ]


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        ([], "there are no seeds: give one for each run"),
        ([3, 1, 3], "the seed 3 is given twice"),
        ([0, -1], "the seed must be in 0 to 2147483647, not -1"),
    ],
)
def test_seeds_that_will_not_do(tiny, tmp_path, seeds, sentence):
    with pytest.raises(ValueError, match=sentence):
        train_together(tiny, tmp_path / "several", seeds)
    assert not (tmp_path / "several").exists()


def test_a_batch_that_cannot_be_shared_leaves_nothing_behind(tiny, tmp_path):
    with pytest.raises(ValueError, match="cannot be shared evenly by 3 devices"):
        train_together(tiny, tmp_path / "several", SEEDS, devices=3)
    assert not (tmp_path / "several").exists()


def test_one_that_is_not_finite_stops_all_and_the_others_are_saved(tiny, tmp_path, monkeypatch):
    for change in ("validated", "with_absolute_paths"):
        monkeypatch.setattr(f"jaxgan.training.several.{change}", lambda experiment: experiment)
    monkeypatch.setattr("jaxgan.training.start.to_plain", lambda experiment: {})

    def poison(state, info):
        """Of the two, one's first weight is above 0 and the other's below."""
        kernel = state.discriminator.parameters["Dense_0"]["kernel"]
        late = (state.average.count > 12) & (kernel[0, 0] > 0)
        return state, info | {"generator/loss": jax.numpy.where(late, np.nan, 0.0)}

    with pytest.raises(
        NotFinite,
        match=r"the run of seed 4: step 13 is not finite: generator/loss = nan; that of step 10 is "
        r"kept in .*seed-4/checkpoints/10; .*The others stopped after step 13, are saved",
    ):
        train_together(Poisoned(tiny, poison), tmp_path / "several", [3, 4])
    for seed, expected in ((3, 13), (4, 10)):
        assert load(training.Run.open(tmp_path / "several" / f"seed-{seed}"), tiny)[0] == expected


def test_a_signal_saves_all(tiny, tmp_path, monkeypatch):
    show = Record.show

    def stop(self, step, info, *, line):
        show(self, step, info, line=line)
        if step == 6:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Record, "show", stop)
    with pytest.raises(Interrupted, match="step 7 of 20; the states of all 2 runs are saved"):
        train_together(tiny, tmp_path / "several", SEEDS)
    for seed in SEEDS:
        run = training.Run.open(tmp_path / "several" / f"seed-{seed}")
        assert load(run, tiny)[0] == 7
