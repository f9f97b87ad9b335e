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

from jaxgan.cli.fitting import Fit
from jaxgan.cli.imports import import_files, import_run
from jaxgan.cli.numbers import numbers_last
from jaxgan.cli.prepare import prepare_verb
from jaxgan.cli.streams import losable_output, printable
from jaxgan.cli.translate import translate_run
from jaxgan.cli.verbs import (
    evaluate_run,
    open_run,
    reproduce_run,
    resume_run,
    sample_run,
    train_run,
)
from jaxgan.data import Size, ValueRange
from jaxgan.training import (
    UNMOVED,
    Evaluates,
    Experiment,
    Imports,
    Interrupted,
    Moved,
    Parent,
    Run,
    RunError,
    Translates,
    counted_signals,
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
            jax.distributed.initialize(self.coordinator, self.processes, self.process)


def main(paper: Experiment, *, small: Experiment, arguments: Sequence[str] | None = None) -> None:
    """The command line of an experiment. Ends the process with its exit code.

    Args:
        paper: the experiment as its paper has it.
        small: the same for two CPU cores and minutes, on data that ships; the default.
        arguments: the words after the script's name; those of the process where None.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    with losable_output():
        try:
            with counted_signals(INTERRUPTED):
                _prepare_jax()
                code = _run_verb({"small": small, "paper": paper}, arguments)
        except Interrupted as stop:
            print(printable(str(stop)), flush=True)
            code = INTERRUPTED
        except KeyboardInterrupt:
            print("interrupted: nothing was lost; give the same command again", flush=True)
            code = INTERRUPTED
        except (RunError, ValueError, OSError) as error:
            if "JAXGAN_TRACEBACK" in os.environ:
                raise
            print(f"error: {printable(str(error))}", file=sys.stderr, flush=True)
            code = REFUSED
    sys.exit(code)


def _run_verb(presets: dict[str, Experiment], arguments: list[str]) -> int:
    kind: Any = type(presets["small"])
    name = Path(sys.modules[kind.__module__].__file__ or kind.__name__).stem
    default = _defaults(presets, kind, name, arguments)

    def train(
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        *,
        preset: Preset = "small",
        from_: Annotated[Path | None, tyro.conf.arg(name="from", metavar="DIRECTORY")] = None,
        step: int | None = None,
        directory: Path | None = None,
        seed: int | None = None,
        devices: int | None = None,
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
            devices: How many devices share each batch; all where none is said.
        """
        del preset  # it has chosen the defaults
        if processes.distributed and directory is None:
            raise RunError("a run of several processes needs --directory, one that all of them see")
        if step is not None and from_ is None:
            raise RunError("--step says which checkpoint of another run: name the run with --from")
        processes.join()
        parent = None if from_ is None else Parent(Run.open(from_), step)
        return train_run(
            *(experiment, name), directory=directory, seed=seed, devices=devices, parent=parent
        )

    def resume(
        directory: Directory,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        steps: int | None = None,
        devices: int | None = None,
    ) -> int:
        """Go on with a run from its newest whole checkpoint.

        Args:
            directory: The run's.
            processes: Who trains.
            moved: Where the data are now.
            steps: Go on to this step, beyond the run's own last: in a new run beside it, as with
                train --from DIRECTORY --steps STEPS.
            devices: How many devices share each batch; as the run began where none is said.
        """
        processes.join()
        return resume_run(directory, kind, name, moved=moved, steps=steps, devices=devices)

    def sample(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        count: int = 100,
        label: str | None = None,
        step: int | None = None,
        seed: int = 0,
        output: Path | None = None,
    ) -> int:
        """Draw pictures from a run's checkpoint.

        Args:
            directory: The run's.
            moved: Where the data are now.
            count: How many pictures.
            label: Of all the pictures, in a run of a conditional GAN: a class by its number, from
                0, or by its name.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents: the same seed gives the same pictures, however many.
            output: A new folder for them; DIRECTORY/generated/seed_SEED where none is named, or
                seed_SEED_label_LABEL.
        """
        return sample_run(
            *(directory, kind, name),
            moved=moved,
            count=count,
            label=label,
            step=step,
            seed=seed,
            output=output,
        )

    def evaluate(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        step: int | None = None,
        seed: int = 0,
    ) -> int:
        """Say in figures how good a run's checkpoint is; DIRECTORY/evaluation.json.

        Args:
            directory: The run's.
            moved: Where the data are now.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the samples: the same seed gives the same figures.
        """
        return evaluate_run(directory, kind, name, moved=moved, step=step, seed=seed)

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

    def translate(
        directory: Directory,
        pictures: Annotated[
            tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURES")
        ],
        *,
        output: Path,
        step: int | None = None,
        side: str | None = None,
        fit: Fit | None = None,
        image_size: Size | None = None,
        value_range: Annotated[ValueRange | None, tyro.conf.arg(name="range")] = None,
        skip_unreadable: bool = False,
        batch_size: int = 8,
        seed: int = 0,
    ) -> int:
        """Translate pictures of any size with a checkpoint of a run; one PNG each, and sheet.png.

        Pictures keep their size. All are decoded first, and nothing is written where one cannot
        be, unless --skip-unreadable is given. What fails later is named at the end, beside what is
        done.

        Args:
            directory: The run's.
            pictures: Files, folders with all that is in them, or quoted patterns, as in "a/**/*".
                What is hidden is passed over in folders and patterns.
            output: A new folder for the translations, which keep the names of their sources.
            step: Of the checkpoint; the newest where none is named.
            side: What the pictures are, as a or b; the first that the run translates from where
                none is named.
            fit: How pictures come to a size that the network takes. pad: they keep their size, with
                mirror images around them that are cut off again. round: resized to the nearest
                size. run: prepared as the run's own pictures. stretch, crop: all of a picture, or
                the centre of it, resized to --image-size. Default: pad; run where there is an
                --image-size, or the network takes one size alone.
            image_size: Pixels on a side, or height and width, as in 96 128 (behind PICTURES): with
                run, stretch and crop the size of all (the run's where none is named), with pad and
                round what pictures have room in, so that they keep their shape.
            value_range: Values of black and white in pictures that have more than 8 bits or are
                floats, such as 0 4095; the run's where none are named, or else the file format's.
            skip_unreadable: Leave out the pictures that cannot be decoded; each is named.
            batch_size: How many pictures of one size are translated at once; fewer where they are
                large.
            seed: Of the generator's own noise, where it has any.
        """
        return translate_run(
            *(directory, kind, name),
            pictures=pictures,
            output=output,
            step=step,
            side=side,
            fit=fit,
            image_size=image_size,
            value_range=value_range,
            skip_unreadable=skip_unreadable,
            batch_size=batch_size,
            seed=seed,
        )

    def import_(
        file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        *,
        preset: Preset = "small",
        directory: Path | None = None,
        other: Path | None = None,
        discriminator: Path | None = None,
        other_discriminator: Path | None = None,
        container: tuple[str, ...] = (),
    ) -> int:
        """Make a run of networks that PyTorch has trained; then translate with it.

        Files are state_dicts, checkpoints that hold some, or safetensors. What they tell of the
        networks (architecture, widths, channels, norm, ...) needs no flags.

        Args:
            file: The generator from a to b, as in latest_net_G.pth or latest_net_G_A.pth.
            experiment: What the networks belong to.
            preset: The defaults of all other flags, as of train.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
            other: The generator from b to a, where the experiment has one: latest_net_G_B.pth.
            discriminator: That of what FILE makes: latest_net_D.pth or latest_net_D_A.pth.
            other_discriminator: That of what --other makes: latest_net_D_B.pth.
            container: Which part of a file is meant where it holds several networks, as in
                params_ema or state_dict/netG. One for all files, or one for each, in the order
                above.
        """
        del preset  # it has chosen the defaults
        return import_run(
            experiment,
            name,
            files=import_files(file, other, discriminator, other_discriminator, container),
            named={
                word.split("=")[0][2:].replace("-", "_") for word in arguments if word[:2] == "--"
            },
            directory=directory,
        )

    verbs: dict[str, Any] = {"train": train, "resume": resume, "sample": sample}
    if isinstance(default, Evaluates):
        verbs["evaluate"] = evaluate
    verbs["reproduce"] = reproduce
    if isinstance(default, Translates):
        verbs["translate"] = translate
    if isinstance(default, Imports):
        verbs["import"] = import_
    if (prepare := prepare_verb(default, name)) is not None:
        verbs["prepare"] = prepare
    return tyro.extras.subcommand_cli_from_dict(
        verbs,
        args=numbers_last(arguments),
        prog=f"{name}.py",
        description=_examples_apart(sys.modules[kind.__module__].__doc__ or ""),
        config=(tyro.conf.OmitArgPrefixes,),
    )


def _examples_apart(text: str) -> str:
    """The text with its commands indented: of lines that are not, tyro makes paragraphs."""
    return re.sub("^python ", "  python ", text, flags=re.MULTILINE)


def _defaults(
    presets: dict[str, Experiment], kind: type[Experiment], name: str, arguments: list[str]
) -> Experiment:
    """Where the values of fields come from: they have to be known before they are shown."""
    preset, directory = _value(arguments, "--preset"), _value(arguments, "--from")
    if directory is not None and arguments[:1] == ["train"]:
        if preset is not None:
            raise RunError(
                f"the values of fields come from {directory} or from the preset {preset}: leave "
                "--preset or --from out"
            )
        return open_run(Path(directory), kind, name)[1]
    return presets["paper" if preset == "paper" else "small"]


def _value(arguments: list[str], flag: str) -> str | None:
    """What a flag is given; the last time, where it is given twice."""
    value = None
    for index, word in enumerate(arguments):
        if word.startswith(f"{flag}="):
            value = word.removeprefix(f"{flag}=")
        elif word == flag and index + 1 < len(arguments):
            value = arguments[index + 1]
    return value


def _flags(arguments: list[str]) -> set[str]:
    """The flags that the arguments name, as fields: `--load-size=64` names load_size."""
    words = [word for word in arguments if word.startswith("--")]
    return {word[2:].partition("=")[0].replace("-", "_") for word in words}


def _prepare_jax() -> None:
    """Settings that must stand before JAX touches a device; what the user has set is kept."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if "xla_force_host_platform_device_count" in flags:
        # Virtual devices that outnumber the cores deadlock in a collective without more threads.
        os.environ.setdefault("NPROC", "8")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        jax.config.update("jax_compilation_cache_dir", str(cache / "jaxgan" / "xla"))
