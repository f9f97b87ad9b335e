"""Projection, against float64 NumPy and generators whose latents are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import noise_correlation, project

LAYERS, WIDTH = 2, 3
SIDE = 4
KEY = jax.random.key(7)
MATRIX = np.random.default_rng(0).normal(size=(LAYERS, WIDTH, SIDE * SIDE))


def linear(w):
    """Images that are linear in the w of each layer."""
    return jnp.einsum("nlw,lwp->np", w, jnp.asarray(MATRIX, jnp.float32)).reshape(-1, SIDE, SIDE, 1)


def linear_z(z):
    return linear(jnp.repeat(z[:, None], LAYERS, axis=1))


def pixels(images):
    return images.reshape(len(images), -1)


def latents(count, *shape):
    return np.random.default_rng(1).normal(size=(count, *shape)).astype(np.float32)


def by_hand(target, matrix, mean, steps, rate, prior=None):
    """The projection of flat pictures by images `latent @ matrix`, without noise, in float64."""
    x = np.repeat(mean[None].astype(np.float64), len(target), 0)
    first, second = np.zeros_like(x), np.zeros_like(x)
    distances = []
    for step in range(steps):
        left = x @ matrix - target
        distances.append((left**2).sum(1))
        slope = 2 * left @ matrix.T
        if prior:
            weight, deviation = prior
            square = ((x - mean) ** 2).sum(1, keepdims=True) / deviation**2
            slope += weight * 4 * (square - 1) * (x - mean) / deviation**2
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        moved = first / (1 - 0.9 ** (step + 1))
        moved /= np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
        t = step / steps
        now = rate * min(1, t / 0.05) * (1 - np.cos(np.pi * min(1, (1 - t) / 0.25))) / 2
        x = x - now * moved
    distances.append(((x @ matrix - target) ** 2).sum(1))
    return x, np.stack(distances)


QUIET = 1e-12
"""A deviation of latents with which the noise that is added is none."""


@pytest.mark.parametrize("space", ["w", "w+", "z"])
def test_steps_are_those_of_the_source(space):
    """Every distance on the way, for two pictures at once."""
    mean = latents(1, WIDTH)[0]
    target = np.asarray(pixels(linear(latents(2, LAYERS, WIDTH))), np.float64)
    flat = MATRIX.reshape(-1, SIDE * SIDE) if space == "w+" else MATRIX.sum(0)
    start = np.tile(mean, LAYERS) if space == "w+" else mean
    layers = None if space == "z" else LAYERS
    found = project(
        *(KEY, linear_z if space == "z" else linear),
        target.reshape(-1, SIDE, SIDE, 1).astype(np.float32),
        mean=mean,
        deviation=QUIET,
        features=pixels,
        steps=40,
        prior_weight=0.0,
        layers=layers,
        per_layer=space == "w+",
    )
    expected, distances = by_hand(target, flat, start, 40, 0.1)
    assert found.distances.shape == (41, 2)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-3, atol=1e-3)
    shape = {"w": (2, 1, WIDTH), "w+": (2, LAYERS, WIDTH), "z": (2, WIDTH)}[space]
    expected = np.broadcast_to(
        expected.reshape(shape), (2, WIDTH) if space == "z" else (2, LAYERS, WIDTH)
    )
    np.testing.assert_allclose(found.latent, expected, atol=1e-3)
    images = (linear_z if space == "z" else linear)(found.latent)
    np.testing.assert_allclose(found.image, images, atol=1e-5)
    assert found.noise is None


def test_the_prior_is_as_by_hand():
    mean, weight, deviation = np.full(WIDTH, 0.1, np.float32), 3.0, 2.0
    target = np.asarray(pixels(linear_z(latents(2, WIDTH))), np.float64)
    # The noise that this deviation asks for is at most 0.1, and none from t = 0.75 on.
    expected, distances = by_hand(target, MATRIX.sum(0), mean, 300, 0.1, (weight, deviation))
    found = project(
        *(KEY, linear_z, target.reshape(-1, SIDE, SIDE, 1).astype(np.float32)),
        mean=mean,
        deviation=deviation,
        features=pixels,
        steps=300,
        prior_weight=weight,
    )
    np.testing.assert_allclose(found.latent, expected, atol=0.01)
    np.testing.assert_allclose(found.distances[0], distances[0], rtol=1e-4)
    np.testing.assert_allclose(found.distances[-1], distances[-1], rtol=0.05, atol=0.01)


def test_z_keeps_its_length():
    """A picture that asks for a z ten times too long."""
    z = latents(1, WIDTH)
    z *= 10 * np.sqrt(WIDTH) / np.linalg.norm(z)
    lengths = []
    for weight in (0.0, 1e5):
        found = project(
            *(KEY, linear_z, linear_z(z)),
            mean=np.zeros(WIDTH, np.float32),
            deviation=np.sqrt(WIDTH),
            features=pixels,
            steps=200,
            learning_rate=1.0,
            prior_weight=weight,
        )
        lengths.append(float(jnp.linalg.norm(found.latent)) / np.sqrt(WIDTH))
    assert 9 < lengths[0] < 11
    assert 0.9 < lengths[1] < 1.1


def test_own_images_are_found_again_in_noise():
    w = latents(2, LAYERS, WIDTH)
    target = linear(w)
    seen = []
    found = project(
        *(KEY, linear, target),
        mean=np.zeros(WIDTH, np.float32),
        deviation=1.0,
        steps=300,
        layers=LAYERS,
        per_layer=True,
        watch=lambda step, distance: seen.append((step, distance.shape)),
    )
    np.testing.assert_allclose(found.image, target, atol=0.02)
    np.testing.assert_allclose(found.latent, w, atol=0.02)
    assert (found.distances[-1] < 1e-3 * found.distances[0]).all()
    assert seen == [(step, (2,)) for step in range(1, 301)]


def test_noise_is_drawn_from_the_key_and_falls():
    """A generator that shows its w: the distance from its mean is that of the noise alone."""
    width, steps, deviation = 4096, 8, 2.0
    found = project(
        *(KEY, lambda w: w.reshape(-1, 64, 64, 1), np.zeros((2, 64, 64, 1), np.float32)),
        mean=np.zeros(width, np.float32),
        deviation=deviation,
        features=pixels,
        steps=steps,
        layers=1,
        learning_rate=1e-9,
    )
    t = np.arange(1, steps) / steps
    spread = deviation * 0.05 * np.maximum(0, 1 - t / 0.75) ** 2
    expected = np.repeat(width * spread[:, None] ** 2, 2, axis=1)
    np.testing.assert_allclose(found.distances[1:-1], expected, rtol=0.15, atol=1e-6)
    assert (found.distances[0] == 0).all()
    assert found.distances[1, 0] != found.distances[1, 1]
    np.testing.assert_allclose(found.distances[-1], 0, atol=1e-6)


def test_the_same_functions_cost_no_new_trace():
    traces = []

    def counted(matrix, w):
        traces.append(w.shape)
        return jnp.einsum("nlw,lwp->np", w, matrix).reshape(-1, SIDE, SIDE, 1)

    counts = []
    for scale in (1.0, 2.0):
        matrix = scale * jnp.asarray(MATRIX, jnp.float32)
        project(
            *(KEY, jax.tree_util.Partial(counted, matrix), np.ones((1, SIDE, SIDE, 1), np.float32)),
            mean=np.ones(WIDTH, np.float32),
            deviation=1.0,
            steps=3,
            layers=LAYERS,
        )
        counts.append(len(traces))
    # Shapes are asked for each time; the programs of both kinds are there.
    assert counts == [3, 4]


def with_noise(w, noise):
    """Noise has a channel of its own, so that w cannot make it up."""
    return jnp.concatenate([linear(w), noise["b4"][..., None]], axis=3)


def test_noise_maps_are_found_and_held():
    """Pictures of which only noise differs from what w gives."""
    maps = np.random.default_rng(3).normal(size=(2, SIDE, SIDE)).astype(np.float32)
    maps -= maps.mean((1, 2), keepdims=True)
    maps /= maps.std((1, 2), keepdims=True)
    w = np.repeat(latents(2, 1, WIDTH), LAYERS, axis=1)
    drawn = np.random.default_rng(4).normal(size=maps.shape).astype(np.float32)
    options = {
        "mean": np.zeros(WIDTH, np.float32),
        "deviation": 1.0,
        "features": pixels,
        "layers": LAYERS,
    }
    found = project(
        *(KEY, with_noise, with_noise(w, {"b4": maps})),
        **options,
        steps=300,
        noise={"b4": drawn},
        noise_weight=0.0,
    )
    np.testing.assert_allclose(found.noise["b4"], maps, atol=0.1)
    np.testing.assert_allclose(found.latent, w, atol=0.1)
    np.testing.assert_allclose(found.noise["b4"].mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose((found.noise["b4"] ** 2).mean((1, 2)), 1, rtol=1e-5)
    held = project(
        *(KEY, with_noise, with_noise(w, {"b4": maps})),
        **options,
        steps=300,
        noise={"b4": drawn},
    )
    before, after, kept = (noise_correlation({"b4": x}) for x in (drawn, maps, held.noise["b4"]))
    assert (kept < 0.1 * np.minimum(before, after)).all()


def correlation_by_hand(x):
    total = 0.0
    while True:
        for axis in (0, 1):
            total += (x * np.roll(x, 1, axis)).mean() ** 2
        if min(x.shape) <= 8 or any(side % 2 for side in x.shape):
            return total
        x = (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 2


@pytest.mark.parametrize("shape", [(4, 4), (8, 8), (32, 16), (18, 36)])
def test_correlation_of_noise(shape):
    random = np.random.default_rng(0)
    x = random.normal(size=(3, *shape)) + np.array([0.0, 1.0, 0.0])[:, None, None]
    x[2] = np.sin(np.arange(shape[1]) / 3)
    found = noise_correlation({"a": jnp.asarray(x, jnp.float32)})
    expected = [correlation_by_hand(one) for one in x]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    both = noise_correlation([jnp.asarray(x, jnp.float32), jnp.ones((3, 2, 2))])
    np.testing.assert_allclose(both, found + 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, "0 steps lead nowhere"),
        ({"layers": 0}, "there are no 0 layers"),
        ({"layers": None, "per_layer": True}, "say how many layers there are"),
        ({"deviation": 0.0}, "deviation must be positive and finite, not 0.0"),
        ({"deviation": np.nan}, "deviation must be positive and finite, not nan"),
        ({"learning_rate": -1.0}, "learning_rate must be positive and finite, not -1.0"),
        (
            {"target": np.zeros((1, 8, 8, 1), np.float32)},
            r"\[1, 8, 8, 1\] are not like the images",
        ),
    ],
)
def test_what_cannot_be_projected(options, sentence):
    usual = {"target": np.zeros((1, SIDE, SIDE, 1), np.float32), "deviation": 1.0, "layers": LAYERS}
    with pytest.raises(ValueError, match=sentence):
        project(KEY, linear, mean=np.zeros(WIDTH, np.float32), **(usual | options))
