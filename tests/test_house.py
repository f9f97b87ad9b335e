"""The house is as its plan has it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
OURS = ("jaxgan", "experiments", "tests")

LOWEST = ("losses", "penalties", "layers", "updates", "latents", "metrics", "data")
ROOMS: dict[str, set[str]] = {room: set() for room in LOWEST} | {
    "networks": {"layers"},
    "games": {"losses", "penalties", "updates"},
    "weights": {"networks", "layers"},
    "training": {"games.game", "data"},
    "recipes": {*LOWEST, "networks", "games", "weights", "training"},
    "report": {"training"},
    "cli": {*LOWEST, "networks", "games", "weights", "training", "recipes", "report"},
}
"""Who may import whom: a room, or one module of it."""


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("jaxgan", cache_dir=None)


@pytest.mark.parametrize("room", ROOMS)
def test_who_imports_whom(graph, room):
    modules = {f"jaxgan.{room}", *graph.find_descendants(f"jaxgan.{room}")}
    imported = {
        other for module in modules for other in graph.find_modules_directly_imported_by(module)
    }
    allowed = {f"jaxgan.{other}" for other in (room, *ROOMS[room])}
    strangers = {
        other
        for other in imported
        if not any(other == name or other.startswith(f"{name}.") for name in allowed)
    }
    assert strangers == set()


def test_every_room_is_in_the_table(graph):
    assert graph.find_children("jaxgan") == {f"jaxgan.{room}" for room in ROOMS}


def private_imports(path):
    """Names with a leading underscore that a file takes from another module of the project."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS:
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from (name for name in names if re.match("_(?!_)", name))


def test_no_module_imports_anothers_private_names(tmp_path):
    """Ruff's own rule (PLC2701) lets modules of one package do it."""
    files = [path for room in OURS for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 200
    assert {path: found for path in files if (found := list(private_imports(path)))} == {}
    fault = tmp_path / "fault.py"
    fault.write_text("from jaxgan.cli.verbs import _generator, free_directory\n")
    assert list(private_imports(fault)) == ["_generator"]


def test_imports_without_the_libraries_of_data():
    """A machine without TFDS, Grain, mlxtend, Pillow and TensorFlow can import the library.

    And what takes long to import, as SciPy's statistics do, waits until it is used.
    """
    code = """
import importlib, sys
for name in (
    "tensorflow", "tensorflow_datasets", "grain", "mlxtend", "PIL", "tensorboardX", "matplotlib",
    "sklearn", "scipy.stats", "wandb", "mlflow",
):
    sys.modules[name] = None
for package in ("losses", "games", "networks", "data", "metrics", "training"):
    importlib.import_module(f"jaxgan.{package}")
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_files_stay_short():
    files = [*ROOT.glob("jaxgan/**/*.py"), *ROOT.glob("experiments/*.py")]
    long = {path.name: len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > 310} == {}
