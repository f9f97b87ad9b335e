"""Patch discriminators: shapes, conditions, and what one score sees."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks import PatchGAN, PixelDiscriminator


def shapes(network, *inputs):
    def init(key):
        made, variables = network.init_with_output(key, *map(jnp.zeros, inputs), train=True)
        return variables, made

    return jax.eval_shape(init, jax.random.key(0))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(
    ("network", "size", "scores"),
    [
        (PatchGAN(4), (256, 256), (30, 30)),
        (PatchGAN(4), (24, 31), (1, 1)),
        (PatchGAN(4, 1), (64, 48), (30, 22)),
        (PatchGAN(4, 5), (256, 256), (6, 6)),
        (PixelDiscriminator(4), (9, 7), (9, 7)),
    ],
)
def test_shapes_and_types(network, size, scores, dtype):
    images = (2, *size, 3)
    variables, made = shapes(network.clone(dtype=dtype), images)
    chex.assert_shape(made, (2, *scores))
    assert set(variables) == {"params"}
    chex.assert_type([made, *jax.tree.leaves(variables)], jnp.float32)


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_the_papers_patches(layers, field):
    assert PatchGAN(layers=layers).receptive_field == field


@pytest.mark.parametrize(
    "network",
    [PatchGAN(1, 1, None), PatchGAN(1, 3, None), PatchGAN(1, 5, None), PixelDiscriminator(1, None)],
    ids=["16", "70", "286", "pixel"],
)
def test_the_receptive_field_is_what_a_score_depends_on(network):
    """The pixels of nonzero gradient of a score far from the edges: a full square of that side."""
    field = network.receptive_field
    size = -(-(2 * field + 64) // 64) * 64
    images = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (1, size, size, 1)), jnp.float32)
    # Positive weights: no two ways from a pixel to the score can cancel.
    parameters = jax.tree.map(
        lambda leaf: jnp.full(leaf.shape, 0.2), shapes(network, images.shape)[0]
    )

    @jax.jit
    @jax.grad
    def gradient(images):
        scores = network.apply(parameters, images, train=True)
        return scores[0, scores.shape[1] // 2, scores.shape[2] // 2]

    rows, columns = np.nonzero(np.asarray(gradient(images))[0, :, :, 0])
    assert rows.min() > 0  # not cut off by the edges
    assert rows.max() < size - 1
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == field
    assert len(rows) == field**2


@pytest.mark.parametrize("network", [PatchGAN(4, 1), PixelDiscriminator(4)])
def test_a_condition_stands_before_the_images(network):
    random = np.random.default_rng(0)
    images, condition = (
        jnp.asarray(random.uniform(-1, 1, (2, 16, 16, c)), jnp.float32) for c in (3, 1)
    )
    init = jax.jit(lambda key: network.init(key, images, condition, train=True))
    variables = init(jax.random.key(0))
    run = jax.jit(lambda *inputs: network.apply(variables, *inputs, train=True))
    stacked = jnp.concatenate([condition, images], axis=-1)
    chex.assert_trees_all_equal(run(images, condition), run(stacked))


def test_a_condition_of_another_size():
    with pytest.raises(AssertionError):
        shapes(PatchGAN(4, 1), (2, 16, 16, 3), (2, 12, 16, 3))


def test_where_biases_and_norms_are():
    layers = shapes(PatchGAN(4), (1, 64, 64, 3))[0]["params"]
    assert {name for name in layers if "norm" in name} == {"norm_1", "norm_2", "norm_3"}
    biased = {name for name, layer in layers.items() if set(layer) == {"kernel", "bias"}}
    assert biased == {"conv_0", "conv_4"}
    layers = shapes(PatchGAN(4, norm=InstanceNorm), (1, 64, 64, 3))[0]["params"]
    assert {name for name, layer in layers.items() if "bias" in layer} == {
        f"conv_{k}" for k in range(5)
    }


@pytest.mark.parametrize(
    ("norm", "channels", "count"),
    [(InstanceNorm, [3], 2_764_737), (MinibatchNorm, [3, 3], 2_768_705)],
    ids=["CycleGAN", "pix2pix"],
)
def test_the_official_count_of_parameters(norm, channels, count):
    variables, _ = shapes(PatchGAN(norm=norm), *((1, 256, 256, c) for c in channels))
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == count


def test_the_papers_channels():
    layers = shapes(PatchGAN(layers=5), (1, 256, 256, 3))[0]["params"]
    assert [layers[f"conv_{k}"]["kernel"].shape[3] for k in range(7)] == [
        *(64, 128, 256, 512, 512, 512, 1)
    ]


@pytest.mark.parametrize(("layers", "size", "least"), [(3, 16, 24), (1, 5, 6), (5, 64, 96)])
def test_images_that_are_too_small_for_a_score(layers, size, least):
    network = PatchGAN(4, layers)
    with pytest.raises(ValueError, match=f"{size}x256 are too small .*: take {least}x{least} or"):
        shapes(network, (1, size, 256, 3))
    shapes(network, (1, least, least, 3))


def test_no_layers():
    with pytest.raises(ValueError, match="no PatchGAN of layers=0: take 1 or more"):
        shapes(PatchGAN(layers=0), (1, 64, 64, 3))
