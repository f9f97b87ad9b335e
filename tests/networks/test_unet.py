"""The U-Net: shapes, skips, dropout as the only noise, norms in and outside training."""

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import InstanceNorm
from jaxgan.networks import UNetGenerator


def shapes(network, *shape):
    def init(key):
        made, variables = network.init_with_output(key, jnp.zeros(shape), train=True)
        return variables, made

    return jax.eval_shape(init, jax.random.key(0))


def images(*shape):
    return jnp.asarray(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))


def initialised(network, x):
    """Variables, with kernels so large that no signal fades away."""
    variables = jax.jit(lambda key: network.init(key, x, train=True))(jax.random.key(0))
    for layer in variables["params"].values():
        if "kernel" in layer:
            layer["kernel"] *= 10
    return variables


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (UNetGenerator(16, 2, 4), (3, 16, 16, 1)),
        (UNetGenerator(4, 3, 4), (1, 8, 12, 3)),
        (UNetGenerator(64, 3, 4, halvings=4), (2, 64, 48, 3)),
    ],
    ids=["to a point", "any multiple", "fewer halvings"],
)
def test_shapes_and_types(network, shape, dtype):
    variables, made = shapes(network.clone(dtype=dtype), *shape)
    chex.assert_shape(made, (*shape[:3], network.channels))
    assert set(variables) == {"params"}
    chex.assert_type([made, *jax.tree.leaves(variables)], jnp.float32)


def test_the_papers_channels_at_256():
    variables, _ = shapes(UNetGenerator(), 1, 256, 256, 3)
    down = [variables["params"][f"down_{level}"]["kernel"].shape[3] for level in range(8)]
    assert down == [64, 128, 256, 512, 512, 512, 512, 512]
    up = [variables["params"][f"up_{level}"]["kernel"].shape[2:] for level in reversed(range(8))]
    assert up == [
        *((512, 512), (512, 1024), (512, 1024), (512, 1024)),
        *((256, 1024), (128, 512), (64, 256), (3, 128)),
    ]


@pytest.mark.parametrize(("size", "count"), [(256, 54_413_955), (128, 41_828_995)])
def test_the_official_count_of_parameters(size, count):
    variables, _ = shapes(UNetGenerator(size), 1, size, size, 3)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == count


def test_where_biases_and_norms_are():
    variables, _ = shapes(UNetGenerator(16, 3, 4), 1, 16, 16, 3)
    layers = variables["params"]
    assert {name for name, layer in layers.items() if "bias" in layer and "kernel" in layer} == {
        "up_0"
    }
    norms = {name for name in layers if "norm" in name}
    assert norms == {"down_norm_1", "down_norm_2", "up_norm_1", "up_norm_2", "up_norm_3"}
    variables, _ = shapes(UNetGenerator(16, 3, 4, norm=InstanceNorm), 1, 16, 16, 3)
    assert all("bias" in layer for layer in variables["params"].values())


def test_dropout_is_the_noise_outside_training_too():
    network, x = UNetGenerator(64, 1, 2), images(1, 64, 64, 1)
    variables = initialised(network, x)
    run = jax.jit(lambda key: network.apply(variables, x, train=False, rngs={"dropout": key}))
    made = run(jax.random.key(1))
    chex.assert_trees_all_equal(made, run(jax.random.key(1)))
    assert float(jnp.abs(made - run(jax.random.key(2))).max()) > 1e-4
    with pytest.raises(flax.errors.InvalidRngError):
        network.apply(variables, x, train=False)


def test_without_dropout_there_is_no_noise():
    network = UNetGenerator(64, 1, 2, dropout=0.0)
    variables, _ = shapes(network, 1, 64, 64, 1)
    jax.eval_shape(lambda v: network.apply(v, jnp.zeros((1, 64, 64, 1)), train=False), variables)


@pytest.mark.parametrize(
    ("size", "halvings", "count"), [(256, None, 3), (128, None, 2), (256, 5, 0), (16, None, 0)]
)
def test_how_many_blocks_have_dropout(size, halvings, count):
    network = UNetGenerator(size, 1, 2, halvings=halvings)
    lowered = jax.make_jaxpr(
        lambda key, v: network.apply(v, jnp.zeros((1, size, size, 1)), train=True, rngs=key)
    )(jax.random.key(0), shapes(network, 1, size, size, 1)[0])
    assert str(lowered).count("random_bits[") == count


@pytest.mark.parametrize("train", [True, False])
def test_outside_training_every_image_is_alone(train):
    network, x = UNetGenerator(4, 1, 4, dropout=0.0), images(3, 4, 4, 1)
    variables = initialised(network, x)
    run = jax.jit(lambda x: network.apply(variables, x, train=train))
    moved = jnp.abs(run(x) - run(x.at[1:].multiply(-0.5)))[0]
    assert (float(moved.max()) > 1e-4) == train


def test_skips_carry_the_input_past_the_innermost():
    """With the inner way cut off, the images still depend on the input, at its own place."""
    network, x = UNetGenerator(8, 1, 4, dropout=0.0, norm=None), images(1, 8, 8, 1)
    variables = initialised(network, x)
    variables["params"]["up_1"]["kernel"] *= 0.0
    gradient = jax.jit(jax.grad(lambda x: network.apply(variables, x, train=True)[0, 0, 0, 0]))(x)[
        0, :, :, 0
    ]
    assert float(jnp.abs(gradient[:4, :4]).max()) > 0
    chex.assert_trees_all_equal(gradient[5:, 5:], jnp.zeros((3, 3)))


@pytest.mark.parametrize(
    ("shape", "near"),
    [
        ((250, 256), "250x256 .* multiples of 32 from 32 on: take a height of 224 or 256 and a "),
        ((48, 48), "48x48 .*: take 32 or 64"),
        ((7, 7), r"7x7 .*: take 32\b(?! or)"),
    ],
)
def test_sizes_that_do_not_fit_name_their_neighbours(shape, near):
    with pytest.raises(ValueError, match=near):
        shapes(UNetGenerator(32, 3, 4), 1, *shape, 3)


@pytest.mark.parametrize(
    ("size", "halvings"), [(50, None), (44, None), (2, None), (64, 7), (64, 1), (0, None)]
)
def test_networks_that_cannot_be(size, halvings):
    with pytest.raises(ValueError, match=f"no U-Net of image_size={size} and halvings={halvings}"):
        shapes(UNetGenerator(size, halvings=halvings), 1, 64, 64, 3)
