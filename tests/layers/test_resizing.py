"""Images of other sizes, as other libraries make them."""

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan.layers import antialiased_bicubic, bilinear, corner_bilinear, resize

RULES = [corner_bilinear, bilinear, antialiased_bicubic]
SIZES = [(1, 1), (5, 9), (299, 64), (300, 17), (512, 700)]


def pixels(height, width):
    return np.random.default_rng(0).integers(0, 256, (2, height, width, 3)).astype(np.float32)


def between(image, row, column):
    """One pixel of `[H, W, C]` at a place between pixels, from its four neighbours, in float64."""
    height, width, _ = image.shape
    row, column = (min(max(x, 0), n - 1) for x, n in ((row, height), (column, width)))
    top, left = int(row), int(column)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, over = row - top, column - left
    upper = image[top, left] * (1 - over) + image[top, right] * over
    lower = image[bottom, left] * (1 - over) + image[bottom, right] * over
    return upper * (1 - down) + lower * down


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("rule", "shift"), [(corner_bilinear, 0.0), (bilinear, 0.5)])
def test_bilinear(rule, shift, size):
    images = pixels(*size)
    found = np.asarray(jax.jit(lambda x: resize(x, (29, 31), rule))(images))
    assert found.dtype == np.float32
    expected = np.empty((29, 31, 3))
    for i, j in np.ndindex(29, 31):
        sides = (i, size[0], 29), (j, size[1], 31)
        at = ((k + shift) * before / after - shift for k, before, after in sides)
        expected[i, j] = between(images[1], *at)
    # Places are of float32, as the libraries have them.
    np.testing.assert_allclose(found[1], expected, atol=0.03)


@pytest.mark.parametrize("size", SIZES)
def test_bicubic_is_pillows(size):
    images = pixels(*size)
    found = resize(images, (299, 299), antialiased_bicubic)
    for channel in range(3):
        image = Image.fromarray(images[1, :, :, channel])
        expected = np.asarray(image.resize((299, 299), Image.Resampling.BICUBIC))
        np.testing.assert_allclose(found[1, :, :, channel], expected, atol=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_the_same_size_is_the_same_images(rule):
    images = pixels(299, 12)
    np.testing.assert_array_equal(resize(images, (299, 12), rule), images)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("before", [1, 3, 298, 299, 300, 1024])
def test_each_row_adds_up_to_one(rule, before):
    matrix = rule(before, 299)
    assert matrix.shape == (299, before)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-12)


def test_as_pytorch_interpolates():
    torch = pytest.importorskip("torch")
    for size in SIZES:
        images = pixels(*size)
        tensor = torch.tensor(images.transpose(0, 3, 1, 2))
        expected = torch.nn.functional.interpolate(tensor, (299, 299), mode="bilinear")
        found = resize(images, (299, 299), bilinear)
        np.testing.assert_allclose(found, expected.permute(0, 2, 3, 1), atol=1e-3)
