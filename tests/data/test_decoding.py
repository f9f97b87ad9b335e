import io
import math
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import decoding
from jaxgan.data.decoding import RangeError, check_range, decode


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
def test_refuses_bad_files(content):
    with pytest.raises(ValueError, match=r"^cannot be decoded as an image \(.+\)$"):
        decode(io.BytesIO(content))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
def test_accepts_good_files(form):
    assert decode(encode(NOISE, form)).shape == (64, 64, 3)


def tiff(values, **options):
    return encode(Image.fromarray(values), "TIFF", **options)


RAMP = np.linspace(0, 1, 256).reshape(16, 16)
GREYS = np.arange(256).reshape(16, 16)


@pytest.mark.parametrize(
    "values",
    [RAMP.astype(np.float32), (RAMP * 65535).round().astype(np.uint16)],
    ids=["floats in [0, 1]", "sixteen bits"],
)
def test_a_format_s_own_range_is_filled(values):
    np.testing.assert_array_equal(decode(tiff(values))[..., 0], GREYS)


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 4095, np.uint16),
        (0, 255, np.float32),
        (-1, 1, np.float32),
        (-1000, 3000, np.int32),
        (2_000_000_000, 2_000_010_000, np.int32),
        (0, 1, np.float32),
    ],
)
def test_a_range_is_filled(low, high, dtype):
    values = low + (high - low) * RAMP
    values = (values if dtype == np.float32 else values.round()).astype(dtype)
    pixels = decode(tiff(values), value_range=(low, high))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[..., 0], GREYS)


def test_values_beyond_a_range_are_clipped():
    values = np.array([[-np.inf, -5, 0, 100, 300, np.inf]], np.float32)
    pixels = decode(tiff(values), value_range=(0, 255))
    np.testing.assert_array_equal(pixels[..., 0], [[0, 0, 0, 100, 255, 255]])


def test_eight_bits_have_no_other_range():
    image = Image.fromarray(GREYS.astype(np.uint8))
    np.testing.assert_array_equal(decode(encode(image), value_range=(0, 10))[..., 0], GREYS)


def test_sixteen_bits_of_other_formats():
    """Pillow's mode of a PGM is the one of whole numbers of 32 bits."""
    image = Image.fromarray((RAMP * 65535).round().astype(np.uint16))
    np.testing.assert_array_equal(decode(encode(image, "PPM"))[..., 0], GREYS)
    twelve = b"II*\0\x08\0\0\0\x09\0" + b"".join(
        struct.pack("<HHII", tag, kind, 1, value)
        for tag, kind, value in [
            *((256, 4, 2), (257, 4, 1), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 122)),
            *((277, 3, 1), (278, 4, 1), (279, 4, 3)),
        ]
    )
    # 0x800 and 0xfff, packed in three bytes.
    file = io.BytesIO(twelve + bytes(4) + b"\x80\x0f\xff")
    np.testing.assert_array_equal(decode(file)[..., 0], [[128, 255]])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.array([[0, 65535]], np.int32), r"whole numbers from 0 to 65535, .* \(--range LOW HIGH"),
        (np.array([[0, 200]], np.float32), r"floats from 0 to 200, .* \(--range LOW HIGH\)"),
        (np.array([[-0.5, 1]], np.float32), r"floats from -0\.5 to 1, "),
        (np.array([[0, np.inf]], np.float32), r"floats from 0 to inf, "),
    ],
)
def test_an_ambiguous_range_is_refused(values, sentence):
    with pytest.raises(RangeError, match=sentence):
        decode(tiff(values))


@pytest.mark.parametrize("value_range", [None, (0, 2)])
def test_what_is_no_number_is_refused(value_range):
    values = np.array([[0, np.nan]], np.float32)
    with pytest.raises(ValueError, match=r"cannot be decoded .* no numbers, NaN"):
        decode(tiff(values), value_range=value_range)


@pytest.mark.parametrize(
    ("value_range", "sentence"),
    [
        ((4095, 0), r"4095 to 0 is the wrong way round: .* \(--range 0 4095\)"),
        ((7, 7), "7 to 7 is empty: give two values that differ"),
        ((0, math.inf), "0 to inf is not finite"),
        ((math.nan, 1), "nan to 1 is not finite"),
    ],
)
def test_a_range_that_will_not_do(value_range, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_range(value_range)
    with pytest.raises(ValueError, match=sentence):
        decode(encode(NOISE), value_range=value_range)


def raw_png(depth, colours, rows, *chunks):
    """A PNG of kinds that Pillow does not write."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    width = 8 * len(rows[0]) // (depth * {0: 1, 2: 3}[colours])
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colours, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(kind, content) for kind, content in chunks)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("depth", "row", "clear", "expected"),
    [
        (1, b"\x0f", 0, [255] * 8),
        (1, b"\x0f", 1, [0] * 4 + [255] * 4),
        (2, b"\x1b", 1, [0, 255, 170, 255]),
        (4, b"\x37", 3, [255, 119]),
        (8, b"\x05\x06", 5, [255, 6]),
        (16, b"\x12\x34\x12\x35", 0x1234, [255, 0x12]),
    ],
)
def test_a_transparent_grey_lies_on_white(depth, row, clear, expected):
    pixels = decode(raw_png(depth, 0, [row], (b"tRNS", struct.pack(">H", clear))))
    np.testing.assert_array_equal(pixels, np.array(expected)[None, :, None])


def test_a_transparent_colour_lies_on_white():
    image = Image.fromarray(np.array([[[1, 2, 3], [1, 2, 4]]], np.uint8))
    expected = [[[255, 255, 255], [1, 2, 4]]]
    np.testing.assert_array_equal(decode(encode(image, transparency=(1, 2, 3))), expected)
    deep = np.array([[0x0102, 0x0203, 0x0304, 0x0102, 0x0203, 0x0404]], ">u2").tobytes()
    clear = struct.pack(">HHH", 0x0102, 0x0203, 0x0304)
    np.testing.assert_array_equal(decode(raw_png(16, 2, [deep], (b"tRNS", clear))), expected)


def test_colours_of_sixteen_bits_have_no_range():
    deep = bytes([9, 0, 8, 0, 7, 0])
    np.testing.assert_array_equal(decode(raw_png(16, 2, [deep])), [[[9, 8, 7]]])
    for file in (raw_png(16, 2, [deep]), io.BytesIO(b"P6 1 1 4095 " + deep)):
        with pytest.raises(RangeError, match=r"colours of sixteen bits, .* \(--range\)"):
            decode(file, value_range=(0, 4095))


def test_a_picture_of_too_many_pixels(monkeypatch):
    with pytest.raises(ValueError, match="it has far more than the 89,478,485 pixels"):
        decode(io.BytesIO(bomb()))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 63 * 64)
    sentence = "it has 64 x 64 pixels, and no more than 4,032 are read: make it smaller"
    with (
        pytest.warns(Image.DecompressionBombWarning),
        pytest.raises(ValueError, match=sentence),
    ):
        decode(encode(NOISE))


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    inside, most = [], []

    def convert(image, mode):
        inside.append(mode)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return image

    files = [encode(NOISE.convert("L")) for _ in range(8)]
    monkeypatch.setattr(Image.Image, "convert", convert)
    for pixels, expected in ((2 * 64 * 64, 2), (100, 1)):
        monkeypatch.setattr(decoding, "_ROOM", decoding._Room(pixels))
        most.clear()
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(decode, files))
        assert len(most) == len(files)
        assert max(most) <= expected
        for file in files:
            file.seek(0)


def test_large_pictures_are_read_by_strips(monkeypatch):
    monkeypatch.setattr(decoding, "_STRIP", 64 * 5)
    monkeypatch.setattr(decoding, "_LARGE", 64 * 64)
    np.testing.assert_array_equal(decode(encode(NOISE)), np.asarray(NOISE))
