"""Those who install with pip: the README's script, in a folder of its own, with a built wheel."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import pytest

from jaxgan.training import Run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
(SCRIPT,) = re.findall(
    r"```python\n(.*?)```", README.partition("## With pip")[2].partition("\n## ")[0], re.DOTALL
)
SHORT = [
    *("--steps", "60", "--batch-size", "2", "--width", "1"),
    *("--checkpoint-every", "5", "--log-every", "10", "--sample-every", "60"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built of a copy, as setuptools leaves folders beside what it builds; without a network."""
    source, target = (tmp_path_factory.mktemp(name) for name in ("source", "wheel"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("jaxgan", "experiments", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", source, "--no-build-isolation", "--wheel-dir", target)
    (wheel,) = target.glob("jaxgan-*.whl")
    return wheel


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    pip("install", "--target", site, wheel)
    return site


def pip(verb, *words):
    command = [sys.executable, "-m", "pip", verb, "--no-deps", "--no-index", "--quiet"]
    command += ["--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_wheel_holds_the_library_and_nothing_else(wheel):
    names = {Path(name) for name in ZipFile(wheel).namelist()}
    here = {path.relative_to(ROOT) for path in (ROOT / "jaxgan").rglob("*.py")}
    assert Path("jaxgan/py.typed") in names
    assert {name for name in names if name.suffix == ".py"} == here


def test_a_script_in_another_folder_has_the_verbs(site, tmp_path, digits_folder):
    folder = tmp_path / "my folder"
    folder.mkdir()
    script = folder / "my_gan.py"
    script.write_text(SCRIPT)
    environment = os.environ | {
        "PYTHONPATH": str(site),
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }

    def start(*words):
        return subprocess.Popen(
            list(words),
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(process, code):
        out, error = process.communicate(timeout=300)
        assert process.returncode == code, out + error
        return out

    place = "import jaxgan; print(jaxgan.__file__)"
    assert end(start(sys.executable, "-c", place), 0).strip() == str(site / "jaxgan/__init__.py")
    out = end(start(sys.executable, "my_gan.py", "--help"), 0)
    moving = "interpolate,arithmetic,traverse,project,explore,evaluate,compare,report"
    assert f"{{train,resume,sample,{moving},reproduce,export,restore,prepare}}" in out
    assert "My first GAN." in out
    words = ("train", "--directory", "a run", "--data-dir", str(digits_folder), *SHORT)
    process = start(sys.executable, "my_gan.py", *words)
    deadline = time.monotonic() + 200
    while not (folder / "a run" / "checkpoints" / "5").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    last = end(process, 75).strip().splitlines()[-1]
    _, _, way_on = last.partition("go on with: ")
    assert shlex.split(way_on) == [sys.executable, "my_gan.py", "resume", "a run"]
    assert "samples: a run/samples/step_0000060.png" in end(start(*shlex.split(way_on)), 0)
    run = Run.open(folder / "a run")
    assert run.manifest["experiment"] == "my_gan"
    assert run.digests()[-1]["step"] == 60
