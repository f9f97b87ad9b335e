"""Networks made conditional: what reaches the network inside, and that it shows the label."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import (
    AppendLabel,
    DCGANDiscriminator,
    DCGANGenerator,
    LabelChannel,
    MultiplyLabel,
)

LATENT = jnp.asarray(np.random.default_rng(0).standard_normal((3, 5), np.float32))
IMAGES = jnp.asarray(np.random.default_rng(1).uniform(-1, 1, (3, 4, 2, 2)).astype(np.float32))
LABEL = jnp.array([2, 0, 2])
WRAPPERS = [(AppendLabel, LATENT), (MultiplyLabel, LATENT), (LabelChannel, IMAGES)]
modes = pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
wrappers = pytest.mark.parametrize(
    ("wrapper", "x"), WRAPPERS, ids=["append", "multiply", "channel"]
)


class Nothing(nn.Module):
    """Gives back what came, twice as much in training."""

    @nn.compact
    def __call__(self, x, *, train):
        return 2 * x if train else x


def seen(wrapper, x, mode):
    network = wrapper(Nothing(), 3)
    variables = network.init(jax.random.key(0), x, LABEL, train=True)
    apply = mode(lambda v, x, y: network.apply(v, x, y, train=False))
    twice = network.apply(variables, x, LABEL, train=True)
    made = apply(variables, x, LABEL)
    chex.assert_trees_all_close(twice, 2 * made, rtol=1e-6)
    return made, variables


@modes
def test_append(mode):
    made, variables = seen(AppendLabel, LATENT, mode)
    assert not variables
    chex.assert_trees_all_equal(made, jnp.concatenate([LATENT, jnp.eye(3)[LABEL]], axis=1))


@modes
def test_multiply(mode):
    made, variables = seen(MultiplyLabel, LATENT, mode)
    table = variables["params"]["LabelEmbedding_0"]["embedding"]
    assert table.shape == (3, 5)
    chex.assert_trees_all_close(made, LATENT * table[LABEL], rtol=1e-6)


@modes
def test_channel(mode):
    made, variables = seen(LabelChannel, IMAGES, mode)
    table = variables["params"]["LabelEmbedding_0"]["embedding"]
    assert table.shape == (3, 8)
    chex.assert_trees_all_equal(made[..., :2], IMAGES)
    chex.assert_trees_all_equal(made[..., 2], table[LABEL].reshape(3, 4, 2))


@wrappers
def test_several_attributes(wrapper, x):
    """Each is seen, and a vector of another length is none."""
    network, vectors = wrapper(Nothing(), (3, 2)), jnp.array([[2, 0], [2, 1], [0, 1]])
    variables = network.init(jax.random.key(0), x, vectors, train=False)
    made = network.apply(variables, x, vectors, train=False)
    if wrapper is AppendLabel:
        rows = jnp.array([[0, 0, 1, 1, 0], [0, 0, 1, 0, 1], [1.0, 0, 0, 0, 1]])
        chex.assert_trees_all_equal(made, jnp.concatenate([LATENT, rows], axis=1))
    else:
        table = variables["params"]["LabelEmbedding_0"]["embedding"]
        sums = table[vectors[:, 0]] + table[3 + vectors[:, 1]]
        true = LATENT * sums if wrapper is MultiplyLabel else sums
        seen = made if wrapper is MultiplyLabel else made[..., 2].reshape(3, 8)
        chex.assert_trees_all_close(seen, true, rtol=1e-6)
    with pytest.raises(ValueError, match="labels of 3 attributes came to a network of classes"):
        network.apply(variables, x, jnp.zeros((3, 3), jnp.int32), train=False)


@pytest.mark.parametrize(
    ("network", "x"),
    [
        (AppendLabel(DCGANGenerator(8, 1, 4), 3), LATENT),
        (MultiplyLabel(DCGANGenerator(8, 1, 4), 3), LATENT),
        (LabelChannel(DCGANDiscriminator(8, 4), 3), jnp.ones((3, 8, 8, 1))),
    ],
    ids=["append", "multiply", "channel"],
)
def test_every_class_gives_something_else_and_learns(network, x):
    x = x[:1]

    @jax.jit
    def run(key):
        variables = network.init(key, x, LABEL[:1], train=True)

        def made(parameters, label):
            everything = {**variables, "params": parameters}
            return network.apply(everything, x, label, train=False)

        outputs = [made(variables["params"], jnp.array([y])) for y in range(3)]
        gradient = jax.grad(lambda p: jnp.sum(made(p, jnp.array([1])) ** 2))(variables["params"])
        return outputs, gradient

    outputs, gradient = run(jax.random.key(0))
    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert float(jnp.abs(outputs[a] - outputs[b]).max()) > 1e-4
    for rows in (g["embedding"] for g in gradient.values() if "embedding" in g):
        assert jnp.abs(rows).max(1).astype(bool).tolist() == [False, True, False]


@wrappers
def test_bad_labels(wrapper, x):
    network = wrapper(Nothing(), 3)
    with pytest.raises(ValueError, match="label 3 is out of range: 3 classes"):
        network.init(jax.random.key(0), x, jnp.array([0, 1, 3]), train=True)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'label'"):
        network.init(jax.random.key(0), x, train=True)
    with pytest.raises(AssertionError):
        network.init(jax.random.key(0), x, jnp.array([0, 1]), train=True)
    inside = jax.jit(lambda y: network.init_with_output(jax.random.key(0), x, y, train=True)[0])
    wrong = jnp.isnan(inside(jnp.array([0, -1, 2]))).reshape(3, -1).any(1)
    assert wrong.tolist() == [False, True, False]
