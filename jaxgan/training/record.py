"""What a run writes for people: metrics, events, pictures, progress."""

from pathlib import Path
from typing import Any, Self

import jax
import numpy as np

from jaxgan.games.game import Info, stream
from jaxgan.training.digests import digest
from jaxgan.training.experiment import Draws, Experiment
from jaxgan.training.pictures import animate, grid, save_picture
from jaxgan.training.placement import Placed
from jaxgan.training.progress import Silence, progress
from jaxgan.training.run import Run

SAMPLES = 100
"""How many fixed inputs the pictures of a run show: ten rows of ten, one label a column."""


class Record:
    """Writes a run down. Every process keeps one; only the first of them writes."""

    def __init__(
        self, run: Run, experiment: Experiment, placed: Placed, key: jax.Array, start: int, end: int
    ) -> None:
        from tensorboardX import SummaryWriter

        self._run = run
        self._experiment = experiment
        self._placed = placed
        self._key_sample = stream(key, "sample")
        inputs = experiment.inputs(stream(key, "inputs"), SAMPLES)
        self._inputs = jax.tree.map(np.asarray, inputs)
        self._first = jax.process_index() == 0
        self._progress = progress(start, end, run.metrics()) if self._first else Silence()
        if self._first:
            run.rewind(start)
            self._events = SummaryWriter(str(run.events), purge_step=start)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.__exit__(*error)
        if self._first:
            self._events.close()

    def say(self, text: str) -> None:
        """Tell a person a sentence."""
        self._progress.say(text)

    def show(self, step: int, info: Info, *, line: bool) -> None:
        """Tell a person how far the run is; write a line of metrics where one is due."""
        terms = {name: float(value) for name, value in info.items()}
        rate = self._progress.show(step, terms, line=line)
        if line and self._first:
            self._run.add_metrics({"step": step, "steps_per_second": rate, "terms": terms})
            for name, value in terms.items():
                self._events.add_scalar(name, value, step)

    def digest(self, step: int, state: Any) -> None:
        """Write the digest of a state."""
        if self._first:
            self._run.add_digest({"step": step, "leaves": digest(state)})

    def sample(self, step: int, state: Any) -> None:
        """Draw the fixed samples."""
        made = np.asarray(self._placed.generate(self._key_sample, state, self._inputs))
        if self._first:
            experiment = self._experiment
            sheet = experiment.draw(state, made) if isinstance(experiment, Draws) else grid(made)
            save_picture(sheet, self._run.samples / f"step_{step:07}.png")
            self._progress.sample(sheet)
            self._events.add_image("samples", np.asarray(sheet.convert("RGB")), step, None, "HWC")

    def finish(self) -> None:
        """Animate the samples, and say where all is."""
        if self._first:
            frames = sorted(self._run.samples.glob("step_*.png"))
            animation = self._run.samples / "training.gif"
            animate(frames, animation)
            self.say(f"the run is in {self._run.directory}")
            self.say(f"samples: {_shown(frames[-1])}")
            self.say(f"through training: {_shown(animation)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
