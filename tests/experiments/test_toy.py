"""GANs of the plane."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import toy
from jaxgan.data import resident
from jaxgan.training import Schedule, from_plain, to_plain, train

TINY = dataclasses.replace(toy.SMALL, width=8, depth=2, batch_size=16, n_critic=2)
RULES = [(loss, "r1") for loss in toy.LOSSES] + [
    ("minimax", penalty) for penalty in [*toy.PENALTIES, "clip", "none"]
]


@pytest.fixture(scope="module")
def batch():
    return resident(toy.mixtures.grid().source(100), seed=0, batch_size=32)(0)


@pytest.mark.parametrize(("loss", "penalty"), RULES)
def test_every_loss_and_penalty(loss, penalty, batch):
    game = dataclasses.replace(TINY, loss=loss, penalty=penalty).game()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
    assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, state)
    reported = {name.split("/")[1] for name in info if name.startswith("discriminator/")}
    terms = {"none": set(), "clip": set(), "r1_r2": {"r1", "r2"}}.get(penalty, {penalty})
    assert terms == reported & {*toy.PENALTIES, "r2", "clip"} - {"r1_r2"}


def test_strength_is_the_weight(batch):
    def loss_and_terms(strength):
        game = dataclasses.replace(TINY, penalty="r1_r2", strength=strength, n_critic=1).game()
        state = game.init(jax.random.key(0), batch)
        info = jax.jit(game.update)(jax.random.key(1), state, batch)[1]
        return [
            float(info[f"discriminator/{name}"]) for name in ("loss", "adversarial", "r1", "r2")
        ]

    loss, adversarial, r1, r2 = loss_and_terms(0.5)
    assert r1 > 0
    assert r2 > 0
    assert loss == pytest.approx(adversarial + 0.5 * r1 + 0.5 * r2, rel=1e-5)


def test_clip_is_the_box(batch):
    game = dataclasses.replace(TINY, penalty="clip", loss="wasserstein", strength=0.05).game()
    state = game.init(jax.random.key(0), batch)
    d = jax.jit(game.update)(jax.random.key(1), state, batch)[0].discriminator
    largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(d.parameters))
    assert largest == pytest.approx(0.05, abs=1e-7)


def test_rate_falls_with_the_rounds():
    """Two updates a round: after all of them the rate is 0, halfway it is half."""
    optimiser = dataclasses.replace(
        TINY, decay=True, learning_rate=1.0, schedule=Schedule(steps=10)
    ).adam(updates_a_round=2)
    state, sizes = optimiser.init(jnp.zeros(())), []
    for _ in range(21):
        change, state = optimiser.update(jnp.ones(()), state)
        sizes.append(-float(change))
    np.testing.assert_allclose(sizes, np.linspace(1, 0, 21), atol=1e-5)


@pytest.mark.parametrize("mixture", toy.MIXTURES)
def test_evaluate_own_points(mixture):
    experiment = dataclasses.replace(TINY, mixture=mixture)
    truth = toy.MIXTURES[mixture]()
    figures = experiment.evaluate(
        lambda key, inputs: truth.draw(len(inputs["latent"]), seed=0), jax.random.key(0)
    )
    assert figures["modes"] == len(truth.centres)
    assert 0.98 < figures["quality"] <= 1
    assert 0 <= figures["divergence"] < 0.05
    json.dumps(figures)


@pytest.mark.parametrize("preset", [toy.Toy(), toy.SMALL], ids=["paper", "small"])
def test_configuration_survives_the_manifest(preset):
    assert from_plain(toy.Toy, to_plain(preset)) == preset


def test_a_run(tmp_path):
    """The whole of it: rounds, pictures of points, checkpoints, animation."""
    from PIL import Image

    schedule = Schedule(steps=4, log_every=2, sample_every=2, checkpoint_every=4)
    experiment = dataclasses.replace(TINY, schedule=schedule)
    run = train(experiment, tmp_path / "run", name="toy", devices=1)
    pictures = sorted(run.samples.glob("step_*.png"))
    assert len(pictures) == 3
    with Image.open(pictures[-1]) as picture:
        assert picture.size == (350, 350)
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    red = (colours[:, 0] > 150) & (colours[:, 1] < 100)
    assert red.sum() > 50  # samples
    assert len(np.unique(colours, axis=0)) > 50  # landscape and data
