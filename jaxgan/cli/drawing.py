"""What a trained generator makes, a training batch at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from jaxgan.cli.runs import batch_size_of, classes_of
from jaxgan.cli.truncation import check_styled, truncated
from jaxgan.training import (
    Experiment,
    Generate,
    Generates,
    Run,
    RunError,
    compile_play,
    generate_chunks,
    to_bytes,
)

_PART = 500
"""How many samples are drawn at once."""


def generator_of(run: Run, experiment: Experiment, state: Any) -> Generate:
    """What the trained generator makes of any count of inputs, a training batch at a time."""
    jitted, size = compile_play(jax.jit, experiment.game().generate), batch_size_of(run)

    def generate(key: jax.Array, inputs: Mapping[str, jax.Array | np.ndarray]) -> Any:
        chunks = generate_chunks(jitted, key, state, inputs, size=size)
        return jax.tree.map(lambda *parts: np.concatenate(parts), *chunks)

    return generate


class Drawn:
    """The samples of an evaluation, as bytes, a part at a time; each time the same."""

    def __init__(
        self,
        experiment: Generates,
        state: Any,
        generate: Generate,
        key: jax.Array,
        *,
        count: int,
        truncation: float | None = None,
    ) -> None:
        inputs: Mapping[str, Any] = experiment.inputs(key, count)
        if isinstance(classes_of(experiment), tuple):  # in turn, most would have nothing unusual
            inputs = {**inputs, "label": _labels_of_pictures(experiment, count)}
        label = inputs.get("label")
        self.labels = None if label is None or label.ndim > 1 else np.asarray(label)
        if truncation is not None:
            inputs = truncated(check_styled(experiment), state, inputs, truncation, None)
        self._inputs, self._generate, self._key = inputs, generate, key
        self._count = count

    def __len__(self) -> int:
        return -(-self._count // _PART)

    def __iter__(self) -> Iterator[np.ndarray]:
        for number, start in enumerate(range(0, self._count, _PART)):
            part = {name: x[start : start + _PART] for name, x in self._inputs.items()}
            made = self._generate(jax.random.fold_in(self._key, number), part)
            if not np.isfinite(made).all():
                raise RunError(
                    "the generator makes pictures that are not finite: evaluate another checkpoint "
                    "(--step)"
                )
            yield to_bytes(made)


def _labels_of_pictures(experiment: Generates, count: int) -> np.ndarray:
    """The vectors of labels of the first of the run's own pictures, `[N, A]`, again and again."""
    source = experiment.images.source()
    return source.read(np.arange(count) % len(source))["label"]
