"""Figures for samples, by what their generator was trained on."""

from collections.abc import Callable

import numpy as np

from jaxgan import metrics
from jaxgan.data import Images
from jaxgan.recipes.digits import check_digits, evaluate_digits, evaluate_labels, evaluate_modes
from jaxgan.recipes.faces import SAMPLES, evaluate_faces, face_classifier, style_of
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
