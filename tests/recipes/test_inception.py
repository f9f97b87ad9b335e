"""Features of pictures: any count of them, in batches of one size."""

import numpy as np
import pytest

from jaxgan.networks import CLEAN, TENSORFLOW
from jaxgan.recipes import inception, inception_features
from jaxgan.weights import inception_variables


@pytest.fixture(scope="module")
def variables(inception_file):
    return inception_variables(inception_file)


def pixels(count):
    return np.random.default_rng(0).integers(0, 256, (count, 24, 16, 3), np.uint8)


def test_any_count_in_batches_of_one_size(variables):
    """One program for all counts and protocols, and each row is its picture's."""
    pictures = pixels(3)
    pictures[2] = pictures[0]
    before = compilations()
    found = inception_features(variables, pictures, TENSORFLOW, batch_size=2)
    clean = inception_features(variables, pictures[:1], CLEAN, batch_size=2)
    assert compilations() - before == 1
    assert [x.shape for x in found] == [(3, 2048), (3, 1008), (3, 1008)]
    assert [x.shape for x in clean] == [(1, 2048), (1, 1008), (1, 1008)]
    assert {(type(x), x.dtype) for x in found} == {(np.ndarray, np.dtype(np.float32))}
    for rows, other in zip(found, clean, strict=True):
        largest = abs(rows).max()
        np.testing.assert_allclose(rows[2], rows[0], rtol=0, atol=1e-5 * largest)
        assert abs(rows[1] - rows[0]).max() > 0.01 * largest
        assert abs(other[0] - rows[0]).max() > 1e-3 * largest


def compilations():
    """How often the network was compiled."""
    return inception._outputs._cache_size()


@pytest.mark.parametrize(
    ("pictures", "batch_size", "says"),
    [
        (pixels(2).astype(np.float32), 2, "type float32 cannot be compared"),
        (np.full((2, 8, 8, 3), np.nan), 2, "type float64 cannot be compared"),
        (pixels(0), 2, "0 pictures in batches of 2 have no features"),
        (pixels(2), 0, "2 pictures in batches of 0 have no features"),
    ],
)
def test_what_has_no_features(pictures, batch_size, says):
    with pytest.raises(ValueError, match=says):
        inception_features({}, pictures, TENSORFLOW, batch_size=batch_size)
