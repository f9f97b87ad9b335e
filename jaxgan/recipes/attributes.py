"""Attributes that can be seen in samples, by what their generator was trained on."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from jaxgan.data import STYLES, Images
from jaxgan.recipes.digits import DIGITS, digit_classifier
from jaxgan.recipes.faces import face_classifier, style_of

Seen: TypeAlias = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""From samples `[N, H, W, C]` float32 in [-1, 1] to how likely each label is: by attribute,
`[N, K]` float32."""


def attribute_labels(images: Images) -> dict[str, tuple[str, ...]]:
    """The attributes of which there is a classifier, each with its labels; `none` is no such thing.

    Args:
        images: what a generator was trained on: faces in colour, or grey digits, whose attribute is
            `digit`.

    Raises:
        ValueError: where they are something else.

    >>> attribute_labels(Images(dataset="digits"))["digit"][:3]
    ('0', '1', '2')
    """
    style = style_of(images)
    if style is not None and images.channels == 3:
        return {attribute.name: attribute.labels for attribute in STYLES[style].attributes}
    if images.folder is None and images.dataset in ("digits", "mnist") and images.channels == 1:
        return {"digit": tuple(map(str, range(DIGITS)))}
    raise ValueError(
        f"no classifier sees attributes in images of {images.channels} channels of "
        f"'{images.folder or images.dataset}': there are such of faces in colour, and of grey "
        "digits and mnist"
    )


def attribute_classifier(images: Images, *, say: Callable[[str], None] = print) -> Seen:
    """What sees these attributes: trained on first use in a minute or two, then cached.

    Args:
        images: as of `attribute_labels`.
        say: is told what happens.

    Raises:
        ValueError: where there is none.
    """
    attribute_labels(images)
    style = style_of(images)
    if style is not None:
        return face_classifier(style, data_dir=images.data_dir, say=say).probabilities
    classifier = digit_classifier(data_dir=images.data_dir, say=say)
    return lambda samples: {"digit": classifier.probabilities(samples)}
