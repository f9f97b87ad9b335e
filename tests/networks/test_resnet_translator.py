"""CycleGAN's generator: shapes, layers, dropout, sizes."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import MinibatchNorm
from jaxgan.networks import ResNetTranslator


def shapes(network, *shape):
    def init(key):
        made, variables = network.init_with_output(key, jnp.zeros(shape), train=True)
        return variables, made

    return jax.eval_shape(init, jax.random.key(0))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("norm", [None, MinibatchNorm], ids=["none", "batch"])
@pytest.mark.parametrize("shape", [(2, 8, 12, 1), (1, 64, 64, 3)])
def test_shapes_and_types(shape, norm, dtype):
    network = ResNetTranslator(2, 4, 1, norm=norm, dtype=dtype)
    variables, made = shapes(network, *shape)
    chex.assert_shape(made, (*shape[:3], 2))
    assert set(variables) == {"params"}
    chex.assert_type([made, *jax.tree.leaves(variables)], jnp.float32)


def test_the_papers_layers():
    layers = shapes(ResNetTranslator(), 1, 256, 256, 3)[0]["params"]
    blocks = {name for name in layers if name.startswith("block")}
    assert blocks == {f"block_{k}" for k in range(9)}
    kernels = {name: layer["kernel"].shape for name, layer in layers.items() if name not in blocks}
    assert kernels == {
        "first": (7, 7, 3, 64),
        "down_0": (3, 3, 64, 128),
        "down_1": (3, 3, 128, 256),
        "up_0": (3, 3, 128, 256),
        "up_1": (3, 3, 64, 128),
        "last": (7, 7, 64, 3),
    }
    assert all("bias" in layers[name] for name in kernels)  # and of instance norm, nothing
    for block in blocks:
        assert set(layers[block]) == {"conv_0", "conv_1"}


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_the_official_count_of_parameters(blocks, count):
    variables, _ = shapes(ResNetTranslator(blocks=blocks), 1, 256, 256, 3)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == count


def test_instance_norm_leaves_every_image_alone():
    network = ResNetTranslator(1, 4, 1)
    x = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)), jnp.float32)
    variables = jax.jit(lambda key: network.init(key, x, train=True))(jax.random.key(0))
    run = jax.jit(lambda x: network.apply(variables, x, train=True))
    first, second = jnp.abs(run(x) - run(x.at[1].multiply(x[0])))
    assert float(first.max()) == 0
    assert float(second.max()) > 1e-3


def test_dropout_is_noise_in_training_and_outside():
    network = ResNetTranslator(1, 2, 1, dropout=0.5)
    x = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 1)), jnp.float32)
    variables = jax.jit(lambda key: network.init(key, x, train=True))(jax.random.key(0))
    run = jax.jit(lambda key: network.apply(variables, x, train=False, rngs={"dropout": key}))
    made = run(jax.random.key(1))
    chex.assert_trees_all_equal(made, run(jax.random.key(1)))
    assert float(jnp.abs(made - run(jax.random.key(2))).max()) > 1e-4


@pytest.mark.parametrize(
    ("size", "near"),
    [
        ((250, 256), "250x256 .*: take a height of 248 or 252 and a width of 256"),
        ((254, 254), "254x254 .*: take 252 or 256"),
        ((4, 4), r"4x4 .* multiples of 4 from 8 on: take 8\b(?! or)"),
    ],
)
def test_sizes_that_do_not_fit_name_their_neighbours(size, near):
    with pytest.raises(ValueError, match=near):
        shapes(ResNetTranslator(3, 4, 1), 1, *size, 3)
