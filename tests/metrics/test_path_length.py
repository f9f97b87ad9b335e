import numpy as np
import pytest

from jaxgan.metrics import perceptual_path_length

DISTANCES = np.random.default_rng(0).permutation(np.arange(201.0)) * 1e-8


def test_the_percentiles():
    """Of 0 to 200, the first percentile is 2 and the 99th is 198; between two, the outer one."""
    kept = np.arange(2.0, 199.0)
    found = perceptual_path_length(DISTANCES)
    assert found == pytest.approx((kept.mean(), kept.std()), rel=1e-12)
    kept = np.arange(2.0, 200.0)
    found = perceptual_path_length(DISTANCES, low=1.2, high=99.2)
    assert found == pytest.approx((kept.mean(), kept.std()), rel=1e-12)


def test_outliers_do_not_count_and_all_can():
    spoilt = np.where(DISTANCES >= 199e-8, 1e6, DISTANCES)
    assert perceptual_path_length(spoilt) == perceptual_path_length(DISTANCES)
    whole = perceptual_path_length(spoilt, low=0, high=100)
    assert whole.mean == pytest.approx(np.mean(spoilt) * 1e8, rel=1e-12)


def test_the_step():
    """Distances grow with the square of the step, and the length does not."""
    found = perceptual_path_length(DISTANCES * 25, epsilon=5e-4)
    assert found == pytest.approx(perceptual_path_length(DISTANCES), rel=1e-12)
    assert perceptual_path_length(np.array([2.0]), epsilon=1) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("distances", "options", "message"),
    [
        (DISTANCES[:0], {}, "with 1 or more of them"),
        (DISTANCES.reshape(-1, 1), {}, r"of shape \[201, 1\]"),
        (np.array([1.0, np.nan, -1.0]), {}, "2 are not"),
        (DISTANCES, {"epsilon": 0.0}, "epsilon=0.0 with"),
        (DISTANCES, {"low": 99.0}, "percentiles 99.0 to 99.0 will not do"),
        (DISTANCES, {"high": 101.0}, "percentiles 1.0 to 101.0"),
        (DISTANCES, {"low": float("nan")}, "percentiles nan to"),
    ],
)
def test_refusals(distances, options, message):
    with pytest.raises(ValueError, match=message):
        perceptual_path_length(distances, **options)
