import shutil
import subprocess
import sys

import pytest

import jaxgan


@pytest.mark.slow
def test_the_revision_is_that_of_the_package_alone(tmp_path):
    """Not that of a project whose folder a virtual environment, and so the package, lies in."""
    site = tmp_path / "project" / "site-packages"
    shutil.copytree(
        jaxgan.__path__[0], site / "jaxgan", ignore=shutil.ignore_patterns("__pycache__")
    )
    git = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(tmp_path / "project")]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "mine"]):
        subprocess.run([*git, *words], check=True)
    script = "from jaxgan.training.environment import environment; print(environment()['revision'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=site, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "None"
