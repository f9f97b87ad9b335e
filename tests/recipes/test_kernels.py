"""The kernels that meet a latent or a style first: without them, no image depends on it."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import stylegan, stylegan2
from jaxgan import networks
from jaxgan.games import AdversarialState, Growth, Player
from jaxgan.recipes import FromLatents, first_kernel, style_kernels
from jaxgan.updates import AverageState

Z, CLASSES = 5, 3
LABEL = jnp.array([1])

GENERATORS = {
    "fully connected": (networks.FullyConnectedGenerator(shape=(8, 8, 1)), ()),
    "dcgan": (networks.DCGANGenerator(8, 1, width=4), ()),
    "class norms": (networks.DCGANGenerator(8, 1, width=4, classes=CLASSES), (LABEL,)),
    "append": (networks.AppendLabel(networks.DCGANGenerator(8, 1, width=4), CLASSES), (LABEL,)),
    "multiply": (networks.MultiplyLabel(networks.DCGANGenerator(8, 1, width=4), CLASSES), (LABEL,)),
    "infogan": (networks.InfoGANGenerator(8, 1, width=4), ()),
    "sngan": (networks.SNGANGenerator(32, 1, width=2), ()),
    "resnet": (networks.ResNetGenerator(8, 1, width=4), ()),
    "r3gan": (networks.R3GANGenerator(8, 1, (16, 16), 1), ()),
    "r3gan of classes": (networks.R3GANGenerator(8, 1, (16, 16), 1, classes=CLASSES), (LABEL,)),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_nothing_else_meets_a_latent(name):
    network, label = GENERATORS[name]
    latents = jax.random.normal(jax.random.key(1), (2, 1, Z))
    init = jax.jit(partial(network.init, train=True))
    variables = dict(init(jax.random.key(0), latents[0], *label))
    # Every parameter takes part, whatever it begins with.
    noise = partial(jax.random.normal, jax.random.key(2))
    parameters = jax.tree.map(lambda leaf: leaf + 0.02 * noise(leaf.shape), variables.pop("params"))
    kernel = first_kernel(parameters, Z)
    assert kernel.shape[0] == Z

    def without(leaf):
        same = leaf.ndim == 2 and leaf.shape[0] >= Z and leaf.shape[1] == kernel.shape[1]
        if same and np.array_equal(leaf[:Z], kernel):
            return leaf.at[:Z].set(0.0)
        return leaf

    @jax.jit
    def images(parameters):
        one = [
            network.apply({"params": parameters, **variables}, z, *label, train=False)
            for z in latents
        ]
        return jnp.stack(one)

    with_it, without_it = images(parameters), images(jax.tree.map(without, parameters))
    assert np.abs(with_it[0] - with_it[1]).max() > 1e-6
    np.testing.assert_array_equal(without_it[0], without_it[1])


@pytest.mark.parametrize("experiment", [stylegan.SMALL, stylegan2.PRESETS["small"]])
def test_nothing_else_meets_a_style(experiment):
    images = dataclasses.replace(experiment.images, image_size=8)
    sizes = {"latent_size": 4, "w_size": 4, "channel_max": 4, "batch_size": 2}
    experiment = dataclasses.replace(experiment, images=images, **sizes)
    network = experiment.generator()
    w = jax.random.normal(jax.random.key(1), (2, 1, network.num_ws, 4))
    init = jax.jit(partial(network.init, train=False))
    variables = dict(init(jax.random.key(0), jnp.ones((1, 4))))
    parameters = variables.pop("params")
    kernels = style_kernels(parameters)

    @jax.jit
    def images(parameters):
        whole = {"params": parameters, **variables}
        made = [network.apply(whole, one, train=False, method="synthesise") for one in w]
        return jnp.stack(made)

    def without(leaf):
        ours = any(leaf.shape == kernel.shape and (leaf == kernel).all() for kernel in kernels)
        return jnp.zeros_like(leaf) if ours else leaf

    with_them, without_them = images(parameters), images(jax.tree.map(without, parameters))
    assert np.abs(with_them[0] - with_them[1]).max() > 1e-3
    np.testing.assert_array_equal(without_them[0], without_them[1])
    early = style_kernels(parameters, largest=4)
    assert 0 < len(early) < len(kernels)
    assert all((a == b).all() for a, b in zip(early, kernels, strict=False))


class Experiment(FromLatents):
    """Of latents of three numbers."""

    latent = staticmethod(lambda key, count: jax.random.normal(key, (count, 3)))


def test_experiments_have_those_of_the_average():
    now, mean = (
        {"params": {"Dense_0": {"kernel": jnp.full((3, 2), value)}}} for value in (1.0, 2.0)
    )
    state = AdversarialState(Player(now["params"], {}, ()), None, None, jnp.int32(0))
    (kernel,) = Experiment.latent_kernels(Experiment, state)
    np.testing.assert_array_equal(kernel, np.ones((3, 2)))
    state = state._replace(average=AverageState(jnp.int32(1), mean))
    (kernel,) = Experiment.latent_kernels(Experiment, state)
    np.testing.assert_array_equal(kernel, np.full((3, 2), 2.0))


def test_layers_that_are_not_in_use_yet_are_left_out():
    experiment = dataclasses.replace(stylegan.SMALL, w_size=4)
    affine = {"affine": {"kernel": jnp.ones((4, 2))}}
    parameters = {"synthesis": {"b4": {"input": affine}, "b8": {"conv0": affine}}}
    state = AdversarialState(Player(parameters, {}, ()), None, None, jnp.int32(0))

    class Grown:
        generator, average, growth = state.generator, None, Growth(jnp.int32(0), jnp.float32(1))

    assert len(experiment.latent_kernels(Grown)) == 1
    Grown.growth = Growth(jnp.int32(1), jnp.float32(0.5))
    assert len(experiment.latent_kernels(Grown)) == 2


def test_networks_without_such_a_layer():
    with pytest.raises(ValueError, match="no dense layer that takes latents of 9 numbers"):
        first_kernel({"Dense_0": {"kernel": jnp.ones((5, 2))}}, 9)
    with pytest.raises(ValueError, match="no dense layer"):
        first_kernel({"Conv_0": {"kernel": jnp.ones((3, 3, 9, 2))}}, 9)
    with pytest.raises(ValueError, match="no layer with an affine map"):
        style_kernels({"Dense_0": {"kernel": jnp.ones((5, 2))}})
