import numpy as np
import pytest

from jaxgan.data import ArraySource, Images, pipeline, stacked_digits


@pytest.fixture(scope="module")
def grey():
    """Twenty grey images, of which each tells its number, and whose labels are 0 to 9 twice."""
    image = np.arange(20, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(2, axis=1).repeat(3, axis=2)
    return ArraySource({"image": image, "label": np.arange(20, dtype=np.int32) % 10})


def test_channels_are_digits_and_the_label_says_which(grey):
    stacked = stacked_digits(grey, count=500)
    batch = stacked.read(np.arange(500))
    assert (batch["image"].shape, batch["image"].dtype) == ((500, 2, 3, 3), np.uint8)
    assert (batch["label"].shape, batch["label"].dtype) == ((500,), np.int32)
    a, b, c = (batch["image"][:, 1, 2] % 10).astype(int).T
    np.testing.assert_array_equal(batch["label"], 100 * a + 10 * b + c)
    assert len(stacked) == 500
    assert stacked.classes[123] == "123"
    assert len(stacked.classes) == 1000


def test_every_digit_comes_equally_often_in_every_channel(grey):
    image = stacked_digits(grey, count=400).read(np.arange(400))["image"]
    for channel in range(3):
        numbers = image[:, 0, 0, channel]
        np.testing.assert_array_equal(np.bincount(numbers), np.full(20, 20))
        np.testing.assert_array_equal(np.sort(numbers[20:40]), np.arange(20))


def test_channels_are_independent(grey):
    """A chi-squared of 400 pairs of cells has 361 degrees of freedom."""
    image = stacked_digits(grey, count=20_000).read(np.arange(20_000))["image"][:, 0, 0].astype(int)
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        cells = np.bincount(20 * image[:, one] + image[:, other], minlength=400)
        chi_squared = np.sum((cells - 50) ** 2 / 50)
        assert abs(chi_squared - 361) < 5 * np.sqrt(2 * 361)


def test_is_a_function_of_the_index(grey):
    stacked = stacked_digits(grey, count=300)
    whole = stacked.read(np.arange(300))
    some = np.array([299, 0, 17, 17])
    for name, array in stacked.read(some).items():
        np.testing.assert_array_equal(array, whole[name][some])
    again = stacked_digits(grey, count=200).read(np.arange(200))
    np.testing.assert_array_equal(again["image"], whole["image"][:200])


def test_fingerprint(grey):
    stacked = stacked_digits(grey, count=10)
    assert stacked.fingerprint == stacked_digits(grey, count=10).fingerprint
    assert stacked.fingerprint != stacked_digits(grey, count=11).fingerprint
    other = ArraySource({**grey.arrays, "label": grey.arrays["label"][::-1].copy()})
    assert stacked.fingerprint != stacked_digits(other, count=10).fingerprint


def test_pipelines_agree(grey):
    stacked = stacked_digits(grey, count=50)
    resident = pipeline(stacked, seed=3, batch_size=8)
    streamed = pipeline(stacked, seed=3, batch_size=8, resident_bytes=0)
    for name, array in resident(7).items():
        np.testing.assert_array_equal(array, streamed(7)[name])


def test_refuses_a_count_of_none(grey):
    with pytest.raises(ValueError, match="0 triples"):
        stacked_digits(grey, count=0)


def test_of_the_digits(data_dir):
    images = Images(dataset="stacked_digits", channels=3, image_size=32, data_dir=data_dir)
    source = images.source()
    batch = source.read(np.arange(3))
    assert batch["image"].shape == (3, 32, 32, 3)
    assert len(np.unique(source.read(np.arange(len(source)))["label"])) == 1000


def test_grey_is_refused(data_dir):
    with pytest.raises(ValueError, match=r"channels is 1: give 3 \(--channels 3\)"):
        Images(dataset="stacked_digits", data_dir=data_dir).source()
