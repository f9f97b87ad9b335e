"""Whether a run can be repeated: it is, and the two are compared."""

from pathlib import Path
from typing import NamedTuple

from jaxgan.data import StrPath, to_path
from jaxgan.training.configuration import from_plain
from jaxgan.training.errors import RunError
from jaxgan.training.experiment import Experiment
from jaxgan.training.loading import load
from jaxgan.training.parent import Parent, parent_of
from jaxgan.training.run import Run
from jaxgan.training.start import devices_of, train


class Comparison(NamedTuple):
    """How a run and its repetition compare.

    Attributes:
        checkpoints: at how many steps the digests of both were compared.
        metrics: how many lines of metrics were compared.
        difference: the first one, as in `step 100: generator/parameters/...`; None where there is
            none.
        apart: of each line of metrics its step, and how far the terms of the two are apart at most,
            as a part of the larger one.
    """

    checkpoints: int
    metrics: int
    difference: str | None
    apart: dict[int, float]


def reproduce(run: Run, experiment: Experiment, directory: StrPath) -> tuple[Run, Comparison]:
    """Repeat a run from its manifest, as far as it has come, and compare the two.

    A run that began with the state of another begins so again; where that state is not kept any
    more, the other run is repeated first, beside, in DIRECTORY-parent.

    Args:
        run: what `Run.open` gives.
        experiment: of the run's own configuration.
        directory: where the repetition is written; nothing may be there yet.

    Returns:
        The repetition, and how it compares.

    Raises:
        RunError: where the run has no checkpoint to compare with.
    """
    steps = [line["step"] for line in run.digests()]
    if not steps:
        raise RunError(f"{run.directory} has nothing to compare with yet: train or resume it first")
    repeated = train(
        experiment,
        directory,
        name=run.manifest["experiment"],
        seed=run.manifest["seed"],
        devices=devices_of(run),
        until=max(steps),
        parent=_parent(run, experiment, to_path(directory)),
    )
    return repeated, compare(run, repeated)


def _parent(run: Run, experiment: Experiment, directory: Path) -> Parent | None:
    """What a run began with, repeated where it is not kept."""
    parent = parent_of(run)
    if parent is None:
        return None
    its_own = from_plain(type(experiment), parent.run.manifest["configuration"])
    try:
        load(parent.run, its_own, step=parent.step)
    except RunError:
        if parent.run.is_imported:
            raise
        beside = directory.with_name(f"{directory.name}-parent")
        repeated = train(
            its_own,
            beside,
            name=parent.run.manifest["experiment"],
            seed=parent.run.manifest["seed"],
            devices=devices_of(parent.run),
            until=parent.step,
            parent=_parent(parent.run, its_own, beside),
        )
        return Parent(repeated, parent.step)
    return parent


def compare(run: Run, other: Run) -> Comparison:
    """Compare two runs at every step at which both have digests or metrics."""
    digests = _both(run.digests(), other.digests(), "leaves")
    metrics = _both(run.metrics(), other.metrics(), "terms")
    found = sorted(
        (step, first)
        for pairs in (digests, metrics)
        for step, before, after in pairs
        if (first := _first_difference(before, after)) is not None
    )
    difference = f"step {found[0][0]}: {found[0][1]}" if found else None
    apart = {step: _apart(before, after) for step, before, after in metrics}
    return Comparison(len(digests), len(metrics), difference, apart)


def _both(ones: list[dict], others: list[dict], name: str) -> list[tuple[int, dict, dict]]:
    by_step = {line["step"]: line[name] for line in others}
    return [
        (line["step"], line[name], by_step[line["step"]])
        for line in ones
        if line["step"] in by_step
    ]


def _apart(before: dict[str, float], after: dict[str, float]) -> float:
    pairs = [(before[name], after[name]) for name in before.keys() & after.keys()]
    return max((abs(a - b) / max(abs(a), abs(b)) for a, b in pairs if a != b), default=0.0)


def _first_difference(before: dict, after: dict) -> str | None:
    for name in before | after:
        if before.get(name) != after.get(name):
            return f"{name} is {before.get(name)} in the one, {after.get(name)} in the other"
    return None
