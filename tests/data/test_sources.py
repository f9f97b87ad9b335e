import numpy as np
import pytest

from jaxgan.data import ArraySource, pipeline
from jaxgan.data.sources import bytes_per_example

IMAGE = np.zeros((3, 4, 5, 1), np.uint8)


def test_reads_copies(small):
    batch = small.read(np.array([5, 100, 5]))
    np.testing.assert_array_equal(batch["label"], [5, 100, 5])
    batch["image"][:] = 0
    assert small.arrays["image"][5, 0, 0, 0] == 5


def test_describes_itself(small):
    assert len(small) == 101
    assert bytes_per_example(small) == 5 * 4 * 3 + 4


def test_fingerprint_covers_every_byte(small):
    changed = {name: array.copy() for name, array in small.arrays.items()}
    assert ArraySource(changed).fingerprint == small.fingerprint
    changed["image"][100, 4, 3, 2] ^= 1
    assert ArraySource(changed).fingerprint != small.fingerprint
    assert ArraySource(small.arrays, classes=("a",)).fingerprint != small.fingerprint


@pytest.mark.parametrize("resident_bytes", [2**30, 0])
def test_points_need_no_image(resident_bytes):
    points = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    source = ArraySource({"point": points})
    data = pipeline(source, seed=0, batch_size=7, resident_bytes=resident_bytes)
    batch = np.asarray(data(0)["point"])
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(np.sort(batch, axis=0), np.sort(points, axis=0))


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({}, r"needs arrays of shape \[N, ...\]"),
        ({"label": np.int32(3)}, r"needs arrays of shape \[N, ...\], but has \[\('label', \(\)\)"),
        ({"image": IMAGE, "label": np.zeros(2, np.int32)}, "differ in length"),
        ({"image": IMAGE[:0]}, "are empty"),
        ({"point": np.zeros((3, 2))}, "'point' is float64: .* float32"),
        ({"label": np.zeros(3, np.int64)}, "'label' is int64: .* int32"),
        ({"word": np.array(["a"])}, "'word' is str"),
    ],
)
def test_refusals(arrays, sentence):
    with pytest.raises(ValueError, match=sentence):
        ArraySource(arrays)
