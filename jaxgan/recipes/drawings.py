"""What is seen in drawings: by a classifier of their words, or by a network of photographs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import metrics
from jaxgan.data import ArraySource, to_floats
from jaxgan.networks import SmallClassifier
from jaxgan.recipes.cache import cached_variables
from jaxgan.recipes.extractors import lite0_maps_extractor
from jaxgan.recipes.references import seen_in


@dataclass(frozen=True)
class ClassifierSettings:
    """How the classifier that gives the features is trained; others make another file."""

    width: int = 32
    features: int = 128
    steps: int = 800
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.1


SETTINGS = ClassifierSettings()


class Drawings(NamedTuple):
    """Drawings, what is on them, and what a classifier sees.

    Attributes:
        images: `[N, S, S, 3]` uint8.
        names: `[N]` texts.
        table: `[N, V]` bool, which drawing has which word; each has one at least.
        features: `[N, F]` float32; of the drawings for training, mean 0, and deviation 1 of each
            or of all.
    """

    images: np.ndarray
    names: np.ndarray
    table: np.ndarray
    features: np.ndarray


Features = Callable[[Drawings, Callable[[str], None]], Callable[[np.ndarray], np.ndarray]]
"""Drawings for training, and who is told what happens, to what makes features of images."""


def classifier_features(
    train: Drawings, say: Callable[[str], None]
) -> Callable[[np.ndarray], np.ndarray]:
    """`word_features` of `[N, S, S, 3]` uint8."""
    features = word_features(train, say)
    return lambda images: features(to_floats(images))


def lite0_map_features(
    train: Drawings, say: Callable[[str], None]
) -> Callable[[np.ndarray], np.ndarray]:
    """What `lite0_maps_extractor` sees, less `train`'s mean and over its deviation, one of all.

    Those that vary little thus stay small. What was seen is kept as `seen_in` says.

    Args:
        train: with images.
        say: is told that drawings are looked at.

    Returns:
        `[N, S, S, 3]` uint8 to `[N, 320]` float32.

    Raises:
        ValueError: where the package with the weights is not installed.
    """
    extractor = lite0_maps_extractor()

    def see(images: np.ndarray) -> np.ndarray:
        return seen_in(ArraySource({"image": images}), extractor, say=say).features

    seen = see(train.images)
    mean = seen.mean(axis=0)
    deviation = (seen - mean).std()
    return lambda images: (see(images) - mean) / deviation


def word_classifier(
    images: np.ndarray, table: np.ndarray, *, say: Callable[[str], None] = print
) -> metrics.Classifier:
    """A classifier that names a word of a drawing: trained on first use, then read from the cache.

    A drawing with several words is an example of each.

    Args:
        images: `[N, S, S, 3]` uint8.
        table: `[N, V]` bool, which drawing has which word.
        say: is told when the training begins.

    Returns:
        The classifier of V words.
    """
    network = SmallClassifier(table.shape[1], SETTINGS.width, SETTINGS.features)

    def train() -> Any:
        say("a classifier of drawings is trained, once, in about a minute")
        drawings, words = np.nonzero(table)
        return metrics.train_classifier(
            jax.random.key(0),
            network,
            to_floats(images)[drawings],
            words,
            steps=SETTINGS.steps,
            batch_size=SETTINGS.batch_size,
            learning_rate=SETTINGS.learning_rate,
            weight_decay=SETTINGS.weight_decay,
            augment=_vary,
        )

    variables, _ = cached_variables(
        "word_classifier", settings=SETTINGS, arrays=(images, table), train=train, say=say
    )
    return metrics.Classifier(network, variables, image_size=images.shape[1])


def word_features(
    train: Drawings, say: Callable[[str], None]
) -> Callable[[np.ndarray], np.ndarray]:
    """The last hidden layer of `word_classifier`, less `train`'s mean and over its deviations.

    Args:
        train: with images and words.
        say: is told when the classifier is trained.

    Returns:
        Images `[N, H, W, 3]` in [-1, 1] to `[N, F]` float32.
    """
    classifier = word_classifier(train.images, train.table, say=say)
    seen = classifier.features(to_floats(train.images))
    mean, deviation = seen.mean(axis=0), seen.std(axis=0) + 1e-3
    return lambda images: (classifier.features(images) - mean) / deviation


def _vary(key: jax.Array, images: jax.Array) -> jax.Array:
    """Shift, turn, scale and mirror."""
    key_jitter, key_mirror = jax.random.split(key)
    images = metrics.jitter(key_jitter, images, shift=images.shape[1] / 12)
    mirrored = jax.random.bernoulli(key_mirror, shape=(len(images), 1, 1, 1))
    return jnp.where(mirrored, images[:, :, ::-1], images)
