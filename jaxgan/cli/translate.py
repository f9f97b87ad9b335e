"""The verb `translate`: a person's own pictures."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.cli.chosen import chosen_files
from jaxgan.cli.fitting import Fit, Fitted, fitting
from jaxgan.cli.runs import open_run, refuse_taken, side_of
from jaxgan.data import RangeError, Size, ValueRange, decode, shown, to_floats
from jaxgan.data.decoding import check_range
from jaxgan.games import stream
from jaxgan.training import RunError, Translates, grid, load, picture, save_picture

_PAIRS = 16
"""How many pairs the sheet shows."""
_SHEET = "sheet.png"
_PIXELS = 1 << 21
"""How many are translated at once at most, where they are of more than one picture."""
_SIZES = 8
"""From how many sizes on it is said that compiling them takes its time."""
_FAILURES = (ValueError, TypeError, MemoryError, jax.errors.JaxRuntimeError)
"""What a picture may raise that others need not: too large for the device, no longer there."""


def translate_run(
    directory: Path,
    kind: type[Translates],
    name: str,
    *,
    pictures: Sequence[str],
    output: Path,
    step: int | None,
    side: str | None,
    fit: Fit | None,
    image_size: Size | None,
    value_range: ValueRange | None,
    skip_unreadable: bool,
    batch_size: int,
    seed: int,
) -> int:
    """Translate pictures with a checkpoint of a run."""
    if batch_size <= 0:
        raise RunError(f"--batch-size must be 1 or more, not {batch_size}")
    run, experiment = open_run(directory, kind, name)
    side = side_of(experiment, side)
    refuse_taken(output)
    channels = run.manifest["batch"][side]["shape"][-1]
    fitted = fitting(experiment, fit, image_size, channels=channels)
    value_range = experiment.value_range if value_range is None else value_range
    check_range(value_range)

    def read(file: Path) -> Fitted:
        return fitted(decode(file, value_range=value_range))

    files = chosen_files(pictures, taken=Path(_SHEET))
    shapes = _check(files, read, skip_unreadable=skip_unreadable)
    step, state = load(run, experiment, step=step)
    generate, key = jax.jit(experiment.game().generate), stream(jax.random.key(seed), "translate")
    numbers = {target: number for number, target in enumerate(shapes)}
    failed: dict[Path, Exception] = {}

    def translate(chunk: Sequence[Path], size: int) -> Iterator[tuple[Path, Any, Any]]:
        """The pictures, before and after; one by one where they fail together."""
        try:
            taken = [read(files[target]) for target in chunk]
            images = np.stack([to_floats(one.pixels) for one in taken])
            # The last chunk is filled up with its own pictures: one shape, so one compilation.
            rows = np.arange(size) % len(chunk)
            noise = jax.random.fold_in(key, numbers[chunk[0]])
            made = np.asarray(generate(noise, state, {side: images[rows]}))
        except _FAILURES as error:
            if size == 1:
                failed[chunk[0]] = error
                return
            for target in chunk:
                yield from translate([target], 1)
            return
        for target, one, before, after in zip(chunk, taken, images, made, strict=False):
            yield target, before[one.rows, one.columns], after[one.rows, one.columns]

    pairs: dict[Path, list[np.ndarray]] = {target: [] for target in list(shapes)[:_PAIRS]}
    chunks = _chunks(shapes, batch_size)
    if (sizes := len(set(shapes.values()))) > _SIZES:
        print(
            f"these are pictures of {sizes} sizes, for each of which the network is compiled: "
            "--fit run, or an --image-size, gives all one size",
            file=sys.stderr,
        )
    for chunk, size in _track(chunks, "translating", total=len(chunks)):
        for target, before, after in translate(chunk, size):
            save_picture(picture(after), output / target)
            if target in pairs:
                pairs[target] = [before, after]
    count = len(shapes) - len(failed)
    made = f"1 picture by step {step} is" if count == 1 else f"{count} pictures by step {step} are"
    done = f"{made} in {shown(output)}"
    if examples := [image for pair in pairs.values() for image in pair]:
        save_picture(_sheet(examples), output / _SHEET)
        done += f"; the first of them, each beside its source: {shown(output / _SHEET)}"
    if failed:
        first, error = next(iter(failed.items()))
        raise RunError(
            f"{len(failed)} of {len(files)} pictures could not be translated, first "
            f"{shown(files[first])} ({_first_line(error)}): where they are too large, give "
            f"--image-size; {done}"
        ) from error
    left_out = len(files) - len(shapes)
    print(done + (f"; left out: {left_out}" if left_out else ""))
    return 0


def _check(
    files: Mapping[Path, Path], read: Callable[[Path], Fitted], *, skip_unreadable: bool
) -> dict[Path, tuple[int, ...]]:
    """The shapes that go in, by the names of translations, of all pictures that can be decoded.

    All are decoded here and again later: so nothing is written where one cannot be, unless it may
    be left out, and no more than a batch of them is in memory.
    """

    def shape(file: Path) -> tuple[int, ...] | Exception:
        try:
            return read(file).pixels.shape
        except (ValueError, MemoryError) as error:
            return error

    shapes, bad = {}, {}
    with ThreadPoolExecutor() as threads:
        seen = zip(files.items(), threads.map(shape, files.values()), strict=True)
        for (target, file), found in _track(seen, "checking", total=len(files)):
            if isinstance(found, Exception):
                bad[file] = found
            else:
                shapes[target] = found
    if bad and not (skip_unreadable and shapes):
        file, error = next(iter(bad.items()))
        remedy = ", or leave them out (--skip-unreadable)" if shapes else ""
        if not isinstance(error, RangeError):
            remedy = f": replace them{remedy}"
        raise RunError(
            f"{shown(file)} {_first_line(error)}; {len(bad)} of {len(files)} pictures are like "
            f"that{remedy}"
        ) from error
    for file, error in bad.items():
        print(f"left out: {shown(file)} {_first_line(error)}", file=sys.stderr)
    return shapes


def _chunks(
    shapes: Mapping[Path, tuple[int, ...]], batch_size: int
) -> list[tuple[list[Path], int]]:
    """Pictures of one size that are translated at once, and how many the network is given."""
    groups: dict[tuple[int, ...], list[Path]] = {}
    for target, shape in shapes.items():
        groups.setdefault(shape, []).append(target)
    chunks = []
    for shape, alike in groups.items():
        size = min(len(alike), batch_size, max(1, _PIXELS // (shape[0] * shape[1])))
        chunks += [(alike[start : start + size], size) for start in range(0, len(alike), size)]
    return chunks


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _sheet(images: Sequence[np.ndarray]) -> Any:
    """Pairs of pictures of any sizes, source and translation side by side."""
    from PIL import ImageOps

    side = min(256, max(max(image.shape[:2]) for image in images))
    boxed = [
        ImageOps.pad(picture(image).convert("RGB"), (side, side), color="white") for image in images
    ]
    pairs_in_a_row = math.ceil(math.sqrt(len(images) / 2))
    return grid(np.stack([to_floats(np.asarray(x)) for x in boxed]), columns=2 * pairs_in_a_row)


def _track(items: Iterable[Any], description: str, *, total: int) -> Iterable[Any]:
    """The items, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    return track(
        items,
        description=description,
        total=total,
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
