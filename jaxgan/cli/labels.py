"""The labels that images are made to, as words name them: 7, or glasses=round,beard=no."""

from typing import Any, TypeAlias

import jax
import numpy as np

from jaxgan.cli.conditions import read_condition
from jaxgan.cli.runs import class_names, classes_of
from jaxgan.data import labels_by_attribute
from jaxgan.recipes import check_vector
from jaxgan.training import Experiment, Run, RunError

Label: TypeAlias = int | tuple[int, ...]
"""The number of a class, or of a label of each attribute."""


def label_names(run: Run, experiment: Experiment) -> list[str] | dict[str, list[str]]:
    """The names of a run's labels; of several attributes, those of each.

    Raises:
        RunError: where there are none.
    """
    names = class_names(run, experiment)
    return labels_by_attribute(names) if isinstance(classes_of(experiment), tuple) else names


def named_label(run: Run, experiment: Experiment, words: str) -> Label:
    """The label that words name.

    Of several attributes they are ATTRIBUTE=LABEL, apart by commas, or a number of each; an
    attribute that nobody named has the label of the first sample.

    Raises:
        RunError: where there is no such label; says which there are.
        ValueError: where there is another number of numbers, or one of no label.
    """
    classes = classes_of(experiment)
    if classes is None:
        raise RunError("this GAN is not conditional: leave --label out")
    names = class_names(run, experiment)
    if isinstance(classes, int):
        return _class(names, words)
    known = labels_by_attribute(names)
    parts = [part.strip() for part in words.split(",")]
    if not all(parts):
        raise RunError(
            f"--label '{words}' has an empty part: give labels apart by commas, as in "
            f"{','.join(f'{name}={labels[0]}' for name, labels in known.items())}"
        )
    numeric = [part.removeprefix("-").isdecimal() for part in parts]
    if all(numeric):
        numbers = tuple(map(int, parts))
        counts = tuple(len(labels) for labels in known.values())
        check_vector(numbers, counts, flag="--label")
        return numbers
    if any(numeric):
        raise RunError(
            f"--label {words} mixes numbers and names: give a number for each of "
            f"{', '.join(known)}, or ATTRIBUTE=LABEL for those that matter"
        )
    vector = np.asarray(experiment.inputs(jax.random.key(0), 1)["label"])[0].tolist()
    named: set[str] = set()
    for part in parts:
        attribute, labels = read_condition(part, "--label", known)
        if attribute in named:
            raise RunError(f"--label {words} names {attribute} twice: name each attribute once")
        named.add(attribute)
        vector[list(known).index(attribute)] = labels[0]
    return tuple(vector)


def repeated(label: Label, count: int) -> np.ndarray:
    """One label of so many images: `[N]` or `[N, A]` int32."""
    return np.repeat(np.array([label], np.int32), count, axis=0)


def label_text(label: Label) -> str:
    """A label in the name of a file: 7, or 0-2-5-1."""
    return str(label) if isinstance(label, int) else "-".join(map(str, label))


def turn_of(experiment: Any) -> np.ndarray:
    """The labels that samples have in turn, `[N]` or `[N, A]` int32; zeros where they have none."""
    classes = classes_of(experiment)
    if isinstance(classes, tuple):
        vectors = np.asarray(experiment.inputs(jax.random.key(0), 10)["label"])
        return vectors[np.sort(np.unique(vectors, axis=0, return_index=True)[1])]
    return np.arange(classes or 1, dtype=np.int32)


def _class(names: list[str], label: str) -> int:
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    shown = ", ".join(f"{number} ({name})" for number, name in enumerate(names[:20]))
    more = f", ... {len(names) - 1} ({names[-1]})" if len(names) > 20 else ""
    raise RunError(f"--label must be one of the run's {len(names)}: {shown}{more}; not {label}")
