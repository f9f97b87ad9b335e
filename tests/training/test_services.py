"""Weights & Biases and MLflow, in their own offline modes, read back."""

import json
import os
import shutil
import struct
import time
from typing import NamedTuple

import pytest
from PIL import Image

from jaxgan.training import MLflow, Run, WandB, logged
from tests.training.conftest import MANIFEST

PICTURE = Image.new("RGB", (4, 3), (10, 200, 30))
pytestmark = pytest.mark.filterwarnings("default")  # the packages' own, of what they import


class Read(NamedTuple):
    """What a service has of a run: steps and values by term, steps of pictures, and the rest."""

    terms: dict
    pictures: list
    configuration: dict
    status: str
    name: str


class WandBFiles:
    package, make = "wandb", WandB
    complete, stopped = "0", "1"

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        for name, value in {
            "WANDB_MODE": "offline",
            "WANDB_DIR": str(folder),
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_SILENT": "true",
        }.items():
            monkeypatch.setenv(name, value)

    def records(self, identity):
        """Of all files of a run, each written to its end."""
        for path in sorted(
            self.folder.glob(f"wandb/offline-run-*/run-{identity}.wandb"), key=os.path.getmtime
        ):
            until, found = time.monotonic() + 30, []
            # Its own process writes it, which `finish` does not wait for.
            while not any(record.HasField("exit") for record in found):
                assert time.monotonic() < until
                time.sleep(0.05)
                found = list(self.parsed(path.read_bytes()))
            yield from found

    @staticmethod
    def parsed(data):
        """Blocks of 32 KiB, of pieces with seven bytes before each."""
        from wandb.proto.wandb_internal_pb2 import Record

        at, whole = 7, b""
        while at + 7 <= len(data):
            if (left := 32768 - at % 32768) < 7:
                at += left
                continue
            _, length, kind = struct.unpack("<IHB", data[at : at + 7])
            if at + 7 + length > len(data):
                return  # it is being written
            whole += data[at + 7 : at + 7 + length]
            at += 7 + length
            if kind in (1, 4):  # a record, or the last piece of one
                yield Record.FromString(whole)
                whole = b""

    def read(self, identity):
        terms, pictures, configuration, status, name = {}, [], {}, "", ""
        for record in self.records(identity):
            name = record.run.display_name or name
            for item in record.run.config.update:
                configuration[item.key] = json.loads(item.value_json)
            if record.HasField("exit"):
                status = str(record.exit.exit_code)
            items = {
                tuple(item.nested_key) or (item.key,): json.loads(item.value_json)
                for item in record.history.item
            }
            for place, value in items.items():
                if place == ("samples", "path"):
                    assert list(self.folder.glob(f"wandb/offline-run-*/files/{value}"))
                    pictures.append(items["_step",])
                elif not place[0].startswith(("_", "samples")):
                    terms.setdefault("/".join(place), []).append((items["_step",], value))
        return Read(terms, pictures, configuration, status, name)


class MLflowStore:
    package, make = "mlflow", MLflow
    complete, stopped = "FINISHED", "KILLED"

    def __init__(self, folder, monkeypatch):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        monkeypatch.setenv("DO_NOT_TRACK", "true")
        monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", str(folder / "artifacts"))

    def read(self, identity):
        from mlflow import MlflowClient

        client = MlflowClient()
        run = client.get_run(identity)
        terms = {
            name: [(one.step, one.value) for one in client.get_metric_history(identity, name)]
            for name in run.data.metrics
        }
        images = [file.path for file in client.list_artifacts(identity, "images")]
        pictures = [int(path.split("+")[2]) for path in images if path.endswith(".png")]
        info = run.info
        return Read(terms, sorted(pictures), run.data.params, info.status, info.run_name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a whole file of tests: MLflow takes seconds to set up a store."""
    return tmp_path_factory.mktemp("services")


@pytest.fixture(params=[WandBFiles, MLflowStore], ids=["wandb", "mlflow"])
def service(request, folder, monkeypatch, tmp_path):
    pytest.importorskip(
        request.param.package, reason=f"needs jaxgan[{request.param.package}]", exc_type=ImportError
    )
    monkeypatch.chdir(tmp_path)
    return request.param(folder, monkeypatch)


@pytest.fixture
def run(tmp_path):
    configuration = {"batch_size": 8, "schedule": {"steps": 20}}
    return Run.create(tmp_path / "run", MANIFEST | {"configuration": configuration})


def play(service, run, steps, *, start=0, written=0, complete=True):
    logger = service.make()
    logger.begin(run, start=start, written=written)
    for step in steps:
        logger.add_terms(step, {"generator/loss": step / 2, "fd (lite0)": 3.0})
        logger.add_picture(step, PICTURE)
    logger.finish(complete=complete)
    return logged(run)[service.package]["id"]


def test_what_is_logged_is_there(service, run):
    read = service.read(play(service, run, [0, 5]))
    assert read.terms["generator/loss"] == [(0, 0.0), (5, 2.5)]
    assert len(read.terms) == 2
    assert read.pictures == [0, 5]
    assert read.status == service.complete
    assert int(read.configuration["batch_size"]) == 8
    facts = read.configuration
    if service.package == "wandb":
        assert facts["schedule"] == {"steps": 20}
        assert facts["run"]["seed"] == 3
    else:
        assert facts["schedule.steps"] == "20"
        assert facts["run.seed"] == "3"
    assert os.listdir() == ["run"]
    assert list(logged(run)) == [service.package]


def test_a_run_goes_on_with_the_same_and_no_step_comes_twice(service, run):
    first = play(service, run, [0, 5, 10, 15], complete=False)
    assert service.read(first).status == service.stopped
    again = play(service, run, [15, 20], start=10, written=15)
    assert again == first
    read = service.read(first)
    assert [step for step, _ in read.terms["generator/loss"]] == [0, 5, 10, 15, 20]
    assert read.pictures == [0, 5, 10, 15, 20]
    assert read.status == service.complete


def test_a_logger_that_comes_later_begins_where_the_run_is(service, run):
    read = service.read(play(service, run, [15, 20], start=10, written=15))
    assert [step for step, _ in read.terms["generator/loss"]] == [15, 20]


def test_two_runs_of_one_program(service, run, tmp_path):
    other = Run.create(tmp_path / "several" / "seed-3", MANIFEST | {"together": [3, 4]})
    pairs = [(service.make(), one) for one in (run, other)]
    for logger, one in pairs:
        logger.begin(one, start=0, written=0)
    for step in (1, 2):
        for (logger, _), value in zip(pairs, (1.0, 2.0), strict=True):
            logger.add_terms(step, {"loss": value})
    for logger, _ in pairs:
        logger.finish(complete=True)
    names = ["run", "several/seed-3"]
    for (_, one), value, name in zip(pairs, (1.0, 2.0), names, strict=True):
        read = service.read(logged(one)[service.package]["id"])
        assert read.name == name
        assert read.terms == {"loss": [(1, value), (2, value)]}


def test_mlflows_own_default_is_found_from_another_folder(folder, run, monkeypatch, tmp_path):
    pytest.importorskip("mlflow", reason="needs jaxgan[mlflow]", exc_type=ImportError)
    service = MLflowStore(folder, monkeypatch)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.delenv("_MLFLOW_SERVER_ARTIFACT_ROOT")
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for place in (here, elsewhere):
        place.mkdir()
    if (folder / "mlflow.db").exists():  # another takes seconds
        shutil.copy(folder / "mlflow.db", here)
    monkeypatch.chdir(here)
    identity = play(service, run, [5])
    monkeypatch.chdir(elsewhere)
    assert play(service, run, [10], start=5, written=5) == identity
    assert os.listdir() == []
    monkeypatch.chdir(here)
    assert service.read(identity).terms["generator/loss"] == [(5, 2.5), (10, 5.0)]
