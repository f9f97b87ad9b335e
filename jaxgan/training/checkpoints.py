"""States on disk, by Orbax: saved while training goes on, whole or not there."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import jax
import numpy as np
import orbax.checkpoint as ocp

from jaxgan.training.digests import digest, places
from jaxgan.training.run import Run, RunError


class Checkpoints:
    """The checkpoints of a run.

    A checkpoint goes to a temporary folder and gets its name when it is whole, so that a run that
    is killed meanwhile loses nothing older. The digest of each is written before it; a checkpoint
    that does not have its digest is not believed.
    """

    def __init__(self, run: Run, *, keep: int) -> None:
        self._run = run
        self._manager = ocp.CheckpointManager(
            run.checkpoints.absolute(), options=ocp.CheckpointManagerOptions(max_to_keep=keep)
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
        self, shapes: Any, sharding: jax.sharding.Sharding, *, say: Callable[[str], None]
    ) -> tuple[int, Any] | None:
        """The newest state that is whole, and the number of rounds it has seen.

        Args:
            shapes: the state's tree of `jax.ShapeDtypeStruct`.
            sharding: where every array goes.
            say: is told of each checkpoint that is passed over, and why.

        Returns:
            None where no whole checkpoint is there.

        Raises:
            RunError: where the run's states hold other arrays than the game's; none is touched.
        """
        expected = {line["step"]: line["leaves"] for line in self._run.digests()}
        for leaves in expected.values():
            self._refuse_others(leaves.keys() ^ set(places(shapes)), leaves)
        target = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), shapes
        )
        for step in sorted(self._manager.all_steps(), reverse=True):
            try:
                state = self._read(step, target)
            except Exception as error:  # Orbax raises as many kinds as there are ways to be cut
                say(f"the checkpoint of step {step} cannot be read ({_first_line(error)})")
                continue
            if digest(state) == expected.get(step):
                return step, state
            say(f"the checkpoint of step {step} is not what was saved: its digest differs")
        return None

    def _refuse_others(self, others: set[str], saved: dict[str, str]) -> None:
        if others:
            one = min(others)
            side = "the run's" if one in saved else "the game's"
            revision = self._run.manifest["environment"]["revision"]
            raise RunError(
                f"the states of {self._run.directory} are those of another jaxgan: {one} is in "
                f"{side} alone; go on with the version that made it (revision {revision}), or "
                "train a new run"
            )

    def discard_after(self, step: int) -> None:
        """Delete the checkpoints after a step: those that `restore` has passed over."""
        for later in self._manager.all_steps():
            if later > step:
                self._manager.delete(later)

    def _read(self, step: int, target: Any) -> Any:
        # What Orbax logs of a damaged checkpoint is said in one sentence by `restore`.
        logging.disable(logging.ERROR)
        try:
            return self._manager.restore(step, args=ocp.args.StandardRestore(target))
        finally:
            logging.disable(logging.NOTSET)


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
