"""What verbs have in common that draw a sheet of what a run's generator can do."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import numpy as np

from jaxgan.cli.labels import Label, label_text, named_label, repeated
from jaxgan.cli.runs import batch_size_of, open_run, refuse_file, refuse_taken, unwritable
from jaxgan.games import stream
from jaxgan.training import (
    Experiment,
    Moved,
    Picture,
    Run,
    RunError,
    captioned,
    compile_play,
    generate_chunks,
    grid,
    load,
    save_picture,
)

E = TypeVar("E", bound=Experiment)

_MOST = 1024
"""How many images a sheet holds."""
_MOST_DRAWS = 100_000
"""How many samples are looked at."""


class Sheet(NamedTuple, Generic[E]):
    """What all sheets are asked.

    Attributes:
        directory: of the run.
        kind: the experiment.
        name: what manifests call it.
        moved: where the run's data are now.
        label: of all images, where the run has labels.
        step: of the checkpoint; the newest where None.
        seed: of the latents.
        output: the file, or the folder of several; a name after the sheet and its seed where None.
    """

    directory: Path
    kind: type[E]
    name: str
    moved: Moved
    label: str | None
    step: int | None
    seed: int
    output: Path | None


@dataclasses.dataclass(frozen=True)
class Opened(Generic[E]):
    """A run's checkpoint, and where the sheet goes.

    Attributes:
        run: it.
        experiment: of its configuration.
        step: of the checkpoint.
        state: the game's.
        key: of the sheet's seed.
        label: of all images; None where none was asked for.
        output: where the sheet goes, or several.
        generate: the game's, compiled.
    """

    run: Run
    experiment: E
    step: int
    state: Any
    key: jax.Array
    label: Label | None
    output: Path
    generate: Callable[..., Any]

    def draw(self, count: int) -> dict[str, Any]:
        """The inputs of the first so many pictures that `sample --seed` draws."""
        inputs: dict[str, Any] = dict(self.experiment.inputs(stream(self.key, "inputs"), count))
        if self.label is not None:
            inputs["label"] = repeated(self.label, count)
        return inputs

    def chunks(self, inputs: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """The images of inputs, a training batch at a time."""
        key, size = stream(self.key, "sample"), batch_size_of(self.run)
        return generate_chunks(self.generate, key, self.state, inputs, size=size)

    def make(self, inputs: Mapping[str, Any]) -> np.ndarray:
        """The images of inputs, `[N, H, W, C]`."""
        return np.concatenate(list(self.chunks(inputs)))


def open_sheet(sheet: Sheet[E], what: str, *, suffix: str = ".png") -> Opened[E]:
    """The checkpoint of a run, and a place for what is drawn.

    Args:
        sheet: what is asked.
        what: the verb, for the name of the file.
        suffix: of the file; a folder where empty.

    Raises:
        RunError: where there is no such run, label or checkpoint, or the place is taken.
    """
    run, experiment = open_run(sheet.directory, sheet.kind, sheet.name, sheet.moved)
    label = None if sheet.label is None else named_label(run, experiment, sheet.label)
    words = f"seed_{sheet.seed}" + ("" if label is None else f"_label_{label_text(label)}")
    output = sheet.output or run.directory / "generated" / f"{what}_{words}{suffix}"
    refuse_file(output, suffix) if suffix else refuse_taken(output)
    step, state = load(run, experiment, step=sheet.step)
    generate = compile_play(jax.jit, experiment.game().generate)
    key = jax.random.key(sheet.seed)
    return Opened(run, experiment, step, state, key, label, output, generate)


def blank_cells(rows: int, columns: int, image: np.ndarray) -> np.ndarray:
    """White cells, or, in RGBA, clear ones, for images like one: `[rows, columns, H, W, C]`."""
    cells = np.ones((rows, columns, *image.shape), np.float32)
    cells[..., 3:] = -1
    return cells


def drawn(cells: np.ndarray, captions: Sequence[tuple[str, int]] = ()) -> Picture:
    """One picture of images in rows and columns, perhaps with words above.

    Args:
        cells: `[rows, columns, H, W, C]`.
        captions: as of `training.captioned`; their shares are counted in columns.
    """
    rows, columns, *shape = cells.shape
    below = grid(cells.reshape(rows * columns, *shape), columns=columns)
    return captioned(below, captions) if captions else below


def save_sheet(opened: Opened[Any], picture: Picture, words: str) -> int:
    """Write the sheet, and say what it is; 0."""
    refuse_file(opened.output)  # it may have come meanwhile
    try:
        save_picture(picture, opened.output)
    except OSError as error:
        raise unwritable(opened.output, error) from error
    print(f"{opened.output} is a sheet of step {opened.step}: {words}")
    return 0


def check_counts(counts: Mapping[str, int], images: int, *, least: int = 1) -> None:
    """Refuse a sheet of nothing, or of too much.

    Args:
        counts: by the flags that say them.
        images: how many there would be.
        least: what each count must be.

    Raises:
        RunError: names the flag.
    """
    for flag, count in counts.items():
        if count < least:
            raise RunError(f"{flag} must be {least} or more, not {count}")
    if images > _MOST:
        raise RunError(
            f"the sheet would hold {images:,} images, and it can hold {_MOST:,}: give fewer "
            f"{' or '.join(flag.removeprefix('--') for flag in counts)}"
        )


def check_draws(draws: int, *, least: int = 2) -> None:
    """Refuse to look at too few samples, or at more than memory takes.

    Raises:
        RunError: says how many there may be.
    """
    check_counts({"--draws": draws}, 0, least=least)
    if draws > _MOST_DRAWS:
        raise RunError(f"--draws must be {_MOST_DRAWS:,} or fewer, not {draws:,}")


def named_layers(words: str, layers: int) -> tuple[int, int]:
    """The first of the layers that --layers names, and the first one behind them.

    Args:
        words: FROM-TO, or FROM alone, with all that follow.
        layers: how many there are.

    Raises:
        RunError: where there are no such layers.
    """
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", words)
    if found is not None:
        start, last = int(found[1]), int(found[2] or layers - 1)
        if start <= last < layers:
            return start, last + 1
    raise RunError(
        f"--layers {words} names none of the {layers} layers: give the first, as in "
        f"{min(4, layers // 2)}, with all that follow, or the first and the last, as in "
        f"0-{layers - 1}"
    )
