"""Inception v3: its layers as in float64, and the whole as the libraries have it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks.inception_twins import (
    fidelity_network,
)
from jaxgan.networks import INPUT_PROTOCOLS, InceptionV3
from jaxgan.weights import inception_variables, read_tensors
from tests.reference import convolved, pooled

SIZES = (32, 64, 299, 512)
NEAR = 1e-4
"""Of the largest output."""


@pytest.fixture(scope="module")
def outputs(inception_file):
    """Of images `[2, 299, 299, 3]`: compiled once."""
    return partial(jax.jit(InceptionV3().apply), inception_variables(inception_file))


def pixels(size, channels=3):
    """Two pictures, smooth and rough."""
    random = np.random.default_rng(size)
    rough = random.integers(0, 256, (1, size, size, channels))
    y, x, _ = np.mgrid[:size, :size, :1] / size
    smooth = 128 + 127 * np.sin(7 * x + 3 * y + np.arange(channels).reshape(1, 1, -1))
    return np.concatenate([rough, smooth[None]]).astype(np.uint8)


def assert_near(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert expected.std() > 0.1 * abs(expected).mean() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR * abs(expected).max())


def test_other_images_are_not_taken():
    for shape in ((1, 224, 224, 3), (1, 299, 299, 1)):
        with pytest.raises(AssertionError):
            jax.eval_shape(InceptionV3().init, jax.random.key(0), jnp.zeros(shape))


def test_all_layers_as_in_float64(inception_file, outputs):
    images = np.random.default_rng(1).uniform(-1, 1, (2, 299, 299, 3)).astype(np.float32)
    images[0, :, 150:] = np.cumsum(images[0, :, 150:], axis=1) / 10
    found = outputs(images)
    tensors = {name: x.astype(np.float64) for name, x in read_tensors(inception_file).items()}
    features, logits = in_float64(tensors, images[:1].astype(np.float64))
    assert_near(found.features[:1], features)
    assert_near(found.logits[:1], logits)
    assert_near(found.logits_unbiased[:1], logits - tensors["fc.bias"])


def in_float64(tensors, x):
    """The network's features and logits: its layers, one by one."""

    def unit(x, name, stride=1, edges=(0, 0)):
        x = convolved(x, tensors[f"{name}.conv.weight"], stride, edges)
        mean, var, scale, bias = (
            tensors[f"{name}.bn.{kind}"]
            for kind in ("running_mean", "running_var", "weight", "bias")
        )
        return np.maximum((x - mean) / np.sqrt(var + 1e-3) * scale + bias, 0)

    def chain(x, block, names):
        """Units, with the margin that each needs to keep the size."""
        for name in names.split():
            kernel = tensors[f"{block}.{name}.conv.weight"].shape[2:]
            x = unit(x, f"{block}.{name}", edges=tuple(k // 2 for k in kernel))
        return x

    means = partial(pooled, reduce=np.nanmean, edge=1)
    halved = partial(pooled, reduce=np.nanmax, stride=2)
    x = unit(x, "Conv2d_1a_3x3", 2)
    x = unit(x, "Conv2d_2a_3x3")
    x = halved(unit(x, "Conv2d_2b_3x3", edges=(1, 1)))
    x = halved(unit(unit(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3"))
    for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        parts = [
            chain(x, block, "branch1x1"),
            chain(x, block, "branch5x5_1 branch5x5_2"),
            chain(x, block, "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3"),
            chain(means(x), block, "branch_pool"),
        ]
        x = np.concatenate(parts, 3)
    double = chain(x, "Mixed_6a", "branch3x3dbl_1 branch3x3dbl_2")
    single, double = (
        unit(y, f"Mixed_6a.{name}", 2) for y, name in ((x, "branch3x3"), (double, "branch3x3dbl_3"))
    )
    x = np.concatenate([single, double, halved(x)], 3)
    for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        parts = [
            chain(x, block, "branch1x1"),
            chain(x, block, "branch7x7_1 branch7x7_2 branch7x7_3"),
            chain(x, block, " ".join(f"branch7x7dbl_{i}" for i in range(1, 6))),
            chain(means(x), block, "branch_pool"),
        ]
        x = np.concatenate(parts, 3)
    three = unit(chain(x, "Mixed_7a", "branch3x3_1"), "Mixed_7a.branch3x3_2", 2)
    seven = chain(x, "Mixed_7a", "branch7x7x3_1 branch7x7x3_2 branch7x7x3_3")
    seven = unit(seven, "Mixed_7a.branch7x7x3_4", 2)
    x = np.concatenate([three, seven, halved(x)], 3)
    for block, neighbours in (("Mixed_7b", np.nanmean), ("Mixed_7c", np.nanmax)):
        parts = [
            chain(x, block, "branch1x1"),
            chain(x, block, "branch3x3_1 branch3x3_2a"),
            chain(x, block, "branch3x3_1 branch3x3_2b"),
            chain(x, block, "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a"),
            chain(x, block, "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3b"),
            chain(pooled(x, neighbours, edge=1), block, "branch_pool"),
        ]
        x = np.concatenate(parts, 3)
    features = x.mean((1, 2))
    return features, features @ tensors["fc.weight"].T + tensors["fc.bias"]


@pytest.fixture(scope="module")
def twin(inception_file):
    """torch-fidelity's network of the same file, on the CPU."""
    try:
        network = fidelity_network(inception_file, ["2048", "logits", "logits_unbiased"])
    except ImportError as error:
        pytest.skip(f"needs PyTorch and torch-fidelity: {error}")
    return network


@pytest.mark.parametrize("protocol", INPUT_PROTOCOLS, ids=lambda x: x.name)
@pytest.mark.parametrize("size", SIZES)
def test_features_of_pictures_as_the_libraries_have_them(twin, outputs, protocol, size):
    torch = pytest.importorskip("torch")
    pictures = pixels(size)
    with torch.no_grad():
        expected = THEIRS[protocol.name](torch, twin, pictures)
    found = outputs(jax.jit(protocol.prepare)(pictures))
    for ours, theirs in zip(found, expected, strict=False):
        assert_near(ours, theirs)


def tensorflow(torch, network, pictures):
    return network(torch.tensor(pictures.transpose(0, 3, 1, 2)))


def pytorch_fid(torch, network, pictures):
    x = torch.tensor(pictures.transpose(0, 3, 1, 2)).float() / 255
    x = torch.nn.functional.interpolate(x, (299, 299), mode="bilinear", align_corners=False)
    return (layers(torch, network)(2 * x - 1).flatten(1),)


def clean(torch, network, pictures):
    resizing = pytest.importorskip("cleanfid.resize")
    resize = resizing.build_resizer("clean")
    x = torch.tensor(np.stack([resize(picture) for picture in pictures]).transpose(0, 3, 1, 2))
    return (layers(torch, network)((x - 128) / 128).flatten(1),)


def layers(torch, network):
    """All but the last, in the order in which they are defined and run."""
    return torch.nn.Sequential(*[*network.children()][:-1])


THEIRS = {"tensorflow": tensorflow, "pytorch-fid": pytorch_fid, "clean": clean}
"""torch-fidelity, pytorch-fid as its source has it, clean-fid."""
