"""Ways between latents, against float64 NumPy and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import lerp, loop, slerp, smoothstep, strip


def by_hand(start, end, share):
    """slerp of two vectors, in float64."""
    start, end = (np.asarray(x, np.float64) for x in (start, end))
    cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
    angle = np.arccos(cosine)
    return (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)


@pytest.fixture
def ends():
    return jax.random.normal(jax.random.key(0), (2, 3, 8)) * jnp.array([1.0, 2.0])[:, None, None]


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jit"])
def test_slerp_is_as_by_hand(ends, jitted):
    call = jax.jit(slerp) if jitted else slerp
    shares = jnp.array([0.0, 0.3, 1.0])
    found = call(*ends, shares)
    for n in range(3):
        expected = by_hand(ends[0, n], ends[1, n], float(shares[n]))
        np.testing.assert_allclose(found[n], expected, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(call(*ends, 0.3)[1], found[1], rtol=1e-6)


def test_latents_of_one_length_keep_it(ends):
    unit = ends / jnp.linalg.norm(ends, axis=-1, keepdims=True)
    for share in (0.1, 0.5, 0.8):
        lengths = jnp.linalg.norm(slerp(*(5 * unit), share), axis=-1)
        np.testing.assert_allclose(lengths, 5.0, rtol=1e-5)
    # and equal shares are equal angles
    first, middle, last = unit[0], slerp(*unit, 0.5), unit[1]
    np.testing.assert_allclose((first * middle).sum(-1), (middle * last).sum(-1), rtol=1e-5)


@pytest.mark.parametrize(
    "end",
    [(3.0, 4.0), (6.0, 8.0), (-3.0, -4.0), (0.0, 0.0), (3.0, 4.000001)],
    ids=["same", "parallel", "opposite", "zero", "near"],
)
def test_where_there_is_no_way_round_the_line_is_straight(end):
    start, end = jnp.array([3.0, 4.0]), jnp.array(end)
    np.testing.assert_allclose(slerp(start, end, 0.25), lerp(start, end, 0.25), atol=1e-6)
    np.testing.assert_allclose(slerp(end, start, 0.25), lerp(end, start, 0.25), atol=1e-6)


def test_gradients_are_finite():
    start = jnp.array([3.0, 4.0])
    ends = [(3, 4), (-3, -4), (0, 0), (3, 4.001), (-3, -4.1), (1e-12, 0), (1e12, 1)]
    slopes = jax.jit(
        jax.vmap(jax.grad(lambda *x: slerp(*x).sum(), argnums=(0, 1, 2)), (None, 0, None))
    )(start, jnp.array(ends, float), jnp.array(0.3))
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_gradients_of_slerp_are_as_by_hand(ends):
    start, end = np.asarray(ends[:, 0], np.float64)
    slope = jax.grad(lambda start: slerp(start, ends[1, 0], 0.3).sum())(ends[0, 0])
    for axis in range(8):
        step = 1e-6 * np.eye(8)[axis]
        difference = by_hand(start + step, end, 0.3) - by_hand(start - step, end, 0.3)
        np.testing.assert_allclose(slope[axis], difference.sum() / 2e-6, rtol=1e-3, atol=1e-4)


def test_shares_broadcast_with_the_axes_before_the_width():
    start, end = jnp.zeros((2, 1, 4)), jnp.ones((3, 4))
    shares = jnp.array([[0.0], [0.5]])
    assert lerp(start, end, shares).shape == (2, 3, 4)
    np.testing.assert_array_equal(lerp(start, end, shares)[:, 2, 0], [0.0, 0.5])
    assert slerp(start, end, 1.0).shape == (2, 3, 4)


def test_a_strip_has_both_ends(ends):
    found = strip(*ends, 5)
    assert found.shape == (5, 3, 8)
    np.testing.assert_allclose(found[:: len(found) - 1], ends, rtol=1e-6)
    np.testing.assert_allclose(found[1, 2], by_hand(*ends[:, 2], 0.25), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(strip(*ends, 3, between=lerp)[1], ends.mean(0), rtol=1e-6)


def test_a_loop_comes_back(ends):
    anchors = jnp.concatenate([ends, ends[:1] + 1.0])
    found = loop(anchors, 4)
    assert found.shape == (12, 3, 8)
    np.testing.assert_allclose(found[::4], anchors, rtol=1e-6)
    share = 3 * 0.25**2 - 2 * 0.25**3
    for frame, (one, other) in {1: (0, 1), 5: (1, 2), 9: (2, 0)}.items():
        expected = by_hand(anchors[one, 0], anchors[other, 0], share)
        np.testing.assert_allclose(found[frame, 0], expected, rtol=2e-5, atol=2e-6)


def test_easing_and_way_can_be_chosen():
    anchors = jnp.array([[0.0], [3.0], [9.0]])
    even = loop(anchors, 3, between=lerp, easing=lambda time: time)
    np.testing.assert_allclose(even.ravel(), [0, 1, 2, 3, 5, 7, 9, 6, 3], atol=1e-6)


def test_smoothstep_rests_at_both_ends():
    slope = jax.vmap(jax.grad(smoothstep))
    np.testing.assert_allclose(slope(jnp.array([0.0, 0.5, 1.0])), [0.0, 1.5, 0.0], atol=1e-6)
    times = jnp.linspace(0, 1, 11)
    np.testing.assert_allclose(smoothstep(times) + smoothstep(1 - times), 1.0, atol=1e-6)


def test_ways_that_are_none():
    with pytest.raises(ValueError, match=r"no way between latents of shapes \[3\] and \[4\]"):
        slerp(jnp.zeros(3), jnp.zeros(4), 0.5)
    with pytest.raises(ValueError, match="strip of 1 has no two ends: give 2 or more"):
        strip(jnp.zeros(3), jnp.zeros(3), 1)
    for anchors, frames in ((1, 4), (3, 0)):
        with pytest.raises(ValueError, match=f"{anchors} anchors, {frames} frames apart"):
            loop(jnp.zeros((anchors, 2)), frames)
