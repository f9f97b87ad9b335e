"""`python experiments/NAME.py VERB`: the verbs that an experiment can do."""

import dataclasses
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import jax
import tyro

from jaxgan.cli.command import PATHS
from jaxgan.cli.devices import device_trouble, first_line, prepare_jax
from jaxgan.cli.imports import import_run
from jaxgan.cli.translate import translate_run
from jaxgan.cli.verbs import evaluate_run, reproduce_run, resume_run, sample_run, train_run
from jaxgan.training import (
    Evaluates,
    Experiment,
    Imports,
    Interrupted,
    RunError,
    Translates,
    experiment_name,
)

INTERRUPTED = 75
"""Exit code of a run that a signal stopped and that can be resumed (EX_TEMPFAIL)."""
REFUSED = 2
"""Exit code where something has to be mended by a person first."""

Preset: TypeAlias = Literal["small", "paper"]
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


def main(
    paper: Experiment, *, small: Experiment | None = None, arguments: Sequence[str] | None = None
) -> None:
    """The command line of an experiment. Ends the process with its exit code.

    Args:
        paper: the experiment as its paper has it.
        small: the same for two CPU cores and minutes, on data that ships; the default. Where None,
            there is one preset, and no flag to choose it.
        arguments: the words after the script's name; those of the process where None.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    prepare_jax()
    presets = {"paper": paper} if small is None else {"small": small, "paper": paper}
    try:
        code = _run_verb(presets, arguments)
    except Interrupted as stop:
        print(stop, flush=True)
        code = INTERRUPTED
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None or "JAXGAN_TRACEBACK" in os.environ:
            raise
        print(f"error: {sentence}", file=sys.stderr, flush=True)
        code = REFUSED
    sys.exit(code)


def _sentence(error: Exception) -> str | None:
    """What to tell a person; None where the fault is the program's."""
    if isinstance(error, (RunError, ValueError, OSError)):
        return str(error)
    return device_trouble(error)


def _run_verb(presets: dict[str, Experiment], arguments: list[str]) -> int:
    default = presets.get(_preset(arguments)) or presets["paper"]
    kind: Any = type(default)
    name = experiment_name(kind)
    preset_flag: Any = Preset if len(presets) > 1 else tyro.conf.Suppress[Preset]

    def train(
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        *,
        preset: preset_flag = "small",
        directory: Path | None = None,
        seed: int = 0,
        devices: int | None = None,
    ) -> int:
        """Train from the beginning; every field of the configuration is a flag.

        Args:
            experiment: What is trained.
            processes: Who trains.
            preset: small: data that ships, two CPU cores, minutes. paper: the paper's data and
                schedule. The defaults of all other flags are the preset's.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
            seed: Of the run's one key: the same seed gives the same run.
            devices: How many devices share each batch; all where none is said.
        """
        del preset  # it has chosen the defaults
        if processes.distributed and directory is None:
            raise RunError("a run of several processes needs --directory, one that all of them see")
        processes.join()
        return train_run(experiment, name, directory=directory, seed=seed, devices=devices)

    def resume(
        directory: Directory,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
    ) -> int:
        """Go on with a run from its newest whole checkpoint.

        Args:
            directory: The run's.
            processes: Who trains.
        """
        processes.join()
        return resume_run(directory, kind, name)

    def sample(
        directory: Directory,
        *,
        count: int = 100,
        label: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Draw pictures from a run's newest checkpoint.

        Args:
            directory: The run's.
            count: How many pictures.
            label: Of all the pictures, in a run of a conditional GAN.
            seed: Of the latents: the same seed gives the same pictures, however many.
            output: A new folder for them; DIRECTORY/generated/seed_SEED where none is named, or
                seed_SEED_label_LABEL.
        """
        return sample_run(directory, kind, name, count=count, label=label, seed=seed, output=output)

    def evaluate(directory: Directory, *, seed: int = 0) -> int:
        """Say in figures how good a run's newest checkpoint is; DIRECTORY/evaluation.json.

        Args:
            directory: The run's.
            seed: Of the samples: the same seed gives the same figures.
        """
        return evaluate_run(directory, kind, name, seed=seed)

    def reproduce(directory: Directory, *, output: Path | None = None) -> int:
        """Repeat a run from its manifest and compare the two, checkpoint by checkpoint.

        Args:
            directory: The run's.
            output: A new directory for the repetition; DIRECTORY-reproduced where none is named.
        """
        return reproduce_run(directory, kind, name, output=output)

    def translate(
        directory: Directory,
        pictures: Annotated[
            tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURES")
        ],
        *,
        output: Path,
        side: str | None = None,
        image_size: int | None = None,
        batch_size: int = 8,
        seed: int = 0,
    ) -> int:
        """Translate pictures with a run's newest checkpoint; one PNG each, and sheet.png.

        Args:
            directory: The run's.
            pictures: Files, folders with all that is in them, or quoted patterns, as in "a/**/*".
            output: A new folder for the translations, which keep the names of their sources.
            side: What the pictures are, as a or b; the first that the run translates from where
                none is named.
            image_size: Pixels on a side: the largest square in the centre of each picture is
                resized. Where none is named, pictures stay as large as they are.
            batch_size: How many pictures of one size are translated at once.
            seed: Of the generator's own noise, where it has any.
        """
        return translate_run(
            *(directory, kind, name),
            pictures=pictures,
            output=output,
            side=side,
            image_size=image_size,
            batch_size=batch_size,
            seed=seed,
        )

    def import_(
        file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        *,
        preset: preset_flag = "small",
        directory: Path | None = None,
        other: tuple[Path, ...] = (),
    ) -> int:
        """Make a run of a generator that PyTorch has trained; then translate with it.

        Args:
            file: A state_dict that torch.save wrote: the generator from a to b.
            experiment: What the generator belongs to.
            preset: The defaults of all other flags, as of train.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
            other: The file of the generator from b to a, where the experiment has one.
        """
        del preset  # it has chosen the defaults
        return import_run(experiment, name, file=file, other=other, directory=directory)

    verbs: dict[str, Any] = {"train": train, "resume": resume, "sample": sample}
    if isinstance(default, Evaluates):
        verbs["evaluate"] = evaluate
    verbs["reproduce"] = reproduce
    if isinstance(default, Translates):
        verbs["translate"] = translate
    if isinstance(default, Imports):
        verbs["import"] = import_
    return tyro.extras.subcommand_cli_from_dict(
        verbs,
        args=arguments,
        prog=f"{name}.py",
        description=_examples_apart(sys.modules[kind.__module__].__doc__ or ""),
        config=(tyro.conf.OmitArgPrefixes,),
        registry=PATHS,
    )


def _examples_apart(text: str) -> str:
    """The text with its commands indented: of lines that are not, tyro makes paragraphs."""
    return re.sub("^python ", "  python ", text, flags=re.MULTILINE)


def _preset(arguments: list[str]) -> Preset:
    """The preset that the arguments name: it has to be known before the defaults are shown."""
    for index, word in enumerate(arguments):
        value = word.removeprefix("--preset=") if word.startswith("--preset=") else None
        if word == "--preset" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value == "paper":
            return "paper"
    return "small"
