"""Pictures as Inception takes them, by three libraries' rules, against Pillow and by hand."""

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan.networks import CLEAN, INPUT_PROTOCOLS, PYTORCH_FID, TENSORFLOW, check_pictures

SIZES = [(32, 32), (64, 48), (299, 299), (512, 300)]


def pixels(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (2, height, width, channels), np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_clean_is_pillows(size):
    """As clean-fid does it: each channel as floats, clipped, not rounded."""
    pictures = pixels(*size)
    found = jax.jit(CLEAN.prepare)(pictures)
    for channel in range(3):
        image = Image.fromarray(pictures[1, :, :, channel].astype(np.float32))
        resized = np.asarray(image.resize((299, 299), Image.Resampling.BICUBIC))
        assert size == (299, 299) or resized.max() > 255  # clipping tells
        expected = (np.clip(resized, 0, 255) - 128) / 128
        np.testing.assert_allclose(found[1, :, :, channel], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("protocol", "shift"), [(TENSORFLOW, 0.0), (PYTORCH_FID, 0.5)])
def test_bilinear_places(protocol, shift, size):
    """A plane of grey stays one where it is not cut off: what is there tells where it was seen."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    plane = (rows * 100 // size[0] + columns * 100 // size[1]).astype(np.float64)
    pictures = np.stack([plane] * 3, 2)[None].astype(np.uint8)
    found = np.asarray(jax.jit(protocol.prepare)(pictures))[0, :, :, 0]
    pixels = found * 128 + 128 if protocol is TENSORFLOW else (found + 1) * 127.5
    at = [np.clip((np.arange(299) + shift) * side / 299 - shift, 0, side - 1) for side in size]
    expected = interpolated(plane, *at)
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=2e-3)


def interpolated(plane, rows, columns):
    """Bilinear by NumPy: along the rows, then along the columns."""
    places = (np.arange(side) for side in plane.shape)
    down, right = places
    plane = np.stack([np.interp(rows, down, column) for column in plane.T], 1)
    return np.stack([np.interp(columns, right, row) for row in plane])


def test_the_range():
    """Black and white, and the three do differ by as much as they should."""
    ends = np.stack([np.zeros((1, 9, 9, 3)), np.full((1, 9, 9, 3), 255)])[:, 0].astype(np.uint8)
    for protocol, white in ((TENSORFLOW, 127 / 128), (PYTORCH_FID, 1.0), (CLEAN, 127 / 128)):
        found = np.asarray(protocol.prepare(ends))
        np.testing.assert_allclose(found[0], -1, atol=1e-6)
        np.testing.assert_allclose(found[1], white, atol=1e-6)


@pytest.mark.parametrize("protocol", INPUT_PROTOCOLS, ids=lambda x: x.name)
def test_grey_is_seen_as_rgb(protocol):
    grey = pixels(20, 31, 1)
    found = protocol.prepare(grey)
    assert found.shape == (2, 299, 299, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, protocol.prepare(np.repeat(grey, 3, 3)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("pictures", "says"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), r"\[2, 8, 8, 3\] and type float32 cannot be compared"),
        (np.zeros((2, 8, 8, 4), np.uint8), r"grey \(C = 1\) or RGB \(C = 3\)"),
        (np.zeros((8, 8, 3), np.uint8), r"give \[N, H, W, C\] uint8"),
        (np.zeros((2, 0, 8, 3), np.uint8), r"\[2, 0, 8, 3\]"),
    ],
)
def test_other_pictures_are_refused(pictures, says):
    for refuse in (check_pictures, *(protocol.prepare for protocol in INPUT_PROTOCOLS)):
        with pytest.raises(ValueError, match=says):
            refuse(pictures)


def test_names_differ():
    assert [protocol.name for protocol in INPUT_PROTOCOLS] == ["tensorflow", "pytorch-fid", "clean"]
    assert len({hash(protocol) for protocol in INPUT_PROTOCOLS}) == 3
