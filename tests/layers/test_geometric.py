"""The geometry of adaptive augmentation, against float64 NumPy and closed forms."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import BG, BLIT, Operations, geometric, mirror, operations, wavelets

KEY = jax.random.key(8)
GENERATOR = np.random.default_rng(3)
MANY = 20_000
resample = jax.jit(geometric.resample)


@functools.cache
def all_draws(count):
    return jax.jit(operations.draw_all, static_argnums=1)(KEY, count)


def moves_of(chosen, count=MANY, size=(16, 32), probability=0.7):
    draw = functools.partial(geometric.draw_moves, size=size, operations=chosen)
    moves = jax.jit(draw)(all_draws(count), probability=probability)
    return np.asarray(moves.inverse, np.float64), np.asarray(moves.between)


def matrices(draws, size, multiplier, probability):
    """The paper's forward matrices, one after the other, and the inverse of all of them."""
    draws = {
        name: jax.tree.map(lambda x: np.asarray(x, np.float64), d) for name, d in draws.items()
    }
    height, width = size
    found = []
    for n in range(len(draws["scale"].choice)):
        total = np.eye(3)

        def on(name, share, n=n):
            return draws[name].choice[n] < share

        def uniform(name, n=n):
            return draws[name].uniform[:, n]

        def normal(name, n=n):
            return draws[name].normal[:, n]

        def shift(x, y):
            return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

        def turn(angle):
            c, s = np.cos(angle), np.sin(angle)
            return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

        share = multiplier * probability
        turning = 1 - np.sqrt(1 - share)
        if on("x_flip", share) and uniform("x_flip")[0] < 0.5:
            total = np.diag([-1, 1, 1]) @ total
        if on("rotate90", share):
            total = turn(-np.pi / 2 * np.floor(4 * uniform("rotate90")[0])) @ total
        if on("integer_shift", share):
            x, y = (2 * uniform("integer_shift") - 1) / 8
            total = shift(round(x * width), round(y * height)) @ total
        if on("scale", share):
            scale = 2 ** (0.2 * normal("scale")[0])
            total = np.diag([scale, scale, 1]) @ total
        if on("rotate_before", turning):
            total = turn(-(2 * uniform("rotate_before")[0] - 1) * np.pi) @ total
        if on("anisotropic_scale", share):
            scale = 2 ** (0.2 * normal("anisotropic_scale")[0])
            total = np.diag([scale, 1 / scale, 1]) @ total
        if on("rotate_after", turning):
            total = turn(-(2 * uniform("rotate_after")[0] - 1) * np.pi) @ total
        if on("fractional_shift", share):
            x, y = normal("fractional_shift") / 8
            total = shift(x * width, y * height) @ total
        found.append(np.linalg.inv(total))
    return np.stack(found)


def test_the_matrix_of_nine_parts():
    chosen = Operations(*(0.8 * multiplier for multiplier in BG))
    found, _ = moves_of(chosen, count=64)
    expected = matrices(all_draws(64), (16, 32), 0.8, 0.7)
    np.testing.assert_allclose(found, expected, atol=2e-5, rtol=1e-5)


def test_statistics_of_each_operation():
    """Share of the images, and spread of what is drawn, as the paper has them."""

    def check(values, drawn, *, share, spread):
        np.testing.assert_allclose(drawn.mean(), share, atol=0.015)
        np.testing.assert_allclose(values[drawn].std(), spread, rtol=0.03)
        np.testing.assert_allclose(values[drawn].mean(), 0, atol=0.04 * spread)

    flip, between = moves_of(Operations(x_flip=1.0))
    np.testing.assert_allclose((flip[:, 0, 0] < 0).mean(), 0.35, atol=0.015)
    assert not between.any()
    turn, between = moves_of(Operations(rotate90=1.0))
    quarters = np.round(np.arctan2(turn[:, 1, 0], turn[:, 0, 0]) / (np.pi / 2)) % 4
    shares = np.bincount(quarters.astype(int)) / MANY
    np.testing.assert_allclose(shares, [0.3 + 0.7 / 4, *[0.7 / 4] * 3], atol=0.015)
    assert not between.any()
    whole, between = moves_of(Operations(integer_shift=1.0), size=(160, 320))
    for axis, side in ((0, 320), (1, 160)):
        moved = whole[:, axis, 2]
        assert np.abs(moved).max() == side / 8
        check(moved / side, moved != 0, share=0.7 * (1 - 4 / side), spread=0.25 / 12**0.5)
    assert not between.any()

    scale, between = moves_of(Operations(scale=1.0))
    check(np.log2(scale[:, 0, 0]), between, share=0.7, spread=0.2)
    np.testing.assert_array_equal(scale[:, 0, 0], scale[:, 1, 1])
    scale, between = moves_of(Operations(anisotropic_scale=1.0))
    check(np.log2(scale[:, 0, 0]), between, share=0.7, spread=0.2)
    np.testing.assert_allclose(np.linalg.det(scale), 1, rtol=1e-5)
    turn, between = moves_of(Operations(rotate=1.0))
    angle = np.arctan2(turn[:, 1, 0], turn[:, 0, 0])
    check(angle, between, share=0.7, spread=np.pi / 3**0.5)
    moved, between = moves_of(Operations(fractional_shift=1.0))
    for axis, side in ((0, 32), (1, 16)):
        check(moved[:, axis, 2] / side, between, share=0.7, spread=0.125)


@pytest.mark.parametrize("size", [(5, 5), (4, 6)])
def test_whole_pixels_move_to_the_bit(size):
    """Flipped, turned by quarters, moved: what NumPy does by index, on a mirrored plane."""
    count, (height, width) = 40, size
    images = GENERATOR.normal(size=(count, *size, 2)).astype(np.float32)
    draws = all_draws(count)
    augment = jax.jit(functools.partial(geometric.geometric, operations=BLIT))
    found = augment(draws, jnp.asarray(images), 0.9)
    rest = {name: draw._replace(choice=draw.choice + 9) for name, draw in draws.items()}
    rest |= {name: draws[name] for name in ("x_flip", "rotate90", "integer_shift")}
    inverses = np.round(matrices(rest, size, 1.0, 0.9))
    expected = np.zeros_like(images)
    for n, row, column in np.ndindex(count, *size):
        x, y, _ = inverses[n] @ [column - (width - 1) / 2, row - (height - 1) / 2, 1]
        source = round(y + (height - 1) / 2), round(x + (width - 1) / 2)
        expected[n, row, column] = images[n, reflect(source[0], height), reflect(source[1], width)]
    np.testing.assert_array_equal(found, expected)
    turned = {tuple(inverse[:2, :2].ravel()) for inverse in inverses}
    assert len(turned) == 8


def reflect(index, side):
    """Back and forth."""
    while not 0 <= index < side:
        index = -index if index < 0 else 2 * (side - 1) - index
    return index


@pytest.mark.parametrize("side", [1, 2, 5])
def test_mirrored_index(side):
    index = np.arange(-17, 18)
    expected = [0 if side == 1 else reflect(n, side) for n in index]
    np.testing.assert_array_equal(mirror.mirrored(index, side), expected)


def test_quarter_turns_and_flips_are_numpys():
    """An image turned by one quarter is np.rot90 of it, one way or the other."""
    image = GENERATOR.normal(size=(1, 5, 5, 1)).astype(np.float32)
    turn = np.array([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    np.testing.assert_array_equal(
        geometric.read(jnp.asarray(image), jnp.asarray(turn))[0], np.rot90(image[0], 1)
    )
    flip = np.diag([-1.0, 1.0, 1.0])[None]
    np.testing.assert_array_equal(
        geometric.read(jnp.asarray(image), jnp.asarray(flip))[0], image[0, :, ::-1]
    )


def resampled(image, inverse):
    """Enlarged, read between points, reduced: sums as they are written, on a mirrored plane."""
    taps = np.array(wavelets.SYM6) / np.sum(wavelets.SYM6)
    height, width = image.shape

    @functools.cache
    def enlarged(row, column):
        rows = [(i, 2 * taps[row - 2 * i + 5]) for i in range(-60, 60) if 0 <= row - 2 * i + 5 < 12]
        columns = [
            (j, 2 * taps[column - 2 * j + 5])
            for j in range(-60, 60)
            if 0 <= column - 2 * j + 5 < 12
        ]
        return sum(
            a * b * image[reflect(i, height), reflect(j, width)]
            for i, a in rows
            for j, b in columns
        )

    def sampled(row, column):
        middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
        x, y, _ = inverse @ [column / 2 - middle_x, row / 2 - middle_y, 1]
        y, x = 2 * (y + middle_y), 2 * (x + middle_x)
        i, j = int(np.floor(y)), int(np.floor(x))
        return sum(
            (1 - abs(y - a)) * (1 - abs(x - b)) * enlarged(a, b)
            for a in (i, i + 1)
            for b in (j, j + 1)
        )

    points = np.array(
        [[sampled(r, c) for c in range(-5, 2 * width + 5)] for r in range(-5, 2 * height + 5)]
    )
    return np.array(
        [
            [taps @ points[2 * i : 2 * i + 12, 2 * j : 2 * j + 12] @ taps for j in range(width)]
            for i in range(height)
        ]
    )


def test_resampling_against_its_sums():
    images = GENERATOR.normal(size=(2, 4, 5, 2))
    inverse = np.array(
        [
            [[0.8, 0.5, 1.3], [-0.4, 1.1, -7.6], [0, 0, 1]],
            [[-2.0, 0.1, 0], [0.3, 1.0, 9.2], [0, 0, 1]],
        ]
    )
    found = resample(jnp.asarray(images, jnp.float32), jnp.asarray(inverse, jnp.float32))
    for n, channel in np.ndindex(2, 2):
        expected = resampled(images[n, :, :, channel], inverse[n])
        np.testing.assert_allclose(found[n, :, :, channel], expected, atol=3e-5)


def test_resampling_nothing_gives_the_image():
    """The filter is orthogonal to its shifts by two: what enlarges is undone."""
    images = GENERATOR.normal(size=(3, 6, 9, 1)).astype(np.float32)
    found = resample(jnp.asarray(images), jnp.broadcast_to(jnp.eye(3), (3, 3, 3)))
    np.testing.assert_allclose(found, images, atol=3e-6)


def test_a_smooth_wave_is_turned_scaled_and_shifted():
    """In the middle, where no mirror image is: the wave at the place that the matrix names."""
    side = 24
    x, y = np.meshgrid(np.arange(side) - (side - 1) / 2, np.arange(side) - (side - 1) / 2)

    def wave(x, y):
        return np.cos(0.3 * x - 0.2 * y + 0.4)

    c, s = np.cos(0.6), np.sin(0.6)
    inverse = np.array([[1.2 * c, -s, 0.3], [1.2 * s, c, -0.6], [0, 0, 1]])
    image = jnp.asarray(wave(x, y)[None, :, :, None], jnp.float32)
    found = resample(image, jnp.asarray(inverse[None], jnp.float32))[0, :, :, 0]
    from_x, from_y, _ = np.tensordot(inverse, np.stack([x, y, np.ones_like(x)]), 1)
    middle = slice(8, 16)
    np.testing.assert_allclose(
        found[middle, middle], wave(from_x, from_y)[middle, middle], atol=0.02
    )


@pytest.mark.parametrize(("taps", "moments"), [(wavelets.SYM2, 2), (wavelets.SYM6, 6)])
def test_wavelets(taps, moments):
    """Orthogonal to their shifts by two, and with as many vanishing moments as there can be."""
    taps, half = np.array(taps), len(taps) // 2
    assert half == moments
    np.testing.assert_allclose(taps.sum(), 2**0.5, rtol=1e-11)
    for shift in range(half):
        product = taps[: len(taps) - 2 * shift] @ taps[2 * shift :]
        np.testing.assert_allclose(product, float(shift == 0), atol=1e-11)
    place = np.arange(len(taps))
    for power in range(moments):
        np.testing.assert_allclose(((-1.0) ** place * place**power) @ taps, 0, atol=2e-8)
