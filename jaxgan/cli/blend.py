"""The verb `blend`: a run whose generator is made of two."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import jax
import tyro

from jaxgan.cli.command import way_on
from jaxgan.cli.runs import licences_of, new_directory, open_run
from jaxgan.cli.training import Directory
from jaxgan.training import Blends, Run, RunError, create_from_state, load


def blend_verb(kind: Any, name: str) -> Callable[..., int]:
    """`blend`.

    Args:
        kind: the experiment.
        name: what manifests call it.
    """

    def blend(
        directory: Directory,
        other: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OTHER")],
        *,
        from_resolution: int = 16,
        step: int | None = None,
        other_step: int | None = None,
        output: Path | None = None,
    ) -> int:
        """Make a run whose generator has coarse layers of one run and fine ones of another.

        Coarse layers make pose and shape, fine ones colours and strokes. It works where one run
        began with the networks of the other (train --from), or both with those of a third.

        Args:
            directory: The run whose coarse layers are taken, with all else.
            other: The run whose fine layers are taken.
            from_resolution: Of the first layers that are fine, 4, 8, 16, and so on.
            step: Of DIRECTORY's checkpoint; the newest where none is said.
            other_step: Of OTHER's checkpoint; the newest where none is said.
            output: Where the new run is written; runs/NAME-NUMBER where none is named.
        """
        return blend_run(
            *(directory, other, kind, name),
            resolution=from_resolution,
            steps=(step, other_step),
            output=output,
        )

    return blend


def blend_run(
    directory: Path,
    other: Path,
    kind: type[Blends],
    name: str,
    *,
    resolution: int,
    steps: tuple[int | None, int | None],
    output: Path | None,
) -> int:
    """Make a run of two."""
    if output is not None:
        Run.refuse_taken(output)
    opened = [open_run(place, kind, name) for place in (directory, other)]
    loaded = [load(*one, step=step) for one, step in zip(opened, steps, strict=True)]
    (run, experiment), _ = opened
    (step, state), (other_step, other_state) = loaded
    try:
        blended = experiment.blended(state, other_state, resolution)
    except ValueError as error:
        raise RunError(f"{directory} and {other} do not blend: {error}") from error
    shapes = {
        array: jax.ShapeDtypeStruct(tuple(leaf["shape"]), leaf["dtype"])
        for array, leaf in run.manifest["batch"].items()
    }
    source = (
        f"imported: {directory} at step {step}, and from {resolution} on {other} at step "
        f"{other_step}"
    )
    licences = dict.fromkeys(licence for one in opened for licence in licences_of(*one))
    with new_directory(output, Path("runs"), name) as output:
        create_from_state(
            *(experiment, output, blended),
            name=name,
            seed=run.manifest["seed"],
            shapes=shapes,
            data=source,
            classes=run.manifest.get("classes", []),
            licence=" ".join(licences) or None,
        )
    print(
        f"{output} is a run with the generators of {directory} and, from {resolution} on, of "
        f"{other}; go on with: {way_on('sample', output)}"
    )
    return 0
