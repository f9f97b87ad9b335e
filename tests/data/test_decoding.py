import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jaxgan.data.decoding import check_image, decode


def encode(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


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
