"""Services that people look at runs in: Weights & Biases, MLflow."""

import importlib
import os
import re
import time
from collections.abc import Mapping
from typing import Any

from jaxgan.training.errors import RunError
from jaxgan.training.loggers import logged, remember
from jaxgan.training.pictures import Picture
from jaxgan.training.run import Run


class WandB:
    """Weights & Biases, with the settings that it is given elsewhere: a login, `WANDB_MODE`, ...

    The project is that of `WANDB_PROJECT`, or "jaxgan".
    """

    name = "wandb's records"

    def __init__(self) -> None:
        """Load the package.

        Raises:
            RunError: where it is not installed.
        """
        self._wandb = _loaded("wandb", "Weights & Biases")
        self._run: Any = None
        self._after = -1

    def begin(self, run: Run, *, start: int, written: int) -> None:
        """See `Logger.begin`."""
        identity = logged(run).get("wandb", {}).get("id")
        if identity is None:
            remember(run, "wandb", {})
        elif self._run is None:
            self._after = written
        if self._run is None:
            self._run = self._wandb.init(
                project=os.environ.get("WANDB_PROJECT", "jaxgan"),
                name=_title(run),
                group=_group(run),
                config=_facts(run) | run.manifest["configuration"],
                id=identity,
                resume=None if identity is None else "allow",
                reinit="create_new",  # several runs of one program
                settings=self._wandb.Settings(console="off"),  # a live display is no log
            )
        remember(run, "wandb", {"id": self._run.id})

    def add_terms(self, step: int, terms: Mapping[str, float]) -> None:
        """See `Logger.add_terms`."""
        if step > self._after:
            self._run.log(dict(terms), step=step)

    def add_picture(self, step: int, picture: Picture) -> None:
        """See `Logger.add_picture`."""
        if step > self._after:
            self._run.log({"samples": self._wandb.Image(picture)}, step=step)

    def finish(self, *, complete: bool) -> None:
        """See `Logger.finish`."""
        self._run.finish(exit_code=0 if complete else 1)


class MLflow:
    """MLflow, with the settings that it is given elsewhere: `MLFLOW_TRACKING_URI`, ...

    Its experiment is that of `MLFLOW_EXPERIMENT_NAME`, or has the name of the run's.
    """

    name = "MLflow's records"

    def __init__(self) -> None:
        """Load the package.

        Raises:
            RunError: where it is not installed.
        """
        self._mlflow = _loaded("mlflow", "MLflow")
        self._client: Any = None
        self._id = ""
        self._after = -1

    def begin(self, run: Run, *, start: int, written: int) -> None:
        """See `Logger.begin`."""
        memory = logged(run).get("mlflow")
        if memory is None:
            remember(run, "mlflow", memory := {})
        elsewhere = os.environ.get("MLFLOW_TRACKING_URI")
        # MLflow's own default depends on the folder that one is in.
        self._client = self._mlflow.MlflowClient(elsewhere or memory.get("uri"))
        if "id" in memory:
            self._id, self._after = memory["id"], written
            self._client.update_run(self._id, "RUNNING")
            return
        if not self._id:
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME", run.manifest["experiment"])
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found else self._client.create_experiment(name)
            created = self._client.create_run(experiment, run_name=_title(run))
            self._id = created.info.run_id
        uri = {} if elsewhere else {"uri": self._client.tracking_uri}
        remember(run, "mlflow", uri | {"id": self._id})
        Param = self._mlflow.entities.Param  # noqa: N806
        facts = _flat(_facts(run) | run.manifest["configuration"])
        params = [Param(name, str(value)) for name, value in facts.items()]
        for first in range(0, len(params), 100):  # MLflow takes no more at once
            self._client.log_batch(self._id, params=params[first : first + 100])

    def add_terms(self, step: int, terms: Mapping[str, float]) -> None:
        """See `Logger.add_terms`."""
        if step > self._after:
            now = round(time.time() * 1000)
            metrics = [
                self._mlflow.entities.Metric(_permitted(name), value, now, step)
                for name, value in terms.items()
            ]
            self._client.log_batch(self._id, metrics=metrics)

    def add_picture(self, step: int, picture: Picture) -> None:
        """See `Logger.add_picture`."""
        if step > self._after:
            self._client.log_image(self._id, picture, key="samples", step=step)

    def finish(self, *, complete: bool) -> None:
        """See `Logger.finish`."""
        self._client.set_terminated(self._id, "FINISHED" if complete else "KILLED")


def _loaded(package: str, title: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise RunError(
            f"{title} cannot be used ({error}): pip install 'jaxgan[{package}]'"
        ) from error


def _facts(run: Run) -> dict[str, Any]:
    """What people tell runs apart by, beside the configuration."""
    facts = {name: run.manifest[name] for name in ("experiment", "seed", "devices", "data")}
    return {"run": facts | {"directory": str(run.directory.absolute())}}


def _title(run: Run) -> str:
    """The name of a run: of those that were played together after their folder's."""
    group = _group(run)
    return run.directory.name if group is None else f"{group}/{run.directory.name}"


def _group(run: Run) -> str | None:
    """The name of the folder of runs that were played together; None of a run alone."""
    return run.directory.absolute().parent.name if run.manifest.get("together") else None


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by their paths, as in "schedule.steps"."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        path = prefix + name
        flat |= _flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return flat


def _permitted(name: str) -> str:
    """A name as MLflow takes it."""
    return re.sub(r"[^\w/. -]", "_", name, flags=re.ASCII)
