"""Inception v3: its layers as in float64, and the whole as the libraries have it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks.inception_twins import Twin
from jaxgan.metrics import frechet_distance
from jaxgan.networks import CLEAN, INPUT_PROTOCOLS, InceptionV3
from jaxgan.weights import inception_variables, read_tensors
from tests.reference import convolved, pooled

SIZES = (32, 64, 299, 512)
NEAR = 1e-4
"""Of the largest output."""


@pytest.fixture(scope="module")
def outputs(inception_file):
    """Of images `[4, 299, 299, 3]`: compiled once."""
    return partial(jax.jit(InceptionV3().apply), inception_variables(inception_file))


def pixels(size, channels=3):
    """Two rough pictures and two smooth ones."""
    random = np.random.default_rng(size)
    rough = random.integers(0, 256, (2, size, size, channels))
    y, x, _ = np.mgrid[:size, :size, :1] / size
    phases = np.arange(2 * channels).reshape(2, 1, 1, channels)
    smooth = 128 + 127 * np.sin(7 * x + 3 * y + phases)
    return np.concatenate([rough, smooth]).astype(np.uint8)


def assert_near(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert expected.std() > 0.1 * abs(expected).mean() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR * abs(expected).max())


def test_other_images_are_not_taken():
    for shape in ((1, 224, 224, 3), (1, 299, 299, 1)):
        with pytest.raises(AssertionError):
            jax.eval_shape(InceptionV3().init, jax.random.key(0), jnp.zeros(shape))


def test_all_layers_as_in_float64(inception_file, outputs):
    images = np.random.default_rng(1).uniform(-1, 1, (4, 299, 299, 3)).astype(np.float32)
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
    """torch-fidelity's network of the same file."""
    try:
        return Twin(inception_file)
    except ImportError as error:
        pytest.skip(f"needs PyTorch and torch-fidelity: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("protocol", INPUT_PROTOCOLS, ids=lambda x: x.name)
@pytest.mark.parametrize("size", SIZES)
def test_pictures_to_the_distance_as_in_the_libraries(twin, outputs, protocol, size):
    """torch-fidelity, pytorch-fid as its source has it, and clean-fid."""
    if protocol is CLEAN:
        pytest.importorskip("cleanfid.resize")
    pictures = pixels(size)
    expected = twin.outputs(pictures, protocol)
    found = outputs(jax.jit(protocol.prepare)(pictures))
    for ours, theirs in zip(found, expected, strict=False):
        assert_near(ours, theirs)
    ours, theirs = (
        frechet_distance(features[:2], features[2:])
        for features in (np.asarray(found.features), expected[0])
    )
    assert theirs > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
