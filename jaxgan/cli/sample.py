"""The verb `sample`: pictures of seeds, of latents, or of so many latents of one seed."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.cli.labels import Label, label_text, named_label, repeated, turn_of
from jaxgan.cli.latent_files import LABELS, LATENTS, Widths, read_labels, read_latents
from jaxgan.cli.numbers import listed_numbers
from jaxgan.cli.runs import batch_size_of, classes_of, open_run, refuse_taken, unwritable
from jaxgan.cli.truncation import check_styled, check_truncation, truncated
from jaxgan.games import stream
from jaxgan.training import (
    MAX_SEED,
    Draws,
    Experiment,
    Generates,
    Interrupted,
    Moved,
    Run,
    RunError,
    Styled,
    class_grid,
    compile_play,
    generate_chunks,
    grid,
    load,
    picture,
    save_picture,
    write_array,
)

_COUNT = 100
"""How many pictures, where nobody says it."""
_MOST = 1_000_000
"""How many pictures of one seed: their latents are in memory."""
_SHEET = 256
"""How many pictures are shown together, at the most."""


class Asked(NamedTuple):
    """Which pictures are drawn.

    Attributes:
        count: how many of `seed`.
        seed: of all latents.
        seeds: words that name seeds, each of one picture.
        latents: a file of latents or styles.
        label: of all pictures.
        truncation: psi.
        cutoff: how many layers are truncated.
    """

    count: int | None = None
    seed: int | None = None
    seeds: str | None = None
    latents: Path | None = None
    label: str | None = None
    truncation: float | None = None
    cutoff: int | None = None

    def numbers(self) -> list[int] | None:
        """The seeds that are named; None where none are.

        Raises:
            RunError: where flags contradict each other, or one will not do by itself.
        """
        given = {
            "--latents": self.latents,
            "--seeds": self.seeds,
            "--seed": self.seed,
            "--count": self.count,
        }
        named = [flag for flag, value in given.items() if value is not None]
        if len(named) > 1 and named != ["--seed", "--count"]:
            raise RunError(
                f"{' and '.join(named)} contradict each other, as {named[0]} says which pictures "
                f"are drawn: leave out {' and '.join(named[1:])}"
            )
        if self.count is not None and self.count <= 0:
            raise RunError(f"--count must be 1 or more, not {self.count}")
        if self.count is not None and self.count > _MOST:
            raise RunError(
                f"--count must be {_MOST:,} or fewer, not {self.count:,}: draw those of several "
                "seeds one after another"
            )
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise RunError(f"--seed {self.seed} is not in 0 to {MAX_SEED}: give one that is")
        if self.truncation is not None:
            check_truncation(self.truncation)
        if self.seeds is None:
            return None
        return listed_numbers(self.seeds, "--seeds", largest=MAX_SEED)

    def folder(self, label: Label | None) -> str:
        """The name of the folder that the pictures come into, where nobody says it.

        Args:
            label: of all pictures.
        """
        if self.latents is not None:
            which = f"latents_{self.latents.stem}"
        elif self.seeds is not None:
            which = f"seeds_{self.seeds.replace(' ', '')}"[:60]
        else:
            which = f"seed_{self.seed or 0}"
        words = {
            "label": None if label is None else label_text(label),
            "truncation": self.truncation,
            "cutoff": self.cutoff,
        }
        rest = [f"{word}_{value}" for word, value in words.items() if value is not None]
        return "_".join([which, *rest])


def sample_run(
    directory: Path,
    kind: type[Experiment],
    name: str,
    *,
    asked: Asked,
    moved: Moved,
    step: int | None,
    output: Path | None,
) -> int:
    """Draw pictures from a run's checkpoint."""
    seeds = asked.numbers()
    run, experiment = open_run(directory, kind, name, moved)
    label = None if asked.label is None else named_label(run, experiment, asked.label)
    if asked.truncation is not None or asked.cutoff is not None:
        check_styled(experiment)
        if asked.truncation is None:
            raise RunError(
                "--truncation-cutoff says how many layers: say how far with --truncation"
            )
    if asked.latents is not None or seeds is not None:
        check_generates(experiment)
    output = output or run.directory / "generated" / asked.folder(label)
    refuse_taken(output)
    step, state = load(run, experiment, step=step)
    key = jax.random.key(asked.seed or 0)
    inputs = _inputs(experiment, state, asked, seeds, label)
    used = inputs
    if asked.truncation is not None:
        psi, cutoff = asked.truncation, asked.cutoff
        inputs = truncated(check_styled(experiment), state, inputs, psi, cutoff)
    chunks = generate_chunks(
        *(compile_play(jax.jit, experiment.game().generate), stream(key, "sample"), state, inputs),
        size=batch_size_of(run),
    )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(output, error) from error
    first = next(chunks)
    chunks = itertools.chain([first], chunks)
    count = len(next(iter(inputs.values())))
    if first.ndim != 4:  # no pictures: points, or words
        made = np.concatenate(list(chunks))
        write_array(output / "samples.npy", made)
        if isinstance(experiment, Draws):
            save_picture(experiment.draw(state, made), output / "picture.png")
        print(f"{count} samples of step {step} are in {output}")
        return 0
    images = itertools.chain.from_iterable(chunks)
    names = [f"{n:05}.png" for n in range(count)] if seeds is None else map(_named, seeds)
    try:
        kept = _write(images, [output / name for name in names])
    except KeyboardInterrupt:
        there = len(list(output.glob("*.png")))
        raise Interrupted(
            f"interrupted: {there} of {count} pictures are in {output}; for all of them, name "
            "another folder with --output"
        ) from None
    sheet = output / "grid.png"
    save_picture(_together(run, np.stack(kept), inputs), sheet)
    told = f"{count} pictures of step {step} are in {output}; the first of them together: {sheet}"
    if isinstance(experiment, Generates):
        _write_latents(output, used)
        told += f"; what they are made of: {output / LATENTS}"
    print(told)
    return 0


def _named(seed: int) -> str:
    return f"seed{seed:04}.png"


def _write(images: Iterable[np.ndarray], paths: Sequence[Path]) -> list[np.ndarray]:
    """Write pictures as they are made; the first of them."""
    kept: list[np.ndarray] = []
    for number, (image, path) in enumerate(zip(images, paths, strict=True)):
        try:
            save_picture(picture(image), path)
        except OSError as error:
            raise RunError(
                f"picture {number + 1} of {len(paths)} could not be written to {path.parent} "
                f"({error.strerror or error}): make room, and name another folder with --output"
            ) from error
        if len(kept) < _SHEET:
            kept.append(image)
    return kept


def check_generates(experiment: Experiment) -> Generates:
    """The experiment, if its images are made of latents.

    Raises:
        RunError: where they are not.
    """
    if not isinstance(experiment, Generates):
        raise RunError(
            "what this run makes are not images of latents: leave --seeds and --latents out"
        )
    return experiment


def widths_of(experiment: Generates, state: Any) -> Widths:
    """How many numbers the run's latents and styles have."""
    z = jax.eval_shape(lambda key: experiment.latent(key, 1), jax.random.key(0)).shape[1]
    if not isinstance(experiment, Styled):
        return Widths(z, None)
    inputs = experiment.inputs(jax.random.key(0), 1)
    _, layers, w = jax.eval_shape(experiment.map_latents, state, inputs).shape
    return Widths(z, (layers, w))


def _inputs(
    experiment: Experiment,
    state: Any,
    asked: Asked,
    seeds: list[int] | None,
    label: Label | None,
) -> dict[str, Any]:
    """What the pictures are made of, with their labels."""
    inputs: dict[str, Any]
    if asked.latents is not None:
        inputs = _of_file(check_generates(experiment), state, asked.latents, label)
    elif seeds is not None:
        inputs = _of_seeds(check_generates(experiment), seeds)
    else:
        key, count = jax.random.key(asked.seed or 0), asked.count or _COUNT
        inputs = dict(experiment.inputs(stream(key, "inputs"), count))
    if label is not None:
        inputs["label"] = repeated(label, len(next(iter(inputs.values()))))
    return inputs


def latents_of_seeds(experiment: Generates, seeds: Sequence[int]) -> np.ndarray:
    """The first latent of each seed, `[N, Z]`."""

    def latent(seed: jax.Array) -> jax.Array:
        return experiment.latent(stream(jax.random.key(seed), "inputs"), 1)[0]

    return np.asarray(jax.lax.map(latent, jnp.asarray(seeds, jnp.int32)))


def _of_seeds(experiment: Generates, seeds: Sequence[int]) -> dict[str, Any]:
    """The latents of seeds, with labels that go round with the seeds."""
    inputs = {"latent": latents_of_seeds(experiment, seeds)}
    if classes_of(experiment) is None:
        return inputs
    turn = turn_of(experiment)
    return {**inputs, "label": turn[np.asarray(seeds) % len(turn)]}


def _of_file(
    experiment: Generates, state: Any, path: Path, label: Label | None
) -> dict[str, np.ndarray]:
    """The latents or styles of a file, and the labels beside it."""
    name, array = read_latents(path, widths_of(experiment, state))
    classes = classes_of(experiment)
    if name == "w" and label is not None:
        raise RunError(f"{path} holds styles, in which a label is already: leave --label out")
    if name == "w" or classes is None or label is not None:
        return {name: array}
    beside = path.parent / LABELS
    if not beside.is_file():
        raise RunError(
            f"images of this run are made to labels, and there is no {LABELS} beside {path}: say "
            "which with --label"
        )
    return {name: array, "label": read_labels(beside, count=len(array), classes=classes)}


def _write_latents(output: Path, inputs: Mapping[str, Any]) -> None:
    """What pictures are made of, so that they can be drawn again."""
    write_array(output / LATENTS, np.asarray(inputs.get("w", inputs.get("latent"))))
    if "label" in inputs:
        write_array(output / LABELS, np.asarray(inputs["label"]))


def _together(run: Run, images: np.ndarray, inputs: Mapping[str, Any]) -> Any:
    """One picture of all."""
    classes = run.manifest.get("classes", [])
    if classes and "label" in inputs:
        return class_grid(images, np.asarray(inputs["label"])[: len(images)], classes)
    return grid(images)
