"""Runs whose generators are made of two."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan.training import Run, load
from tests.fresh import SIZE, STYLEGAN2, begun

NAME = "stylegan2"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one family: their directories and states."""
    folder = tmp_path_factory.mktemp("blend")
    states = [
        begun(STYLEGAN2, folder / name, name=NAME, seed=seed, licence=f"The {name} one is free.")
        for seed, name in enumerate(("coarse", "fine"))
    ]
    return folder, states


def by_path(tree):
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(leaf)
        for path, leaf in jax.tree.leaves_with_path(tree)
    }


def is_fine(path):
    return "/b8/" in path


def test_coarse_layers_of_one_and_fine_ones_of_the_other(line, runs, tmp_path):
    folder, (first, second) = runs
    output = tmp_path / "both"
    words = (folder / "coarse", folder / "fine", "--from-resolution", 8, "--output", output)
    out = line.done(STYLEGAN2, "blend", *words)
    assert f"{output} is a run with the generators of {folder / 'coarse'} and, from 8 on" in out
    run = Run.open(output)
    assert run.manifest["data"].startswith(f"imported: {folder / 'coarse'} at step 0, and from 8")
    assert run.manifest["licence"] == "The coarse one is free. The fine one is free."
    step, state = load(run, STYLEGAN2)
    assert step == 0
    for made, one, two in (
        (state.generator.parameters, first.generator.parameters, second.generator.parameters),
        (state.generator.collections, first.generator.collections, second.generator.collections),
        (state.average.mean, first.average.mean, second.average.mean),
    ):
        made, one, two = by_path(made), by_path(one), by_path(two)
        assert any(map(is_fine, made))
        for path, leaf in made.items():
            np.testing.assert_array_equal(leaf, (two if is_fine(path) else one)[path])
    for made, one in zip(
        jax.tree.leaves((state.discriminator, state.generator.optimiser)),
        jax.tree.leaves((first.discriminator, first.generator.optimiser)),
        strict=True,
    ):
        np.testing.assert_array_equal(made, one)
    line.done(STYLEGAN2, "sample", output, "--seeds", 3)
    with Image.open(output / "generated" / "seeds_3" / "seed0003.png") as image:
        assert image.size == (SIZE, SIZE)
    says = "it can translate and sample, and a new run can begin with its weights"
    line.refused(STYLEGAN2, "resume", output, says=says)


def test_a_run_gets_a_name(line, runs, tmp_path, monkeypatch):
    folder, _ = runs
    monkeypatch.chdir(tmp_path)
    words = (folder / "coarse", folder / "fine", "--from-resolution", 4)
    assert "runs/stylegan2-001 is a run" in line.done(STYLEGAN2, "blend", *words)
    assert json.loads((tmp_path / "runs/stylegan2-001/manifest.json").read_text())["seed"] == 0


def test_what_does_not_blend(line, runs, tmp_path):
    folder, _ = runs
    wide = dataclasses.replace(STYLEGAN2, channel_max=4)
    begun(wide, tmp_path / "wide", name=NAME)
    coarse, fine = folder / "coarse", folder / "fine"
    for words, says in {
        (fine, "--from-resolution", 16): ("do not blend: there is no block b16",),
        (tmp_path / "wide", "--from-resolution", 8): ("do not blend", "these differ: "),
        (tmp_path / "gone",): ("gone is no run: there is nothing of that name",),
        (fine, "--step", 3): ("no checkpoint of step 3",),
        (fine, "--other-step", 3): (f"{fine / 'checkpoints'} has no checkpoint of step 3",),
        (fine, "--from-resolution", 8, "--output", fine): ("already holds something",),
    }.items():
        line.refused(STYLEGAN2, "blend", coarse, *words, says=says)


def test_averages_that_only_one_keeps():
    state = type("State", (), {"average": None})
    other = type("State", (), {"average": 1})
    with pytest.raises(ValueError, match="one of the two runs keeps an average"):
        STYLEGAN2.blended(state, other, 8)
