"""The house is as its plan has it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_import_rules():
    """Who may import whom: the contracts in pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ["losses", "games", "networks", "data", "metrics", "training"])
def test_imports_without_the_libraries_of_data(package):
    """A machine without TFDS, Grain, mlxtend, Pillow and TensorFlow can import the library."""
    code = f"""
import sys
for name in (
    "tensorflow", "tensorflow_datasets", "grain", "mlxtend", "PIL", "tensorboardX", "matplotlib"
):
    sys.modules[name] = None
import jaxgan.{package}
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_files_stay_short():
    files = [*ROOT.glob("jaxgan/**/*.py"), *ROOT.glob("experiments/*.py")]
    long = {path.name: len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > 310} == {}
