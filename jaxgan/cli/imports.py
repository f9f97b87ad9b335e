"""The verb `import`: generators, and discriminators, that were trained elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.cli.command import way_on
from jaxgan.cli.runs import new_directory
from jaxgan.cli.told import (
    check_named,
    configured,
    last_of,
    options_of,
    say_changes,
    say_usual,
    source_of,
)
from jaxgan.games import stream
from jaxgan.training import (
    Imported,
    Imports,
    RunError,
    create_from_state,
    validated,
)
from jaxgan.weights import check_finite, chosen_parts, parts_of, read_weights, short_name

_SHOWN = 6
"""How many names an error shows."""
_MOST = 64
"""How many networks of a file are looked at."""


class ImportFile(NamedTuple):
    """A file, and what it is given for.

    Attributes:
        path: where it is.
        flag: that named it; FILE of the first.
        place: of the generator among the experiment's sides.
        discriminator: whether it is for the discriminator of what that generator makes.
        container: the part of it that is meant, where a person names one.
    """

    path: Path
    flag: str
    place: int
    discriminator: bool
    container: str | None = None


class _Taken(NamedTuple):
    """The part of a file that is imported, the side of its generator, and what it tells."""

    file: ImportFile
    part: str
    side: str
    tensors: Mapping[str, np.ndarray]
    told: Imported


def import_files(
    generator: Path,
    other: Path | None,
    discriminator: Path | None,
    other_discriminator: Path | None,
    containers: Sequence[str],
) -> list[ImportFile]:
    """The files of a command line, generators first.

    Raises:
        RunError: where there are as many containers as neither one nor the files.
    """
    files = [
        ImportFile(path, flag, place, is_discriminator)
        for path, flag, place, is_discriminator in (
            (generator, "FILE", 0, False),
            (other, "--other", 1, False),
            (discriminator, "--discriminator", 0, True),
            (other_discriminator, "--other-discriminator", 1, True),
        )
        if path is not None
    ]
    if len(containers) not in (0, 1, len(files)):
        raise RunError(
            f"--container names {len(containers)} parts of {len(files)} files: give one for each "
            "file, in the order FILE, --other, --discriminator, --other-discriminator"
        )
    if not containers:
        return files
    parts = containers if len(containers) > 1 else [*containers] * len(files)
    return [file._replace(container=part) for file, part in zip(files, parts, strict=True)]


def import_run(
    experiment: Imports,
    name: str,
    *,
    files: Sequence[ImportFile],
    named: Collection[str],
    directory: Path | None,
) -> int:
    """Make a run whose networks come from files of PyTorch's.

    Args:
        experiment: at the options that a person gave, and the preset's.
        name: the experiment's.
        files: one for each network; a generator comes before its discriminator.
        named: fields of the configuration whose flags a person gave.
        directory: where the run is written; runs/NAME-NUMBER where none is named.
    """
    asked = experiment = validated(experiment)
    taken: list[_Taken] = []
    for file in files:
        taken.append(_take(experiment, name, file))
        experiment = _configured(experiment, taken, named)
    experiment = experiment.fitted()
    check_named(asked, experiment, named)
    shapes = experiment.shapes
    zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
    init = jax.jit(experiment.game().init)
    fresh = state = init(stream(jax.random.key(0), "init"), zeros)
    for file, _, side, tensors, _ in taken:
        try:
            check_finite(tensors)
            state = experiment.imported(state, tensors, side, discriminator=file.discriminator)
        except ValueError as error:
            raise ValueError(f"{file.path}: {error}") from error
    chex.assert_trees_all_equal_shapes_and_dtypes(state, fresh)
    digests = [source_of(one.file.path, one.part) for one in taken]
    source = f"imported: {', '.join(digests)}"
    with new_directory(directory, Path("runs"), name) as directory:
        create_from_state(
            experiment, directory, state, name=name, seed=0, shapes=shapes, data=source
        )
    say_changes(asked, experiment)
    anew = [side for side in experiment.sides if all(side != one.side for one in taken)]
    if anew:
        print(f"no file was given for the generator from {' or '.join(anew)}: it begins anew")
    print(
        f"{directory} is a run with the networks of {', '.join(digests)}; go on with: "
        f"{way_on('translate', directory, 'PICTURES', '--output', 'FOLDER')}"
    )
    return 0


def _take(experiment: Imports, name: str, file: ImportFile) -> _Taken:
    """The one part of a file that is such a network."""
    sides = experiment.sides
    if file.place >= len(sides):
        raise RunError(
            f"{name}.py has {len(sides)} {'generator' if len(sides) == 1 else 'generators'} to "
            f"import, from {' and '.join(sides)}: leave out {file.flag} {file.path}"
        )
    side, what = sides[file.place], "discriminator" if file.discriminator else "generator"
    parts = parts_of(read_weights(file.path))
    told: dict[str, Imported] = {}
    faults: dict[str, ValueError] = {}
    tried = 0
    for part in list(parts) if file.container is None else chosen_parts(parts, file.container):
        try:
            found = experiment.recognised(parts[part], side, discriminator=file.discriminator)
        except ValueError as error:
            tried += 1
            # Within what is nearly a network, nothing else is.
            if not any(part.startswith(outer) for outer in faults):
                faults[part] = error
        else:
            if found is None:
                continue
            tried += 1
            told[part] = found
        if tried > _MOST:
            raise RunError(f"{file.path} holds more than {_MOST} networks: name one, --container")
    if faults and not told:
        said = "; ".join(f"{_at(part)}{error}" for part, error in list(faults.items())[:2])
        raise RunError(f"{file.path}: {said}")
    if not told:
        under = "" if file.container is None else f" under {file.container}"
        there = [part for part in parts if part.count(".") <= 1]
        raise RunError(
            f"{file.path} holds no {what} for {name}.py{under}, but {_listed(there)}: give another "
            f"{'file' if file.container is None else '--container'}"
        )
    chosen = chosen_parts(told, None)
    if len(chosen) > 1:
        raise RunError(
            f"{file.path} holds {len(chosen)} {what}s, {_listed(chosen)}: choose one with "
            "--container"
        )
    (part,) = chosen
    others = [other for other in told if other != part]
    beside = f", and not {_listed(others)}" if others else ""
    print(f"{file.path}: {_at(part)}{told[part].words}{beside}")
    return _Taken(file, part, side, parts[part], told[part])


def _configured(experiment: Imports, taken: Sequence[_Taken], named: Collection[str]) -> Imports:
    """The configuration with what the newest file tells."""
    *before, (file, _, _, _, told) = taken
    options = options_of(told, named)
    for field, value in options.items():
        for other in before:
            said = options_of(other.told, named).get(field, value)
            if said != value:
                raise RunError(
                    f"{file.path} has {last_of(field)} {value}, and {other.file.path} has {said}: "
                    "give files of networks that were trained together"
                )
    say_usual(told, options, file.path)
    return configured(experiment, options, file.path)


def _at(part: str) -> str:
    return f"{short_name(part)}: " if part else ""


def _listed(parts: Collection[str]) -> str:
    shown = [short_name(part) if part else "the file's own" for part in list(parts)[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(parts) > _SHOWN else "")
