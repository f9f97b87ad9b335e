import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import ArraySource, Transform, resident, to_floats
from jaxgan.data.transforms import (
    centre_crop,
    check_image,
    decode,
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


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (3, 2), 77), [77]),
        (Image.new("1", (3, 2), 1), [255]),
        (Image.fromarray(np.full((2, 3), 257 * 77, np.uint16)), [77]),
        (Image.new("RGB", (3, 2), (1, 2, 3)), [1, 2, 3]),
        (Image.new("P", (3, 2), 0), [0, 0, 0]),
        (Image.new("RGBA", (3, 2), (200, 0, 100, 0)), [255, 255, 255]),
        (Image.new("RGBA", (3, 2), (200, 0, 100, 255)), [200, 0, 100]),
        (Image.new("LA", (3, 2), (0, 0)), [255, 255, 255]),
    ],
)
def test_decodes_every_mode(image, expected):
    pixels = decode(encode(image))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.broadcast_to(expected, (2, 3, len(expected))))


def test_decodes_cmyk():
    pixels = decode(encode(Image.new("CMYK", (3, 2), (0, 0, 0, 0)), "JPEG"))
    np.testing.assert_array_equal(pixels, np.full((2, 3, 3), 255))


def test_obeys_exif():
    image = Image.new("RGB", (8, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert decode(encode(image, "JPEG", exif=exif)).shape == (8, 16, 3)


@pytest.mark.parametrize("pad", [False, True])
def test_whole(pad):
    transform = Transform(image_size=4, channels=1, pad=pad)
    image = transform(encode(Image.new("RGB", (16, 8), "white")))
    assert image.shape == transform.shape == (4, 4, 1)
    assert image[2, 2] > 200
    assert (image[0] < 60).all() == pad
    assert str(pad) in repr(transform)


def bomb():
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
BAD = {
    "empty": b"",
    "text": b"this is no image",
    "bomb": bomb(),
    "png cut short": encode(NOISE).getvalue()[:-2000],
    "jpeg cut short": encode(NOISE, "JPEG").getvalue()[:-500],
    "header alone": encode(NOISE, "BMP").getvalue()[:40],
    "damaged": encode(NOISE).getvalue()[:60] + b"\0" * 100 + encode(NOISE).getvalue()[160:],
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("read", [decode, check_image])
def test_refuses_bad_files(read, content):
    with pytest.raises(ValueError, match=r"^cannot be decoded as an image \(.+\)$"):
        read(io.BytesIO(content))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
def test_accepts_good_files(form):
    check_image(encode(NOISE, form))
    assert decode(encode(NOISE, form)).shape == (64, 64, 3)


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
