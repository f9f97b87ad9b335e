"""Figures for samples, by what their generator was trained on."""

from collections.abc import Callable

import numpy as np

from jaxgan import metrics
from jaxgan.data import Images
from jaxgan.recipes.digits import check_digits, evaluate_digits, evaluate_labels, evaluate_modes
from jaxgan.recipes.faces import SAMPLES, evaluate_faces, face_classifier, real_faces, style_of
from jaxgan.recipes.tags import evaluate_drawings


def evaluate_samples(images: Images, draw: Callable[[int], np.ndarray]) -> dict[str, float]:
    """Figures for samples that were not made to order, of digits, of faces or of drawings.

    They are those of `evaluate_digits`, `evaluate_modes`, `evaluate_faces` or `evaluate_drawings`.

    Args:
        images: what the generator was trained on.
        draw: `(count) -> samples`.

    Raises:
        ValueError: where the data is neither grey digits, nor stacked digits, nor faces, nor
            OpenMoji's drawings.
    """
    if images.folder is None and images.dataset == "stacked_digits":
        return evaluate_modes(draw(26_000), data_dir=images.data_dir)
    if (style := style_of(images)) is not None:
        return evaluate_faces(draw(SAMPLES), style, data_dir=images.data_dir)
    if images.folder is None and images.dataset.partition("/")[0] == "openmoji":
        return evaluate_drawings(draw(SAMPLES), data_dir=images.data_dir)
    check_digits(images, others=("stacked_digits", "faces", "openmoji"))
    return evaluate_digits(draw(5000), data_dir=images.data_dir)


def evaluate_labelled(
    images: Images, draw: Callable[[int], tuple[np.ndarray, np.ndarray]]
) -> dict[str, float]:
    """Figures for samples that were made to order, of digits or of faces.

    They are those of `evaluate_labels`; or of `evaluate_faces`, with `metrics.label_agreement` for
    the attribute that is the label.

    Args:
        images: what the generator was trained on.
        draw: `(count) -> (samples, labels)`: `[N, H, W, C]` float32 in [-1, 1], and `[N]` integers,
            what each was made for.

    Raises:
        ValueError: where the data is neither grey digits nor faces with a label.
    """
    style = style_of(images)
    if style is None or images.label is None:
        check_digits(images, others=("faces",))
        return evaluate_labels(*draw(5000), data_dir=images.data_dir)
    made, asked = draw(SAMPLES)
    figures = evaluate_faces(made, style, data_dir=images.data_dir)
    classifier = face_classifier(style, data_dir=images.data_dir, say=lambda said: None)
    found = classifier.classify(made)[images.label]
    classes = classifier.groups[images.label]
    return figures | metrics.label_agreement(np.asarray(asked), found, classes=classes)


def evaluate_attributes(
    images: Images, make: Callable[[np.ndarray], np.ndarray]
) -> dict[str, float]:
    """Figures for samples of faces that were made to several attributes at once.

    They are made to the attributes of the held-out faces.

    Args:
        images: what the generator was trained on.
        make: from what is asked, `[N, A]` int32, to samples `[N, H, W, 3]` float32 in [-1, 1].

    Returns:
        For each attribute `ATTRIBUTE_accuracy`, the share of samples that a classifier sees as what
        was asked, and `ATTRIBUTE_chance`, `metrics.chance_agreement`; `all_accuracy`, the share in
        which it sees all of them; and what `evaluate_faces` does.

    Raises:
        ValueError: where the data is not faces.
    """
    style = style_of(images)
    if style is None:
        raise ValueError(
            f"there are no figures for several attributes of '{images.folder or images.dataset}': "
            "evaluate a run on faces"
        )
    _, labels = real_faces(style, data_dir=images.data_dir, split="test")
    asked = np.stack([labels[name] for name in images.labels], axis=1)
    made = make(asked)
    others = evaluate_faces(made, style, data_dir=images.data_dir)
    classifier = face_classifier(style, data_dir=images.data_dir, say=lambda said: None)
    seen = classifier.classify(made)
    found = np.stack([seen[name] for name in images.labels], axis=1)
    figures = {}
    for name, wanted, there in zip(images.labels, asked.T, found.T, strict=True):
        figures[f"{name}_accuracy"] = float(np.mean(wanted == there))
        chance = metrics.chance_agreement(wanted, there, classes=classifier.groups[name])
        figures[f"{name}_chance"] = chance
    figures["all_accuracy"] = float(np.mean((asked == found).all(axis=1)))
    return figures | others
