"""Samples next to real pictures: figures, and what lies nearest to what."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from jaxgan.data import FolderSource, Size, Source, StrPath, Transform, folder_source
from jaxgan.recipes.extractors import Activations, Extractor
from jaxgan.recipes.measures import Measure, Reference, Sets, class_figures
from jaxgan.recipes.references import seen_in
from jaxgan.training import Figure, Value

_CHANNELS = 3
_MOST_NEIGHBOURS = 5
"""Of `manifold_figures`."""


class Real(NamedTuple):
    """The real pictures that samples are compared with.

    Attributes:
        pictures: a source of them; or statistics, of which fewer figures can be made.
        told: what they are, in words, with what tells them from others.
        held_out: pictures of the same kind that the generator was not trained on.
    """

    pictures: Source | Reference
    told: str
    held_out: Source | None = None


class Evaluated(NamedTuple):
    """What was found.

    Attributes:
        figures: in the order of the measures.
        untold: measures that have no figure of these.
        made: what the network saw in the samples.
        real: and in the real pictures; None where there are statistics alone.
    """

    figures: list[Figure]
    untold: list[Measure]
    made: Activations
    real: Activations | None


def evaluate_pictures(
    chunks: Iterable[np.ndarray],
    real: Real,
    extractor: Extractor,
    measures: Sequence[Measure],
    *,
    labels: np.ndarray | None = None,
    classes: Sequence[str] = (),
    protocol: Mapping[str, Value],
    say: Callable[[str], None] = print,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Evaluated:
    """Figures of samples next to real pictures.

    Args:
        chunks: the samples, `[N, H, W, C]` uint8, each part with its own N.
        real: what they are compared with.
        extractor: what looks at both.
        measures: which figures, as `distance_figures`.
        labels: `[N]` integers: what samples were made for, one class each; None where for nothing
            or for several attributes.
        classes: the names of these labels; where the real pictures have others, there are no
            figures within classes.
        protocol: how samples and pictures were made, beside what is known here.
        say: is told what happens.
        progress: is told how many of the real pictures were looked at, and of how many.

    Raises:
        ValueError: where there are fewer than 2 pictures, or statistics of other dimensions.
    """
    pictures, known, held_out = real.pictures, None, None
    wanted = len(pictures.mean) if isinstance(pictures, Reference) else None

    def check(part: Activations) -> None:
        found = part.features.shape[1]
        if wanted not in (None, found):
            raise ValueError(
                f"the statistics of {real.told} are of {wanted} dimensions, and the features of "
                f"the {extractor.name} of {found}: give those of the same network"
            )

    made = extractor.see_all(chunks, check=check)
    if isinstance(pictures, Reference):
        seen: Activations | Reference = pictures
        reals: int | None = None
    else:
        reals = len(pictures)
        seen = seen_in(pictures, extractor, say=say, progress=progress)
        if real.held_out is not None:
            held_out = seen_in(real.held_out, extractor, say=say, progress=progress)
        if labels is None or not pictures.classes:
            pass
        elif tuple(classes) != tuple(pictures.classes):
            if class_figures in measures:
                say(
                    f"the classes of the samples ({', '.join(classes) or 'without names'}) are not "
                    f"those of the real pictures ({', '.join(pictures.classes)}): figures within "
                    "classes are left out"
                )
        else:
            known = (np.asarray(labels), pictures.read(np.arange(reals))["label"])
    dimensions = made.features.shape[1]
    few = min(made.count, made.count if reals is None else reals)
    if few < 2:
        raise ValueError(
            f"{made.count} samples and {few if reals is None else reals} real pictures "
            f"({real.told}) will not do: give 2 or more of each"
        )
    if few <= dimensions:
        say(
            f"{few:,} pictures are no more than the {dimensions:,} dimensions of their features: "
            "distances of so few are too large, and of little use beside those of other counts"
        )
    if few <= _MOST_NEIGHBOURS:
        say(
            f"{few} pictures have no neighbours enough for precision, recall, density and coverage "
            f"(k is up to {_MOST_NEIGHBOURS}): these are left out"
        )
    common: dict[str, Value] = {
        "network": extractor.name,
        "network_digest": extractor.digest,
        "inputs": extractor.inputs,
        "fakes": made.count,
        "reals": reals,
        "against": real.told,
        **protocol,
    }
    number = 0 if known is None else int(max(y.max() for y in known)) + 1
    sets = Sets(*(made, seen, held_out, known, number, extractor.name, extractor.inception), common)
    found = [(measure, measure(sets)) for measure in measures]
    figures = [figure for _, told in found for figure in told]
    untold = [measure for measure, told in found if not told]
    return Evaluated(figures, untold, made, None if isinstance(seen, Reference) else seen)


def neighbours(evaluated: Evaluated, source: Source, *, rows: int, columns: int) -> np.ndarray:
    """The real pictures that lie nearest to the first samples.

    Args:
        evaluated: of them.
        source: the real pictures.
        rows: how many samples.
        columns: how many neighbours of each.

    Returns:
        `[rows, columns, H, W, C]` uint8, the nearest first.

    Raises:
        ValueError: where there are statistics alone, or fewer pictures.
    """
    if evaluated.real is None:
        raise ValueError("statistics have no pictures to show: compare with a set of pictures")
    found = NearestNeighbors(n_neighbors=columns).fit(evaluated.real.features)
    nearest = found.kneighbors(evaluated.made.features[:rows], return_distance=False)
    return np.stack([source.read(row)["image"] for row in nearest])


def pictures_in(
    folder: StrPath, *, image_size: Size | None = None, skip_unreadable: bool = False
) -> FolderSource:
    """The pictures of a folder, or of a zip, at their own size, in RGB.

    Args:
        folder: as `jaxgan.data.folder_source` takes it.
        image_size: what they are brought to; their own where None, which then has to be one.
        skip_unreadable: whether files that cannot be decoded are left out.

    Raises:
        ValueError: where there are none, one cannot be decoded, or they differ in size.
    """
    size = 1 if image_size is None else image_size
    source = folder_source(
        folder, transform=Transform(size, _CHANNELS), skip_unreadable=skip_unreadable
    )
    if image_size is not None:
        return source
    height, width = source.sizes[0]
    for file, (other_height, other_width) in zip(source.files, source.sizes, strict=True):
        if (other_height, other_width) != (height, width):
            raise ValueError(
                f"{folder} has pictures of several sizes: {source.files[0].name} is of {height}x"
                f"{width} pixels and {file.name} of {other_height}x{other_width}; bring all to one "
                "(--image-size)"
            )
    return dataclasses.replace(source, transform=Transform((height, width), _CHANNELS))


def of_eight_bits(source: FolderSource) -> bool:
    """Whether every file is known to hold eight bits a value or fewer: all that is looked at.

    It is not known of a zip, nor of a folder that was prepared.
    """
    return source.archive is None and source.prepared is None and all(map(_is_bytes, source.files))


def _is_bytes(file: Path) -> bool:
    from PIL import Image

    with Image.open(file) as image:
        deep = any(";16" in str(tile) for tile in image.tile)
        return image.mode[0] not in "IF" and not deep
