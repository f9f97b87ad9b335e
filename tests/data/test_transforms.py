import io

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import ArraySource, Transform, resident, to_floats
from jaxgan.data.transforms import (
    centre_crop,
    pad_to_square,
    resize,
    to_channels,
)


def encode(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


def test_crop_takes_the_centre():
    image = np.arange(5 * 8, dtype=np.uint8).reshape(5, 8, 1)
    np.testing.assert_array_equal(centre_crop(image), image[:, 1:6])
    np.testing.assert_array_equal(centre_crop(image.swapaxes(0, 1)), image[:, 1:6].swapaxes(0, 1))


def test_pad_keeps_the_image_in_the_centre():
    image = np.full((5, 8, 1), 7, np.uint8)
    padded = pad_to_square(image)
    assert padded.shape == (8, 8, 1)
    np.testing.assert_array_equal(padded[1:6], image)
    assert padded.sum() == image.sum()


@pytest.mark.parametrize("channels", [1, 3])
def test_resize_does_not_alias(channels):
    # The finest stripes have no place in a smaller image: only their mean is left.
    stripes = np.zeros((64, 64, channels), np.uint8)
    stripes[:, ::2] = 200
    small = resize(stripes, image_size=16)
    assert small.shape == (16, 16, channels)
    assert small.dtype == np.uint8
    assert np.abs(small[:, 2:-2].astype(int) - 100).max() <= 2


def test_resize_keeps_flat_images_and_right_sizes():
    flat = np.full((7, 7, 3), 93, np.uint8)
    np.testing.assert_array_equal(resize(flat, image_size=20), np.full((20, 20, 3), 93))
    noise = np.random.default_rng(0).integers(0, 256, (7, 7, 3), np.uint8)
    np.testing.assert_array_equal(resize(noise, image_size=7), noise)


def test_grey_is_luma():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    np.testing.assert_array_equal(to_channels(image, channels=1)[0, :, 0], [76, 150, 29])


def test_grey_becomes_rgb():
    image = np.array([[[3], [9]]], np.uint8)
    np.testing.assert_array_equal(to_channels(image, channels=3), [[[3] * 3, [9] * 3]])


@pytest.mark.parametrize("pad", [False, True])
def test_whole(pad):
    transform = Transform(image_size=4, channels=1, pad=pad)
    image = transform(encode(Image.new("RGB", (16, 8), "white")))
    assert image.shape == transform.shape == (4, 4, 1)
    assert image[2, 2] > 200
    assert (image[0] < 60).all() == pad
    assert str(pad) in repr(transform)


@pytest.mark.parametrize(
    ("size", "channels", "sentence"),
    [(0, 1, "images of 0 pixels are empty"), (8, 2, "images of 2 channels are not supported")],
)
def test_refuses_settings(size, channels, sentence):
    with pytest.raises(ValueError, match=sentence):
        Transform(image_size=size, channels=channels)


def test_bytes_are_scaled_as_the_pipelines_scale_them():
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    batch = resident(ArraySource({"image": image}), seed=0, batch_size=1)
    np.testing.assert_allclose(to_floats(image), batch(0)["image"], atol=1e-7)
