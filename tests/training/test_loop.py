import dataclasses
import errno
import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from orbax.checkpoint import CheckpointManager

from jaxgan import training
from jaxgan.games import Game
from jaxgan.training import Measured, NotFinite, Run, RunError, digest, load, resume
from jaxgan.training.record import Record
from jaxgan.training.start import devices_of
from tests.training.conftest import contents, with_steps


def train(experiment, directory, *, devices=1, **options):
    return training.train(experiment, directory, name="tiny", devices=devices, **options)


def steps_of(lines):
    return [line["step"] for line in lines]


def test_a_run_leaves_what_is_needed_to_repeat_it(tiny, tmp_path, capsys):
    run = train(tiny, tmp_path / "run", seed=3, devices=2)
    assert steps_of(run.metrics()) == [5, 10, 15, 20]
    assert steps_of(run.digests()) == [0, 10, 20]
    names = sorted(path.name for path in run.samples.iterdir())
    assert names == [
        "step_0000000.png",
        "step_0000010.png",
        "step_0000020.png",
        "training.gif",
    ]
    assert list(run.events.iterdir())
    manifest = json.loads((run.directory / "manifest.json").read_text())
    assert manifest["seed"] == 3
    assert manifest["devices"] == 2
    assert manifest["configuration"]["learning_rate"] == 1e-3
    assert manifest["environment"]["packages"]["jax"] == jax.__version__
    step, state = load(run, tiny)
    assert step == 20
    assert digest(state) == run.digests()[-1]["leaves"]
    output = capsys.readouterr().out
    assert "step 5/20" in output
    assert "discriminator/gradient_norm" in output
    assert "training.gif" in output


def test_seeds_matter(tiny, tmp_path):
    one = train(tiny, tmp_path / "one", seed=0)
    again = train(tiny, tmp_path / "again", seed=0)
    other = train(tiny, tmp_path / "other", seed=1)
    assert one.digests() == again.digests()
    assert one.digests()[0] != other.digests()[0]
    with pytest.raises(ValueError, match="the seed must be"):
        train(tiny, tmp_path / "negative", seed=-1)


@pytest.mark.parametrize("in_memory", [True, False], ids=["resident", "streamed"])
def test_resumed_is_as_uninterrupted(tiny, tmp_path, in_memory):
    tiny = dataclasses.replace(tiny, in_memory=in_memory)
    whole = train(tiny, tmp_path / "whole")
    half = train(tiny, tmp_path / "half", until=13)
    assert steps_of(half.digests()) == [0, 10, 13]
    resume(half, tiny)
    assert half.digests()[-1] == whole.digests()[-1]
    assert steps_of(half.metrics()) == steps_of(whole.metrics())
    assert half.metrics()[-1]["terms"] == whole.metrics()[-1]["terms"]


def test_a_taken_directory_is_refused_before_anything_else(tiny, tmp_path):
    run = train(with_steps(tiny, 1), tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in run.directory.rglob("*")}
    with pytest.raises(RunError, match="already holds something"):
        train(tiny, tmp_path / "run")
    assert before == {path: path.stat().st_mtime_ns for path in run.directory.rglob("*")}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch_size": 0}, "batch_size = 0 will not do: it should be greater than 0"),
        ({"learning_rate": -1.0}, "learning_rate = -1.0 will not do: it should be greater than 0"),
        ({"batch_size": 31}, "a batch of 31 examples is larger than the data set of 30"),
        ({"batch_size": 6}, "cannot be shared evenly by 4 devices: take 4 or 8 examples"),
    ],
)
def test_bad_values_leave_nothing_behind(tiny, tmp_path, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        train(dataclasses.replace(tiny, **change), tmp_path / "run", devices=4)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("steps", [0, -5])
def test_no_steps(tiny, tmp_path, steps):
    with pytest.raises(ValueError, match=rf"schedule.steps = {steps} will not do"):
        train(with_steps(tiny, steps), tmp_path / "run")


class Poisoned:
    """An experiment whose game goes wrong in one of its rounds."""

    def __init__(self, experiment, poison):
        self._experiment, self._poison = experiment, poison
        self.schedule = experiment.schedule
        self.data, self.inputs = experiment.data, experiment.inputs

    def game(self):
        game = self._experiment.game()

        def update(key, state, batch):
            state, info = game.update(key, state, batch)
            return self._poison(state, info)

        return Game(game.init, update, game.generate)


def bad_term(state, info):
    late = state.average.count > 12
    return state, info | {"generator/loss": jax.numpy.where(late, np.nan, 0.0)}


def bad_weight(state, info):
    late = state.average.count > 12
    weights = state.generator.parameters
    weights = jax.tree.map(lambda leaf: jax.numpy.where(late, np.inf, leaf), weights)
    return state._replace(generator=state.generator._replace(parameters=weights)), info


@pytest.mark.parametrize(
    ("poison", "sentence"),
    [
        (
            bad_term,
            r"step 13 is not finite: generator/loss = nan; that of step 10 is kept in "
            r".*/checkpoints/10; resumed, the run ends here again, so .* a lower learning rate",
        ),
        (bad_weight, r"(weight is not finite; that of step 10|step 14 is not finite)"),
    ],
)
def test_what_is_not_finite_stops_the_run(tiny, tmp_path, monkeypatch, poison, sentence):
    monkeypatch.setattr("jaxgan.training.start.validated", lambda experiment: experiment)
    monkeypatch.setattr("jaxgan.training.start.with_absolute_paths", lambda experiment: experiment)
    monkeypatch.setattr("jaxgan.training.start.to_plain", lambda experiment: {})
    with pytest.raises(NotFinite, match=sentence):
        train(Poisoned(tiny, poison), tmp_path / "run")
    step, state = load(Run.open(tmp_path / "run"), tiny)
    assert step == 10
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


def test_other_data_are_refused(tiny, tmp_path):
    run = train(tiny, tmp_path / "run", until=10)
    run.manifest["data"] = "another"
    with pytest.raises(RunError, match="the run began on another"):
        resume(run, tiny)


def cut(run, step):
    """Cut the largest file of a checkpoint short."""
    files = [path for path in (run.checkpoints / str(step)).rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])


def test_a_checkpoint_cut_short_is_passed_over(tiny, tmp_path, capsys):
    whole = train(tiny, tmp_path / "whole")
    run = train(tiny, tmp_path / "run", until=17)
    cut(run, 17)
    resume(run, tiny)
    output = capsys.readouterr().out
    assert "a checkpoint is passed over: that of step 17 cannot be read" in output
    assert "goes on after step 10" in output
    aside = run.directory / "damaged" / "checkpoint_17"
    assert f"the checkpoint of step 17 was moved to {aside}" in output
    assert aside.is_dir()
    assert run.digests()[-1] == whole.digests()[-1]
    before = contents(run.directory)
    resume(run, tiny)  # it is complete
    assert contents(run.directory) == before


def test_all_checkpoints_cut_short(tiny, tmp_path):
    whole = train(tiny, tmp_path / "whole")
    run = train(tiny, tmp_path / "run", until=10)
    cut(run, 10)
    before = contents(run.directory)
    for go_on in (resume, load):
        with pytest.raises(RunError, match=r"no checkpoint in .* is whole .*step 10 cannot be"):
            go_on(run, tiny)
    assert contents(run.directory) == before
    run.checkpoints.rename(run.directory / "damaged")
    with pytest.raises(RunError, match="has no checkpoint yet"):
        load(run, tiny)
    resume(run, tiny)
    assert run.digests() == whole.digests()


class Later:
    """The same experiment in a later version, whose states are other ones."""

    def __init__(self, experiment, change):
        self._experiment, self._change = experiment, change
        self.schedule, self.data = experiment.schedule, experiment.data

    def game(self):
        game = self._experiment.game()

        def init(key, batch):
            return self._change(game.init(key, batch))

        return Game(init, lambda key, state, batch: (state, {}), game.generate)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda state: {**state._asdict(), "anchors": np.zeros(2, np.float32)},
            r"anchors is absent in the run and float32\[2\] in the game",
        ),
        (
            lambda state: {k: v for k, v in state._asdict().items() if k != "average"},
            r"average/count is int32\[\] in the run and absent in the game",
        ),
        (
            lambda state: {**state._asdict(), "average": state.average._replace(count=np.ones(3))},
            r"average/count is int32\[\] in the run and float32\[3\] in the game",
        ),
    ],
    ids=["more", "less", "other"],
)
def test_states_of_another_version_are_left_alone(tiny, tmp_path, change, sentence):
    run = train(tiny, tmp_path / "run", until=10)
    before = contents(run.directory)
    for go_on in (resume, load):
        with pytest.raises(RunError, match=rf"those of another jaxgan: {sentence}.*revision \w+"):
            go_on(run, Later(tiny, change))
    assert contents(run.directory) == before


def test_states_of_another_version_with_the_same_arrays_are_read(tiny, tmp_path):
    run = train(tiny, tmp_path / "run", until=10)
    step, state = load(run, Later(tiny, lambda state: {**state._asdict(), "anchors": None}))
    assert step == 10
    assert state["anchors"] is None
    assert digest(state) == run.digests()[-1]["leaves"]


def test_a_checkpoint_that_was_changed_is_not_believed(tiny, tmp_path, capsys):
    run = train(tiny, tmp_path / "run")
    arrays = Path("checkpoints", "20", "default")
    other = train(tiny, tmp_path / "other", seed=1)
    shutil.rmtree(run.directory / arrays)
    shutil.copytree(other.directory / arrays, run.directory / arrays)
    step, _ = load(run, tiny)
    assert step == 10
    assert "that of step 20 is not what was saved" in capsys.readouterr().out


def test_a_full_disk(tiny, tmp_path, monkeypatch):
    save = CheckpointManager.save

    def full(self, step, *args, **kwargs):
        if step > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(self, step, *args, **kwargs)

    monkeypatch.setattr(CheckpointManager, "save", full)
    with pytest.raises(RunError, match=r"step 20 could not be written .*No space left on device"):
        train(tiny, tmp_path / "run")
    monkeypatch.undo()
    run = Run.open(tmp_path / "run")
    assert load(run, tiny)[0] == 10
    resume(run, tiny)
    whole = train(tiny, tmp_path / "whole")
    assert run.digests()[-1] == whole.digests()[-1]


def test_a_run_that_is_moved_meanwhile_does_not_split_in_two(tiny, tmp_path, monkeypatch):
    show = Record.show

    def move(self, step, info, *, line):
        show(self, step, info, line=line)
        if step == 5:
            (tmp_path / "run").rename(tmp_path / "moved")

    monkeypatch.setattr(Record, "show", move)
    with pytest.raises(RunError, match=r"run was moved or removed .*\(it is now .*/moved\)"):
        train(tiny, tmp_path / "run")
    monkeypatch.undo()
    assert not (tmp_path / "run").exists()
    run = Run.open(tmp_path / "moved")
    resume(run, tiny)
    assert load(run, tiny)[0] == 20


@pytest.mark.parametrize(("batch_size", "devices", "expected"), [(6, 4, 3), (8, 3, 2), (7, 4, 1)])
def test_a_run_goes_on_with_as_many_devices_as_can_share_a_batch(batch_size, devices, expected):
    batch = {"image": {"shape": [batch_size, 4, 4, 1], "dtype": "float32"}}
    assert devices_of(Run("run", {"devices": devices, "batch": batch})) == expected


def test_a_run_that_is_killed_in_an_evaluation_makes_up_for_it(tiny, tmp_path):
    schedule = dataclasses.replace(tiny.schedule, evaluate_every=10)
    tiny = dataclasses.replace(tiny, schedule=schedule)
    ranks = iter([2.0])  # of step 10; then the process ends

    def killed(generate):
        for rank in ranks:
            return Measured({}, rank)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny, tmp_path / "run", watch=killed)
    run = Run.open(tmp_path / "run")
    resume(run, tiny, watch=lambda generate: Measured({}, 1.0))
    assert [(line["step"], line["rank"]) for line in run.evaluations()] == [(10, 2.0), (20, 1.0)]
    assert load(run, tiny, best=True)[0] == 20


@pytest.mark.parametrize("lost", [None, "best/5", "evaluations.jsonl"])
def test_the_best_is_kept_of_a_run_that_goes_on_with_other_numbers(tiny, tmp_path, lost):
    """As on another device: what was better after the last checkpoint is not so again."""
    schedule = dataclasses.replace(tiny.schedule, evaluate_every=5)
    tiny = dataclasses.replace(tiny, schedule=schedule)
    ranks = iter([3.0, 4.0, 2.0])  # of steps 5, 10 and 15; then the process ends

    def watch(generate):
        for rank in ranks:
            return Measured({}, rank)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny, tmp_path / "run", watch=watch)
    run = Run.open(tmp_path / "run")
    assert sorted(path.name for path in run.best.iterdir()) == ["15", "5"]
    match lost:
        case "best/5":
            shutil.rmtree(run.best / "5")
        case "evaluations.jsonl":
            (run.directory / lost).unlink()
    ranks = iter([3.5, 3.2])
    resume(run, tiny, watch=watch)
    told = [] if lost == "evaluations.jsonl" else [(5, 3.0), (10, 4.0)]
    told += [(15, 3.5), (20, 3.2)]
    assert [(line["step"], line["rank"]) for line in run.evaluations()] == told
    # The best of those that are kept and told of.
    expected = 20 if lost else 5
    assert load(run, tiny, best=True)[0] == expected
    assert [path.name for path in run.best.iterdir()] == [str(expected)]
