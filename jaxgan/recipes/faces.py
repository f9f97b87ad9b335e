"""Figures for samples of faces, by a classifier of their attributes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jaxgan import metrics
from jaxgan.data import (
    FACES_COUNT,
    STYLES,
    Images,
    StrPath,
    parse_faces,
    tfds_arrays,
    to_floats,
)
from jaxgan.networks import SmallClassifier
from jaxgan.recipes.cache import cached_variables

REQUIRED = 0.97
"""Share of held-out faces whose attribute the classifier must see rightly, or it is none."""

CHECKED = ("glasses", "beard", "hair_colour", "skin_colour")
"""The attributes that it is held to, where a style has them."""

MAIN = ("hair", *CHECKED)
"""Those that it must be sure of, where a style has them, to call a sample a face."""

SURE = 0.9
"""How likely it must find what it sees, to be sure."""

SAMPLES = 2000
"""How many samples the figures are of: as many as there are held-out faces."""

SIZE = 32
"""Pixels on a side of what it is trained on and sees; others are resized."""


@dataclass(frozen=True)
class FaceClassifierSettings:
    """How a classifier of faces is trained; others make another file in the cache."""

    width: int = 32
    features: int = 128
    steps: int = 1500
    batch_size: int = 64
    learning_rate: float = 3e-3
    noise: float = 0.1


SETTINGS = FaceClassifierSettings()


@dataclass(frozen=True, eq=False)
class FaceClassifier:
    """Sees the attributes of faces of one style.

    Attributes:
        classifier: of all attributes at once, each with a group of the logits.
        groups: how many logits each attribute has.
    """

    classifier: metrics.Classifier
    groups: dict[str, int]

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """How likely each label of each attribute is.

        Args:
            images: `[N, H, W, 3]` float32 in [-1, 1], of any size.

        Returns:
            By attribute, `[N, K]` float32.
        """
        ends = np.cumsum(list(self.groups.values()))
        parts = np.split(self.classifier.logits(shrunk(images)), ends[:-1], axis=1)
        odds = [np.exp(part - part.max(axis=1, keepdims=True)) for part in parts]
        return {
            name: part / part.sum(axis=1, keepdims=True)
            for name, part in zip(self.groups, odds, strict=True)
        }

    def classify(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The likeliest label of each attribute, `[N]` int32, for images as of `probabilities`."""
        return {
            name: part.argmax(axis=1).astype(np.int32)
            for name, part in self.probabilities(images).items()
        }

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last hidden layer, `[N, F]` float32, for images as of `probabilities`."""
        return self.classifier.features(shrunk(images))

    def sure(self, images: np.ndarray) -> np.ndarray:
        """Of which images it is sure, `[N]`: each of `MAIN` has a label of probability `SURE`."""
        likeliest = [
            part.max(axis=1) for name, part in self.probabilities(images).items() if name in MAIN
        ]
        return np.min(likeliest, axis=0) >= SURE


def face_classifier(
    style: str, *, data_dir: StrPath | None = None, say: Callable[[str], None] = print
) -> FaceClassifier:
    """The classifier of a style: trained on first use in a minute or two, then read from the cache.

    It is trained on the 18,000 faces of the split `train` of `faces/STYLE_32`, with a little noise,
    and kept in `$XDG_CACHE_HOME/jaxgan`.

    Args:
        style: one of `jaxgan.data.STYLES`.
        data_dir: where data sets are kept; TFDS's own place where None.
        say: is told what happens, and the share of the held-out faces whose attributes it sees
            rightly.

    Returns:
        The classifier.

    Raises:
        ValueError: where there is no such style, or it sees fewer of an attribute of `CHECKED`
            rightly than `REQUIRED`.
    """
    held_out, held_out_labels = real_faces(style, data_dir=data_dir, split="test")
    groups = {attribute.name: len(attribute.labels) for attribute in STYLES[style].attributes}
    network = SmallClassifier(sum(groups.values()), SETTINGS.width, SETTINGS.features)

    def stacked(labels: dict[str, np.ndarray]) -> np.ndarray:
        return np.stack([labels[name] for name in groups], axis=1)

    def noisy(key: jax.Array, images: jax.Array) -> jax.Array:
        return images + SETTINGS.noise * jax.random.normal(key, images.shape)

    def train() -> Any:
        say(f"a classifier of '{style}' faces is trained, once, in a minute or two")
        images, labels = real_faces(style, data_dir=data_dir)
        return metrics.train_classifier(
            jax.random.key(0),
            network,
            images,
            stacked(labels),
            steps=SETTINGS.steps,
            batch_size=SETTINGS.batch_size,
            learning_rate=SETTINGS.learning_rate,
            augment=noisy,
            groups=list(groups.values()),
        )

    variables, path = cached_variables(
        f"face_classifier_{style}",
        settings=(SETTINGS, groups),
        # Drawings that changed are seen in these too, and they are read in a second.
        arrays=(held_out, stacked(held_out_labels)),
        train=train,
        say=say,
    )
    found = FaceClassifier(metrics.Classifier(network, variables, image_size=SIZE), groups)
    seen = found.classify(held_out)
    shares = {name: float(np.mean(seen[name] == held_out_labels[name])) for name in groups}
    poor = {name: share for name, share in shares.items() if name in CHECKED and share < REQUIRED}
    told = ", ".join(f"{name} {share:.1%}" for name, share in (poor or shares).items())
    if poor:
        if path is not None:
            path.unlink(missing_ok=True)
        raise ValueError(
            f"the classifier of '{style}' sees too few of the held-out faces rightly ({told}), and "
            f"{REQUIRED:.1%} are needed: call it again, and it is trained anew"
        )
    say(f"the classifier of '{style}' sees of {len(held_out)} held-out faces rightly: {told}")
    return found


def evaluate_faces(
    images: np.ndarray, style: str, *, data_dir: StrPath | None = None
) -> dict[str, float]:
    """Whether samples are faces, and vary as the style's own do.

    Args:
        images: `[N, H, W, 3]` float32 in [-1, 1].
        style: one of `jaxgan.data.STYLES`.
        data_dir: where data sets are kept; TFDS's own place where None.

    Returns:
        `sure`, the share of samples all of whose `MAIN` attributes the classifier is sure of, and
        `real_sure`, that of held-out faces; `frechet_distance`, of the classifier's features of
        samples and held-out faces, and `real_frechet_distance`, the same of faces for training
        instead of the samples, as many (up to 10,000); and, for each attribute, `ATTRIBUTE_sure`,
        the share of samples in which it is sure of this one, and `ATTRIBUTE_kl`, KL(samples' labels
        || the style's) in nats.

    Raises:
        ValueError: where the images are not in colour, or `face_classifier` has none.
    """
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(
            f"faces are judged in colour, and the samples' shape is {images.shape}: evaluate a run "
            "of 3 channels (--channels 3)"
        )
    classifier = face_classifier(style, data_dir=data_dir)
    count = min(len(images), FACES_COUNT // 2)
    real, _ = real_faces(style, data_dir=data_dir, split=f"train[:{count}]")
    held_out, _ = real_faces(style, data_dir=data_dir, split="test")
    labels = tfds_arrays(_name(style), "train", only=list(classifier.groups), data_dir=data_dir)
    made, trained, unseen = (classifier.features(faces) for faces in (images, real, held_out))
    figures = {
        "sure": float(classifier.sure(images).mean()),
        "real_sure": float(classifier.sure(held_out).mean()),
        "frechet_distance": metrics.frechet_distance(made, unseen),
        "real_frechet_distance": metrics.frechet_distance(trained, unseen),
    }
    for name, part in classifier.probabilities(images).items():
        figures[f"{name}_sure"] = float(np.mean(part.max(axis=1) >= SURE))
        found, classes = part.argmax(axis=1), classifier.groups[name]
        expected = metrics.count_labels(labels[name], classes=classes)
        modes = metrics.mode_statistics(found, classes=classes, expected=expected)
        figures[f"{name}_kl"] = modes.kl
    return figures


def real_faces(
    style: str, *, data_dir: StrPath | None = None, split: str = "train"
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The faces of a style: images `[N, 32, 32, 3]` float32 in [-1, 1], and labels by attribute."""
    arrays = tfds_arrays(_name(style), split, data_dir=data_dir)
    arrays.pop("number")
    return to_floats(arrays.pop("image")), arrays


def style_of(images: Images) -> str | None:
    """The style of the faces that images are of; None where they are something else."""
    kind, _, configuration = images.dataset.partition("/")
    faces = images.folder is None and kind == "faces"
    return parse_faces(configuration).style if faces else None


def shrunk(images: np.ndarray) -> np.ndarray:
    """Means of squares, as a drawing at fewer pixels has them; other sizes are left as they are."""
    count, height, width, channels = images.shape
    factor = height // SIZE
    if factor < 2 or (height, width) != (factor * SIZE, factor * SIZE):
        return images
    return images.reshape(count, SIZE, factor, SIZE, factor, channels).mean(axis=(2, 4))


def _name(style: str) -> str:
    return f"faces/{style}_{SIZE}"
