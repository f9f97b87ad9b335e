"""What a run writes for people: metrics, events, pictures, progress."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import jax
import numpy as np

from jaxgan.games.game import Info, stream
from jaxgan.training.digests import digest
from jaxgan.training.errors import RunError
from jaxgan.training.events import Events
from jaxgan.training.experiment import Draws, Experiment, Shows
from jaxgan.training.generating import generate_chunks
from jaxgan.training.loggers import Logger, Loggers
from jaxgan.training.pictures import Picture, animate, class_grid, grid, save_picture
from jaxgan.training.placement import Placed
from jaxgan.training.progress import Progress, Silence, progress
from jaxgan.training.run import Run
from jaxgan.training.watching import Watch

SAMPLES = 100
"""How many fixed inputs the pictures of a run show: ten rows of ten, one label a column."""


class Record:
    """Writes a run down. Every process keeps one; only the first of them writes.

    Nothing that is written for people can stop a run: what cannot be written is given up, which is
    said once, and tried again when the next of its kind is due.
    """

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        placed: Placed,
        key: jax.Array,
        start: int,
        end: int,
        *,
        batch_size: int,
        shown: Progress | None = None,
        loggers: Sequence[Logger] = (),
        watch: Watch | None = None,
        best: int | None = None,
    ) -> None:
        """Forget what was written after step `start`.

        Args:
            run: what is played.
            experiment: of the run.
            placed: its game.
            key: the run's.
            start: the step that the run goes on from.
            end: the step that it goes on to.
            batch_size: of training: the fixed samples are made so many at a time.
            shown: tells a person of the run; a display of its own where None.
            loggers: beside TensorBoard's events.
            watch: measures the generator where an evaluation is due.
            best: the step of the best state that is kept; None where there is none.
        """
        self._run = run
        self._experiment = experiment
        self._placed = placed
        self._key_sample = stream(key, "sample")
        inputs_of = experiment.shown if isinstance(experiment, Shows) else experiment.inputs
        inputs = inputs_of(stream(key, "inputs"), SAMPLES)
        self._inputs = jax.tree.map(np.asarray, inputs)
        self._batch_size = batch_size
        self._first = jax.process_index() == 0
        self._logs = Loggers(
            [Events(), *loggers] if self._first else [],
            run,
            start=start,
            written=max((line["step"] for line in run.metrics()), default=0),
            say=self.say,
        )
        self._given_up: set[str] = set()
        self._wrote = False
        self._notes = run.rewind(start) if self._first else []
        self._watch = watch
        # What is not kept was not the best, and what no line tells of gives way to the next.
        ranks = (line.get("rank") for line in run.evaluations() if line["step"] == best)
        self._least = next((rank for rank in ranks if rank is not None), np.inf)
        self._progress = Silence()
        if self._first:
            self._progress = shown or progress(start, end, run.metrics())
        if start < end:  # now: a person may be asked for something before there is a display
            self._logs.begin()

    def __enter__(self) -> Self:
        self._progress.__enter__()
        for note in self._notes:
            self.say(note)
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.__exit__(*error)
        self._logs.finish(complete=error[0] is None)

    def say(self, text: str) -> None:
        """Tell a person a sentence."""
        self._progress.say(text)

    def show(self, step: int, info: Info, *, line: bool) -> None:
        """Tell a person how far the run is; write a line of metrics where one is due."""
        terms = {name: float(value) for name, value in info.items()}
        rate = self._progress.show(step, terms, line=line)
        if line and self._first:
            metrics = {"step": step, "steps_per_second": rate, "terms": terms}
            self._try("metrics", partial(self._run.add_metrics, metrics))
            self._logs.add_terms(step, terms)

    def digest(self, step: int, state: Any) -> dict[str, str]:
        """Write the digest of a state, and give it; only the first process does.

        The checkpoint of the state holds it too, so that a run may go on where it cannot be
        written here.
        """
        if not self._first:
            return {}
        leaves = digest(state)
        self._try("digests", partial(self._run.add_digest, {"step": step, "leaves": leaves}))
        return leaves

    def evaluate(self, step: int, state: Any) -> bool:
        """Measure the generator of a state; whether it is the best so far."""
        if self._watch is None:
            return False

        def generate(key: jax.Array, inputs: Mapping[str, Any]) -> Any:
            chunks = generate_chunks(
                self._placed.generate, key, state, inputs, size=self._batch_size
            )
            return jax.tree.map(lambda *parts: np.concatenate(parts), *chunks)

        try:
            figures, rank = self._watch(generate)
        except (RunError, ValueError, OSError) as error:
            self.say(f"step {step} could not be evaluated: {error}")
            return False
        rank = rank if rank is not None and np.isfinite(rank) else None
        best = rank is not None and rank < self._least
        self._least = rank if rank is not None and best else self._least
        if self._first:
            finite = {name: x if np.isfinite(x) else None for name, x in figures.items()}
            line = {"step": step, "figures": finite, "rank": rank}
            self._try("evaluations", partial(self._run.add_evaluation, line))
            self._logs.add_terms(step, {f"evaluation/{name}": x for name, x in figures.items()})
            told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            self.say(f"step {step}: {told}{'; the best so far' if best else ''}")
        return best

    def sample(self, step: int, state: Any) -> None:
        """Draw the fixed samples."""
        chunks = generate_chunks(
            *(self._placed.generate, self._key_sample, state, self._inputs), size=self._batch_size
        )
        made = jax.tree.map(lambda *parts: np.concatenate(parts), *chunks)
        if self._first:
            experiment = self._experiment
            classes = self._run.manifest.get("classes", [])
            if isinstance(experiment, Draws):
                sheet = experiment.draw(state, made)
            elif classes and "label" in self._inputs:
                sheet = class_grid(made, self._inputs["label"], classes)
            else:
                sheet = grid(made)
            self._try("pictures", partial(self._save, sheet, f"step_{step:07}.png"))
            self._logs.add_picture(step, sheet)
            self._progress.sample(sheet)

    def finish(self) -> None:
        """Animate the samples where there are new ones, and say where all is."""
        if not self._first:
            return
        frames = list(self._run.pictures().values())
        animation = self._run.samples / "training.gif"
        if frames and (self._wrote or not animation.exists()):
            self._animate(frames, animation)
        self.say(f"the run is in {self._run.directory}")
        if frames:
            self.say(f"samples: {_shown(frames[-1])}")
        if animation.exists():
            self.say(f"through training: {_shown(animation)}")

    def _save(self, sheet: Picture, name: str) -> None:
        self._wrote = True
        # Not its parents: a run that has been moved meanwhile is not begun again where it was.
        self._run.samples.mkdir(exist_ok=True)
        save_picture(sheet, self._run.samples / name)

    def _animate(self, frames: list[Path], animation: Path) -> None:
        try:
            passed_over = animate(frames, animation)
        except OSError as error:
            self.say(f"the animation could not be written to {animation} ({error.strerror})")
            return
        if passed_over:
            names = ", ".join(path.name for path in passed_over[:3])
            more = f" and {len(passed_over) - 3} more" if len(passed_over) > 3 else ""
            self.say(
                f"not in the animation, for they are damaged or of another size: {names}{more}"
            )

    def _try(self, what: str, write: Callable[[], None]) -> None:
        """Write something for people, or go on without it."""
        try:
            write()
        except OSError as error:
            if what not in self._given_up:
                self._given_up.add(what)
                self.say(
                    f"{what} could not be written to {error.filename or self._run.directory} "
                    f"({error.strerror or error}): training goes on, and they are written again "
                    "when there is room"
                )
        else:
            if what in self._given_up:
                self._given_up.remove(what)
                self.say(f"{what} are written again")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
