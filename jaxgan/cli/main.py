"""`python experiments/NAME.py VERB`: the verbs that an experiment can do."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import tyro

from jaxgan.cli.command import PATHS
from jaxgan.cli.devices import device_trouble, prepare_jax
from jaxgan.cli.numbers import numbers_last
from jaxgan.cli.prepare import prepare_verb
from jaxgan.cli.preset import PresetFlag
from jaxgan.cli.runs import open_run
from jaxgan.cli.streams import losable_output, printable
from jaxgan.cli.training import training_verbs
from jaxgan.cli.using import using_verbs
from jaxgan.training import Experiment, Interrupted, RunError, counted_signals, experiment_name

_VERBS = (
    *("train", "resume", "sample", "interpolate", "mix", "truncate", "arithmetic", "traverse"),
    *("project", "blend", "explore", "evaluate", "compare", "report", "reproduce", "translate"),
    *("import", "export", "restore", "prepare"),
)
"""In the order of `--help`."""

INTERRUPTED = 75
"""Exit code of a run that a signal stopped and that can be resumed (EX_TEMPFAIL)."""
REFUSED = 2
"""Exit code where something has to be mended by a person first."""


def main(
    paper: Experiment | None = None,
    *,
    small: Experiment | None = None,
    presets: Mapping[str, Experiment] = MappingProxyType({}),
    arguments: Sequence[str] | None = None,
) -> None:
    """The command line of an experiment. Ends the process with its exit code.

    The values of fields that have no flag are a preset's: of those that are given, `--preset` takes
    one by its name, and the first is the default. Of one preset alone there is no such flag.

    Args:
        paper: the preset "paper": the experiment as its paper has it, the last of them.
        small: the preset "small": the same for two CPU cores and minutes, on data that ships, the
            first of them.
        presets: others, by their names, of the same experiment.
        arguments: the words after the script's name; those of the process where None.

    Raises:
        ValueError: where no preset is given.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    first = {} if small is None else {"small": small}
    last = {} if paper is None else {"paper": paper}
    presets = {**first, **presets, **last}
    if not presets:
        raise ValueError("a command line needs an experiment: give it as paper, or in presets")
    with losable_output():
        try:
            with counted_signals(INTERRUPTED):
                prepare_jax()
                code = _run_verb(presets, arguments)
        except Interrupted as stop:
            print(printable(str(stop)), flush=True)
            code = INTERRUPTED
        except KeyboardInterrupt:
            print("interrupted: nothing was lost; give the same command again", flush=True)
            code = INTERRUPTED
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None or "JAXGAN_TRACEBACK" in os.environ:
                raise
            print(f"error: {printable(sentence)}", file=sys.stderr, flush=True)
            code = REFUSED
    sys.exit(code)


def _sentence(error: Exception) -> str | None:
    """What to tell a person; None where the fault is the program's."""
    if isinstance(error, (RunError, ValueError, OSError)):
        return str(error)
    return device_trouble(error)


def _run_verb(presets: Mapping[str, Experiment], arguments: list[str]) -> int:
    first = next(iter(presets))
    kind: Any = type(presets[first])
    name = experiment_name(kind)
    default = _defaults(presets, kind, name, arguments)
    literal: Any = Literal
    choice = literal[tuple(presets)]
    preset_flag = PresetFlag(choice if len(presets) > 1 else tyro.conf.Suppress[choice], first)
    named = _flags(arguments)
    verbs = {
        **training_verbs(default, name, preset_flag=preset_flag),
        **using_verbs(default, name, preset_flag=preset_flag, named=named),
    }
    if (prepare := prepare_verb(default, preset_flag=preset_flag)) is not None:
        verbs["prepare"] = prepare
    return tyro.extras.subcommand_cli_from_dict(
        {verb: verbs[verb] for verb in _VERBS if verb in verbs},
        args=numbers_last(arguments),
        prog=f"{name}.py",
        description=_examples_apart(sys.modules[kind.__module__].__doc__ or ""),
        config=(tyro.conf.OmitArgPrefixes,),
        registry=PATHS,
    )


def _examples_apart(text: str) -> str:
    """The text with its commands indented: of lines that are not, tyro makes paragraphs."""
    return re.sub("^python ", "  python ", text, flags=re.MULTILINE)


def _defaults(
    presets: Mapping[str, Experiment], kind: type[Experiment], name: str, arguments: list[str]
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
    first = next(iter(presets.values()))  # of a word that is none, tyro says what there is
    return first if preset is None else presets.get(preset, first)


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
    """The flags that the arguments name, as fields: `--load-size=64` names load_size.

    `--no-noise` names noise (and no_noise, which is a field's name as well as another).
    """
    words = [word for word in arguments if word.startswith("--")]
    named = {word[2:].partition("=")[0].replace("-", "_") for word in words}
    return named | {name.removeprefix("no_") for name in named}
