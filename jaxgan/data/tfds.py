"""Sources from TensorFlow Datasets: prepared on first use, read without TensorFlow."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jaxgan.data.decoding import decode
from jaxgan.data.paths import StrPath
from jaxgan.data.tfds_builders import prepared_builder
from jaxgan.data.transforms import Transform
from jaxgan.data.wording import pictures_in


@dataclass(frozen=True, eq=False)
class TfdsSource:
    """One split of a TFDS data set, at random access.

    Attributes:
        records: Serialised examples.
        features: What to take from an example: the image and, where there is one, the label.
        transform: From encoded bytes to pixels.
        classes: Names of the labels; where these are vectors, ATTRIBUTE=LABEL.
        identity: name:version:split.
        feature: The one that holds the image; it is read as `image`.
        label: The one that holds the label, where there are classes; it is read as `label`. Of
            several, it is read as a vector.
    """

    records: Sequence[bytes]
    features: Any
    transform: Transform
    classes: tuple[str, ...]
    identity: str
    feature: str
    label: str | tuple[str, ...] = "label"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        return self.transform.shape

    @property
    def fingerprint(self) -> str:
        """The set, its version and split, and the transformation."""
        feature = "" if self.feature == "image" else f":{self.feature}"
        names = self.label if isinstance(self.label, str) else ",".join(self.label)
        label = "" if names == "label" else f":label={names}"
        return f"tfds:{self.identity}{feature}{label}:{self.transform}"

    @property
    def notes(self) -> tuple[str, ...]:
        """How many images of which classes there are; and that they are opaque in a run of RGBA."""
        if isinstance(self.label, str):
            text = pictures_in(self.identity, len(self), self.classes)
        else:
            text = f"{pictures_in(self.identity, len(self))}, each with {', '.join(self.label)}"
        opaque = self.transform.alpha and self.features[self.feature].shape[-1] != 4
        return (text, "the pictures have no transparency: alpha is 1") if opaque else (text,)

    def __len__(self) -> int:
        return len(self.records)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Decode the examples at `indices`, `[N]`."""
        import tensorflow_datasets as tfds

        # Bytes, for our own decoder: TFDS's depends on whether OpenCV is installed.
        encoded = {self.feature: tfds.decode.SkipDecoding()}
        examples = [
            self.features.deserialize_example_np(self.records[index], decoders=encoded)
            for index in indices.tolist()
        ]
        files = [io.BytesIO(example[self.feature]) for example in examples]
        batch = {"image": np.stack([self.transform(file) for file in files])}
        if not isinstance(self.label, str):
            labels = [[example[name] for name in self.label] for example in examples]
            batch["label"] = np.array(labels, np.int32)
        elif self.classes:
            batch["label"] = np.array([e[self.label] for e in examples], np.int32)
        return batch


def tfds_source(
    name: str,
    split: str,
    *,
    transform: Transform,
    feature: str = "image",
    label: str | tuple[str, ...] | None = None,
    data_dir: StrPath | None = None,
) -> TfdsSource:
    """Open a data set of TFDS, or one of ours; prepare it if that has not been done.

    Args:
        name: As TFDS spells it, with configuration and version where wanted: `mnist`, `celeb_a`,
            `cycle_gan/horse2zebra:3.0.0`; or `digits`, `openmoji/64`, `faces/open_peeps_32`.
        split: As TFDS spells it: `train`, `test[:50%]`.
        transform: What happens to each image.
        feature: The one that holds the image, such as `line` of `openmoji/64`.
        label: The one that is the label, such as `glasses` of faces; None takes `label`, where that
            is a `ClassLabel`. Several make vectors of labels.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The source.

    Raises:
        ValueError: where there is no such set or split, the set cannot be prepared here, or it has
            no images or not that label, or a label is named twice.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    _check_split(builder, name, split)
    features = dict(builder.info.features.items())
    image = features.get(feature)
    if not isinstance(image, tfds.features.Image) or image.np_dtype != np.uint8:
        raise ValueError(
            f"the data set '{name}' has no feature '{feature}' of bytes, but {sorted(features)}: "
            "choose a set of images"
        )
    classes = {
        key: tuple(kind.names)
        for key, kind in features.items()
        if isinstance(kind, tfds.features.ClassLabel)
    }
    asked = (label,) if isinstance(label, str) else label or ()
    for place, other in enumerate(asked):
        if other not in classes:
            known = f"but {', '.join(sorted(classes))}" if classes else "and none at all"
            raise ValueError(f"the data set '{name}' has no label '{other}', {known} (--label)")
        if other in asked[:place]:
            raise ValueError(f"--label names '{other}' twice: name each attribute once")
    label = label or "label"
    taken = asked or (("label",) if "label" in classes else ())
    wanted = {key: features[key] for key in (feature, *taken)}
    if isinstance(label, str):
        labels = classes.get(label, ())
    else:
        labels = tuple(f"{key}={value}" for key in label for value in classes[key])
    return TfdsSource(
        records=_records(builder, name, split),
        features=tfds.features.FeaturesDict(wanted),
        transform=transform,
        classes=labels,
        identity=f"{builder.info.full_name}:{split}",
        feature=feature,
        label=label,
    )


def tfds_arrays(
    name: str, split: str, *, only: Sequence[str] | None = None, data_dir: StrPath | None = None
) -> dict[str, np.ndarray]:
    """Read a whole split into memory.

    `ArraySource` makes a source of those that a game needs.

    Args:
        name: As for `tfds_source`; images of equal shape and scalars, such as `openmoji/64`.
        split: As TFDS spells it: `train`, `test[:50%]`.
        only: The features to read; None reads all.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        By feature: images `[N, H, W, C]` uint8, texts `[N]`, labels `[N]` int32, scalars `[N]`.

    Raises:
        ValueError: where there is no such set or split, or the set cannot be prepared here.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    _check_split(builder, name, split)
    features = builder.info.features
    if only is not None:
        features = tfds.features.FeaturesDict({key: features[key] for key in only})
    images = {key for key, kind in features.items() if isinstance(kind, tfds.features.Image)}
    encoded = {key: tfds.decode.SkipDecoding() for key in images}
    examples = [
        features.deserialize_example_np(record, decoders=encoded)
        for record in _records(builder, name, split)
    ]

    def stack(key: str, kind: Any) -> np.ndarray:
        values = [example[key] for example in examples]
        if key in images:
            return np.stack([decode(io.BytesIO(value)) for value in values])
        if isinstance(kind, tfds.features.Text):
            return np.array([value.decode() for value in values])
        labels = isinstance(kind, tfds.features.ClassLabel)
        return np.array(values, np.int32 if labels else None)

    return {key: stack(key, kind) for key, kind in features.items()}


def _records(builder: Any, name: str, split: str) -> Sequence[bytes]:
    try:
        return builder.as_data_source(split=split).data_source
    except NotImplementedError as error:
        raise ValueError(
            f"'{name}' in {builder.data_dir} was prepared in a format without random access: "
            "remove it, or give another place (--data-dir)"
        ) from error


def _check_split(builder: Any, name: str, split: str) -> None:
    splits = builder.info.splits
    try:
        empty = not splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"the data set '{name}' has no split '{split}': give one of {', '.join(splits)}"
        ) from error
    if empty:
        raise ValueError(f"the split '{split}' of '{name}' is empty: give a larger part of it")
