"""Drawn faces as a data set of TFDS: names, features and splits."""

import functools
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.faces.drawings import draw_all, read_drawings
from jaxgan.data.faces.styles import draw_face
from jaxgan.data.faces.tables import STYLES

FACES_SIZES = (32, 64, 128, 256)
"""Pixels on a side."""

FACES_COUNT = 20_000
"""How many faces there are where a name does not say."""

_HELD_OUT = 10
"""Every tenth face is held out."""


class FacesName(NamedTuple):
    """What the name of a set of faces says.

    Attributes:
        style: one of `STYLES`.
        size: pixels on a side, one of `FACES_SIZES`.
        count: how many faces there are, for training and held out; 10 or more.
    """

    style: str
    size: int
    count: int

    @property
    def configuration(self) -> str:
        """The name: `open_peeps_32`, or `open_peeps_32_500`."""
        count = "" if self.count == FACES_COUNT else f"_{self.count}"
        return f"{self.style}_{self.size}{count}"


def parse_faces(name: str) -> FacesName:
    """Read the name of a set of faces.

    Args:
        name: `STYLE_SIZE` or `STYLE_SIZE_COUNT`, such as `open_peeps_32_500`; a version may follow,
            as in `open_peeps_32:1.0.0`. Empty for `open_peeps_32`.

    Returns:
        What it says.

    Raises:
        ValueError: where there is no such style or size, or the style has not that many faces.

    >>> parse_faces("micah_64_500")
    FacesName(style='micah', size=64, count=500)
    """
    name = name.partition(":")[0]
    if not name:
        return FacesName("open_peeps", 32, FACES_COUNT)
    found = re.fullmatch(r"(.*?)(?:_(\d+))?(?:_(-?\d+))?", name)
    style, size, count = found.groups() if found else (name, None, None)
    if style not in STYLES:
        raise ValueError(
            f"there is no style of faces '{style}': choose one of {', '.join(STYLES)}, as in "
            f"'faces/{next(iter(STYLES))}_32'"
        )
    if size is None or int(size) not in FACES_SIZES:
        raise ValueError(
            f"'faces/{name}' names no size of {', '.join(map(str, FACES_SIZES))}: say "
            f"'faces/{style}_32'"
        )
    faces = STYLES[style].faces
    number = FACES_COUNT if count is None else int(count)
    if not _HELD_OUT <= number <= faces:
        raise ValueError(
            f"{number} faces of '{style}' cannot be drawn: ask for {_HELD_OUT} or more, of which "
            f"every tenth is held out, and at most {faces:,}, as many as the style can tell apart"
        )
    return FacesName(style, int(size), number)


def attribution(style: str) -> str:
    """Whose drawings a style's faces are made of, and under which licence.

    It belongs beside every picture of them that is published, and of what was learned from them.

    Args:
        style: one of `STYLES`.

    Returns:
        A sentence.

    Raises:
        ValueError: where there is no such style.
    """
    if style not in STYLES:
        raise ValueError(f"there is no style of faces '{style}': give one of {', '.join(STYLES)}")
    return STYLES[style].attribution


@functools.cache
def faces_builder() -> type[Any]:
    """Make `faces` known to TFDS: afterwards `tfds.builder("faces/open_peeps_32")` finds it.

    The class is made here, not when the module is imported, as jaxgan must import without TFDS.
    The drawings come with `dicebear-styles`; `dicebear-core` puts them together to faces, and
    `resvg_py` renders them. The pictures are kept in archives of PNG files beside the prepared set,
    in `drawings-VERSION`, with their attribution. What the styles have that is left out stands in
    `jaxgan/data/faces/tables.py`.

    Returns:
        The class `Faces`, a `tfds.core.GeneratorBasedBuilder`, whose configurations are named as
        `parse_faces` has it. Splits: `test`, the faces whose number ends in 9, and `train`.
        Features: `image` (S x S x 3 uint8, on white), `number` (int64), and the attributes of
        the style, such as `hair`, `hair_colour`, `skin_colour`, `glasses` and `beard`, each a
        `ClassLabel` whose label 0 is `none` where it can be absent or hidden.
    """
    import tensorflow_datasets as tfds

    def configuration(name: FacesName) -> Any:
        return tfds.core.BuilderConfig(
            name=name.configuration,
            description=f"{name.count:,} faces of {name.style}, {name.size} x {name.size} pixels.",
        )

    class Faces(tfds.core.GeneratorBasedBuilder):
        """Drawn faces whose every attribute is known."""

        VERSION = tfds.core.Version("1.0.0")
        BUILDER_CONFIGS = tuple(
            configuration(FacesName(style, size, FACES_COUNT))
            for style in STYLES
            for size in FACES_SIZES
        )

        @classmethod
        def get_builder_config(cls, name: str, version: Any = None) -> Any:
            """The configuration of a name, also of one that says how many faces there are."""
            return super().get_builder_config(name, version) or configuration(parse_faces(name))

        def _info(self) -> tfds.core.DatasetInfo:
            said = parse_faces(self.builder_config.name)
            style = STYLES[said.style]
            attributes = {
                attribute.name: tfds.features.ClassLabel(names=attribute.labels)
                for attribute in style.attributes
            }
            return tfds.core.DatasetInfo(
                builder=self,
                description="Drawn faces with what each is made of. " + style.attribution,
                homepage=style.homepage,
                license=style.licence,
                citation=style.attribution,
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(
                            shape=(said.size, said.size, 3), encoding_format="png"
                        ),
                        "number": tfds.features.Scalar(np.int64),
                        **attributes,
                    }
                ),
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
            # Asked for here, not first in the processes that draw.
            from importlib.metadata import version

            import dicebear  # noqa: F401
            import dicebear_styles  # noqa: F401
            import resvg_py  # noqa: F401

            said = parse_faces(self.builder_config.name)
            style = STYLES[said.style]
            beside = Path(self.data_dir).parent
            archives = draw_all(
                style.source,
                beside / f"drawings-{version('dicebear-styles')}",
                [draw_face(style, number).options for number in range(said.count)],
                view=style.view,
                size=said.size,
            )
            (beside / "ATTRIBUTION.txt").write_text(f"{style.attribution}\n", encoding="utf-8")
            return {
                split: self._generate_examples(archives, said.style, held_out=split == "test")
                for split in ("train", "test")
            }

        def _generate_examples(
            self, archives: Sequence[Path], style: str, *, held_out: bool
        ) -> Iterator[Any]:
            for archive in archives:
                for number, encoded in read_drawings(archive).items():
                    if (number % _HELD_OUT == _HELD_OUT - 1) == held_out:
                        # Encoded already: TFDS encodes raw arrays with TensorFlow.
                        yield (
                            number,
                            {
                                "image": io.BytesIO(encoded),
                                "number": number,
                                **draw_face(STYLES[style], number).labels,
                            },
                        )

    return Faces
