"""The experiments of translation: games, sheets and figures, on images of the tests' own."""

import dataclasses
import importlib
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan.data import ArraySource, Sides, Unpaired, height_and_width, pipeline
from jaxgan.games import Game
from jaxgan.networks import XGANOutputs
from jaxgan.training import from_plain, to_plain
from jaxgan.training.configuration import validated

SCRIPTS = {"pix2pix": "Pix2Pix", "cyclegan": "CycleGAN", "one_way": "OneWay", "xgan": "XGAN"}


@pytest.fixture(
    params=[(name, preset) for name in SCRIPTS for preset in ("small", "paper")], ids="-".join
)
def experiment(request):
    name, preset = request.param
    module = importlib.import_module(f"experiments.{name}")
    return module.SMALL if preset == "small" else getattr(module, SCRIPTS[name])()


def test_game_fits_images(experiment):
    if hasattr(experiment, "blocks"):  # one is traced as soon as nine
        experiment = dataclasses.replace(experiment, blocks=1)
    _check(experiment)


@pytest.mark.parametrize(("name", "preset"), [("cyclegan", "FACES"), ("xgan", "DRAWINGS")])
def test_game_fits_images_of_other_presets(name, preset):
    experiment = getattr(importlib.import_module(f"experiments.{name}"), preset)
    assert validated(experiment) == experiment
    _check(dataclasses.replace(experiment, average_decay=None))  # traced by the small one


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_xgans_discriminators_are_penalised_where_it_is_asked_for(gamma):
    from experiments.xgan import SMALL

    rules = {"width": 4, "discriminator_width": 4, "embedding": 8, "batch_size": 2}
    game = dataclasses.replace(SMALL, gamma=gamma, **rules).game()
    batch = {side: jax.ShapeDtypeStruct((2, 32, 32, 3), jnp.float32) for side in "ab"}
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    _, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
    assert {name for name in info if name.endswith("/r1")} == (
        {"discriminator_a/r1", "discriminator_b/r1"} if gamma else set()
    )


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan", "xgan"])
def test_game_fits_images_that_are_not_square(name):
    small = importlib.import_module(f"experiments.{name}").SMALL
    pairs = Sides(load_size=(36, 72), crop_size=(32, 64))
    experiment = validated(dataclasses.replace(small, pairs=pairs))
    assert experiment.pairs == pairs
    _check(dataclasses.replace(experiment, average_decay=None))  # `init` sees what fits


def _check(experiment):
    size = height_and_width(experiment.pairs.crop_size)
    shape = experiment.batch_size, *size, 3
    assert experiment.shapes["a"].shape == experiment.shapes["b"].shape == shape
    batch = {side: jax.ShapeDtypeStruct(shape, jnp.float32) for side in "ab"}
    game = experiment.game()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    if experiment.average_decay:  # the small preset; of the papers', `init` sees what fits
        after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
        assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), after) == jax.tree.map(
            lambda leaf: (leaf.shape, leaf.dtype), state
        )
        assert "generator/loss" in info
    for side in experiment.sides:
        images = jax.ShapeDtypeStruct((5, *size, 3), jnp.float32)
        made = jax.eval_shape(game.generate, jax.random.key(0), state, {side: images})
        assert made.shape == (5, *size, 3)
    if experiment.sizes is not None:
        low, high = experiment.sizes[:2]
        images = jax.ShapeDtypeStruct((1, low, high, 3), jnp.float32)
        made = jax.eval_shape(game.generate, jax.random.key(0), state, {"a": images})
        assert made.shape == (1, low, high, 3)
        images = jax.ShapeDtypeStruct((1, low, high - 1, 3), jnp.float32)
        with pytest.raises(ValueError, match=f"multiples of {experiment.sizes.step} "):
            jax.eval_shape(game.generate, jax.random.key(0), state, {"a": images})


@pytest.mark.parametrize("stretch", [False, True])
def test_own_preparation_is_that_of_held_out_images(experiment, stretch, tmp_path):
    """`translate` gives a network what the figures of `evaluate` are of."""
    for side in "ab":
        (tmp_path / side).mkdir()
        for name in "01":
            pixels = np.random.default_rng(int(name)).integers(0, 256, (20, 30, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / side / f"{name}.png")
    pairs = Sides(
        folder_a=tmp_path / "a",
        folder_b=tmp_path / "b",
        load_size=18,
        crop_size=16,
        stretch=stretch,
    )
    experiment = dataclasses.replace(experiment, pairs=pairs)
    (expected,) = experiment.pairs.held_out()["a"]
    made = experiment.transform(tmp_path / "a" / "0.png")
    np.testing.assert_array_equal(made, expected)


def test_configuration_survives_the_manifest(experiment):
    assert validated(experiment) == experiment
    assert from_plain(type(experiment), to_plain(experiment)) == experiment


@pytest.mark.parametrize("script", ["pix2pix", "cyclegan", "one_way"])
def test_papers_pictures_are_stretched_as_the_official_code_does(script):
    """It resizes both sides to 286, whatever their shape, and crops 256 of them at random."""
    module = importlib.import_module(f"experiments.{script}")
    pairs = getattr(module, SCRIPTS[script])().pairs
    assert (pairs.stretch, pairs.load_size, pairs.crop_size) == (True, 286, 256)


def test_one_way_is_one_way():
    from experiments.one_way import SMALL

    shape = jax.ShapeDtypeStruct((4, 64, 64, 3), jnp.float32)
    state = jax.eval_shape(SMALL.game().init, jax.random.key(0), {"a": shape, "b": shape})
    assert state.discriminator_a is None


COUNT = 12
RANDOM = np.random.default_rng(0)
PICTURES = {side: RANDOM.integers(0, 256, (COUNT, 32, 32, 3), np.uint8) for side in "ab"}


@pytest.fixture
def small(monkeypatch, request):
    """An experiment with narrow networks on 12 pairs of 32x32."""
    monkeypatch.setattr(
        Sides, "held_out", lambda sides, count=None: {k: x[:count] for k, x in PICTURES.items()}
    )
    monkeypatch.setattr(Sides, "paired", lambda sides, split="train": ArraySource(PICTURES))
    halves = [ArraySource({"image": PICTURES[side]}) for side in "ab"]
    monkeypatch.setattr(Sides, "unpaired", lambda sides, split="train": Unpaired(*halves))
    widths = {"width": 4, "discriminator_width": 4, "batch_size": 2}
    if request.param != "xgan":
        widths |= {"layers": 1}
    if request.param in ("cyclegan", "one_way"):
        widths |= {"blocks": 1}
    found = importlib.import_module(f"experiments.{request.param}").SMALL
    return dataclasses.replace(found, pairs=Sides(load_size=32, crop_size=32), **widths)


def started(experiment):
    """The game, and its state at the start."""
    game = experiment.game()
    batch = experiment.data(lambda source, **rules: pipeline(source, seed=0, **rules))(0)
    assert {name: x.shape for name, x in batch.items()} == dict.fromkeys("ab", (2, 32, 32, 3))
    return game, jax.jit(game.init)(jax.random.key(0), batch)


@pytest.mark.slow
@pytest.mark.parametrize("small", ["pix2pix", "cyclegan", "xgan"], indirect=True)
def test_sheet_of_rows(small):
    game, state = started(small)
    inputs = small.inputs(jax.random.key(0), 30)
    np.testing.assert_array_equal(inputs["a"][:COUNT], inputs["a"][COUNT : 2 * COUNT])
    np.testing.assert_allclose(inputs["a"][:COUNT], PICTURES["a"] / 127.5 - 1, rtol=1e-5, atol=1e-6)
    made = np.asarray(jax.jit(game.generate)(jax.random.key(1), state, inputs))
    sheet = small.draw(state, made)
    rows = {"pix2pix": 3, "cyclegan": 6, "xgan": 6}[type(small).__name__.lower()]
    assert sheet.size == (10 * 34 * 2 + 4, rows * 34 * 2 + 4)
    # The first row is side a, twice as large; pix2pix's second is what was made.
    first = np.asarray(sheet)[4 : 4 + 64 : 2, 4 : 4 + 64 : 2]
    np.testing.assert_allclose(first, PICTURES["a"][0], atol=1)
    if rows == 3:
        second = np.asarray(sheet)[72 : 72 + 64 : 2, 4 : 4 + 64 : 2]
        np.testing.assert_allclose(second, (made[0] + 1) * 127.5, atol=1)
    else:  # the fourth is side b, of the same pairs
        fourth = np.asarray(sheet)[4 + 3 * 68 : 4 + 3 * 68 + 64 : 2, 4 : 4 + 64 : 2]
        np.testing.assert_allclose(fourth, PICTURES["b"][0], atol=1)


@pytest.mark.parametrize("small", ["pix2pix", "cyclegan", "one_way"], indirect=True)
def test_figures_of_perfect_translations(small):
    sides = {side: x / np.float32(127.5) - 1 for side, x in PICTURES.items()}

    def generate(key, inputs):
        """Knows the partner of every picture."""
        ((side, images),) = inputs.items()
        other = {"a": "b", "b": "a"}[side]
        distance = np.abs(np.asarray(images)[:, None] - sides[side][None]).mean(axis=(2, 3, 4))
        return sides[other][distance.argmin(axis=1)]

    figures = small.evaluate(generate, jax.random.key(0))
    assert figures["l1"] == pytest.approx(0, abs=1e-6)
    assert figures["ssim"] == pytest.approx(1, abs=1e-5)
    assert figures["input_l1"] == pytest.approx(1 / 3, abs=0.01)  # of two uniform numbers
    assert figures["mean_l1"] == pytest.approx(0.24, abs=0.02)
    assert figures["colour_inside"] == pytest.approx(figures["true_colour_inside"])
    assert figures["mean_ssim"] < 0.3
    for name in set(figures) & {"cycle_a_l1", "cycle_b_l1", "back_l1"}:
        assert figures[name] == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("small", ["xgan"], indirect=True)
def test_figures_of_xgan(small):
    game, state = started(small)
    generate = jax.jit(game.generate)
    figures = small.evaluate(lambda key, inputs: generate(key, state, inputs), jax.random.key(0))
    assert figures["chance_retrieval_5"] == pytest.approx(5 / COUNT)
    for name in ("retrieval_5", "back_retrieval_5"):
        assert 0 <= figures[name] <= 1
        assert 0 <= figures[f"untrained_{name}"] <= 1
    assert 0 < figures["reconstruction_a_l1"] < 1


@pytest.mark.parametrize("small", ["cyclegan", "xgan"], indirect=True)
def test_of_faces_is_told_what_they_keep(small, monkeypatch):
    """And not how near a face is to another's; XGAN's people are all different."""
    small = dataclasses.replace(small, pairs=dataclasses.replace(small.pairs, dataset="faces"))
    sides = {side: x / np.float32(127.5) - 1 for side, x in PICTURES.items()}
    embedding = np.random.default_rng(0).normal(size=(COUNT, 3))
    moved = np.concatenate([embedding[:6], embedding[6:] + 9])  # found, as far as all differ
    made = XGANOutputs(
        *(embedding, moved, sides["a"], sides["b"], sides["b"], sides["a"]),
        *([np.zeros(0)] * 4),
    )

    def generate(key, inputs):
        return made if len(inputs) == 2 else made.a_to_b if "a" in inputs else made.b_to_a

    def kept(pairs, a_to_b, b_to_a):
        assert a_to_b is made.a_to_b
        assert b_to_a is made.b_to_a
        return {"a_to_b_glasses_kept": 0.5}

    untrained = Game(lambda key, batch: 0, None, lambda key, state, inputs: made)
    monkeypatch.setattr(type(small), "game", lambda self: untrained)
    monkeypatch.setattr("jaxgan.recipes.evaluate_face_sides", kept)
    monkeypatch.setattr("jaxgan.recipes.held_out_people", lambda pairs: SimpleNamespace(kinds=6))
    figures = small.evaluate(generate, jax.random.key(0))
    assert figures["a_to_b_glasses_kept"] == 0.5
    assert not {"l1", "ssim", "back_l1"} & set(figures)
    if hasattr(small, "embedding"):
        for name in ("retrieval_5", "back_retrieval_5", "untrained_back_retrieval_5"):
            assert figures[name] == 1
        assert figures["chance_retrieval_5"] == 5 / 6
