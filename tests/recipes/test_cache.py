"""Variables are made once, and had where they cannot be kept."""

import numpy as np
import pytest

from jaxgan.recipes.cache import cached_variables


@pytest.fixture
def ask():
    """Asks for variables; they are the number of the training that made them."""
    said, trainings = [], []

    def train():
        trainings.append(0)
        return {"number": np.array(len(trainings))}

    def ask():
        variables, path = cached_variables(
            "test", settings=1, arrays=(np.zeros(2),), train=train, say=said.append
        )
        return int(variables["number"]), path, said

    return ask


def test_they_are_made_once(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _, path, _ = ask()
    assert path.parent == tmp_path / "jaxgan"
    assert ask() == (1, path, [])


def test_without_a_home_they_are_made_each_time(ask, monkeypatch):
    monkeypatch.setattr("jaxgan.recipes.cache.cache_folder", lambda: None)
    assert ask()[:2] == (1, None)
    number, path, said = ask()
    assert (number, path) == (2, None)
    assert "this user has no home" in said[0]


def test_what_cannot_be_kept_is_not_lost(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "jaxgan").write_text("a file where the folder should be")
    number, path, said = ask()
    assert (number, path) == (1, None)
    assert f"{tmp_path / 'jaxgan'} cannot be written" in said[0]
