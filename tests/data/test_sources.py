import numpy as np
import pytest

from jaxgan.data import ArraySource
from jaxgan.data.sources import bytes_per_example

IMAGE = np.zeros((3, 4, 5, 1), np.uint8)


def test_reads_copies(small):
    batch = small.read(np.array([5, 100, 5]))
    np.testing.assert_array_equal(batch["label"], [5, 100, 5])
    batch["image"][:] = 0
    assert small.arrays["image"][5, 0, 0, 0] == 5


def test_describes_itself(small):
    assert len(small) == 101
    assert small.shape == (5, 4, 3)
    assert bytes_per_example(small) == 5 * 4 * 3 + 4


def test_fingerprint_covers_every_byte(small):
    changed = {name: array.copy() for name, array in small.arrays.items()}
    assert ArraySource(changed).fingerprint == small.fingerprint
    changed["image"][100, 4, 3, 2] ^= 1
    assert ArraySource(changed).fingerprint != small.fingerprint
    assert ArraySource(small.arrays, classes=("a",)).fingerprint != small.fingerprint


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"label": np.zeros(3, np.int32)}, "needs the array 'image'"),
        ({"image": IMAGE.astype(np.float32)}, r"\[N, H, W, C\] and type uint8.*float32"),
        ({"image": IMAGE[0]}, "needs the array 'image'"),
        ({"image": IMAGE, "label": np.zeros(2, np.int32)}, "differ in length"),
        ({"image": IMAGE[:0]}, "are empty"),
    ],
)
def test_refusals(arrays, sentence):
    with pytest.raises(ValueError, match=sentence):
        ArraySource(arrays)
