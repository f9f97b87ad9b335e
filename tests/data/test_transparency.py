"""Pictures of four channels, from files to batches and back, and beside those of three."""

import dataclasses
import io
import logging

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Images, Transform, folder_source, pipeline, prepare_folder
from jaxgan.data.decoding import decode
from jaxgan.data.transforms import resize, to_channels

RGBA = Transform(image_size=4, channels=4)
CLEAR = [255, 255, 255, 0]


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


def grey_key():
    """One pixel of two is the grey that the file declares transparent."""
    return encoded(Image.fromarray(np.array([[9, 7]], np.uint8)), transparency=7)


def grey_key_of_sixteen_bits():
    image = Image.fromarray(np.array([[9 * 257, 7 * 257]], np.uint16))
    return encoded(image, transparency=7 * 257)


@pytest.mark.parametrize(
    ("file", "pixel"),
    [
        (encoded(Image.new("RGBA", (2, 1), (9, 8, 7, 6))), [9, 8, 7, 6]),
        (encoded(Image.new("RGBA", (2, 1), (9, 8, 7, 255))), [9, 8, 7, 255]),
        (encoded(Image.new("RGBA", (2, 1), (9, 8, 7, 0))), [9, 8, 7, 0]),
        (encoded(Image.new("LA", (2, 1), (9, 6))), [9, 9, 9, 6]),
        (encoded(Image.new("RGB", (2, 1), (9, 8, 7)), transparency=(9, 8, 7)), [9, 8, 7, 0]),
        (encoded(Image.new("P", (2, 1), 0), transparency=0), [0, 0, 0, 0]),
        (encoded(Image.new("RGBA", (2, 1), (9, 8, 7, 6)), "TIFF"), [9, 8, 7, 6]),
        (grey_key(), [9, 9, 9, 255]),
        (encoded(Image.new("RGB", (2, 1), (9, 8, 7))), [9, 8, 7]),
        (encoded(Image.new("L", (2, 1), 9)), [9]),
    ],
)
def test_decodes_alpha(file, pixel):
    pixels = decode(file, alpha=True)
    assert pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == pixel
    file.seek(0)
    without = decode(file)
    np.testing.assert_array_equal(without, to_channels(pixels, channels=without.shape[2]))


@pytest.mark.parametrize("file", [grey_key, grey_key_of_sixteen_bits])
def test_decodes_a_grey_that_is_clear(file):
    assert decode(file(), alpha=True)[0].tolist() == [[9, 9, 9, 255], CLEAR]
    assert decode(file())[0].tolist() == [[9], [255]]


def test_large_pictures_keep_their_alpha(monkeypatch):
    monkeypatch.setattr("jaxgan.data.decoding._STRIP", 6)
    noise = np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(noise)), alpha=True), noise)


def test_between_grey_colour_and_alpha():
    half = np.array([[[255, 0, 0, 128]]], np.uint8)
    assert to_channels(half, channels=3)[0, 0].tolist() == [255, 127, 127]
    assert to_channels(half, channels=1)[0, 0].tolist() == [165]
    assert to_channels(half[..., :3], channels=4)[0, 0].tolist() == [255, 0, 0, 255]
    assert to_channels(half[..., :1], channels=4)[0, 0].tolist() == [255, 255, 255, 255]


def disc(hidden):
    """A white disc, and `hidden` where nothing is seen."""
    y, x = np.mgrid[:32, :32] - 15.5
    inside = (x**2 + y**2 < 144)[..., None]
    return np.where(inside, np.uint8(255), np.array([*hidden, 0], np.uint8))


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 0, 255)])
def test_what_is_not_seen_leaves_no_fringe(hidden):
    small = RGBA.prepare(disc(hidden))
    for size in (4, 7, 50):
        small = Transform(size, 4).prepare(disc(hidden))
        assert small.shape == (size, size, 4)
        assert len(np.unique(small[..., 3])) > 2
        np.testing.assert_array_equal(small[..., :3], 255)


def test_clear_pixels_are_white():
    image = np.zeros((4, 4, 4), np.uint8)
    image[0, 0] = 5, 6, 7, 1
    assert RGBA.prepare(image)[0, :2].tolist() == [[5, 6, 7, 1], CLEAR]
    padded = Transform(4, 4, pad=True).prepare(np.full((2, 4, 3), 9, np.uint8))
    assert padded[:, 0].tolist() == [CLEAR, [9, 9, 9, 255], [9, 9, 9, 255], CLEAR]


def test_on_white_before_or_after_resizing():
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 4), np.uint8)
    after = to_channels(resize(noise, image_size=6), channels=3).astype(int)
    before = resize(to_channels(noise, channels=3), image_size=6)
    assert np.abs(after - before).max() <= 4


@pytest.fixture
def mixed(tmp_path):
    """Two pictures that are transparent in places, one of RGBA that is not, one of RGB."""
    noise = np.random.default_rng(0).integers(0, 256, (4, 6, 8, 4), np.uint8)
    noise[2, ..., 3] = 255
    (tmp_path / "in").mkdir()
    for index, pixels in enumerate(noise):
        Image.fromarray(pixels[..., : 3 if index == 3 else 4]).save(
            tmp_path / "in" / f"{index}.png"
        )
    return tmp_path / "in"


def test_says_what_is_transparent(mixed):
    four = folder_source(mixed, transform=RGBA)
    assert four.notes[1:] == ("2 of 4 pictures have no transparency: alpha is 1",)
    three = folder_source(mixed, transform=Transform(4, 3))
    on_white = ("2 of 4 pictures are transparent in places, which lie on white",)
    assert three.notes[1:] == folder_source(mixed, transform=Transform(4, 1)).notes[1:] == on_white
    for name in ("0.png", "1.png"):
        (mixed / name).unlink()
    assert len(folder_source(mixed, transform=Transform(4, 3)).notes) == 1


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_batches(mixed, resident_bytes):
    source = Images(folder=mixed, image_size=(6, 8), channels=4).source()
    data = pipeline(source, seed=0, batch_size=4, resident_bytes=resident_bytes)
    images = np.asarray(data(0)["image"])
    assert images.shape == (4, 6, 8, 4)
    assert images.min() >= -1
    alphas = np.sort(images[..., 3].min(axis=(1, 2)))
    assert (alphas[:2] < 0).all()
    np.testing.assert_array_equal(alphas[2:], 1)
    kept = pipeline(
        source,
        seed=0,
        batch_size=4,
        flip=True,
        crop=(4, 5),
        dequantise=True,
        resident_bytes=resident_bytes,
    )(0)["image"]
    assert kept.shape == (4, 4, 5, 4)


def test_prepared(mixed, tmp_path, caplog):
    transform = Transform((6, 8), 4)
    prepare_folder(mixed, tmp_path / "out", transforms=[transform, Transform((3, 4), 3)])
    for channels, size in ((4, (6, 8)), (3, (3, 4)), (3, (6, 8)), (1, (6, 8))):
        wanted = Transform(size, channels)
        before, after = (folder_source(f, transform=wanted) for f in (mixed, tmp_path / "out"))
        assert before.notes[1:] == after.notes[1:] != ()
        there = {source.read(np.arange(4))["image"].tobytes() for source in (before, after)}
        assert len(there) == 1
    assert any("are 6 x 8 x 4 (height" in record.getMessage() for record in caplog.records)


def test_prepared_with_a_frame_of_nothing(mixed, tmp_path):
    """Where RGB has black: the one cannot be made of the other."""
    transform = Transform(8, 4, pad=True)
    prepare_folder(mixed, tmp_path / "out", transforms=[transform])
    with pytest.raises(ValueError, match=r"of which Transform\(.*channels=3.* cannot be made"):
        folder_source(tmp_path / "out", transform=dataclasses.replace(transform, channels=3))


def test_prepared_without_alpha(mixed, tmp_path):
    prepare_folder(mixed, tmp_path / "out", transforms=[Transform(4, 3)])
    with pytest.raises(ValueError, match=r"channels=4, .* cannot be made: ask for what is there"):
        folder_source(tmp_path / "out", transform=RGBA)


def test_an_earlier_version_s_folder_goes_on(mixed, tmp_path, caplog):
    """It did not count what is transparent."""
    prepare_folder(mixed, tmp_path / "out", transforms=[Transform(4, 3)])
    file = tmp_path / "out" / "prepared.json"
    text = file.read_text()
    for new in (', "transparent": 2', ', "labels": []', ', "from_file": false'):
        assert new in text
        text = text.replace(new, "")
    file.write_text(text)
    with caplog.at_level(logging.WARNING):
        assert len(folder_source(tmp_path / "out", transform=Transform(4, 3)).notes) == 1
        prepare_folder(mixed, tmp_path / "out", transforms=[Transform(4, 3)])


def test_sets_without_alpha_are_opaque(data_dir, digits):
    source = Images(data_dir=data_dir, channels=4).source()
    assert source.notes[1] == "the pictures have no transparency: alpha is 1"
    assert len(digits.notes) == 1
    image = source.read(np.arange(2))["image"]
    np.testing.assert_array_equal(image[..., 3], 255)
    grey = digits.read(np.arange(2))["image"]
    np.testing.assert_array_equal(image[..., :3], np.repeat(grey, 3, axis=3))
