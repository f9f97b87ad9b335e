"""The benchmarks' rounds of translation: PyTorch's against the games', and their settings."""

import dataclasses
import inspect
import multiprocessing
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks import sides
from experiments.benchmarks.rows import CPU_ROWS, ROWS, CycleGANRow, Pix2PixRow
from experiments.benchmarks.sides import Setting, Side
from experiments.cyclegan import CycleGAN
from experiments.pix2pix import Pix2Pix
from jaxgan import games
from jaxgan.weights import official_parameters

torch = pytest.importorskip("torch")

from experiments.benchmarks import translation_twins, twins  # noqa: E402
from experiments.benchmarks.players import Execution  # noqa: E402
from experiments.benchmarks.updates import Updates, measure  # noqa: E402

TINY = {
    "pix2pix": Pix2PixRow(32, width=4, dropout=0.0),
    "cyclegan": CycleGANRow(32, blocks=1, width=4),
}
EXECUTIONS = {
    "channels last": Execution(2, "cpu"),
    "channels first": Execution(2, "cpu", channels_last=False),
}


def carried(network, twin, player):
    """A player with the weights of a network in PyTorch."""
    weights = {name: tensor.numpy() for name, tensor in twin.state_dict().items()}
    parameters = official_parameters(network, weights, player.parameters)
    return player._replace(parameters=jax.tree.map(jnp.array, parameters))


def with_weights(row, state, execution):
    """The game's state with new weights of PyTorch's, and PyTorch's round with the same."""
    g, d = row.networks(jnp.float32)
    twin_g, twin_d = (execution.prepare(network) for network in translation_twins.networks(row))
    if isinstance(row, Pix2PixRow):
        state = state._replace(
            generator=carried(g, twin_g, state.generator),
            discriminator=carried(d, twin_d, state.discriminator),
        )
        return state, translation_twins.pix2pix(twin_g, twin_d, execution)
    twin_f, twin_d_a = (execution.prepare(network) for network in translation_twins.networks(row))
    of_a, of_b = state.discriminator_a, state.discriminator_b
    state = state._replace(
        a_to_b=carried(g, twin_g, state.a_to_b),
        b_to_a=carried(g, twin_f, state.b_to_a),
        discriminator_a=of_a._replace(player=carried(d, twin_d_a, of_a.player)),
        discriminator_b=of_b._replace(player=carried(d, twin_d, of_b.player)),
    )
    return state, translation_twins.cyclegan((twin_g, twin_f), (twin_d, twin_d_a), execution)


@pytest.mark.parametrize("row", TINY.values(), ids=TINY.keys())
def test_rounds_minimise_the_same(row):
    """Three rounds: from the second on, a loss depends on the updates before."""
    torch.manual_seed(0)
    game = row.game(jnp.float32)
    batches = [
        jax.tree.map(lambda x, factor=factor: factor * x, row.batch(2)) for factor in (1, -0.5, 0.3)
    ]
    shapes = jax.eval_shape(game.init, jax.random.key(0), batches[0])
    # Weights come from PyTorch; all else begins as zeros.
    init = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    update = jax.jit(game.update)
    for execution in EXECUTIONS.values():
        state, play = with_weights(row, init, execution)
        losses = []
        for step, batch in enumerate(batches):
            state, info = update(jax.random.key(step), state, batch)
            a, b = (torch.from_numpy(np.array(batch[s])).movedim(3, 1) for s in "ab")
            theirs = {f"{player}/loss": float(loss) for player, loss in play(a, b).items()}
            losses.append(theirs)
            for name, loss in theirs.items():
                np.testing.assert_allclose(info[name], loss, rtol=2e-4, err_msg=f"{name} {step}")
        assert {name for name in info if name.endswith("/loss")} == set(losses[0])


def test_pool_fills_and_then_returns_an_older_image_half_of_the_time():
    random.seed(0)
    pool = translation_twins.Pool(5)
    images = torch.arange(2005.0).reshape(-1, 1, 1, 1)
    assert torch.equal(pool.exchange(images[:5]), images[:5])
    out = pool.exchange(images[5:])
    older = out != images[5:]
    assert abs(float(older.float().mean()) - 0.5) < 0.05
    left = torch.cat([out, *pool.images]).flatten().sort().values
    assert torch.equal(left, images.flatten())  # an image is where it was put or has come out


@pytest.mark.parametrize("row", TINY.values(), ids=TINY.keys())
def test_difference_of_outputs_is_of_rounding(row):
    if isinstance(row, Pix2PixRow):
        row = dataclasses.replace(row, dropout=0.5)  # left out of the comparison
    assert 0 < twins.difference(row) < 1e-4


def test_networks_that_differ_are_not_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(twins, "difference", lambda row: 1e-3)
    with pytest.raises(RuntimeError, match="networks of dcgan-28 differ"):
        measure(Updates(tmp_path), "dcgan-28")


def test_rows_that_are_not_there():
    with pytest.raises(ValueError, match=r"no rows \['dcgan-2'\]"):
        Updates(None, rows=("dcgan-2",))
    assert set(CPU_ROWS) < set(ROWS)


def test_a_side_that_fails_says_why_and_ends():
    before = multiprocessing.active_children()
    with pytest.raises(RuntimeError, match="KeyError: 'no-such-row'"):
        Side(sides.jaxgan, Setting("no-such-row", batch=1, threads=1))
    assert multiprocessing.active_children() == before


@pytest.mark.parametrize(
    ("game", "row", "experiment"),
    [
        ("translation", ROWS["pix2pix-256"], Pix2Pix()),
        ("cycle", ROWS["cyclegan-256"], CycleGAN()),
    ],
    ids=["pix2pix", "cyclegan"],
)
def test_settings_are_the_experiments(monkeypatch, game, row, experiment):
    signature = inspect.signature(getattr(games, game))
    calls = []

    def note(*arguments, **options):
        bound = signature.bind(*arguments, **options)
        bound.apply_defaults()
        calls.append(bound.arguments)

    monkeypatch.setattr(games, game, note)
    row.game(jnp.float32)
    experiment.game()
    ours, theirs = calls
    for name in ("generator_optimiser", "discriminator_optimiser"):
        steps = []
        for optimiser in (ours.pop(name), theirs.pop(name)):
            state = optimiser.init(jnp.float32(0))
            for gradient in (1.0, -3.0):
                step, state = optimiser.update(jnp.float32(gradient), state)
            steps.append(step)
        np.testing.assert_allclose(*steps, rtol=1e-6)
    assert ours == theirs


@pytest.mark.parametrize("row", TINY.values(), ids=TINY.keys())
def test_update_plays(row):
    update = twins.update(row, Execution(1, "cpu", bfloat16=True))
    update()
    update()
