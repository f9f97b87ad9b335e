"""Samples and pictures, looked at next to others with a bar of progress."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan import recipes
from jaxgan.cli.comparing import MEASURES, PLAIN, Comparison
from jaxgan.cli.drawing import Drawn
from jaxgan.data import RESIZE, Images, Source, to_floats
from jaxgan.training import RunError, Value, grid, save_picture

_PART = 500
"""How many pictures are read at once."""
_ROWS, _COLUMNS = 10, 9
"""Of the sheet of neighbours: a sample, and its nearest real pictures."""


_NEEDS = {
    "extrapolated": "real pictures, not their statistics, and 16 samples",
    "kernel": "real pictures, not their statistics",
    "score": "features of a network that knows classes",
    "manifold": "real pictures, not their statistics, and 6 of each set",
    "copying": "a data set with a split called test",
    "classes": "a run that is made to one label an image, beside data with the same classes",
}
"""What those figures need that there may be none of."""


class Read:
    """The pictures of a source, a part at a time; counts those that are grey."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.grey = 0

    def __len__(self) -> int:
        return -(-len(self._source) // _PART)

    def __iter__(self) -> Iterator[np.ndarray]:
        count = len(self._source)
        self.grey = 0
        for start in range(0, count, _PART):
            images = self._source.read(np.arange(start, min(start + _PART, count)))["image"]
            self.grey += int((images == images[..., :1]).all(axis=(1, 2, 3)).sum())
            yield images


def look_at(
    samples: Drawn | Read,
    images: Images,
    comparison: Comparison,
    protocol: dict[str, Value],
    write_statistics: Path | None,
    *,
    classes: Sequence[str] = (),
) -> tuple[recipes.Evaluated, recipes.Real]:
    """Figures of samples next to what they are compared with, and what that is.

    Args:
        samples: of a run, or the pictures of a folder.
        images: what they are to be like.
        comparison: as asked for.
        protocol: how samples were made.
        write_statistics: a file for those of the real pictures.
        classes: the names of the samples' labels.
    """
    extractor = comparison.extractor(images)
    real = comparison.real(images, extractor)
    if write_statistics is not None and isinstance(real.pictures, recipes.Reference):
        raise RunError("--write-statistics needs pictures: --against names statistics already")
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("real pictures", total=None)
        found = recipes.evaluate_pictures(
            *(bars.track(samples, len(samples), description="samples"), real, extractor),
            comparison.measures,
            labels=samples.labels if isinstance(samples, Drawn) else None,
            classes=classes,
            protocol={
                "image_size": "x".join(map(str, images.shape)),
                "resize": RESIZE,
                **protocol,
            },
            progress=lambda done, of: bars.update(task, completed=done, total=of),
        )
    if comparison.figures != PLAIN.figures:  # of those that were asked for by their names
        for name, needs in _NEEDS.items():
            if MEASURES[name] in found.untold:
                print(f"--figures {name} tells nothing here: it needs {needs}")
    if write_statistics is not None and found.real is not None:
        recipes.write_statistics(write_statistics, found.real, extractor, real.told)
        print(f"mean and covariance of the real pictures' features are in {write_statistics}")
    return found, real


def draw_neighbours(
    found: recipes.Evaluated, source: Any, samples: Iterable[np.ndarray], path: Path
) -> None:
    """A sheet: samples on the left, the real pictures nearest to each beside them."""
    rows, columns = min(_ROWS, found.made.count), min(_COLUMNS, len(source))
    near = recipes.neighbours(found, source, rows=rows, columns=columns)
    first = next(iter(samples))[:rows, None]
    sheet = np.concatenate([first, near], axis=1)
    images = to_floats(sheet.reshape(-1, *sheet.shape[2:]))
    save_picture(grid(images, columns=columns + 1), path)
    print(f"samples, each with the real pictures nearest to it: {path}")
