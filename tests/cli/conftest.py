"""What tests of verbs have in common."""

import os
from pathlib import Path

import pytest

from jaxgan import cli


@pytest.fixture
def line(capfd, monkeypatch):
    """A command line of an experiment, and what it says where it refuses."""
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])

    class Line:
        def call(self, experiment, *words):
            with pytest.raises(SystemExit) as stop:
                cli.main(experiment, arguments=[str(word) for word in words])
            captured = capfd.readouterr()
            return stop.value.code, captured.out, captured.err

        def done(self, experiment, *words):
            """What it says where it does as it is asked."""
            code, out, error = self.call(experiment, *words)
            assert code == 0, error
            return out

        def refused(self, experiment, verb, run, *words, says):
            """It ends with one sentence, and nothing is written."""
            before = sorted(Path(run).rglob("*"))
            code, _, error = self.call(experiment, verb, run, *words)
            assert code == 2, error
            assert "Traceback" not in error
            for sentence in [says] if isinstance(says, str) else says:
                assert sentence in error
            assert sorted(Path(run).rglob("*")) == before

    return Line()
