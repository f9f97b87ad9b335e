"""The configuration of an experiment: its name, and its fields as plain values."""

import dataclasses
import math
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from jaxgan.data import to_path
from jaxgan.training.experiment import Resolves

E = TypeVar("E")


def experiment_name(kind: type) -> str:
    """What runs of an experiment are called: after its file, or after its class where it has none.

    A notebook and an interactive Python have no file: there `MyGAN` is `my_gan`.

    Args:
        kind: the experiment's class.

    >>> experiment_name(Moved)
    'configuration'
    """
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__).lower()
    path = Path(file)
    # A package is called by its folder: `my_gan/__init__.py`, or `__main__.py` by `python -m`.
    return path.parent.name if path.stem in ("__init__", "__main__") else path.stem


def to_plain(experiment: Any) -> dict[str, Any]:
    """The configuration as values that JSON holds."""
    return TypeAdapter(type(experiment)).dump_python(experiment, mode="json")


def from_plain(kind: type[E], values: dict[str, Any]) -> E:
    """The configuration that such values stand for.

    Raises:
        ValueError: where a value is outside what its field allows, one sentence a value; or where
            one would be lost or read as another.
    """
    try:
        made = TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(detail) for detail in error.errors())) from None
    lost = _lost(values, to_plain(made))
    if lost is not None:
        raise ValueError(
            f"{lost} means nothing to {kind.__name__} as it is now: go on with the version of "
            "jaxgan that wrote it"
        )
    return made


def validated(experiment: E) -> E:
    """The experiment itself, if all of its values are ones that its fields allow.

    Raises:
        ValueError: names each field that is not, its value, what would be right, and its flag.
    """
    kind: Any = type(experiment)
    values = to_plain(experiment)
    for name, value in flat(values).items():
        numbers = value if isinstance(value, list) else [value]
        if not all(math.isfinite(x) for x in numbers if isinstance(x, float)):
            flag = name.rpartition(".")[2].replace("_", "-")
            raise ValueError(f"{name} = {value} will not do: give a finite number (--{flag})")
    try:
        TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        told = [f"{_sentence(detail)} ({_flag(experiment, detail)})" for detail in error.errors()]
        raise ValueError("; ".join(told)) from None
    return from_plain(kind, values)


def resolved(experiment: E, devices: int) -> tuple[E, list[str]]:
    """The experiment with a value in every field, and sentences about those that were not given.

    Args:
        experiment: any; one that is no `Resolves` stays as it is.
        devices: that share a batch.

    Raises:
        ValueError: where what follows will not do.
    """
    if not isinstance(experiment, Resolves):
        return experiment, []
    found: Any = validated(experiment.resolved(devices))
    changed = changes(experiment, found)
    if not changed:
        return found, []
    where = "1 device" if devices == 1 else f"{devices} devices"
    return found, [f"from the size of images and {where}: {changed}"]


def changes(before: Any, after: Any) -> str:
    """What differs between two configurations of one kind, as in `--gamma 0.1 --group-size 4`."""
    first, second = flat(to_plain(before)), flat(to_plain(after))
    return " ".join(
        f"--{name.rpartition('.')[2].replace('_', '-')} {value}"
        for name, value in second.items()
        if first.get(name) != value
    )


@dataclasses.dataclass(frozen=True)
class Moved:
    """Where a run's data are now, if they are not where they were when it began."""

    folder: Path | None = None
    """Where the run's folder of images is now."""
    folder_a: Path | None = None
    """Where the folder of side a is now."""
    folder_b: Path | None = None
    """Where the folder of side b is now."""
    data_dir: Path | None = None
    """Where data sets are kept now."""

    def apply(self, experiment: E) -> E:
        """The experiment with its data elsewhere.

        Raises:
            ValueError: where the experiment does not read data from such a place.
        """
        for field in dataclasses.fields(self):
            place = getattr(self, field.name)
            if place is None:
                continue
            moved = _with_place(experiment, field.name, to_path(place).absolute())
            if moved is experiment:
                flag = f"--{field.name.replace('_', '-')}"
                raise ValueError(f"the run has no {field.name} that could move: leave {flag} out")
            experiment = moved
        return experiment


UNMOVED = Moved()
"""The data are where they were."""


def with_absolute_paths(experiment: E) -> E:
    """The experiment with paths that mean the same from every folder."""
    return _replaced(
        experiment, lambda _, value: value.absolute() if isinstance(value, Path) else value
    )


def _with_place(experiment: E, name: str, place: Path) -> E:
    """The experiment with another path wherever it has one under this name."""
    return _replaced(
        experiment,
        lambda field, value: (
            place if field == name and (isinstance(value, Path) or name == "data_dir") else value
        ),
    )


def _replaced(value: E, change: Callable[[str, Any], Any]) -> E:
    """A dataclass of plain values, changed field by field; itself where nothing changes."""
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    changes = {}
    for field in dataclasses.fields(value):
        before = getattr(value, field.name)
        if dataclasses.is_dataclass(before) and not isinstance(before, type):
            after = _replaced(before, change)
        else:
            after = change(field.name, before)
        if after is not before:
            changes[field.name] = after
    return dataclasses.replace(value, **changes) if changes else value


def flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by their paths, as in `images.channels`."""
    found: dict[str, Any] = {}
    for name, value in plain.items():
        path = f"{prefix}{name}"
        found |= flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def _lost(values: Mapping[str, Any], kept: Mapping[str, Any], prefix: str = "") -> str | None:
    """The first value that is not kept as it is; `kept` may have more fields."""
    for name, value in values.items():
        other = kept.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            lost = _lost(value, other, f"{prefix}{name}.")
            if lost is not None:
                return lost
        elif (
            name not in kept or value != other or isinstance(value, bool) != isinstance(other, bool)
        ):
            return f"{prefix}{name} = {value!r}"
    return None


def _flag(experiment: Any, detail: Any) -> str:
    """Of the field that is wrong; those of a dataclass in another have no prefix."""
    name = ""
    for part in detail["loc"]:  # behind the fields come places in tuples, and kinds of values
        if not dataclasses.is_dataclass(experiment):
            break
        name, experiment = part, getattr(experiment, part)
    return f"--{name.replace('_', '-')}"


def _sentence(detail: Any) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    wish = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{field} = {detail['input']!r} will not do: it should be {wish}"
