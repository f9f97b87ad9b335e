"""VGG16 and LPIPS as in float64, by tensors of PyTorch's names and shapes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks.weight_files import saved
from jaxgan.networks import VGG16, VGG16Maps, vgg16_input
from jaxgan.weights import lpips_variables, vgg16_variables
from tests.reference import convolved
from tests.vgg import CONVOLUTIONS, SMALL, SMALL_LPIPS, lpips_tensors, vgg16_tensors

LAST = (2, 7, 14, 21, 28)
"""The convolutions whose maps are given, each in front of a pool."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vgg")
    (folder / "vgg16.pth").write_bytes(saved(vgg16_tensors()))
    (folder / "heads.pth").write_bytes(saved(lpips_tensors()))
    return folder / "vgg16.pth", folder / "heads.pth"


def maps_in_float64(x):
    """Maps `[N, H, W, C]` of five sizes, and what goes on to the dense layers."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in vgg16_tensors().items()}
    maps = []
    for number in CONVOLUTIONS:
        x = convolved(x, tensors[f"features.{number}.weight"], edges=(1, 1))
        x = np.maximum(x + tensors[f"features.{number}.bias"], 0)
        if number in LAST:
            maps.append(x)
            even = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
            x = np.max([even[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
    return maps, x


def dense(x, name):
    tensors = vgg16_tensors()
    return x @ tensors[f"{name}.weight"].T.astype(np.float64) + tensors[f"{name}.bias"]


def assert_near(found, expected):
    assert abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


def test_all_layers_as_in_float64(files):
    images = np.random.default_rng(0).standard_normal((2, 224, 224, 3)).astype(np.float32)
    found = jax.jit(SMALL.apply)(vgg16_variables(files[0], SMALL), images)
    maps, last = maps_in_float64(images.astype(np.float64))
    for ours, theirs in zip(found.maps, maps, strict=True):
        assert_near(ours, theirs)
    rows = last.transpose(0, 3, 1, 2).reshape(2, -1)  # PyTorch's order: channels first
    fc1 = np.maximum(dense(rows, "classifier.0"), 0)
    fc2 = np.maximum(dense(fc1, "classifier.3"), 0)
    for ours, theirs in (found.fc1, fc1), (found.fc2, fc2):
        assert_near(ours, theirs)
    assert_near(found.logits, dense(fc2, "classifier.6"))


def test_the_size_of_the_published_network():
    shapes = jax.eval_shape(VGG16().init, jax.random.key(0), jnp.zeros((1, 224, 224, 3)))
    assert sum(x.size for x in jax.tree.leaves(shapes)) == 138_357_544
    sizes = [x.shape for x in jax.eval_shape(maps_of_any_size, jnp.zeros((1, 37, 64, 3)))]
    assert sizes == [
        (1, 37, 64, 2), (1, 18, 32, 4), (1, 9, 16, 8), (1, 4, 8, 16), (1, 2, 4, 16)
    ]  # fmt: skip


def maps_of_any_size(images):
    return VGG16Maps(2).init_with_output(jax.random.key(0), images)[0]


def distances_in_float64(images, others):
    heads = [tensor.ravel().astype(np.float64) for tensor in lpips_tensors().values()]
    total = np.zeros(len(images))
    sides = []
    for x in (images, others):
        shifted = x.astype(np.float64) - np.array([-0.030, -0.088, -0.188])
        sides.append(maps_in_float64(shifted / np.array([0.458, 0.448, 0.450]))[0])
    for one, other, head in zip(*sides, heads, strict=True):
        one, other = (x / (np.sqrt((x**2).sum(3, keepdims=True)) + 1e-10) for x in (one, other))
        total += ((one - other) ** 2 * head).sum(3).mean((1, 2))
    return total


def test_perceptual_distances_as_in_float64(files):
    random = np.random.default_rng(0)
    images, others = random.uniform(-1, 1, (2, 3, 33, 38, 3)).astype(np.float32)
    others[1] = images[1] + 0.1 * others[1]
    others[2] = images[2]
    variables = lpips_variables(*files, SMALL_LPIPS)
    distances = jax.jit(SMALL_LPIPS.apply)
    found = distances(variables, images, others)
    expected = distances_in_float64(images, others)
    assert found.shape == (3,)
    assert expected[0] > 2 * expected[1] > 0 == expected[2] == found[2]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(distances(variables, others, images), found, rtol=1e-5)


def test_perceptual_distances_have_gradients(files):
    """At the same image too, and where maps are 0."""
    variables = lpips_variables(*files, SMALL_LPIPS)["params"]
    dark = jax.tree.map(lambda x: x - 1 if x.ndim == 1 else x, variables["maps"])
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    others = images.copy()
    others[1] *= 0.5

    def total(x, maps):
        return SMALL_LPIPS.apply({"params": variables | {"maps": maps}}, x, others).sum()

    gradient = jax.jit(jax.grad(total))
    slopes, none = gradient(images, variables["maps"]), gradient(images, dark)
    np.testing.assert_allclose(slopes[0], 0, atol=1e-6)
    assert abs(slopes[1]).max() > 1e-4
    for x in (slopes, none):
        assert bool(jnp.isfinite(x).all())


def test_pictures_as_torch_fidelity_prepares_them():
    """Places without half pixels, and ImageNet's mean and deviation of pixels in [0, 1]."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 112, 448, 3), np.uint8)
    found = np.asarray(vgg16_input(pictures))
    assert found.shape == (2, 224, 224, 3)
    expected = pictures[:, :, ::2] / 255.0  # twice too wide: every other column
    expected = (expected - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(found[:, ::2], expected, atol=1e-5)
    between = (expected[:, :-1] + expected[:, 1:]) / 2
    np.testing.assert_allclose(found[:, 1:-1:2], between, atol=1e-5)
    np.testing.assert_allclose(found[:, -1], expected[:, -1], atol=1e-5)
    grey = vgg16_input(pictures[..., :1])
    np.testing.assert_allclose(grey, vgg16_input(np.repeat(pictures[..., :1], 3, 3)), atol=1e-6)
