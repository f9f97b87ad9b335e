"""Figures for samples, by what their generator was trained on."""

from collections.abc import Callable

import numpy as np

from jaxgan import metrics
from jaxgan.data import Images, parse_faces
from jaxgan.recipes.digits import evaluate_digits, evaluate_labels, evaluate_modes
from jaxgan.recipes.faces import SAMPLES, evaluate_faces, face_classifier


def evaluate_samples(images: Images, draw: Callable[[int], np.ndarray]) -> dict[str, float]:
    """Figures for samples that were not made to order, of digits or of faces.

    They are those of `evaluate_digits`, `evaluate_modes` or `evaluate_faces`.

    Args:
        images: what the generator was trained on.
        draw: `(count) -> samples`.

    Raises:
        ValueError: where the data is none of those.
    """
    kind, _, configuration = images.dataset.partition("/")
    if images.folder is None and images.dataset == "stacked_digits":
        return evaluate_modes(draw(26_000), data_dir=images.data_dir)
    if images.folder is None and images.dataset in ("digits", "mnist"):
        return evaluate_digits(draw(5000), data_dir=images.data_dir)
    if images.folder is None and kind == "faces":
        style = parse_faces(configuration).style
        return evaluate_faces(draw(SAMPLES), style, data_dir=images.data_dir)
    raise ValueError(_no_figures(images))


def evaluate_labelled(images: Images, made: np.ndarray, asked: np.ndarray) -> dict[str, float]:
    """Figures for samples that were made to order, of digits or of faces.

    They are those of `evaluate_labels`; or of `evaluate_faces`, with `metrics.label_agreement` for
    the attribute that is the label.

    Args:
        images: what the generator was trained on.
        made: `[N, H, W, C]` float32 in [-1, 1].
        asked: `[N]` integers: what each was made for.

    Raises:
        ValueError: where the data set is neither.
    """
    kind, _, configuration = images.dataset.partition("/")
    if images.folder is not None or images.dataset in ("digits", "mnist"):
        return evaluate_labels(made, asked, data_dir=images.data_dir)
    if kind != "faces" or images.label is None:
        raise ValueError(_no_figures(images))
    style = parse_faces(configuration).style
    figures = evaluate_faces(made, style, data_dir=images.data_dir)
    classifier = face_classifier(style, data_dir=images.data_dir, say=lambda said: None)
    found = classifier.classify(made)[images.label]
    classes = classifier.groups[images.label]
    return figures | metrics.label_agreement(np.asarray(asked), found, classes=classes)


def _no_figures(images: Images) -> str:
    return (
        f"there are no figures for '{images.folder or images.dataset}': "
        "evaluate a run on digits, mnist, stacked_digits or faces"
    )
