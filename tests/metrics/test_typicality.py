import numpy as np
import pytest

from jaxgan.metrics import typicality

RNG = np.random.default_rng(0)
REAL, HELD_OUT, MORE = RNG.normal(size=(3, 1000, 3))


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_real_examples_give_their_share(share):
    assert typicality(HELD_OUT, REAL, HELD_OUT, share=share) == pytest.approx(share, abs=2e-3)
    assert typicality(MORE, REAL, HELD_OUT, share=share) == pytest.approx(share, abs=0.06)


def test_far_away():
    assert typicality(MORE + 100, REAL, HELD_OUT) == 0.0


def test_by_hand():
    """On a line, held-out examples are 1/8, 1/4 and 1/2 away: with the median, 1/4 is near."""
    real = np.array([[0.0], [10.0]])
    held_out = np.array([[0.125], [10.25], [-0.5]])
    samples = np.array([[-0.25], [0.125], [9.5], [0.375]])
    assert typicality(samples, real, held_out, share=0.5) == 0.5
    assert typicality(samples, real, held_out, share=1.0) == 1.0


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_refusal(share):
    with pytest.raises(ValueError, match="must be in"):
        typicality(MORE, REAL, HELD_OUT, share=share)
