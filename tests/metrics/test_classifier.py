from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import affine_transform

from jaxgan.metrics import Classifier, jitter, train_classifier
from jaxgan.networks import SmallClassifier

NETWORK = SmallClassifier(classes=3, width=4, features=8)


class Linear(nn.Module):
    """Quick to compile, and without batch statistics."""

    @nn.compact
    def __call__(self, images, *, train):
        features = images.reshape(len(images), -1)
        return nn.Dense(3)(features), features


def bars(count, size=8):
    """Three classes: a bright row, a bright column, neither; with noise."""
    rng = np.random.default_rng(0)
    images = rng.normal(-0.5, 0.1, (count, size, size, 1)).astype(np.float32)
    labels = np.arange(count) % 3
    places = rng.integers(0, size, count)
    for image, label, place in zip(images, labels, places, strict=True):
        if label == 0:
            image[place] = 1
        elif label == 1:
            image[:, place] = 1
    return images, labels


@pytest.fixture(scope="module")
def trained():
    images, labels = bars(300)
    variables = train_classifier(
        jax.random.key(0), NETWORK, images, labels, steps=60, batch_size=60, learning_rate=2e-2
    )
    return Classifier(NETWORK, variables, image_size=8)


def test_learns(trained):
    images, labels = bars(1101)
    found = trained.classify(images[300:])
    assert found.dtype == np.int32
    assert np.mean(found == labels[300:]) > 0.97


def test_chunks_do_not_matter(trained):
    """801 images are two chunks, and the second is filled up."""
    images, _ = bars(801)
    features = trained.features(images)
    assert features.shape == (801, 8)
    np.testing.assert_allclose(features[-7:], trained.features(images[-7:]), rtol=1e-5, atol=1e-5)


def test_outputs_agree_with_the_network(trained):
    images, _ = bars(9)
    logits, features = NETWORK.apply(trained.variables, images, train=False)
    np.testing.assert_allclose(trained.features(images), features, rtol=1e-5, atol=1e-5)
    odds = np.exp(np.asarray(logits, np.float64))
    expected = odds / odds.sum(-1, keepdims=True)
    np.testing.assert_allclose(trained.probabilities(images), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(trained.classify(images), np.argmax(logits, -1))


def test_other_sizes_are_resized(trained):
    images, labels = bars(30)
    larger = images.repeat(2, axis=1).repeat(2, axis=2)
    assert np.mean(trained.classify(larger) == labels) > 0.9


def test_is_a_function_of_the_key():
    images, labels = bars(30)

    def train(seed):
        variables = train_classifier(
            jax.random.key(seed), Linear(), images, labels, steps=3, batch_size=10, augment=dropped
        )
        return np.asarray(variables["params"]["Dense_0"]["kernel"])

    def dropped(key, images):
        return images * jax.random.bernoulli(key, 0.5, images.shape)

    first = train(0)
    np.testing.assert_array_equal(first, train(0))
    assert np.any(first != train(1))


def test_first_step_of_adamw():
    """One step from w, at the highest rate r and decay d: w - r (sign(g) + d w)."""
    images, labels = bars(30)
    key, rate, decay = jax.random.key(0), 1e-2, 0.5
    train = partial(
        train_classifier, key, Linear(), images, labels, batch_size=30, learning_rate=rate
    )
    moved = train(steps=1, weight_decay=decay)["params"]["Dense_0"]["kernel"]
    straight = train(steps=1, weight_decay=0.0)["params"]["Dense_0"]["kernel"]
    start = (np.asarray(straight, np.float64) - moved) / (rate * decay)
    logits = images.reshape(30, -1) @ start
    odds = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    gradient = images.reshape(30, -1).T @ (odds - np.eye(3)[labels]) / 30
    np.testing.assert_allclose(straight, start - rate * np.sign(gradient), atol=3e-4)


class Five(nn.Module):
    @nn.compact
    def __call__(self, images, *, train):
        features = images.reshape(len(images), -1)
        return nn.Dense(5, kernel_init=nn.initializers.zeros)(features), features


def test_each_label_has_its_group_of_the_logits():
    """The first step of AdamW goes against the gradient's sign; at logits of 0, p is 1 / K."""
    images, labels = bars(30)
    both = np.stack([labels, np.arange(30) // 20], axis=1)
    moved = train_classifier(
        jax.random.key(0),
        Five(),
        images,
        both,
        steps=1,
        batch_size=30,
        learning_rate=1e-2,
        weight_decay=0.0,
        groups=(3, 2),
    )["params"]["Dense_0"]["kernel"]
    odds = np.concatenate([1 / 3 - np.eye(3)[both[:, 0]], 1 / 2 - np.eye(2)[both[:, 1]]], axis=1)
    gradient = images.reshape(30, -1).T @ odds / 30
    np.testing.assert_allclose(moved, -1e-2 * np.sign(gradient), atol=3e-4)


@pytest.mark.parametrize(
    ("labels", "groups", "sentence"),
    [
        (np.zeros((30, 2), int), (2, 2), r"groups of \(2, 2\) .* 3 logits: give as many labels as"),
        (np.zeros((30, 3), int), (1, 2), r"labels of shape \(30, 3\) in groups of \(1, 2\)"),
        (np.full((30, 2), 1), (1, 2), "labels 1 to 1 .* of 1 classes: give labels of 0 to 0"),
    ],
)
def test_labels_and_groups_that_do_not_fit(labels, groups, sentence):
    images, _ = bars(30)
    with pytest.raises(ValueError, match=sentence):
        train_classifier(
            jax.random.key(0), Linear(), images, labels, steps=1, batch_size=9, groups=groups
        )


@pytest.mark.parametrize(
    ("steps", "batch_size", "labels", "sentence"),
    [
        (0, 10, np.zeros(30, int), "steps=0"),
        (1, 31, np.zeros(30, int), "batch_size=31 will not do for 30 images"),
        (1, 10, np.full(30, 3), "labels 3 to 3 .* of 3 classes: give labels of 0 to 2"),
        (1, 10, np.full(30, -1), "labels -1 to -1"),
    ],
)
def test_refusals(steps, batch_size, labels, sentence):
    images, _ = bars(30)
    with pytest.raises(ValueError, match=sentence):
        train_classifier(
            jax.random.key(0), Linear(), images, labels, steps=steps, batch_size=batch_size
        )


def test_jitter_of_nothing_changes_nothing():
    images = jax.random.normal(jax.random.key(0), (3, 6, 5, 2))
    same = jitter(jax.random.key(1), images, shift=0.0, turn=0.0, scale=0.0)
    np.testing.assert_allclose(same, images, atol=1e-5)


def test_jitter_is_an_affine_map():
    """The map of each image, found again from two ramps, gives SciPy the same picture."""
    rows, columns = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    picture = np.random.default_rng(0).normal(size=(12, 12))
    images = np.stack([rows, columns, picture], -1)[None].repeat(4, axis=0)
    moved = np.asarray(jax.jit(jitter)(jax.random.key(0), jnp.asarray(images, jnp.float32)))
    assert np.ptp(moved[:, 6, 6, 0]) > 0.1  # each image moves by itself
    for image in moved.astype(np.float64):
        inside = image[3:9, 3:9, :2]  # where no ramp has met the edge
        down = np.diff(inside, axis=0).mean((0, 1))
        across = np.diff(inside, axis=1).mean((0, 1))
        matrix = np.stack([down, across], axis=1)
        offset = image[6, 6, :2] - matrix @ [6.0, 6.0]
        expected = affine_transform(picture, matrix, offset, order=1, mode="nearest")
        np.testing.assert_allclose(image[..., 2], expected, atol=1e-3)
        factor = np.sqrt(np.linalg.det(matrix))
        assert np.exp(-0.1) - 1e-3 <= factor <= np.exp(0.1) + 1e-3
        np.testing.assert_allclose(matrix @ matrix.T, factor**2 * np.eye(2), atol=1e-4)
        centre = matrix @ [5.5, 5.5] + offset
        assert np.all(np.abs(centre - 5.5) <= 2.0 + 1e-3)
