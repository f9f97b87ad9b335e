"""How pictures of any size become what a network takes."""

import dataclasses
import sys

import numpy as np
import pytest
from PIL import Image

from jaxgan.cli.fitting import fitting
from jaxgan.data import Stretch, Transform
from jaxgan.training import RunError

STEPS_OF_4 = range(8, sys.maxsize, 4)
STEPS_OF_16 = range(16, sys.maxsize, 16)


@dataclasses.dataclass
class Network:
    """All that is asked of an experiment."""

    sizes: range | None = STEPS_OF_4
    transform: Transform = Stretch(24, 3)


def photo(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize(
    ("shape", "sizes", "goes_in"),
    [
        ((8, 24), STEPS_OF_4, (8, 24)),
        ((333, 500), STEPS_OF_4, (336, 500)),
        ((333, 500), STEPS_OF_16, (336, 512)),
        ((17, 31), STEPS_OF_16, (32, 32)),
        ((2, 1), STEPS_OF_4, (8, 8)),  # smaller than its margins
        ((3, 5), STEPS_OF_16, (16, 16)),
    ],
)
def test_margins_mirror_the_picture(shape, sizes, goes_in):
    pixels = photo(*shape)
    made = fitting(Network(sizes), None, None)(pixels)
    assert made.pixels.shape == (*goes_in, 3)
    np.testing.assert_array_equal(made.pixels[made.rows, made.columns], pixels)
    for axis, place in enumerate((made.rows, made.columns)):
        before, after = place.start, goes_in[axis] - place.stop
        assert after - before in (0, 1)  # equally wide
        row = np.moveaxis(made.pixels, axis, 0)
        for margin in range(1, min(before, shape[axis] - 1) + 1):
            np.testing.assert_array_equal(row[place.start - margin], row[place.start + margin])
        for margin in range(1, min(after, shape[axis] - 1) + 1):
            np.testing.assert_array_equal(
                row[place.stop - 1 + margin], row[place.stop - 1 - margin]
            )


@pytest.mark.parametrize("shape", [(333, 500), (330, 502), (326, 8), (16, 12)])
@pytest.mark.parametrize("channels", [1, 3])
def test_rounding_is_the_official_codes(shape, channels):
    pixels = photo(*shape, channels)
    made = fitting(Network(transform=Transform(24, channels)), "round", None)(pixels)
    # __make_power_2 of pytorch-CycleGAN-and-pix2pix, data/base_dataset.py
    image = Image.fromarray(pixels.squeeze())
    width, height = (int(round(side / 4) * 4) for side in image.size)
    expected = np.array(image.resize((width, height), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(made.pixels.squeeze(), expected)
    assert (made.rows, made.columns) == (slice(None), slice(None))


def test_rounding_does_not_round_to_nothing():
    assert fitting(Network(), "round", None)(photo(1, 51)).pixels.shape == (8, 52, 3)


@pytest.mark.parametrize("own", [Stretch(24, 3), Transform(24, 3), Transform(24, 3, pad=True)])
@pytest.mark.parametrize("image_size", [None, 32])
def test_the_runs_own_preparation(own, image_size):
    pixels, size = photo(20, 50), image_size or 24
    # `Resize` of pytorch-CycleGAN-and-pix2pix, with load_size = crop_size as in its tests
    official = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    expected = {
        "run": dataclasses.replace(own, image_size=size).prepare(pixels),
        "stretch": np.array(official),
        "crop": Transform(size, 3).prepare(pixels),
    }
    for fit, prepared in expected.items():
        made = fitting(Network(transform=own), fit, image_size)(pixels).pixels
        np.testing.assert_array_equal(made, prepared)


def test_without_a_word():
    pixels = photo(20, 50)

    def shape(network, image_size):
        return fitting(network, None, image_size)(pixels).pixels.shape

    assert shape(Network(), None) == (20, 52, 3)
    assert shape(Network(), 32) == (32, 32, 3)
    assert shape(Network(sizes=None), None) == (24, 24, 3)
    assert shape(Network(sizes=None), 24) == (24, 24, 3)


def test_shape_is_kept_at_another_size():
    pixels = photo(20, 50)
    made = fitting(Network(), "pad", 30)(pixels)
    assert made.pixels.shape == (12, 32, 3)
    expected = Image.fromarray(pixels).resize((30, 12), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(made.pixels[made.rows, made.columns], np.array(expected))
    assert fitting(Network(), "round", 100)(pixels).pixels.shape == (40, 100, 3)
    assert fitting(Network(), "pad", 9)(photo(1, 900)).pixels.shape == (8, 12, 3)


@pytest.mark.parametrize(
    ("network", "fit", "image_size", "said"),
    [
        (Network(), None, 333, "multiples of 4 from 8 on; take 332 or 336 for 333"),
        (Network(), "crop", 5, "take 8 for 5"),
        (Network(STEPS_OF_16), "stretch", 40, "multiples of 16 from 16 on; take 32 or 48 for 40"),
        (Network(sizes=None), None, 32, "--image-size 32 .* pictures of 24 alone; leave it out"),
        (Network(sizes=None), "pad", None, "--fit pad .* pictures of 24 alone; give --fit run"),
        (Network(sizes=None), "round", 24, "--fit round .* alone"),
    ],
)
def test_what_the_network_does_not_take(network, fit, image_size, said):
    with pytest.raises(RunError, match=said):
        fitting(network, fit, image_size)
