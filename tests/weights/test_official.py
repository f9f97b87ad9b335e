"""Networks of translation against PyTorch's, on weights that `official_parameters` carries over."""

from typing import Any, NamedTuple

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks import PatchGAN, PixelDiscriminator, ResNetTranslator, UNetGenerator
from jaxgan.weights import official_parameters

torch = pytest.importorskip("torch")

from experiments.benchmarks import official_twins as official  # noqa: E402

NORMS = {"batch": MinibatchNorm, "instance": InstanceNorm, "none": None}


class Case(NamedTuple):
    """A network of ours, its twin, and the shapes of what it is called with."""

    network: nn.Module
    twin: Any
    shapes: list[tuple[int, ...]]
    train: bool = True


def unet(norm, dropout=0.0, size=32, levels=5, train=True, batch=2):
    ours = UNetGenerator(size, 3, 4, dropout, levels, NORMS[norm])
    twin = official.UNet(levels, 1, 3, 4, norm, dropout)
    return Case(ours, twin, [(batch, size, size, 1)], train)


def resnet(norm, dropout=0.0, blocks=2):
    ours = ResNetTranslator(3, 4, blocks, dropout, NORMS[norm])
    return Case(ours, official.ResNet(2, 3, 4, blocks, norm, dropout), [(2, 20, 16, 2)])


def patches(norm, layers=3, condition=()):
    channels = 3 + sum(condition)
    ours = PatchGAN(4, layers, NORMS[norm])
    shapes = [(2, 51, 48, 3), *((2, 51, 48, c) for c in condition)]
    return Case(ours, official.PatchCritic(channels, 4, layers, norm), shapes)


def pixels(norm):
    ours = PixelDiscriminator(4, NORMS[norm])
    return Case(ours, official.PixelCritic(4, 4, norm), [(2, 9, 7, 3), (2, 9, 7, 1)])


CASES = {
    "U-Net, batch norm": unet("batch", size=64, levels=6),
    "U-Net, instance norm": unet("instance", levels=3),
    "U-Net, no norm": unet("none", levels=2),
    "U-Net in use": unet("batch", levels=3, train=False, batch=1),
    "ResNet, instance norm": resnet("instance"),
    "ResNet, batch norm": resnet("batch", blocks=1),
    "ResNet, no norm": resnet("none", blocks=0),
    "PatchGAN, instance norm": patches("instance"),
    "PatchGAN, batch norm, pairs": patches("batch", condition=(1,)),
    "PatchGAN 16": patches("none", layers=1),
    "PatchGAN 142": patches("batch", layers=4),
    "pixels, batch norm, pairs": pixels("batch"),
    "pixels, instance norm": pixels("instance"),
    "pixels, no norm": pixels("none"),
}


def randomise(twin, seed=0):
    """Weights of a size that keeps signals alive, and none that is zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in twin.named_parameters():
            scale = 1.0 if parameter.ndim == 1 else parameter[0].numel() ** -0.5
            parameter.normal_(0.0, scale, generator=generator)
            if parameter.ndim == 1:
                parameter.mul_(0.2).add_(float(name.endswith("weight")))
    return twin


def tensors(twin):
    return {name: tensor.detach().numpy() for name, tensor in twin.state_dict().items()}


def template(case):
    """The shapes of the network's parameters."""

    def init(key):
        return case.network.init(key, *map(jnp.zeros, case.shapes), train=True)

    return jax.eval_shape(init, jax.random.key(0))["params"]


def channels_first(x):
    return torch.from_numpy(np.moveaxis(np.array(x), -1, 1).copy()) if x.ndim == 4 else x


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_outputs_and_gradients(case):
    network, twin = case.network, randomise(case.twin)
    parameters = official_parameters(network, tensors(twin), template(case))
    random = np.random.default_rng(0)
    inputs = [random.uniform(-1, 1, shape).astype(np.float32) for shape in case.shapes]

    twin_inputs = [channels_first(x).requires_grad_() for x in inputs]
    image, *condition = twin_inputs
    twin_made = twin(torch.cat([*condition, image], dim=1))
    generates = isinstance(network, UNetGenerator | ResNetTranslator)
    expected = twin_made.movedim(1, -1) if generates else twin_made[:, 0]
    cotangent = random.standard_normal(tuple(expected.shape)).astype(np.float32)
    (expected * torch.from_numpy(cotangent)).sum().backward()

    @jax.jit
    def differentiated(parameters, inputs):
        def functional(parameters, inputs):
            made = network.apply({"params": parameters}, *inputs, train=case.train)
            return jnp.sum(made * cotangent), made

        return jax.grad(functional, argnums=(0, 1), has_aux=True)(parameters, inputs)

    (of_parameters, of_inputs), made = differentiated(parameters, inputs)
    assert float(jnp.std(made)) > 0.05
    chex.assert_trees_all_close(made, expected.detach().numpy(), atol=1e-4)

    for ours, theirs in zip(of_inputs, twin_inputs, strict=True):
        close(channels_first(ours).numpy(), theirs.grad.numpy())
    # Gradients are carried as weights are, to compare.
    gradients = {name: leaf.grad.numpy() for name, leaf in twin.named_parameters()}
    expected = official_parameters(network, gradients, of_parameters)
    jax.tree.map(close, of_parameters, expected)


def close(ours, theirs):
    """To a thousandth of the largest.

    A bias in front of a norm has a gradient of rounding errors alone, and no scale of its own.
    """
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3 * max(1, np.abs(theirs).max()))


@pytest.mark.parametrize(
    "case", [unet("batch", 0.5, 64, 6), resnet("batch", 0.5)], ids=["U-Net", "ResNet"]
)
def test_files_with_dropout(case):
    """Dropout has no weights, and in the ResNet's names it counts as a layer."""
    given = tensors(randomise(case.twin))
    taken = flax.traverse_util.flatten_dict(
        official_parameters(case.network, given, template(case))
    )
    used = sorted(float(np.sum(leaf)) for leaf in taken.values())
    there = sorted(float(np.sum(x)) for name, x in given.items() if "running" not in name)
    np.testing.assert_allclose(used, [s for s in there if s != 0], rtol=1e-4, atol=1e-4)


def test_older_files_and_those_of_several_gpus():
    case = resnet("instance")
    given = tensors(randomise(case.twin))
    taken = official_parameters(case.network, given, template(case))
    older = {f"module.{name}": tensor for name, tensor in given.items()}
    for index in (2, 5, 8):
        older[f"module.model.{index}.running_mean"] = np.zeros(4, np.float32)
        older[f"module.model.{index}.running_var"] = np.ones(4, np.float32)
    chex.assert_trees_all_equal(official_parameters(case.network, older, template(case)), taken)


def test_other_dtypes_become_float32():
    case = pixels("batch")
    given = {name: x.astype(np.float64) for name, x in tensors(randomise(case.twin)).items()}
    taken = official_parameters(case.network, given, template(case))
    chex.assert_type(jax.tree.leaves(taken), jnp.float32)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            ResNetTranslator(3, 4, 3),
            r"^the tensors are of another network than this ResNetTranslator: 10 missing "
            r"\(model.12.conv_block.1.bias, .*, \.\.\.\), 6 unexpected \(model.12.weight, "
            r"model.12.bias, model.15.weight, \.\.\.\); give the options",
        ),
        (ResNetTranslator(3, 8, 2), r"of another shape \(model.*weight is \(.*\) and not \("),
        (ResNetTranslator(3, 4, 2, norm=MinibatchNorm), r"missing \(.*unexpected \("),
        (UNetGenerator(32, 3, 4), r"this UNetGenerator: \d+ missing \(model.model.*unexpected"),
    ],
    ids=["blocks", "width", "norm", "architecture"],
)
def test_files_of_another_architecture_say_what_differs(network, message):
    case = resnet("instance")
    shapes = template(Case(network, None, [(1, 32, 32, 2)]))
    with pytest.raises(ValueError, match=message):
        official_parameters(network, tensors(case.twin), shapes)
