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

from jaxgan.cli.imports import import_files, import_run
from jaxgan.cli.translate import translate_run
from jaxgan.cli.verbs import evaluate_run, reproduce_run, resume_run, sample_run, train_run
from jaxgan.training import (
    Evaluates,
    Experiment,
    Imports,
    Interrupted,
    RunError,
    Translates,
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
    _prepare_jax()
    try:
        code = _run_verb({"small": small, "paper": paper}, arguments)
    except Interrupted as stop:
        print(stop, flush=True)
        code = INTERRUPTED
    except (RunError, ValueError, OSError) as error:
        if "JAXGAN_TRACEBACK" in os.environ:
            raise
        print(f"error: {error}", file=sys.stderr, flush=True)
        code = REFUSED
    sys.exit(code)


def _run_verb(presets: dict[str, Experiment], arguments: list[str]) -> int:
    default = presets[_preset(arguments)]
    kind: Any = type(default)
    name = Path(sys.modules[kind.__module__].__file__ or kind.__name__).stem

    def train(
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        processes: Annotated[Processes, tyro.conf.arg(name="")] = Processes(),
        *,
        preset: Preset = "small",
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
    return tyro.extras.subcommand_cli_from_dict(
        verbs,
        args=arguments,
        prog=f"{name}.py",
        description=_examples_apart(sys.modules[kind.__module__].__doc__ or ""),
        config=(tyro.conf.OmitArgPrefixes,),
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
