import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from jaxgan.data import ArraySource, Stretch, Transform, resident, to_floats
from jaxgan.data.transforms import (
    centre_crop,
    pad_to_aspect,
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
    padded = pad_to_aspect(image)
    assert padded.shape == (8, 8, 1)
    np.testing.assert_array_equal(padded[1:6], image)
    assert padded.sum() == image.sum()


def test_crop_and_pad_to_another_aspect_ratio():
    image = np.arange(60, dtype=np.uint8).reshape(6, 10, 1)
    np.testing.assert_array_equal(centre_crop(image, aspect=(2, 3)), image[:, :9])  # 6 x 9
    np.testing.assert_array_equal(centre_crop(image, aspect=(30, 100)), image[1:4])  # 3 x 10
    padded = pad_to_aspect(image, aspect=(20, 25))  # 8 x 10
    np.testing.assert_array_equal(padded[1:7], image)
    assert padded.shape == (8, 10, 1)
    assert padded.sum() == image.sum()
    assert centre_crop(image, aspect=(1, 100)).shape == (1, 10, 1)


@given(st.tuples(*[st.integers(1, 50)] * 2), st.tuples(*[st.integers(1, 50)] * 2))
def test_a_crop_lies_within_and_a_pad_without(size, aspect):
    image = np.zeros((*size, 1), np.uint8)
    cropped, padded = (fit(image, aspect=aspect).shape for fit in (centre_crop, pad_to_aspect))
    for fitted, least in ((cropped, 1), (padded, 0)):
        assert any(fitted[axis] == size[axis] for axis in (0, 1))
        nearest = (fitted[0] * aspect[1] - fitted[1] * aspect[0]) / max(aspect)
        assert abs(nearest) <= max(0.5, least)
    assert all(0 < c <= s <= p for c, s, p in zip(cropped[:2], size, padded[:2], strict=True))


@pytest.mark.parametrize(
    ("transform", "size", "row"),
    [
        # A white picture with a dark left quarter: all of it, its middle, in a frame, stretched.
        (Transform((4, 8), 1), (16, 32), [0, 0, 1, 1, 1, 1, 1, 1]),
        (Transform((4, 8), 1), (16, 48), [0, 1, 1, 1, 1, 1, 1, 1]),
        (Transform((4, 8), 1, pad=True), (32, 32), [0, 0, 0, 1, 1, 1, 0, 0]),
        (Stretch((4, 8), 1), (32, 8), [0, 0, 1, 1, 1, 1, 1, 1]),
    ],
)
def test_images_that_are_not_square(transform, size, row):
    picture = np.full(size, 255, np.uint8)
    picture[:, : size[1] // 4] = 0
    image = transform(encode(Image.fromarray(picture)))
    assert image.shape == transform.shape == (4, 8, 1)
    np.testing.assert_array_equal(image[2, :, 0] > 127, row)


def test_two_equal_numbers_are_one():
    """What was prepared before sizes had two numbers goes by the same text."""
    text = "Transform(image_size=64, channels=3, pad=False)"
    assert repr(Transform(64, 3)) == repr(Transform((64, 64), 3)) == text
    assert Transform((64, 64), 3) == Transform(64, 3)
    assert "(48, 64)" in repr(Transform((48, 64), 3))


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
    [
        (0, 1, "images of 0 pixels are empty"),
        ((8, -1), 1, "images of 8 x -1 pixels are empty"),
        (8, 2, "images of 2 channels are not supported"),
    ],
)
def test_refuses_settings(size, channels, sentence):
    with pytest.raises(ValueError, match=sentence):
        Transform(image_size=size, channels=channels)


def test_bytes_are_scaled_as_the_pipelines_scale_them():
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    batch = resident(ArraySource({"image": image}), seed=0, batch_size=1)
    np.testing.assert_allclose(to_floats(image), batch(0)["image"], atol=1e-7)
