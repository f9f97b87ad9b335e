"""The verb `import`: generators that were trained elsewhere."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import chex
import jax
import jax.numpy as jnp

from jaxgan.cli.command import way_on
from jaxgan.cli.verbs import free_directory
from jaxgan.games import stream
from jaxgan.training import Imports, RunError, create_from_state, validated
from jaxgan.weights import read_tensors


def import_run(
    experiment: Imports,
    name: str,
    *,
    file: Path,
    other: Sequence[Path],
    directory: Path | None,
) -> int:
    """Make a run whose generators come from files of PyTorch's."""
    experiment = validated(experiment)
    files, sides = (file, *other), experiment.sides
    if len(files) > len(sides):
        raise RunError(
            f"{name}.py has {len(sides)} generators to import, from {' and '.join(sides)}: "
            f"{len(files)} files are too many, so leave out --other {files[len(sides)]}"
        )
    directory = directory or free_directory(Path("runs"), name)
    tensors = [read_tensors(path) for path in files]
    shapes = experiment.shapes
    zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
    init = jax.jit(experiment.game().init)
    fresh = state = init(stream(jax.random.key(0), "init"), zeros)
    for path, arrays, side in zip(files, tensors, sides, strict=False):
        try:
            state = experiment.imported(state, arrays, side)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    chex.assert_trees_all_equal_shapes_and_dtypes(state, fresh)
    digests = [f"{path.name} sha256:{_digest(path)}" for path in files]
    source = f"imported: {', '.join(digests)}"
    create_from_state(experiment, directory, state, name=name, seed=0, shapes=shapes, data=source)
    print(
        f"{directory} is a run with the generators of {', '.join(digests)}; go on with: "
        f"{way_on('translate', directory, 'PICTURES', '--output', 'FOLDER')}"
    )
    return 0


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
