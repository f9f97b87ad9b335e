"""The verb `translate`: a person's own pictures."""

import glob
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.cli.verbs import open_run
from jaxgan.data import Transform, to_floats
from jaxgan.data.folder import SUFFIXES
from jaxgan.data.transforms import decode, to_channels
from jaxgan.games import stream
from jaxgan.training import (
    RunError,
    Translates,
    grid,
    load,
    picture,
    save_picture,
)

_PAIRS = 16
"""How many pairs the sheet shows."""
_SHEET = "sheet.png"


def translate_run(
    directory: Path,
    kind: type[Translates],
    name: str,
    *,
    pictures: Sequence[str],
    output: Path,
    side: str | None,
    image_size: int | None,
    batch_size: int,
    seed: int,
) -> int:
    """Translate pictures with a run's newest checkpoint."""
    if batch_size <= 0:
        raise RunError(f"--batch-size must be 1 or more, not {batch_size}")
    run, experiment = open_run(directory, kind, name)
    side = experiment.sides[0] if side is None else side
    if side not in experiment.sides:
        raise RunError(f"--side must be {' or '.join(experiment.sides)}, not {side}")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunError(f"{output} already holds something: name another folder with --output")
    files = _find(pictures)
    read = _reader(run.manifest["batch"][side]["shape"][-1], image_size)
    # All are decoded here and again later: so nothing is written where one cannot be, and no more
    # than a batch of them is in memory.
    shapes = {target: read(file).shape for target, file in _track(files.items(), "checking")}
    step, state = load(run, experiment)
    generate, key = experiment.game().generate, stream(jax.random.key(seed), "translate")
    firsts: dict[tuple[int, ...], Path] = {}
    for target, shape in shapes.items():
        firsts.setdefault(shape, files[target])
    for shape, file in firsts.items():
        try:
            images = {side: jax.ShapeDtypeStruct((1, *shape), jnp.float32)}
            jax.eval_shape(generate, key, state, images)
        except (ValueError, TypeError) as error:
            raise RunError(_misfit(file, shape, image_size, error)) from error
    chunks = _chunks(shapes, batch_size)
    jitted = jax.jit(generate)
    pairs: dict[Path, list[np.ndarray]] = {target: [] for target in list(files)[:_PAIRS]}
    for number, (chunk, size) in enumerate(_track(chunks, "translating")):
        images = np.stack([to_floats(read(files[target])) for target in chunk])
        # The last chunk is filled up with its own pictures: one shape, so one compilation.
        rows = np.arange(size) % len(chunk)
        made = jitted(jax.random.fold_in(key, number), state, {side: images[rows]})
        for target, before, after in zip(chunk, images, np.asarray(made), strict=False):
            save_picture(picture(after), output / target)
            if target in pairs:
                pairs[target] = [before, after]
    save_picture(_sheet([image for pair in pairs.values() for image in pair]), output / _SHEET)
    print(
        f"{len(files)} pictures by step {step} are in {output}; "
        f"the first of them, each beside its source: {output / _SHEET}"
    )
    return 0


def _find(pictures: Sequence[str]) -> dict[Path, Path]:
    """The files that are meant, by the names that their translations get.

    A folder's files keep their sub-folders; all others come to lie side by side.
    """
    found: dict[Path, Path] = {}
    for word in pictures:
        for name, file in _expand(word):
            other = found.setdefault(name.with_suffix(".png"), file)
            if not other.samefile(file):
                raise RunError(
                    f"{other} and {file} would both become {name.with_suffix('.png')}: rename one, "
                    "or translate them one after the other into folders of their own"
                )
    if not found:
        raise RunError("there is nothing to translate: name pictures, folders or patterns")
    if Path(_SHEET) in found:
        raise RunError(f"{found[Path(_SHEET)]} would take the sheet's name, {_SHEET}: rename it")
    return found


def _expand(word: str) -> list[tuple[Path, Path]]:
    """Names and files of a picture, a folder or a pattern."""
    path = Path(word).expanduser()
    if path.is_file():
        return [(Path(path.name), path)]
    if path.is_dir():
        files = sorted(path.rglob("*"))
    else:
        files = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    files = [
        file
        for file in files
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        raise RunError(
            f"there are no pictures at {word}: name a picture, a folder or a pattern of files of "
            f"the types {' '.join(sorted(SUFFIXES))}"
        )
    return [(file.relative_to(path) if path.is_dir() else Path(file.name), file) for file in files]


def _chunks(
    shapes: Mapping[Path, tuple[int, ...]], batch_size: int
) -> list[tuple[list[Path], int]]:
    """Pictures of one size that are translated at once, and how many the network is given."""
    chunks = []
    for shape in dict.fromkeys(shapes.values()):
        alike = [target for target in shapes if shapes[target] == shape]
        size = min(len(alike), batch_size)
        chunks += [(alike[start : start + size], size) for start in range(0, len(alike), size)]
    return chunks


def _reader(channels: int, image_size: int | None) -> Callable[[Path], np.ndarray]:
    """What gives a picture's pixels, `[H, W, C]` uint8."""
    transform = None if image_size is None else Transform(image_size, channels)

    def read(file: Path) -> np.ndarray:
        try:
            return transform(file) if transform else to_channels(decode(file), channels=channels)
        except ValueError as error:
            raise RunError(f"{file} {error}: replace it, or leave it out") from error

    return read


def _misfit(file: Path, shape: tuple[int, ...], image_size: int | None, error: Exception) -> str:
    """What to say of a size that a network does not allow."""
    remedy = "give a size with --image-size" if image_size is None else "give another --image-size"
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return (
        f"{file}, {shape[0]} pixels high and {shape[1]} wide, cannot be taken ({reason}): {remedy}"
    )


def _sheet(images: Sequence[np.ndarray]) -> Any:
    """Pairs of pictures of any sizes, source and translation side by side."""
    from PIL import ImageOps

    side = min(256, max(max(image.shape[:2]) for image in images))
    boxed = [
        ImageOps.pad(picture(image).convert("RGB"), (side, side), color="white") for image in images
    ]
    pairs_in_a_row = math.ceil(math.sqrt(len(images) / 2))
    return grid(np.stack([to_floats(np.asarray(x)) for x in boxed]), columns=2 * pairs_in_a_row)


def _track(items: Iterable[Any], description: str) -> Iterable[Any]:
    """The items, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    return track(
        list(items),
        description=description,
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
