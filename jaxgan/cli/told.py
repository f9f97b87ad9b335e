"""What files tell of an experiment's configuration, beside what a person gave."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jaxgan.training import Experiment, Imported, RunError, flat, from_plain, to_plain
from jaxgan.weights import short_name

Kind = TypeVar("Kind", bound=Experiment)


def configured(experiment: Kind, options: Mapping[str, Any], path: Path) -> Kind:
    """The experiment with the values that a file tells, by their fields' paths."""
    plain = to_plain(experiment)
    for field, value in options.items():
        *groups, last = field.split(".")
        place = plain
        for group in groups:
            place = place[group]
        place[last] = value
    try:
        return from_plain(type(experiment), plain)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def say_usual(told: Imported, options: Mapping[str, Any], path: Path) -> None:
    """Print what the file leaves open, and what is taken."""
    for field in told.usual:
        if field in options:
            print(
                f"{path} does not tell {_flag(field)}: {options[field]} is taken, "
                f"{_flag(field)} gives another"
            )


def say_changes(asked: Experiment, found: Experiment) -> None:
    """Print which flags would have made of the one configuration the other."""
    changed = [_setting(field, value) for field, value in _changes(asked, found).items()]
    if changed:
        print(f"so as if these had been given: {' '.join(changed)}")


def options_of(told: Imported, named: Collection[str]) -> dict[str, Any]:
    """What a file tells, and what is usual where nobody says otherwise."""
    usual = {field: value for field, value in told.usual.items() if last_of(field) not in named}
    return usual | dict(told.options)


def check_named(asked: Experiment, found: Experiment, named: Collection[str]) -> None:
    """Refuse what a person gave and the files contradict."""
    given = flat(to_plain(asked))
    for field, value in _changes(asked, found).items():
        if last_of(field) in named:
            asked_for = _setting(field, given[field])
            needed, flag = _word(value), _flag(field)
            if isinstance(value, bool):
                needed, flag = _setting(field, value), asked_for
            raise RunError(
                f"{asked_for} contradicts the files, which need {needed}: leave {flag} out"
            )


def _changes(asked: Experiment, found: Experiment) -> dict[str, Any]:
    """By their paths, the values that are others than those that were asked for."""
    before, after = flat(to_plain(asked)), flat(to_plain(found))
    return {field: value for field, value in after.items() if before[field] != value}


def last_of(field: str) -> str:
    """A field's own name, without those of the groups that it is in."""
    return field.rpartition(".")[2]


def _setting(field: str, value: Any) -> str:
    """A field with its value, as the command line takes them: `--no-noise` where it is False."""
    if isinstance(value, bool):
        return _flag(field) if value else _flag(f"no_{last_of(field)}")
    return f"{_flag(field)} {_word(value)}"


def _word(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _flag(field: str) -> str:
    """A field as the command line has it."""
    return f"--{last_of(field).replace('_', '-')}"


def source_of(path: Path, part: str) -> str:
    """A file and its digest, for the manifest."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return f"{path.name} {f'({short_name(part)}) ' if part else ''}sha256:{digest}"
