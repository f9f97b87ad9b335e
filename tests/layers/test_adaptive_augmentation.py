"""The whole of adaptive augmentation, its colours and what it spoils."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import penalties
from jaxgan.layers import (
    BGCFNC,
    COLOUR,
    GEOM,
    Operations,
    adaptive_augmentation,
    colour_matrices,
    corruption,
    operations,
)

KEY = jax.random.key(6)
GENERATOR = np.random.default_rng(4)
MANY = 20_000
band_gains = jax.jit(corruption.band_gains)


def jitted(augment, chosen):
    return jax.jit(functools.partial(augment, operations=chosen))


everything = jitted(adaptive_augmentation, BGCFNC)


def images(*shape):
    return jnp.asarray(GENERATOR.uniform(-1, 1, size=shape), jnp.float32)


@functools.cache
def all_draws(count):
    return jax.jit(operations.draw_all, static_argnums=1)(KEY, count)


def test_images_without_a_draw_are_as_they_were():
    """To the bit; with one probability for each image, those of 0, and at 1 none."""
    x = images(6, 6, 8, 3)
    np.testing.assert_array_equal(everything(KEY, x, jnp.zeros(6)), x)
    share = jnp.array([0.0, 1.0, 0.0, 7.0, 1.0, 0.0])
    changed = np.asarray(everything(KEY, x, share) != x).any(axis=(1, 2, 3))
    np.testing.assert_array_equal(changed, share > 0)
    np.testing.assert_array_equal(  # beyond 1 is 1
        everything(KEY, x, share), everything(KEY, x, jnp.minimum(share, 1.0))
    )


def test_each_image_by_itself():
    x = images(6, 6, 8, 3)
    other = x.at[2].set(0.3)
    found, expected = (np.asarray(everything(KEY, y, jnp.full(6, 0.8))) for y in (other, x))
    same = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(found[same], expected[same])
    assert (found[2] != expected[2]).any()
    fresh = np.asarray(everything(jax.random.key(7), x, jnp.full(6, 0.8)))
    assert (fresh != expected).any(axis=(1, 2, 3)).sum() >= 5


def test_operations_do_not_depend_on_each_other():
    """What one draws is the same, whichever others there are."""
    x = images(8, 4, 4, 1)
    alone = jitted(adaptive_augmentation, Operations(cutout=1.0))(KEY, x, 1.0)
    cut = np.asarray(alone == 0)
    noisy = jitted(adaptive_augmentation, Operations(noise=1.0, cutout=1.0))(KEY, x, 1.0)
    np.testing.assert_array_equal(np.asarray(noisy == 0), cut)
    assert 0 < cut.mean() < 0.3


def test_derivatives_are_those_of_a_linear_map():
    """<A x, y> = <x, A' y>, and R1 of D(A x) = <A x, w> has A A' w for its gradient."""
    x, w = images(4, 6, 6, 1), images(6, 6, 1)

    def apply(x):
        return adaptive_augmentation(KEY, x, 0.9, operations=GEOM._replace(x_flip=1.0))

    def scores(x, w):
        return (apply(x) * w[None]).sum(axis=(1, 2, 3))

    @jax.jit
    def derivatives(w, x):
        def penalty(w):
            return penalties.r1(lambda x: scores(x, w), x)

        forward, back = jax.vjp(apply, x)
        transposed = back(jnp.broadcast_to(w[None], x.shape))[0]
        return forward, transposed, penalty(w), jax.jacobian(penalty)(w), apply(transposed)

    forward, transposed, values, slopes, expected = derivatives(w, x)
    left, right = (forward * w[None]).sum(axis=(1, 2, 3)), (x * transposed).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(values, (transposed**2).sum(axis=(1, 2, 3)) / 2, rtol=1e-4)
    np.testing.assert_allclose(slopes, expected, rtol=1e-3, atol=1e-4)


def colours(draws, n, share):
    """The paper's colour matrices of image n, in float64, one after the other."""
    luma, total = np.array([1, 1, 1, 0]) / 3**0.5, np.eye(4)
    along, grey = np.outer(luma, luma), np.diag([1.0, 1, 1, 0])

    def drawn(name):
        return draws[name].choice[n] < share

    def normal(name):
        return float(draws[name].normal[0, n])

    if drawn("brightness"):
        total[:3, 3] += 0.2 * normal("brightness")
    if drawn("contrast"):
        total = np.diag([*[2 ** (0.5 * normal("contrast"))] * 3, 1]) @ total
    if drawn("luma_flip") and draws["luma_flip"].uniform[0, n] < 0.5:
        total = (np.eye(4) - 2 * along) @ total
    if drawn("hue"):
        angle = (2 * float(draws["hue"].uniform[0, n]) - 1) * np.pi
        turn = np.eye(4)
        for column in range(3):  # each axis: what is along luma stays, the rest turns about it
            axis = np.eye(3)[column]
            rest = axis - luma[:3] * luma[column]
            crossed = np.cross(luma[:3], axis)
            turn[:3, column] = (
                luma[:3] * luma[column] + np.cos(angle) * rest + np.sin(angle) * crossed
            )
        total = turn @ total
    if drawn("saturation"):
        factor = 2 ** normal("saturation")
        total = (along + factor * (grey - along) + np.eye(4) - grey) @ total
    return total


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colours_are_one_matrix_of_each_image(channels):
    count, share = 32, 0.7
    draws = all_draws(count)
    x = images(count, 2, 3, channels)
    found = np.asarray(jitted(colour_matrices.recolour, COLOUR)(draws, x, share))
    if channels == 1:
        draws = draws | {
            name: draws[name]._replace(choice=draws[name].choice + 2)
            for name in ("hue", "saturation")
        }
    x = np.asarray(x, np.float64)
    for n in range(count):
        matrix = colours(draws, n, share)
        rgb = np.repeat(x[n], 3, axis=2) if channels == 1 else x[n, :, :, :3]
        expected = rgb @ matrix[:3, :3].T + matrix[:3, 3]
        if channels == 1:
            expected = expected.mean(axis=2, keepdims=True)
        expected = np.concatenate([expected, x[n, :, :, 3:]], axis=2)
        np.testing.assert_allclose(found[n], expected[..., :channels], atol=1e-5)


def test_statistics_of_colours():
    def matrices(name):
        chosen = Operations(**{name: 1.0})
        found, drawn = jitted(colour_matrices.colour_matrices, chosen)(all_draws(MANY), 0.7)
        return np.asarray(found, np.float64), np.asarray(drawn)

    def check(values, drawn, *, share, spread):
        np.testing.assert_allclose(drawn.mean(), share, atol=0.015)
        np.testing.assert_allclose(values[drawn].std(), spread, rtol=0.03)
        np.testing.assert_allclose(values[drawn].mean(), 0, atol=0.04 * spread)

    found, drawn = matrices("brightness")
    check(found[:, 0, 3], drawn, share=0.7, spread=0.2)
    found, drawn = matrices("contrast")
    check(np.log2(found[:, 0, 0]), drawn, share=0.7, spread=0.5)
    found, drawn = matrices("luma_flip")
    np.testing.assert_allclose(drawn.mean(), 0.35, atol=0.015)
    white = found[:, :3] @ [1, 1, 1, 1]
    np.testing.assert_allclose(white[drawn], -1, atol=1e-6)
    found, drawn = matrices("hue")
    cosine = (np.trace(found, axis1=1, axis2=2) - 2) / 2
    sine = (found[:, 2, 1] - found[:, 1, 2]) * 3**0.5 / 2
    check(np.arctan2(sine, cosine), drawn, share=0.7, spread=np.pi / 3**0.5)
    found, drawn = matrices("saturation")
    check(np.log2(found[:, 0, 0] - found[:, 0, 1]), drawn, share=0.7, spread=1.0)


def test_bands_of_frequencies():
    """Products of the wavelet's two filters at each rate; together they let all through."""
    filters = corruption.band_filters()
    reach = filters.shape[1] // 2
    delta = np.zeros(2 * reach + 1)
    delta[reach] = 1
    np.testing.assert_allclose(filters.sum(axis=0), delta, atol=1e-11)
    w = np.linspace(0, np.pi, 50)
    found = filters @ np.cos(np.arange(-reach, reach + 1)[:, None] * w)

    def low(w):
        """|H|^2 / 2 of sym2, maximally flat: cos^4 (1 + 2 sin^2) of half the frequency."""
        return np.cos(w / 2) ** 4 * (1 + 2 * np.sin(w / 2) ** 2)

    def high(w):
        return 1 - low(w)

    expected = [
        low(w) * low(2 * w) * low(4 * w),
        low(w) * low(2 * w) * high(4 * w),
        low(w) * high(2 * w),
        high(w),
    ]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_gains_keep_the_power_of_an_expected_spectrum():
    """One draw: power is 1, the band's gain against another's is 2^N(0, 1)."""
    power = np.array([10, 1, 1, 1]) / 13
    draws = all_draws(MANY)
    for band in range(4):
        only = draws | {
            f"filter_{n}": draws[f"filter_{n}"]._replace(choice=jnp.full(MANY, 2.0))
            for n in range(4)
            if n != band
        }
        gains, drawn = map(np.asarray, band_gains(only, 0.6))
        np.testing.assert_allclose(gains**2 @ power, 1, rtol=1e-5)
        ratio = np.log2(gains[:, band] / gains[:, band - 1])
        np.testing.assert_allclose(drawn.mean(), 0.6, atol=0.015)
        np.testing.assert_allclose(ratio[drawn].std(), 1, rtol=0.03)
    gains, _ = band_gains(draws, 1.0)
    np.testing.assert_array_equal(np.asarray(gains == 1).all(axis=1).mean(), 0)


def test_filter_is_a_convolution_of_the_mirrored_image():
    draws, x = all_draws(3), images(3, 6, 7, 2)
    found = jitted(corruption.amplify_bands, Operations(filter=1.0))(draws, x, 1.0)
    gains, _ = band_gains(draws, 1.0)
    taps = np.asarray(gains, np.float64) @ corruption.band_filters()
    reach = taps.shape[1] // 2
    for n, channel in np.ndindex(3, 2):
        y = np.asarray(x[n, :, :, channel], np.float64)
        y = np.pad(y, reach, mode="reflect")
        y = np.apply_along_axis(np.convolve, 0, y, taps[n], mode="valid")
        y = np.apply_along_axis(np.convolve, 1, y, taps[n], mode="valid")
        np.testing.assert_allclose(found[n, :, :, channel], y, atol=1e-4)


def test_noise_and_cutout():
    blank = jnp.ones((4000, 8, 4, 1))
    draws = all_draws(4000)
    noisy = jitted(corruption.add_noise, Operations(noise=1.0))(KEY, draws, blank, 0.5) - 1
    strength = np.asarray(noisy).std(axis=(1, 2, 3))
    np.testing.assert_allclose((strength > 0).mean(), 0.5, atol=0.03)
    expected = 0.1 * (2 / np.pi) ** 0.5
    np.testing.assert_allclose(strength[strength > 0].mean(), expected, rtol=0.06)

    cut = jitted(corruption.cut_out, Operations(cutout=1.0))(draws, blank, 0.5)
    cut = np.asarray(cut)[..., 0] == 0
    np.testing.assert_allclose(cut.any(axis=(1, 2)).mean(), 0.5, atol=0.03)
    rows, columns = cut.any(axis=2).sum(axis=1), cut.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(cut.sum(axis=(1, 2)), rows * columns)
    assert rows.max() == 4
    assert columns.max() == 2
    # Centred anywhere: at the edge, half of it is left, 3/8 of the side instead of 4/8 in the mean.
    np.testing.assert_allclose(rows[rows > 0].mean() / 8, 0.5 - 0.5 / 8, rtol=0.03)


def test_dtype_stays():
    x = images(2, 4, 4, 4).astype(jnp.bfloat16)
    made = jax.eval_shape(functools.partial(adaptive_augmentation, operations=BGCFNC), KEY, x, 0.5)
    assert made.dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("channels", "chosen", "sentence"),
    [
        (2, Operations(), "images of 2 channels have no colours to change: give grey images of 1"),
        (3, Operations(hue=-0.5), "hue cannot be drawn -0.5 times as often: give 0 or more"),
    ],
)
def test_what_cannot_be_augmented(channels, chosen, sentence):
    with pytest.raises(ValueError, match=sentence):
        adaptive_augmentation(KEY, images(2, 4, 4, channels), 0.5, operations=chosen)
