"""Figures for samples of digits, ready for an experiment's `evaluate`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from jaxgan import metrics
from jaxgan.data import Images, Size, StrPath, to_floats, to_path
from jaxgan.networks import SmallClassifier
from jaxgan.recipes.cache import cached_variables

REQUIRED = 0.975
"""Share of held-out digits that the classifier must see rightly, or it is none."""

DIGITS = 10

_NEAREST = 5
"""As the paper of coverage takes, and `manifold_figures`."""


@dataclass(frozen=True)
class ClassifierSettings:
    """How the classifier of digits is trained; others make another file in the cache."""

    network: nn.Module = SmallClassifier(classes=DIGITS)
    steps: int = 1500
    batch_size: int = 64
    learning_rate: float = 3e-3


SETTINGS = ClassifierSettings()


def digit_classifier(
    *, data_dir: StrPath | None = None, say: Callable[[str], None] = print
) -> metrics.Classifier:
    """The classifier of digits: trained on first use in about a minute, then read from the cache.

    It is trained on the 4,000 digits of the split `train`, and kept in `$XDG_CACHE_HOME/jaxgan`.

    Args:
        data_dir: where data sets are kept; TFDS's own place where None.
        say: is told what happens, and the share of the 1,000 held-out digits that it sees rightly.

    Returns:
        The classifier of 28x28 grey images; images of other sizes are resized by it.

    Raises:
        ValueError: where it sees fewer held-out digits rightly than `REQUIRED`.
    """
    images, labels = real_digits(data_dir=data_dir)
    held_out, held_out_labels = real_digits(data_dir=data_dir, split="test")

    def train() -> Any:
        say("a classifier of digits is trained, once, in about a minute")
        return metrics.train_classifier(
            jax.random.key(0),
            SETTINGS.network,
            images,
            labels,
            steps=SETTINGS.steps,
            batch_size=SETTINGS.batch_size,
            learning_rate=SETTINGS.learning_rate,
            augment=metrics.jitter,
        )

    variables, path = cached_variables(
        "digit_classifier", settings=SETTINGS, arrays=(images, labels), train=train, say=say
    )
    classifier = metrics.Classifier(SETTINGS.network, variables, image_size=images.shape[1])
    accuracy = float(np.mean(classifier.classify(held_out) == held_out_labels))
    if accuracy < REQUIRED:
        if path is not None:
            path.unlink(missing_ok=True)
        raise ValueError(
            f"the classifier of digits sees {accuracy:.1%} of the held-out digits rightly, and "
            f"{REQUIRED:.1%} are needed: call it again, and it is trained anew"
        )
    say(f"the classifier of digits sees {accuracy:.1%} of {len(held_out)} held-out digits rightly")
    return classifier


def check_digits(images: Images, *, others: Sequence[str] = ()) -> None:
    """Check that the classifier of digits has something to say of what is made of images.

    Args:
        images: what the generator was trained on.
        others: sets beside digits and mnist of which there are figures, too.

    Raises:
        ValueError: where they are no digits, or not grey.
    """
    *names, last = ("digits", "mnist", *others)
    if images.folder is not None or images.dataset not in ("digits", "mnist"):
        raise ValueError(
            f"there are no figures for '{images.folder or images.dataset}': evaluate a run on "
            f"{', '.join(names)} or {last}"
        )
    if images.channels != 1:
        raise ValueError(
            f"there are no figures for digits of {images.channels} channels, as the classifier of "
            "digits sees grey: evaluate a run with --channels 1"
        )


def evaluate_digits(images: np.ndarray, *, data_dir: StrPath | None = None) -> dict[str, float]:
    """How readable digits are that were not made to order, and whether all ten are there.

    Args:
        images: `[N, H, W, 1]` float32 in [-1, 1].
        data_dir: where data sets are kept; TFDS's own place where None.

    Returns:
        `typical`, `metrics.typicality` in the classifier's features (about 0.95 for real digits);
        `coverage`, the share of the digits for training that have a sample among their five nearest
        of them (`metrics.density_coverage`; about 0.97 for as many real digits), for one good
        sample over and over is typical too; `labels_present`, how many digits there are;
        `label_kl`, KL(labels || uniform) in nats.

    Raises:
        ValueError: where there are five images or fewer, which have no five nearest.
    """
    return _figures(digit_classifier(data_dir=data_dir), images, data_dir)


def evaluate_labels(
    images: np.ndarray, asked: np.ndarray, *, data_dir: StrPath | None = None
) -> dict[str, float]:
    """Whether digits that were made to order are the ones that were asked for, and vary.

    Args:
        images: `[N, H, W, 1]` float32 in [-1, 1]; two at least of each label.
        asked: `[N]` integers in {0, ..., 9}: what each was made for.
        data_dir: where data sets are kept; TFDS's own place where None.

    Returns:
        What `evaluate_digits`, `metrics.label_agreement` and `metrics.relative_diversity` do;
        diversity is relative to the real digits for training, at the images' size.
    """
    classifier = digit_classifier(data_dir=data_dir)
    real, labels = real_digits(data_dir=data_dir, image_size=(images.shape[1], images.shape[2]))
    asked = np.asarray(asked)
    return (
        _figures(classifier, images, data_dir)
        | metrics.label_agreement(asked, classifier.classify(images), classes=DIGITS)
        | metrics.relative_diversity(images, asked, real, labels)
    )


def evaluate_codes(
    images: np.ndarray, codes: np.ndarray, *, data_dir: StrPath | None = None
) -> dict[str, float]:
    """Whether each value of a code of ten has come to mean a digit.

    Args:
        images: `[N, H, W, 1]` float32 in [-1, 1].
        codes: `[N]` integers in {0, ..., 9}: the code that each was made with.
        data_dir: where data sets are kept; TFDS's own place where None.

    Returns:
        What `evaluate_digits` does, and `code_accuracy`, that of the best one-to-one matching of
        codes and digits.
    """
    classifier = digit_classifier(data_dir=data_dir)
    found = classifier.classify(images)
    accuracy = metrics.best_matching(np.asarray(codes), found, classes=DIGITS)
    return _figures(classifier, images, data_dir) | {"code_accuracy": accuracy}


def evaluate_modes(images: np.ndarray, *, data_dir: StrPath | None = None) -> dict[str, float]:
    """How many of the thousand modes of stacked digits are found, and how evenly.

    The protocol of the literature draws 26,000 images.

    Args:
        images: `[N, H, W, 3]` float32 in [-1, 1].
        data_dir: where data sets are kept; TFDS's own place where None.

    Returns:
        `modes`, of 1,000, and `kl`, KL(samples || uniform) in nats.
    """
    classifier = digit_classifier(data_dir=data_dir)
    digits = [classifier.classify(images[..., channel, None]) for channel in range(3)]
    labels = metrics.stack_labels(np.stack(digits, axis=-1))
    modes = metrics.mode_statistics(labels, classes=DIGITS**3)
    return {"modes": float(modes.found), "kl": modes.kl}


def real_digits(
    *, data_dir: StrPath | None = None, split: str = "train", image_size: Size = 28
) -> tuple[np.ndarray, np.ndarray]:
    """The digits that ship: images `[N, H, W, 1]` float32 in [-1, 1], labels `[N]` int32."""
    place = None if data_dir is None else to_path(data_dir)
    source = Images(split=split, image_size=image_size, data_dir=place).source()
    batch = source.read(np.arange(len(source)))
    return to_floats(batch["image"]), batch["label"]


def _figures(
    classifier: metrics.Classifier, images: np.ndarray, data_dir: StrPath | None
) -> dict[str, float]:
    real, _ = real_digits(data_dir=data_dir)
    held_out, _ = real_digits(data_dir=data_dir, split="test")
    made, trained, unseen = (classifier.features(x) for x in (images, real, held_out))
    modes = metrics.mode_statistics(classifier.classify(images), classes=DIGITS)
    return {
        "typical": metrics.typicality(made, trained, unseen),
        "coverage": metrics.density_coverage(made, trained, k=_NEAREST).coverage,
        "labels_present": float(modes.found),
        "label_kl": modes.kl,
    }
