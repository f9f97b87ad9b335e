"""The flag that says what else a run is logged to."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal, TypeAlias

import tyro

from jaxgan.training import Logger, MLflow, Run, RunError, WandB, logged

LogFlag: TypeAlias = Annotated[
    tuple[Literal["wandb", "mlflow"], ...], tyro.conf.UseAppendAction, tyro.conf.arg(name="log")
]

_LOGGERS: dict[str, Callable[[], Logger]] = {"wandb": WandB, "mlflow": MLflow}


def named_loggers(names: Iterable[str]) -> list[Logger]:
    """The loggers of these names, each once.

    Raises:
        RunError: where the package of one is not installed.
    """
    return [_LOGGERS[name]() for name in dict.fromkeys(names)]


def loggers_of(run: Run, names: Iterable[str]) -> list[Logger]:
    """The loggers that a run has had, and those of these names, each once.

    Raises:
        RunError: where the package of one is not installed.
    """
    had = [name for name in logged(run) if name in _LOGGERS]
    try:
        return named_loggers([*had, *names])
    except RunError as error:
        if not had:
            raise
        raise RunError(
            f"{error}, or remove {run.directory / 'loggers.json'}, and the run goes on without"
        ) from error
