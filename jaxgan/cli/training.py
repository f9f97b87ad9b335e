"""The verbs that train, and their flags."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import jax
import tyro

from jaxgan.cli.devices import first_line
from jaxgan.cli.loggers import LogFlag, named_loggers
from jaxgan.cli.preset import PresetFlag
from jaxgan.cli.verbs import reproduce_run, resume_run, train_run, train_seeds
from jaxgan.training import UNMOVED, Experiment, Moved, Parent, Run, RunError

Directory: TypeAlias = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIRECTORY")]


@dataclasses.dataclass(frozen=True)
class Processes:
    """The processes of a run that is spread over machines; see `jax.distributed`."""

    distributed: bool = False
    """Join the other processes of this run. On Slurm, Open MPI, Kubernetes and TPU pods they find
    each other; elsewhere say where and which with the three below."""
    coordinator: str | None = None
    """Address of the first process, as in 10.0.0.1:1234."""
    processes: int | None = None
    """How many processes there are."""
    process: int | None = None
    """Which of them this one is, from 0."""

    def join(self) -> None:
        """Connect to the others, before any device is touched."""
        if self.distributed:
            try:
                jax.distributed.initialize(self.coordinator, self.processes, self.process)
            except RuntimeError as error:
                raise RunError(
                    f"this process could not join the others ({first_line(error)}): see that all "
                    "of them run, and that --coordinator, --processes and --process are right"
                ) from error


def training_verbs(
    default: Experiment, name: str, *, preset_flag: PresetFlag
) -> dict[str, Callable[..., int]]:
    """`train`, `resume` and `reproduce`.

    Args:
        default: the values of fields that have no flag.
        name: of the experiment.
        preset_flag: what `--preset` takes.
    """
    kind: Any = type(default)

    def train(
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        *,
        preset: preset_flag.kind = preset_flag.default,
        from_: Annotated[Path | None, tyro.conf.arg(name="from", metavar="DIRECTORY")] = None,
        step: int | None = None,
        directory: Path | None = None,
        seed: int | None = None,
        seeds: tuple[int, ...] | None = None,
        devices: int | None = None,
        log: LogFlag = (),
    ) -> int:
        """Train from the beginning, or from another run's state; every field is a flag.

        Args:
            experiment: What is trained.
            processes: Who trains.
            preset: small: data that ships, two CPU cores, minutes. paper: the paper's data and
                schedule. The defaults of all other flags are the preset's.
            from_: Begin with the state of this run, at the step after it. The defaults of all other
                flags are that run's; what does not fit begins anew.
            step: Of that run's checkpoint; the newest where none is said.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
            seed: Of the run's one key: the same seed gives the same run. 0, or that of the other
                run, where none is said.
            seeds: Instead of --seed, play a run of each together, as in 0 1 2 3: each is that of
                its seed to rounding, in DIRECTORY/seed-SEED.
            devices: How many devices share each batch; all where none is said.
            log: Weights & Biases or MLflow, beside the run's own files; both where given twice.
                Each seed is a run of its own there. Needs jaxgan[wandb], jaxgan[mlflow].
        """
        del preset  # it has chosen the defaults
        if processes.distributed and directory is None:
            raise RunError("a run of several processes needs --directory, one that all of them see")
        if step is not None and from_ is None:
            raise RunError("--step says which checkpoint of another run: name the run with --from")
        if seeds is not None:
            others = {
                "--seed": seed is not None,
                "--from": from_ is not None,
                "--distributed": processes.distributed,
            }
            if other := next((flag for flag, given in others.items() if given), None):
                raise RunError(
                    f"--seeds plays several new runs in one process: leave it or {other} out"
                )
            return train_seeds(
                *(experiment, name, seeds),
                directory=directory,
                devices=devices,
                loggers=[named_loggers(log) for _ in seeds],
            )
        loggers = named_loggers(log)
        processes.join()
        parent = None if from_ is None else Parent(Run.open(from_), step)
        return train_run(
            *(experiment, name),
            directory=directory,
            seed=seed,
            devices=devices,
            parent=parent,
            loggers=loggers,
        )

    def resume(
        directory: Directory,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        steps: int | None = None,
        devices: int | None = None,
        log: LogFlag = (),
    ) -> int:
        """Go on with a run from its newest whole checkpoint.

        Args:
            directory: The run's.
            processes: Who trains.
            moved: Where the data are now.
            steps: Go on to this step, beyond the run's own last: in a new run beside it, as with
                train --from DIRECTORY --steps STEPS.
            devices: How many devices share each batch; as the run began where none is said.
            log: Weights & Biases or MLflow, beside what the run is logged to already.
        """
        processes.join()
        return resume_run(
            *(directory, kind, name), moved=moved, steps=steps, devices=devices, log=log
        )

    def reproduce(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        output: Path | None = None,
    ) -> int:
        """Repeat a run from its manifest and compare the two, checkpoint by checkpoint.

        Args:
            directory: The run's.
            moved: Where the data are now.
            output: A new directory for the repetition; DIRECTORY-reproduced where none is named.
        """
        return reproduce_run(directory, kind, name, moved=moved, output=output)

    return {"train": train, "resume": resume, "reproduce": reproduce}
