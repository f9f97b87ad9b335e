"""States on disk, by Orbax: saved while training goes on, whole or not there."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import jax
import numpy as np
import orbax.checkpoint as ocp

from jaxgan.training.digests import digest, places
from jaxgan.training.errors import RunError
from jaxgan.training.run import Run


class Checkpoints:
    """The checkpoints of a run.

    A checkpoint goes to a temporary folder and gets its name when it is whole, so that a run that
    is killed meanwhile loses nothing older. The digest of each is written before it; a checkpoint
    that does not have its digest is not believed.
    """

    def __init__(self, run: Run, *, keep: int) -> None:
        self._run = run
        self._manager = ocp.CheckpointManager(
            run.checkpoints.absolute(),
            options=ocp.CheckpointManagerOptions(max_to_keep=keep),
            item_handlers=ocp.StandardCheckpointHandler(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._manager.close()

    def save(self, step: int, state: Any) -> None:
        """Start to save the state after `step` rounds; `wait` for it.

        Raises:
            RunError: where an earlier or this state cannot be written.
        """
        try:
            self._manager.save(step, args=ocp.args.StandardSave(state))
        except (OSError, ValueError) as error:
            raise _unwritable(self._run.checkpoints, step, error) from error

    def wait(self) -> None:
        """Return when all is on disk.

        Raises:
            RunError: where a state could not be written.
        """
        try:
            self._manager.wait_until_finished()
        except (OSError, ValueError) as error:
            raise _unwritable(self._run.checkpoints, None, error) from error

    def newest(self) -> int | None:
        """The step of the newest state that is on disk; None where there is none."""
        self.wait()
        return self._manager.latest_step()

    def restore(
        self,
        shapes: Any,
        sharding: jax.sharding.Sharding,
        *,
        say: Callable[[str], None],
        step: int | None = None,
    ) -> tuple[int, Any] | None:
        """The newest state that is whole, and the number of rounds it has seen.

        Args:
            shapes: the state's tree of `jax.ShapeDtypeStruct`.
            sharding: where every array goes.
            say: is told of each checkpoint that is passed over, and why.
            step: which one; the newest that is whole where None.

        Returns:
            None where no checkpoint is there.

        Raises:
            RunError: where none is whole, or the game's states hold other arrays than the run's;
                no checkpoint is touched.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        if step is not None:
            if step not in steps:
                raise RunError(
                    f"{self._run.directory} has no checkpoint of step {step}: give one of "
                    f"{', '.join(map(str, reversed(steps)))}"
                )
            steps = [step]
        expected = {line["step"]: line["leaves"] for line in self._run.digests()}
        reasons = []
        for step in steps:
            try:
                saved = self._shapes(step)
                self._refuse_others(saved, shapes)
                state = self._read(step, saved, shapes, sharding)
            except RunError:
                raise
            except Exception as error:  # Orbax raises as many kinds as there are ways to be cut
                reasons.append(f"that of step {step} cannot be read: {_first_line(error)}")
            else:
                if digest(state) == expected.get(step):
                    for reason in reasons:
                        say(f"a checkpoint is passed over: {reason}")
                    return step, state
                reasons.append(f"that of step {step} is not what was saved: its digest differs")
        if reasons:
            raise RunError(
                f"no checkpoint in {self._run.checkpoints} is whole ({reasons[0]}): look at the "
                "disk; to play the run again from its seed, move that folder away and resume"
            )
        return None

    def _shapes(self, step: int) -> Any:
        """What a checkpoint says that it holds, as a tree of Orbax's own containers."""
        with _silent():
            return jax.tree.map(
                lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype),
                self._manager.item_metadata(step).tree,
            )

    def _refuse_others(self, saved: Any, shapes: Any) -> None:
        of_run, of_game = _by_place(saved), _by_place(shapes)
        for place in sorted(of_run | of_game):
            run, game = of_run.get(place), of_game.get(place)
            if _array(run) != _array(game):
                revision = self._run.manifest["environment"]["revision"]
                raise RunError(
                    f"the states of {self._run.directory} are those of another jaxgan: {place} is "
                    f"{_array(run)} in the run and {_array(game)} in the game; go on with the "
                    f"version that made it (revision {revision}), or train a new run"
                )

    def _read(self, step: int, saved: Any, shapes: Any, sharding: jax.sharding.Sharding) -> Any:
        target = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), saved
        )
        with _silent():
            state = self._manager.restore(step, args=ocp.args.StandardRestore(target))
        leaves = _by_place(state)
        return jax.tree.unflatten(jax.tree.structure(shapes), [leaves[p] for p in places(shapes)])

    def discard_after(self, step: int) -> None:
        """Delete the checkpoints after a step: those that `restore` has passed over."""
        for later in self._manager.all_steps():
            if later > step:
                self._manager.delete(later)


def is_finite(state: Any) -> bool:
    """Whether every number of a state on this process is finite."""
    return all(
        bool(np.isfinite(leaf).all())
        for leaf in map(np.asarray, jax.tree.leaves(state))
        if np.issubdtype(leaf.dtype, np.inexact)
    )


def _unwritable(folder: Path, step: int | None, error: Exception) -> RunError:
    what = "a checkpoint" if step is None else f"the checkpoint of step {step}"
    return RunError(
        f"{what} could not be written to {folder} ({_first_line(error)}): what was saved before is "
        "whole; make room and resume the run"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _by_place(tree: Any) -> dict[str, Any]:
    return dict(zip(places(tree), jax.tree.leaves(tree), strict=True))


def _array(leaf: Any) -> str:
    return "absent" if leaf is None else f"{leaf.dtype}{list(leaf.shape)}"


@contextmanager
def _silent() -> Iterator[None]:
    """What Orbax logs of a damaged checkpoint is said in one sentence by `restore`."""
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
