"""Errors, SSIM and colour against closed forms and float64 NumPy."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from jaxgan import metrics

RANDOM = np.random.default_rng(2)
TRUTH = RANDOM.uniform(-1, 1, (3, 20, 17, 3)).astype(np.float32)
NEAR = np.clip(TRUTH + RANDOM.normal(0, 0.2, TRUTH.shape), -1, 1).astype(np.float32)


def ssim(x, y):
    """Wang et al.'s index of two images in [0, 1], in float64, where the window fits."""
    ramp = np.arange(-5, 6)
    window = np.exp(-(ramp**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(z):
        for axis in (0, 1):
            z = correlate1d(z, window, axis=axis)
        return z[5:-5, 5:-5]

    m_x, m_y = mean(x), mean(y)
    v_x, v_y, v_xy = mean(x * x) - m_x**2, mean(y * y) - m_y**2, mean(x * y) - m_x * m_y
    c_1, c_2 = 0.01**2, 0.03**2
    top = (2 * m_x * m_y + c_1) * (2 * v_xy + c_2)
    return (top / ((m_x**2 + m_y**2 + c_1) * (v_x + v_y + c_2))).mean()


def test_absolute_error():
    assert metrics.absolute_error(TRUTH, TRUTH) == 0
    assert metrics.absolute_error(np.ones((2, 3, 3, 1)), -np.ones((2, 3, 3, 1))) == 1
    exact = np.abs(NEAR.astype(np.float64) - TRUTH).mean() / 2
    assert metrics.absolute_error(NEAR, TRUTH) == pytest.approx(exact)


def test_structural_similarity():
    exact = [
        ssim((x.astype(np.float64) + 1) / 2, (y.astype(np.float64) + 1) / 2)
        for x, y in zip(NEAR, TRUTH, strict=True)
    ]
    assert metrics.structural_similarity(NEAR, TRUTH) == pytest.approx(np.mean(exact), abs=1e-4)
    assert metrics.structural_similarity(TRUTH, TRUTH) == pytest.approx(1, abs=1e-5)
    assert metrics.structural_similarity(-TRUTH, TRUTH) < 0


def test_images_smaller_than_the_window():
    with pytest.raises(ValueError, match="images of 10x20 are smaller than SSIM's window"):
        metrics.structural_similarity(np.zeros((1, 10, 20, 3)), np.zeros((1, 10, 20, 3)))


def test_chroma():
    colours = np.array([[[[1, -1, -1], [0.5, 0.5, 0.5], [0.2, -0.2, 0.1]]]])
    np.testing.assert_allclose(metrics.chroma(colours), [[[1, 0, 0.2]]])


def test_colour_placement():
    truth = np.full((1, 4, 4, 3), -0.5)
    truth[:, :2, :, 0] = 0.5  # the upper half has chroma 0.5
    grey = np.zeros_like(truth)
    assert metrics.colour_placement(truth, truth) == pytest.approx((0.5, 0))
    assert metrics.colour_placement(grey, truth) == (0, 0)
    assert metrics.colour_placement(truth[:, ::-1], truth) == pytest.approx((0, 0.5))
    assert metrics.colour_placement(truth, grey) == pytest.approx((0, 0.25))
