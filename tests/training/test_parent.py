"""Runs that begin with the state of another."""

import dataclasses

import jax
import numpy as np
import pytest

from jaxgan import training
from jaxgan.training import Parent, Run, RunError, load, reproduce, resume
from jaxgan.training.manifest import sealed
from jaxgan.training.parent import parts_taken, with_parts
from tests.training.conftest import with_steps


def train(experiment, directory, **options):
    return training.train(experiment, directory, name="tiny", devices=1, **options)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    from tests.training.conftest import Tiny

    return train(Tiny(), tmp_path_factory.mktemp("short") / "run", seed=5)


def test_twice_as_long_by_two_runs_and_by_one(tiny, short, tmp_path, capsys):
    whole = train(with_steps(tiny, 40), tmp_path / "whole", seed=5)
    longer = train(with_steps(tiny, 40), tmp_path / "longer", parent=Parent(short))
    assert longer.digests()[-1] == whole.digests()[-1]
    assert [line["step"] for line in longer.metrics()] == [25, 30, 35, 40]
    assert longer.manifest["seed"] == 5
    parent = longer.manifest["parent"]
    assert (parent["directory"], parent["step"]) == (str(short.directory), 20)
    said = capsys.readouterr().out
    assert f"of the state of {short.directory} at step 20, generator, generator/optimiser" in said
    assert "begin anew" not in said


def test_another_rate_and_an_earlier_checkpoint(tiny, short, tmp_path):
    faster = dataclasses.replace(with_steps(tiny, 12), learning_rate=0.1)
    run = train(faster, tmp_path / "faster", seed=6, parent=Parent(short, 10))
    assert [line["step"] for line in run.digests()] == [10, 12]
    assert run.digests()[0]["leaves"] == short.digests()[1]["leaves"]
    assert run.manifest["seed"] == 6
    with pytest.raises(RunError, match=r"no checkpoint of step 15.* 10, 20"):
        train(faster, tmp_path / "none", parent=Parent(short, 15))
    with pytest.raises(ValueError, match=r"is of step 20, .* end at step 12: give more"):
        train(faster, tmp_path / "none", parent=Parent(short))
    assert not (tmp_path / "none").exists()


def test_killed_before_its_first_checkpoint_it_asks_its_parent_again(tiny, short, tmp_path):
    longer = with_steps(tiny, 30)
    whole = train(longer, tmp_path / "whole", parent=Parent(short))
    run = Run(tmp_path / "killed", whole.manifest)
    Run.create(run.directory, whole.manifest)
    resume(run, longer)
    assert run.digests() == whole.digests()

    other = whole.manifest | {"parent": whole.manifest["parent"] | {"digest": "0" * 16}}
    run = Run.create(tmp_path / "other", sealed(other))
    with pytest.raises(RunError, match="which is another one now"):
        resume(run, longer)
    gone = whole.manifest | {"parent": whole.manifest["parent"] | {"directory": "/nowhere"}}
    run = Run.create(tmp_path / "gone", sealed(gone))
    with pytest.raises(RunError, match=r"cannot be used now \(/nowhere is no run"):
        resume(run, longer)


def test_a_parent_whose_checkpoint_is_not_kept_is_repeated(tiny, tmp_path):
    parent = train(tiny, tmp_path / "parent")
    longer = with_steps(tiny, 24)
    run = train(longer, tmp_path / "run", parent=Parent(parent))
    for folder in sorted(parent.checkpoints.iterdir()):
        folder.rename(tmp_path / folder.name)
    _, comparison = reproduce(run, longer, tmp_path / "again")
    assert comparison.difference is None
    assert load(Run.open(tmp_path / "again-parent"), tiny)[0] == 20


def player(width, momentum=True):
    optimiser = {"mu": np.ones((width,), np.float32)} if momentum else {}
    return {
        "parameters": {"kernel": np.ones((width,), np.float32)},
        "collections": {},
        "optimiser": optimiser,
    }


def state(generator, discriminator, **more):
    return {"generator": generator, "discriminator": discriminator, **more}


@pytest.mark.parametrize(
    ("before", "fresh", "taken"),
    [
        (
            state(player(2), player(3), average=np.ones(2, np.float32)),
            state(player(2), player(4), average=np.ones(2, np.float32)),
            ["average", "generator", "generator/optimiser"],
        ),
        (
            state(player(2), player(3)),
            state(player(2), player(3, momentum=False), average=np.ones(2, np.float32)),
            ["discriminator", "generator", "generator/optimiser"],
        ),
        ({"rounds": np.float32(1)}, {"rounds": np.float32(0)}, ["rounds"]),
    ],
    ids=["another width", "another optimiser", "no network"],
)
def test_parts_are_taken_whole(before, fresh, taken):
    run = Run("before", {})
    assert sorted(parts_taken(run, before, fresh)) == taken
    fresh = jax.tree.map(lambda leaf: jax.numpy.zeros(leaf.shape, leaf.dtype), fresh)
    made = with_parts(fresh, before, taken)
    assert jax.tree.structure(made) == jax.tree.structure(fresh)
    for name in taken:
        part = made
        for word in name.split("/"):
            part = part[word]
        assert all((np.asarray(leaf) == 1).all() for leaf in jax.tree.leaves(part))


def test_other_networks():
    with pytest.raises(
        RunError, match=r"of other networks: discriminator/parameters/kernel is float32\[3\] in it"
    ):
        parts_taken(Run("before", {}), state(player(2), player(3)), state(player(4), player(5)))
