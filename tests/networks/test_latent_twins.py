"""Networks against the same networks in PyTorch, on carried-over weights: outputs and gradients."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.benchmarks import latent_twins  # noqa: E402
from experiments.benchmarks.rows import LATENT_SIZE, LatentRow  # noqa: E402

ROWS = {
    "fully connected": LatentRow(28, 1, None),
    "28": LatentRow(28, 1, 8),
    "32": LatentRow(32, 3, 4),
    "without batch norm": LatentRow(16, 3, 8, penalised=True),
}


def channels_first(x):
    return torch.from_numpy(np.array(x.transpose(0, 3, 1, 2) if x.ndim == 4 else x))


def channels_last(x):
    x = x.detach().numpy()
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x


@pytest.mark.parametrize("player", [0, 1], ids=["generator", "discriminator"])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
@pytest.mark.parametrize("train", [True, False], ids=["train", "evaluate"])
def test_outputs_and_gradients(row, player, train):
    network, twin = (
        row.networks(jnp.float32)[player],
        latent_twins.networks(row)[player].train(train),
    )
    random = np.random.default_rng(0)
    shape = (8, row.image_size, row.image_size, row.channels) if player else (8, LATENT_SIZE)
    x = jnp.asarray(random.uniform(-1, 1, shape).astype(np.float32))
    variables = network.init(jax.random.key(0), x, train=True)
    latent_twins.carry(variables, twin)

    made = network.apply(variables, x, train=train, mutable=["batch_stats"])[0]
    twin_x = channels_first(x).requires_grad_()
    twin_made = twin(twin_x)
    chex.assert_trees_all_close(made, channels_last(twin_made), atol=1e-5)

    cotangent = jnp.asarray(random.standard_normal(made.shape, np.float32))

    @jax.jit
    @jax.grad
    def gradients(variables_and_x):
        (parameters, x) = variables_and_x
        made, _ = network.apply(
            {**variables, "params": parameters}, x, train=train, mutable=["batch_stats"]
        )
        return jnp.sum(made * cotangent)

    parameters, of_x = gradients((variables["params"], x))
    (twin_made * channels_first(cotangent)).sum().backward()
    chex.assert_trees_all_close(of_x, channels_last(twin_x.grad), rtol=1e-4, atol=1e-4)

    carried = latent_twins.networks(row)[player]  # gradients carried as weights are, to compare
    latent_twins.carry({"params": parameters}, carried)
    for ours, theirs in zip(carried.parameters(), twin.parameters(), strict=True):
        scale = max(1.0, float(theirs.grad.abs().max()))
        chex.assert_trees_all_close(
            ours.detach().numpy(), theirs.grad.numpy(), rtol=1e-4, atol=1e-4 * scale
        )
