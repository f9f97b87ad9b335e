import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import augmentation, colour, cutout, differentiable_augmentation, translation
from jaxgan.penalties import r1
from jaxgan.training import make_mesh, split
from tests.reference import central_difference

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
KEY = jax.random.key(3)
GENERATOR = np.random.default_rng(7)
PUBLIC = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
    "all": differentiable_augmentation,
}
over_public = pytest.mark.parametrize("augment", PUBLIC.values(), ids=PUBLIC)
SHAPES = [(5, 8, 12, 3), (5, 7, 7, 1)]


def draw(shape):
    return GENERATOR.uniform(-1, 1, size=shape).astype(np.float32)


# Each reference works on one image in float64, with the numbers that were drawn for it.


def recoloured(image, brightness, saturation, contrast):
    image = image + brightness
    grey = image.sum(axis=2) / image.shape[2]
    image = np.stack([saturation * (c - grey) + grey for c in np.moveaxis(image, 2, 0)], axis=2)
    middle = image.sum() / image.size
    return contrast * image + (1 - contrast) * middle


def moved(image, down, right):
    result = np.zeros_like(image)
    for i, j in np.ndindex(image.shape[:2]):
        if 0 <= i - down < image.shape[0] and 0 <= j - right < image.shape[1]:
            result[i, j] = image[i - down, j - right]
    return result


def cut(image, top, left, size):
    result = image.copy()
    for i, j in np.ndindex(image.shape[:2]):
        if top <= i < top + size[0] and left <= j < left + size[1]:
            result[i, j] = 0
    return result


def numbers(*choices):
    """For each of five examples, one of the choices."""
    return [np.array(choice) for choice in choices]


COLOURS = [GENERATOR.uniform(low, high, 5) for low, high in [(-0.5, 0.5), (0, 2), (0.5, 1.5)]]
MOVES = numbers([-2, 0, 2, 1, -1], [3, -3, 0, 1, -2])
CORNERS = numbers([-2, 0, 3, 6, 1], [4, -3, 0, 2, 9])


def apply_colour(images):
    shape = (5, 1, 1, 1)
    numbers = (jnp.asarray(x, jnp.float32).reshape(shape) for x in COLOURS)
    return augmentation._recolour(images, *numbers)


# name: (with the drawn numbers given, on the batch; the reference, on the image of an example)
CASES = {
    "colour": (apply_colour, lambda image, n: recoloured(image, *(x[n] for x in COLOURS))),
    "move": (
        lambda images: augmentation._move(images, *map(jnp.asarray, MOVES), (2, 3)),
        lambda image, n: moved(image, *(x[n] for x in MOVES)),
    ),
    "cut_out": (
        lambda images: augmentation._cut_out(images, *map(jnp.asarray, CORNERS), (3, 4)),
        lambda image, n: cut(image, *(x[n] for x in CORNERS), (3, 4)),
    ),
}
over_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
@over_cases
def test_applied_as_the_paper_has_it(case, shape, mode):
    apply, reference = case
    images = draw(shape)
    with MODES[mode]():
        found = jax.jit(apply)(images)
    expected = [reference(image.astype(np.float64), n) for n, image in enumerate(images)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 4, 6, 3), (5, 5, 5, 1)])
@over_cases
def test_gradients(case, shape):
    apply, reference = case
    images, weights = draw(shape), draw(shape)
    found = jax.jit(jax.grad(lambda images: (weights * apply(images)).sum()))(images)
    for n, image in enumerate(images):

        def value(image, n=n):
            return (weights[n] * reference(image, n)).sum()

        expected = central_difference(value, image.astype(np.float64))
        np.testing.assert_allclose(found[n], expected, rtol=1e-4, atol=1e-4)


@over_cases
def test_forward_mode(case):
    images, direction = draw(SHAPES[0]), draw(SHAPES[0])
    apply = case[0]
    found = jax.jvp(apply, (images,), (direction,))[1]
    # All three are affine in the images.
    expected = apply(images + direction) - apply(images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# What is drawn, read off images that give it away.


def test_draws_of_colour():
    count = 4000
    images = np.zeros((count, 2, 2, 2), np.float32)
    images[:, 0, :, 0] = 1.0
    found = np.float64(colour(KEY, images))
    # Contrast and saturation scale differences: between the channels both, of their means one.
    brightness = found.mean(axis=(1, 2, 3)) - 0.25
    contrast = (found[:, 0].mean(axis=(1, 2)) - found[:, 1].mean(axis=(1, 2))) / 0.5
    saturation = (found[:, 0, 0, 0] - found[:, 0, 0, 1]) / contrast
    for values, low, high in (
        (brightness, -0.5, 0.5),
        (saturation, 0.0, 2.0),
        (contrast, 0.5, 1.5),
    ):
        expected = np.linspace(low, high, count)
        np.testing.assert_allclose(np.sort(values), expected, atol=0.03 * (high - low))
    correlations = np.corrcoef([brightness, saturation, contrast]) - np.eye(3)
    assert np.abs(correlations).max() < 0.06


def histogram(values):
    places, counts = np.unique(values, return_counts=True)
    return places.tolist(), counts / counts.sum()


def test_draws_of_translation():
    count, (height, width) = 8000, (9, 16)
    images = np.zeros((count, height, width, 1), np.float32)
    images[:, 4, 8] = 1
    found = np.asarray(translation(KEY, images, ratio=0.2))
    _, rows, columns, _ = np.nonzero(found)
    assert len(rows) == count
    for values, reach in ((rows - 4, 2), (columns - 8, 3)):
        places, share = histogram(values)
        assert places == list(range(-reach, reach + 1))
        np.testing.assert_allclose(share, 1 / len(places), atol=0.02)
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.05


@pytest.mark.parametrize(("shape", "size"), [((8, 12), (4, 6)), ((6, 10), (3, 5))])
def test_draws_of_cutout(shape, size):
    count = 8000
    found = np.asarray(cutout(KEY, np.ones((count, *shape, 1), np.float32)))[..., 0]
    for axis in (1, 2):
        side, part = shape[axis - 1], size[axis - 1]
        hit = (found == 0).any(axis=3 - axis)
        # The centre: from 0 to side - 1, or side where the part is even; its ends tell it.
        first, last = hit.argmax(axis=1), side - 1 - hit[:, ::-1].argmax(axis=1)
        centre = np.where(first > 0, first + part // 2, last - (part - 1 - part // 2))
        places, share = histogram(centre)
        assert places == list(range(side + 1 - part % 2))
        np.testing.assert_allclose(share, 1 / len(places), atol=0.02)
        assert hit.sum(axis=1).max() == part


def test_saturation_leaves_grey_images_alone():
    images = draw((6, 5, 5, 1))
    found = np.float64(colour(KEY, images))
    # Two of the three are left: an affine map of each image, of slope 0.5 to 1.5.
    for before, after in zip(images, found, strict=True):
        slope, offset = np.polyfit(before.ravel(), after.ravel(), 1)
        assert 0.5 <= slope <= 1.5
        np.testing.assert_allclose(slope * before + offset, after, atol=1e-5)


def test_colour_leaves_alpha_alone():
    images = draw((6, 5, 5, 4))
    found = colour(KEY, jnp.asarray(images))
    np.testing.assert_array_equal(found[..., 3], images[..., 3])
    np.testing.assert_array_equal(found[..., :3], colour(KEY, jnp.asarray(images[..., :3])))


@over_public
def test_key_matters_and_is_all_that_matters(augment):
    images = draw((5, 16, 16, 3))
    one, again = augment(KEY, images), jax.jit(augment)(KEY, images)
    np.testing.assert_allclose(one, again, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(one, augment(KEY, images))
    assert not np.array_equal(one, augment(jax.random.key(4), images))


@over_public
def test_each_example_has_its_own_draw(augment):
    images = np.repeat(draw((1, 16, 16, 3)), 8, axis=0)
    found = np.asarray(augment(KEY, images))
    assert len({image.tobytes() for image in found}) >= 6


@over_public
def test_no_key_is_used_twice(augment):
    with jax.debug_key_reuse(True):
        jax.jit(augment)(jax.random.key(0), draw((5, 8, 8, 3)))


@over_public
def test_examples_do_not_mix(augment):
    images = draw((4, 8, 8, 3))
    other = np.concatenate([images[:1], draw((3, 8, 8, 3))])
    np.testing.assert_array_equal(augment(KEY, images)[0], augment(KEY, other)[0])


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
@over_public
def test_dtype_is_kept(augment, dtype):
    images = jnp.asarray(draw((5, 8, 8, 3)), dtype)
    found = augment(KEY, images)
    assert found.dtype == dtype
    wide = augment(KEY, images.astype(jnp.float32))
    np.testing.assert_allclose(
        found.astype(jnp.float32), wide, atol=4 * float(jnp.finfo(dtype).eps), rtol=1e-5
    )


def test_nothing_moved_and_nothing_cut():
    images = draw((5, 8, 8, 3))
    np.testing.assert_array_equal(translation(KEY, images, ratio=0.0), images)
    np.testing.assert_array_equal(cutout(KEY, images, ratio=0.0), images)


def test_all_three_in_their_order():
    images = draw((5, 16, 16, 3))
    keys = jax.random.split(KEY, 3)
    expected = cutout(keys[2], translation(keys[1], colour(keys[0], images)))
    np.testing.assert_array_equal(differentiable_augmentation(KEY, images), expected)


def test_penalty_through_the_augmentation():
    """R1 of a quadratic critic of augmented images, and its own gradient in the critic's weight."""
    images = jnp.asarray(draw((4, 8, 8, 3)))

    def penalty(weight):
        def critic(x):
            return weight * (differentiable_augmentation(KEY, x) ** 2).sum(axis=(1, 2, 3)) / 2

        return r1(critic, images)

    value, slope = jax.jit(lambda weight: (penalty(weight), jax.jacrev(penalty)(weight)))(1.5)
    # The augmentation is A x + b: the critic's gradient is weight * A^T (A x + b).
    augment = functools.partial(differentiable_augmentation, KEY)
    (back,) = jax.vjp(augment, images)[1](augment(images))
    half = 0.5 * (np.float64(back) ** 2).sum(axis=(1, 2, 3))
    assert half.min() > 0
    np.testing.assert_allclose(value, 1.5**2 * half, rtol=1e-4)
    np.testing.assert_allclose(slope, 2 * 1.5 * half, rtol=1e-4)


def test_second_derivatives():
    """Of a cubic function of augmented images, along a direction, in both modes."""
    images, direction = draw((2, 4, 4, 3)), draw((2, 4, 4, 3))

    def cubic(x):
        return (differentiable_augmentation(KEY, x) ** 3).sum()

    @jax.jit
    def curvatures(images, direction):
        slope = jax.grad(cubic)
        backward = jax.grad(lambda x: (slope(x) * direction).sum())(images)
        return backward, jax.jvp(slope, (images,), (direction,))[1]

    backward, forward = curvatures(images, direction)
    made = differentiable_augmentation(KEY, images)
    shift = differentiable_augmentation(KEY, images + direction) - made
    np.testing.assert_allclose(backward, forward, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose((forward * direction).sum(), (6 * made * shift**2).sum(), rtol=1e-4)


@over_public
def test_devices_do_not_matter(augment):
    images = draw((8, 8, 8, 3))
    placed = jax.device_put(images, split(make_mesh(4)))
    found = jax.jit(augment)(KEY, placed)
    np.testing.assert_allclose(found, augment(KEY, images), rtol=1e-5, atol=1e-6)


@over_public
def test_second_call_does_not_retrace(augment):
    jitted = jax.jit(lambda key, images: augment(key, images))
    for seed in range(3):
        jitted(jax.random.key(seed), draw((5, 8, 8, 3)))
    assert jitted._cache_size() == 1


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("augment", [translation, cutout])
def test_ratio_outside_is_refused(augment, ratio):
    with pytest.raises(ValueError, match=r"a ratio of .*\[0, 1\]"):
        augment(KEY, draw((5, 8, 8, 3)), ratio=ratio)


@pytest.mark.parametrize("images", [np.zeros((5, 8, 8)), np.zeros((5, 8, 8, 3), np.uint8)])
@over_public
def test_what_are_no_images_is_refused(augment, images):
    with pytest.raises(AssertionError):
        augment(KEY, images)
