"""The README's examples run, and its commands are what CI calls."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


EXAMPLES = [
    code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "range(" in code
]
"""Those that run as they are; `test_wheel.py` and `training/test_notebook.py` have the others."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "lines"), list(zip(EXAMPLES, (24, 42), strict=True)), ids=["library", "own"]
)
def test_examples_run(code, lines, tmp_path, digits_folder):
    assert len(code.splitlines()) <= lines
    assert code.count("range(2000)") == 1
    code = code.replace("range(2000)", "range(150)")  # digits are bright by then, if not yet good
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TFDS_DATA_DIR": str(digits_folder)}
    environment["XLA_FLAGS"] = ""  # compiled as everybody's programs are
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=400
    )
    (picture,) = re.findall(r'save\("(.*?)"\)', code)
    with Image.open(tmp_path / picture) as image:
        assert np.asarray(image).std() > 50  # black and white, no grey


def test_two_commands_of_one_line():
    commands = re.findall(r"```sh\n(.*?)```", README.partition("\n## ")[0], re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        assert command.startswith("python3 -m venv .venv && ")
        assert command.count("\n") == 1


def test_what_the_readme_names_is_there():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (ROOT / link).exists()]
    assert missing == []
