"""States on disk, by Orbax: saved while training goes on, whole or not there."""

import errno
import re
import shutil
from collections.abc import Callable, Collection
from typing import Any, Self

import jax
import orbax.checkpoint as ocp

from jaxgan.training.belonging import refuse_others
from jaxgan.training.digests import by_place, digest, places
from jaxgan.training.errors import RunError
from jaxgan.training.failures import Quiet, error_code, reason
from jaxgan.training.run import Run

_LEAVES = "leaves"
"""The name of the digest among a checkpoint's metadata."""

_FAILURES = (OSError, ValueError, RuntimeError)
"""What Orbax and TensorStore raise where a file cannot be written."""


class Checkpoints:
    """The checkpoints of a run.

    A checkpoint goes to a temporary folder and gets its name when it is whole, so that a run that
    is killed meanwhile loses nothing older. Its state's digest is in it, and in the run's
    digests.jsonl too; a checkpoint that has neither of these digests is not believed.

    To be used as a context, which waits for what is being saved. No exception may be raised in
    the middle of `save` by a handler of signals: Orbax's threads would be left half-way.
    """

    def __init__(
        self,
        run: Run,
        *,
        keep: int | None = None,
        keep_every: int | None = None,
        best: bool = False,
    ) -> None:
        """Open the folder.

        Args:
            run: whose checkpoints.
            keep: how many stay on disk, the newest ones; where None, they are only read, and
                nothing is written, not even the folder.
            keep_every: those of its multiples stay too; none where None.
            best: whether it is the folder of the best state, which was evaluated.

        Raises:
            RunError: where the folder is none.
        """
        self._run = run
        self._folder = run.best if best else run.checkpoints
        self._saving, self._bytes, self._failed = 0, 0, False
        self._refuse_file()
        self._quiet = Quiet()
        self._quiet.begin()
        self._options = ocp.CheckpointManagerOptions(
            max_to_keep=keep,
            keep_period=keep_every,
            create=keep is not None,
            # What a process that was killed has left half-written.
            cleanup_tmp_directories=keep is not None,
            # Where it fails in a thread, others wait for it for twenty minutes.
            async_options=ocp.AsyncOptions(create_directories_asynchronously=False),
            # Else one damaged file of metadata would hide all other checkpoints.
            lightweight_initialize=True,
        )
        self._manager = self._open()

    def _open(self) -> ocp.CheckpointManager:
        return ocp.CheckpointManager(
            self._folder.absolute(),
            options=self._options,
            item_handlers=ocp.StandardCheckpointHandler(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._manager.close()
        except _FAILURES as error:
            if kind is None:  # else this one has been told already, or comes of the other
                raise self._unwritable(error) from error
        else:
            if not self._failed:  # else its threads may speak later
                self._quiet.end()

    def save(self, step: int, state: Any, leaves: dict[str, str]) -> None:
        """Start to save the state after `step` rounds; `wait` for it.

        Args:
            step: how many rounds the state has seen.
            state: pytree of arrays.
            leaves: its `digest`, on the first process.

        Raises:
            RunError: where an earlier or this state cannot be written; older ones are whole.
        """
        self.wait()
        self._refuse_file()
        if not (self._run.directory / "manifest.json").exists():
            raise RunError(
                f"{self._run.directory} was moved or removed while the run went on, and its "
                "checkpoints with it: resume it where it is now"
            )
        self._saving, self._bytes = step, sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        try:
            self._manager.save(
                step, args=ocp.args.StandardSave(state), custom_metadata={_LEAVES: leaves}
            )
        except _FAILURES as error:
            raise self._unwritable(error) from error

    def wait(self) -> None:
        """Return when all is on disk.

        Raises:
            RunError: where a state could not be written; older ones are whole.
        """
        try:
            self._manager.wait_until_finished()
        except _FAILURES as error:
            raise self._unwritable(error) from error

    def steps(self) -> list[int]:
        """The steps of the states that are on disk, the oldest first."""
        self.wait()
        return self._on_disk()

    def _on_disk(self) -> list[int]:
        """What really is there: Orbax's own list knows of no other hand in the folder."""
        folder = self._folder
        paths = folder.iterdir() if folder.is_dir() else ()
        return sorted(
            int(path.name)
            for path in paths
            if re.fullmatch("0|[1-9][0-9]*", path.name) and path.is_dir()
        )

    def newest(self) -> int | None:
        """The step of the newest state that is on disk; None where there is none."""
        return max(self.steps(), default=None)

    def restore(
        self,
        shapes: Any,
        sharding: jax.sharding.Sharding,
        *,
        say: Callable[[str], None],
        step: int | None = None,
    ) -> tuple[int, Any] | None:
        """The newest state that is whole, or that of a step, and the number of rounds it has seen.

        Args:
            shapes: the state's tree of `jax.ShapeDtypeStruct`.
            sharding: where every array goes.
            say: is told of each checkpoint that is passed over, and why.
            step: of the state; the newest whole one where None.

        Returns:
            None where no checkpoint is there and no step was named.

        Raises:
            RunError: where none is whole, or not that of the step, or it is not there; or where the
                game's states hold other arrays than the run's. No checkpoint is touched.
        """
        steps = self.steps()
        if step is not None and step not in steps:
            raise RunError(
                f"{self._folder} has no checkpoint of step {step}: those there are of "
                f"steps {_listed(steps)}"
            )
        lines = {line["step"]: line["leaves"] for line in self._run.digests()}
        reasons, unchecked = [], []
        for each in steps[::-1] if step is None else [step]:
            try:
                state, leaves = self._take(each, shapes, sharding)
            except RunError:
                raise
            except Exception as error:  # Orbax raises as many kinds as there are ways to be cut
                self._failed = True
                reasons.append(f"that of step {each} cannot be read: {reason(error)}")
                continue
            known = [found for found in (leaves, lines.get(each)) if found]
            if digest(state) in known:
                for why in reasons:
                    say(f"a checkpoint is passed over: {why}")
                return each, state
            if known:
                reasons.append(f"that of step {each} is not what was saved: its digest differs")
            else:
                reasons.append(f"that of step {each} has no digest any more")
                unchecked.append(each)
        if unchecked:
            say(f"the checkpoint of step {unchecked[0]} is believed unchecked: its digest is lost")
            return unchecked[0], self._take(unchecked[0], shapes, sharding)[0]
        if not reasons:
            return None
        if step is not None:
            raise RunError(
                f"no state can be taken from {self._folder} ({reasons[0]}): name another "
                f"of the steps {_listed(steps)}"
            )
        raise RunError(
            f"no checkpoint in {self._folder} is whole ({reasons[0]}): look at the "
            "disk; to play the run again from its seed, move that folder away and resume"
        )

    def _take(
        self, step: int, shapes: Any, sharding: jax.sharding.Sharding
    ) -> tuple[Any, dict[str, str] | None]:
        """A state and the digest that stands beside it, which older versions did not write."""
        metadata: Any = self._manager.metadata(step)
        # The tree is one of Orbax's own containers.
        saved = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding),
            metadata.item_metadata.tree,
        )
        refuse_others(self._run, saved, shapes)
        state = self._manager.restore(step, args=ocp.args.StandardRestore(saved))
        leaves = by_place(state)
        state = jax.tree.unflatten(jax.tree.structure(shapes), [leaves[p] for p in places(shapes)])
        return state, (metadata.custom_metadata or {}).get(_LEAVES)

    def set_aside_after(self, step: int) -> list[str]:
        """Move the checkpoints after a step, which `restore` has passed over, out of the way.

        They go to the folder `damaged` of the run: nothing is deleted.

        Returns:
            A sentence about each, for a person.
        """
        later = [other for other in self.steps() if other > step]
        if not later:
            return []
        folder, notes = self._run.directory / "damaged", []
        for other in later:
            target, number = folder / f"checkpoint_{other}", 1
            while target.exists():
                target, number = folder / f"checkpoint_{other}_{number}", number + 1
            if jax.process_index() == 0:
                folder.mkdir(exist_ok=True)
                (self._folder / str(other)).rename(target)
            notes.append(f"the checkpoint of step {other} was moved to {target}")
        if jax.process_count() > 1:
            from jax.experimental.multihost_utils import sync_global_devices

            sync_global_devices("checkpoints were set aside")
        self._manager.close()
        self._manager = self._open()
        return notes

    def keep_only(self, steps: Collection[int]) -> None:
        """Remove the checkpoints of all other steps; one that cannot be removed stays."""
        self.wait()
        if jax.process_index() == 0:
            for step in set(self._on_disk()) - set(steps):
                shutil.rmtree(self._folder / str(step), ignore_errors=True)

    def _refuse_file(self) -> None:
        folder = self._folder
        if folder.exists() and not folder.is_dir():
            raise RunError(
                f"{folder} is a file, and should be the folder of the checkpoints: put that folder "
                "back, or move the file away to play the run again from its seed"
            )

    def _unwritable(self, error: Exception) -> RunError:
        folder = self._folder
        older = [step for step in self._on_disk() if step != self._saving]
        kept = f"that of step {max(older)} is whole" if older else "no other is there"
        advice = "mend that"
        if error_code(error) in (errno.ENOSPC, errno.EDQUOT):
            advice = f"make room (it needs about {max(self._bytes // 10**6, 1)} MB)"
        return RunError(
            f"the checkpoint of step {self._saving} could not be written to {folder} "
            f"({reason(error)}); {kept}: {advice} and resume the run"
        )


def _listed(steps: list[int]) -> str:
    return ", ".join(map(str, steps)) or "none"
