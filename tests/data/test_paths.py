"""Wherever the library takes a path, a text will do, and any other type is refused by name."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgan import data, training, weights
from jaxgan.training import Run, save_picture
from tests.training.conftest import MANIFEST

TRANSFORM = data.Transform(image_size=4, channels=3)


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(np.zeros((4, 8, 3), np.uint8)).save(tmp_path / "x.png")
    return tmp_path


class Elsewhere(os.PathLike):
    """A path that is no `pathlib.Path`."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


@pytest.mark.parametrize("kind", [str, Path, Elsewhere])
def test_all_kinds_of_paths(folder, kind):
    path = kind(folder)
    assert len(data.folder_source(path, transform=TRANSFORM)) == 1
    assert len(data.side_by_side(path, transform=TRANSFORM)) == 1
    assert len(data.paired_folders(path, path, transform=TRANSFORM)) == 1
    assert data.Images(folder=path, data_dir=path).folder == folder
    assert data.Sides(folder_a=path, folder_b=path).folder_b == folder
    save_picture(Image.new("L", (2, 2)), kind(folder / "y.png"))
    assert (folder / "y.png").exists()
    made = Run.create(kind(folder / "run"), MANIFEST)
    assert Run.open(kind(folder / "run")) == made
    with pytest.raises(FileNotFoundError):
        weights.read_tensors(kind(folder / "nowhere.pth"))


@pytest.mark.parametrize(
    "take",
    [
        lambda path: data.folder_source(path, transform=TRANSFORM),
        lambda path: data.side_by_side(path, transform=TRANSFORM),
        lambda path: data.paired_folders(path, path, transform=TRANSFORM),
        lambda path: data.tfds_arrays("digits", "train", data_dir=path),
        lambda path: data.Images(folder=path),
        lambda path: data.Images(data_dir=path),
        lambda path: data.Sides(folder_a=path, folder_b=path),
        lambda path: save_picture(Image.new("L", (2, 2)), path),
        lambda path: Run.create(path, MANIFEST),
        Run.open,
        weights.read_tensors,
        lambda path: training.train(Tiny(), path, name="tiny"),
    ],
)
@pytest.mark.parametrize("path", [5, b"runs", ["runs"]])
def test_a_path_of_another_type(take, path):
    with pytest.raises(TypeError) as refusal:
        take(path)
    assert str(refusal.value) == f"{path!r} is no path: give a str or an os.PathLike"


def test_an_empty_path():
    with pytest.raises(ValueError, match="an empty text is no path"):
        data.Images(folder="")


def test_home_is_expanded(monkeypatch, folder):
    monkeypatch.setenv("HOME", str(folder))
    assert data.to_path("~/x.png") == folder / "x.png"


def test_where_what_can_be_made_again_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    assert data.cache_folder() == tmp_path / "kept" / "jaxgan"
    for none in ("", "here"):
        monkeypatch.setenv("XDG_CACHE_HOME", none)
        assert data.cache_folder() == tmp_path / ".cache" / "jaxgan"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data.cache_folder() == tmp_path / ".cache" / "jaxgan"


def test_a_user_without_a_home(monkeypatch):
    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert data.cache_folder() is None
    with pytest.raises(ValueError, match="~/x has no home folder to begin with"):
        data.to_path("~/x")


class Tiny:
    """Never asked for anything: the directory is refused first."""
