"""The verb `explore`: a page in which a run's generator itself runs."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import jax
import numpy as np
import tyro

from jaxgan.cli.directions import (
    OTHERS,
    SEVERAL,
    attribute_directions,
    check_words,
    find_directions,
)
from jaxgan.cli.labels import label_names
from jaxgan.cli.programs import arguments_of, checked_onnx, generator_of
from jaxgan.cli.runs import classes_of, licences_of, refuse_file, side_of, unwritable
from jaxgan.cli.runtime import find_runtime
from jaxgan.cli.sample import latents_of_seeds
from jaxgan.cli.sheets import Opened, Sheet, check_counts, check_draws, open_sheet
from jaxgan.cli.spaces import Space, space_of
from jaxgan.cli.training import Directory
from jaxgan.games import CodedLatent
from jaxgan.report import Choice, Direction, Explored, FromLatents, FromPictures, explorer_page
from jaxgan.training import (
    UNMOVED,
    Generates,
    Moved,
    RunError,
    Styled,
    Translates,
    write_whole,
)
from jaxgan.weights import Make, Program, check_onnx, repeatable, weight_of

LARGEST = 64 << 20
"""Bytes of the networks that a page takes, 16 million weights."""
_MOST_SEEDS = 10_000
_EXAMPLES = 6
"""How many pictures lie beside the canvas."""


def latents_explorer(kind: Any, name: str) -> Callable[..., int]:
    """`explore` of generators from latents.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def explore(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        directions: tuple[str, ...] = ("sefa", "components"),
        seeds: int = 1000,
        draws: int = 2000,
        runtime: Path | None = None,
        step: int | None = None,
        output: Path | None = None,
    ) -> int:
        """Write one page in which the generator runs, to be moved by sliders in any browser.

        The page needs no server, and asks nobody for anything. The generator is in it as ONNX
        (jaxgan[onnx]), beside the runtime of ONNX for browsers, which npm fetches once.

        Args:
            directory: The run's.
            moved: Where the data are now.
            directions: Sliders: sefa, components, or attributes that a classifier sees, as in
                glasses hair_colour=black of faces, digit=7 of digits; see traverse, whose --keep is
                others here. The codes of InfoGAN have theirs besides.
            seeds: How many seeds there are to choose from, 0 and on: the pictures of sample --seeds
                (in a run of a conditional GAN, of the label that is chosen).
            draws: How many samples directions are found from.
            runtime: The folder dist of the npm package onnxruntime-web, where npm shall not fetch
                it.
            step: Of the checkpoint; the newest where none is said.
            output: The page, a FILE.html; DIRECTORY/generated/explore_seed_0.html where none is
                named.
        """
        check_counts({"--seeds": seeds}, 0)
        if seeds > _MOST_SEEDS:
            raise RunError(f"--seeds must be {_MOST_SEEDS:,} or fewer, not {seeds:,}")
        check_draws(draws)

        def contents(opened: Opened[Any]) -> tuple[FromLatents, dict[str, Program]]:
            return _of_latents(opened, directions, seeds=seeds, draws=draws)

        sheet = Sheet(directory, kind, name, moved, None, step, 0, output)
        return explore_run(sheet, runtime, contents)

    return explore


def pictures_explorer(kind: Any, name: str) -> Callable[..., int]:
    """`explore` of generators that translate pictures.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def explore(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        side: str | None = None,
        runtime: Path | None = None,
        step: int | None = None,
        output: Path | None = None,
    ) -> int:
        """Write one page in which the generator runs, and translates what is drawn in a browser.

        The page needs no server, and asks nobody for anything. The generator is in it as ONNX
        (jaxgan[onnx]), beside the runtime of ONNX for browsers, which npm fetches once.

        Args:
            directory: The run's.
            moved: Where the data are now.
            side: What is drawn, as a or b; the first that the run translates from where none is
                named.
            runtime: The folder dist of the npm package onnxruntime-web, where npm shall not fetch
                it.
            step: Of the checkpoint; the newest where none is said.
            output: The page, a FILE.html; DIRECTORY/generated/explore_seed_0.html where none is
                named.
        """

        def contents(opened: Opened[Any]) -> tuple[FromPictures, dict[str, Program]]:
            return _of_pictures(opened, side)

        sheet = Sheet(directory, kind, name, moved, None, step, 0, output)
        return explore_run(sheet, runtime, contents)

    return explore


def explore_run(
    sheet: Sheet[Any],
    folder: Path | None,
    contents: Callable[[Opened[Any]], tuple[FromLatents | FromPictures, dict[str, Program]]],
) -> int:
    """Write the page.

    Args:
        sheet: what is asked.
        folder: of the runtime; None leaves it to npm.
        contents: what a page of a checkpoint holds, and its networks in ONNX.
    """
    opened = open_sheet(sheet, "explore", suffix=".html")
    check_onnx()
    runtime = find_runtime(folder)
    given, programs = contents(opened)
    networks = {name: program.raw for name, program in programs.items()}
    height, width = programs["make"].result.shape[1:3]
    explored = Explored(
        title=f"{sheet.name} {opened.run.directory.absolute().name}",
        about=f"step {opened.step}, {height}x{width}",
        licence=" ".join(licences_of(opened.run, opened.experiment)),
        image_size=(int(height), int(width)),
    )
    page = explorer_page(explored, given, networks, runtime).encode()
    refuse_file(opened.output, ".html")  # it may have come meanwhile
    try:
        opened.output.parent.mkdir(parents=True, exist_ok=True)
        write_whole(opened.output, page)
    except OSError as error:
        raise unwritable(opened.output, error) from error
    weights = sum(len(network) for network in networks.values())
    print(
        f"{opened.output} is a page of step {opened.step}, {_megabytes(len(page))}, of which the "
        f"generator took {_megabytes(weights)}: open it in a browser"
    )
    return 0


def _of_latents(
    opened: Opened[Generates], words: Sequence[str], *, seeds: int, draws: int
) -> tuple[FromLatents, dict[str, Program]]:
    experiment, state, where = opened.experiment, opened.state, space_of(opened)
    check_words(where, words)
    one = {name: np.asarray(array) for name, array in opened.draw(1).items()}
    generate, mean = generator_of(experiment, state), None
    if isinstance(experiment, Styled):
        mean = np.asarray(experiment.latent_mean(state))
        w = np.asarray(jax.jit(experiment.map_latents)(state, one))
        networks = _networks(
            {
                "map": (partial(experiment.map_latents, state), one, "w"),
                "make": (generate, {"w": w}, "image"),
            }
        )
    else:
        networks = _networks({"make": (generate, one, "image")})
    codes = experiment.latent if isinstance(experiment.latent, CodedLatent) else None
    given = FromLatents(
        latents=latents_of_seeds(experiment, range(seeds)),
        labels=None if classes_of(experiment) is None else label_names(opened.run, experiment),
        choices=() if codes is None else _choices(codes),
        style_mean=mean,
        directions=[
            *([] if codes is None else _codes(codes)),
            *_directions(where, words, draws),
        ],
    )
    return given, networks


def _of_pictures(
    opened: Opened[Translates], side: str | None
) -> tuple[FromPictures, dict[str, Program]]:
    side = side_of(opened.experiment, side)
    shape = opened.run.manifest["batch"][side]["shape"][1:]
    generate = generator_of(opened.experiment, opened.state)
    picture = np.asarray(jax.random.uniform(opened.key, (1, *shape), minval=-1.0))

    def make(arrays: dict[str, jax.Array]) -> jax.Array:
        return generate({side: arrays["picture"]})

    networks = _networks({"make": (make, {"picture": picture}, "image")})
    known = {} if opened.run.is_imported else opened.draw(_EXAMPLES)
    examples = np.asarray(known.get(side, np.zeros((0, *shape))))
    return FromPictures(shape[-1], examples), networks


def _networks(
    parts: Mapping[str, tuple[Make, dict[str, np.ndarray], str]],
) -> dict[str, Program]:
    """Functions of one example each, as ONNX.

    Args:
        parts: by name: the function, an example, and the name of what it makes.

    Raises:
        RunError: where they are too large for a page.
    """
    asked = {name: arguments_of(example, count=1) for name, (_, example, _) in parts.items()}
    size = sum(weight_of(make, asked[name]) for name, (make, _, _) in parts.items())
    if size > LARGEST:
        raise RunError(
            f"the generator has {_megabytes(size)} of weights, and a page that a browser runs "
            f"without tiring takes {_megabytes(LARGEST)}: give a run of a smaller one, or use "
            "export --onnx"
        )
    return {
        name: checked_onnx(repeatable(make), example, asked[name], result=result)[0]
        for name, (make, example, result) in parts.items()
    }


def _directions(where: Space, asked: Sequence[str], draws: int) -> Iterator[Direction]:
    """Sliders along what was asked for, in deviations of samples."""
    samples = where.rows(where.points(where.opened.draw(draws)))

    def slider(group: str, name: str, row: np.ndarray) -> Direction:
        return Direction(group, name, row, float((samples @ row).std()))

    attributes = [words for words in asked if words not in SEVERAL]
    if attributes:
        found = attribute_directions(where, attributes, keep=OTHERS, draws=draws)
        for words, one in zip(attributes, found, strict=True):
            yield slider("attributes", words, one.rows[0])
    for words in asked:
        if words in SEVERAL:
            for number, row in enumerate(find_directions(where, words, draws=draws).rows):
                yield slider(words, f"{words} {number + 1}", row)


def _choices(codes: CodedLatent) -> list[Choice]:
    """A choice for each categorical code of InfoGAN."""
    places = itertools.accumulate(codes.categorical, initial=codes.noise)
    return [
        Choice(f"code of {size}", first, size)
        for first, size in zip(places, codes.categorical, strict=False)
    ]


def _codes(codes: CodedLatent) -> list[Direction]:
    """A slider for each continuous code, which goes beyond U(-1, 1) by a half."""
    rows = np.eye(codes.size, dtype=np.float32)[codes.size - codes.continuous :]
    return [Direction("codes", f"code {number + 1}", row, 0.5) for number, row in enumerate(rows)]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
