"""Runs in a notebook: one is executed, interrupted and resumed; and the parts of what it shows."""

import asyncio
import base64
import io
import math
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from jaxgan.training import Run
from jaxgan.training.progress import Lines, Notebook, draw_curves, progress

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text().partition("## In a notebook")[2].partition("\n## ")[0]
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(WAY_ON,) = re.findall(r"`(training\.resume\(.*?\))`", README)
FIRST = """
import dataclasses
from tests.training.conftest import Schedule, Tiny

@dataclasses.dataclass(frozen=True)
class MyGAN(Tiny):
    schedule: Schedule = Schedule(steps=2000, log_every=50, sample_every=400, checkpoint_every=400)
"""


def pictures(cell):
    """The sizes of the pictures in a cell's output."""
    found = [
        output["data"]["image/png"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    return [Image.open(io.BytesIO(base64.b64decode(picture))).size for picture in found]


def text(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.slow
def test_a_notebook_trains_is_interrupted_and_goes_on(tmp_path, monkeypatch):
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    assert len(EXAMPLE.strip().splitlines()) == 5
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    # The class stands in a cell of its own: `__main__` has no file.
    words = [
        FIRST,
        EXAMPLE.replace("from my_gan import MyGAN\n", ""),
        WAY_ON,
        EXAMPLE.splitlines()[-1],
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in words])
    first, train, resume, again = notebook.cells
    client = NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}})

    async def execute():
        async with client.async_setup_kernel():
            await client.async_execute_cell(first, 0)
            training = asyncio.ensure_future(client.async_execute_cell(train, 1))
            while not (tmp_path / "runs/first/samples/step_0000400.png").exists():
                await asyncio.sleep(0.01)
                assert not training.done(), training.result()
            await client.km.interrupt_kernel()
            with pytest.raises(CellExecutionError):
                await training
            await client.async_execute_cell(resume, 2)
            with pytest.raises(CellExecutionError):
                await client.async_execute_cell(again, 3)

    asyncio.run(execute())
    stopped = train.outputs[-1]
    assert stopped.ename == "Interrupted"
    assert re.fullmatch(
        r"stopped after step \d+ of 2000; its state is saved; go on .*", *stopped.traceback
    )
    for cell in (train, resume):  # the sheet, shrunk, and the curves
        assert pictures(cell) == [(800, 800), (800, 260)]
        bars = [output["data"] for output in cell.outputs if "text/html" in output.get("data", {})]
        assert len(bars) == 1
        assert "<progress" in bars[0]["text/html"]
    assert "step 2000/2000" in bars[0]["text/plain"]
    assert "goes on after step" in text(resume)
    assert again.outputs[-1].traceback == [f"RunError: {again.outputs[-1].evalue}"]
    assert "runs/first already holds something" in again.outputs[-1].evalue
    run = Run.open(tmp_path / "runs/first")
    assert run.manifest["experiment"] == "my_gan"
    assert [line["step"] for line in run.metrics()] == list(range(50, 2001, 50))
    assert run.digests()[-1]["step"] == 2000


def test_where_a_kernel_runs_there_is_a_notebook(monkeypatch):
    for shell, kind in ((SimpleNamespace(kernel="one"), Notebook), (SimpleNamespace(), Lines)):
        monkeypatch.setitem(
            sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell)
        )
        assert isinstance(progress(0, 10), kind)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())  # it is just being imported
    assert isinstance(progress(0, 10), Lines)


def curves(figure):
    return {
        panel.get_title(): {
            line.get_label(): list(zip(*line.get_data(), strict=True)) for line in panel.lines
        }
        for panel in figure.axes
    }


def test_curves_are_the_terms_of_each_player():
    terms = {
        "generator/loss": 1.0,
        "generator/gradient_norm": 9.0,
        "critic/real_score": 9.0,
        "critic/r1": 2.0,
    }
    later = {**terms, "critic/late": 3.0, "generator/loss": math.nan}
    made = curves(draw_curves([(5, terms), (10, later)]))
    assert list(made) == ["generator", "critic"]
    assert list(made["generator"]) == ["loss"]
    assert made["generator"]["loss"][0] == (5, 1.0)
    assert made["critic"]["r1"] == [(5, 2.0), (10, 2.0)]
    assert made["critic"]["late"][1] == (10, 3.0)
    assert curves(draw_curves([(1, {"loss": 4.0})])) == {"": {"loss": [(1, 4.0)]}}
    assert curves(draw_curves([(1, {"real_score": 4.0})])) == {"": {}}


def test_of_many_lines_some_are_drawn_and_the_last_is_there():
    made = curves(draw_curves([(step, {"a/loss": 0.0}) for step in range(1, 9900)]))
    steps = [step for step, _ in made["a"]["loss"]]
    assert 1000 <= len(steps) <= 1200
    assert steps == sorted(steps)
    assert steps[-1] == 9899
