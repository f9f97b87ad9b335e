"""Configurations as plain values, and where their data are."""

import contextlib
import dataclasses
from pathlib import Path

import pytest

from jaxgan.data import Images, Sides
from jaxgan.training import UNMOVED, Moved, with_absolute_paths


@dataclasses.dataclass(frozen=True)
class Configuration:
    images: Images = Images()
    pairs: Sides = Sides()
    note: str = "a/b"


def test_paths_mean_the_same_from_every_folder(tmp_path):
    with contextlib.chdir(tmp_path):
        before = Configuration(Images(folder=Path("mine")), Sides(folder_a=Path("a")))
        after = with_absolute_paths(before)
    assert after.images.folder == tmp_path / "mine"
    assert after.pairs.folder_a == tmp_path / "a"
    assert (after.pairs.folder_b, after.note) == (None, "a/b")
    assert with_absolute_paths(after) is after


def test_data_that_moved(tmp_path):
    before = Configuration(Images(folder=Path("/old")), Sides())
    after = Moved(folder=tmp_path, data_dir=tmp_path / "sets").apply(before)
    assert after.images.folder == tmp_path
    assert after.pairs.folder is None  # it had none, and gets none
    assert after.images.data_dir == after.pairs.data_dir == tmp_path / "sets"
    assert UNMOVED.apply(before) is before
    with pytest.raises(ValueError, match="no folder_b that could move: leave --folder-b out"):
        Moved(folder_b=tmp_path).apply(before)
