"""The experiment of tags, on drawings that are made here."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import tags
from jaxgan import data, games, recipes
from jaxgan.data import resident
from jaxgan.recipes.tags import Drawings
from jaxgan.training import Draws, Evaluates, Shows, from_plain, to_plain
from jaxgan.training.configuration import validated

WORDS = tuple(f"word{index}" for index in range(240))


def part(key, count):
    random = np.random.default_rng(key)
    table = random.random((count, len(WORDS))) < 0.02
    table[np.arange(count), np.arange(count) % len(WORDS)] = True
    features = random.normal(size=(count, 16)).astype(np.float32)
    images = random.integers(0, 256, (count, 32, 32, 3), np.uint8)
    return Drawings(images, np.array(["a name"] * count), table, features)


@pytest.fixture(params=["small", "paper"])
def experiment(request, monkeypatch):
    train, test = part(0, 300), part(1, 40)

    def tagged_drawings(*, image_size, minimum, vector_size, features):
        del image_size, minimum, features
        if vector_size is None:
            vectors = np.eye(len(WORDS), dtype=np.float32)
        else:
            vectors = data.word_vectors(train.table, size=vector_size)
        return recipes.TaggedDrawings(WORDS, vectors, train, test)

    monkeypatch.setattr(recipes, "tagged_drawings", tagged_drawings)
    return tags.SMALL if request.param == "small" else tags.Tags()


def examples_of(experiment):
    taken = []

    def pipeline(source, *, batch_size, flip):
        assert not flip
        assert batch_size == experiment.batch_size
        taken.append(source)
        return resident(source, seed=0, batch_size=batch_size)

    experiment.data(pipeline)
    return taken[0].read(np.arange(len(taken[0])))


def test_examples_are_pairs_of_a_drawing_and_one_of_its_words(experiment):
    drawings = experiment.drawings()
    plain = dataclasses.replace(experiment, views=2, word_noise=0.0, feature_noise=0.0)
    examples = examples_of(plain)
    row, word = np.nonzero(drawings.train.table)
    vectors, features = (np.split(examples[name], 2) for name in ("word_vector", "features"))
    for view in range(2):
        expected = drawings.vectors[word] * (experiment.vector_size or 1) ** 0.5
        np.testing.assert_allclose(vectors[view], expected, rtol=1e-6)
        np.testing.assert_array_equal(features[view], drawings.train.features[row])
    assert all(array.dtype == np.float32 for array in examples.values())


def test_noise_of_views(experiment):
    noisy = dataclasses.replace(experiment, views=10, word_noise=0.5, feature_noise=2.0)
    plain = examples_of(dataclasses.replace(noisy, word_noise=0.0, feature_noise=0.0))
    examples = examples_of(noisy)
    for name, deviation in (("word_vector", 0.5), ("features", 2.0)):
        noise = examples[name] - plain[name]
        np.testing.assert_allclose(noise.std(), deviation, rtol=0.01)
        assert abs(noise.mean()) < 0.02
        first, second = noise[: len(noise) // 2], noise[len(noise) // 2 :]
        assert abs(np.mean(first * second)) < 0.02 * deviation**2
        np.testing.assert_array_equal(examples[name], examples_of(noisy)[name])


def test_game_fits_data_and_inputs(experiment):
    batch = experiment.data(lambda source, *, batch_size, flip: source).read(np.arange(4))
    game = experiment.game()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    assert ("discriminator/r2" in info) == bool(experiment.gamma)
    inputs = experiment.inputs(jax.random.key(1), 20)
    np.testing.assert_array_equal(inputs["features"][:10], inputs["features"][10:])
    made = jax.eval_shape(game.generate, jax.random.key(0), state, inputs)
    assert made.shape == (20, experiment.drawings().vectors.shape[1])


def test_configuration_survives_the_manifest(experiment):
    assert validated(experiment) == experiment
    assert from_plain(tags.Tags, to_plain(experiment)) == experiment
    assert isinstance(experiment, Draws)
    assert isinstance(experiment, Evaluates)
    assert not isinstance(experiment, Shows)  # its pictures are of any inputs


def test_learning_rate_and_momentum_of_the_paper():
    """Two updates with gradients 1: the steps of stochastic gradient descent with momentum."""
    optimiser = tags.Tags().optimiser(0.1)
    state = optimiser.init(jnp.zeros(()))
    first, state = optimiser.update(jnp.ones(()), state)
    second, state = optimiser.update(jnp.ones(()), state)
    np.testing.assert_allclose(first, -0.1, rtol=1e-5)
    np.testing.assert_allclose(second, -0.1 / 1.00004 * 1.5, rtol=1e-5)


def test_fresh_noise_is_what_both_players_see(experiment, monkeypatch):
    monkeypatch.setattr(
        games, "adversarial", lambda *_, **__: games.Game(None, lambda *round: round, None)
    )
    batch = {"word_vector": jnp.ones((9, 4)), "features": jnp.ones((900, 16))}

    def seen(noise, key):
        update = dataclasses.replace(experiment, fresh_noise=noise).game().update
        _, state, shown = update(jax.random.key(key), "state", dict(batch))
        assert state == "state"
        assert shown["word_vector"] is batch["word_vector"]
        return np.asarray(shown["features"]) - 1

    assert not seen(0.0, 0).any()
    np.testing.assert_allclose(seen(0.5, 0).std(), 0.5, rtol=0.02)
    assert abs(np.mean(seen(0.5, 0) * seen(0.5, 1))) < 0.01
    np.testing.assert_array_equal(seen(0.5, 1), seen(0.5, 1))


@pytest.mark.parametrize(("own", "rate"), [(None, 0.25), (0.5, 0.5)])
def test_rate_of_each_player(experiment, monkeypatch, own, rate):
    given = {}
    monkeypatch.setattr(games, "adversarial", lambda *_, **options: given.update(options))
    rates = {"learning_rate": 0.25, "discriminator_rate": own}
    dataclasses.replace(experiment, fresh_noise=0.0, **rates).game()
    for player, expected in (("generator", 0.25), ("discriminator", rate)):
        optimiser = given[f"{player}_optimiser"]
        step, _ = optimiser.update(jnp.ones(()), optimiser.init(jnp.zeros(())))
        np.testing.assert_allclose(step, -expected, rtol=1e-5)


def test_a_perfect_generator_is_found_so(experiment):
    """It answers an image's features with one of the image's words, each as often."""
    drawings = experiment.drawings()
    test = drawings.test

    def generate(key: jax.Array, inputs: games.Batch) -> np.ndarray:
        features, made = np.asarray(inputs["features"]), []
        assert inputs["latent"].shape == (len(features), experiment.latent_size)
        for index, row in enumerate(features):
            image = int(np.flatnonzero((test.features == row).all(axis=1))[0])
            words = np.flatnonzero(test.table[image])
            made.append(3 * drawings.vectors[words[index % len(words)]])
        return np.stack(made)

    figures = dataclasses.replace(experiment, nearest=1).evaluate(generate, jax.random.key(0))
    for k in (5, 10):
        assert figures[f"precision_{k}"] == pytest.approx(figures[f"attainable_precision_{k}"])
        assert figures[f"precision_{k}"] > 2 * figures[f"neighbour_precision_{k}"]


def test_picture(experiment):
    made = np.random.default_rng(0).normal(size=(107, experiment.drawings().vectors.shape[1]))
    sheet = experiment.draw(None, made.astype(np.float32))
    assert sheet.size == (672, 750)
    assert np.asarray(sheet).std() > 10
    # The picture of a run is of one size, whatever is generated.
    assert experiment.draw(None, -made[:100].astype(np.float32)).size == sheet.size
