"""Which files are meant by the words for pictures."""

import os
import re
from pathlib import Path

import pytest

from jaxgan.cli.chosen import chosen_files
from jaxgan.training import RunError


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Empty files, by their places."""
    monkeypatch.chdir(tmp_path)

    def make(*places):
        for place in map(Path, places):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"")

    return make


def chosen(*words):
    found = chosen_files(words, taken=Path("sheet.png"))
    return {target.as_posix(): file.as_posix() for target, file in found.items()}


def test_files_and_folders(make, capsys):
    make("in/one.png", "in/deep/er/two.JPEG", "in/notes.txt", "in/._one.png", "x.doc", "[y].png")
    assert chosen("in", "x.doc", "[y].png", "in/one.png") == {
        "one.png": "in/one.png",  # twice, as the same
        "deep/er/two.png": "in/deep/er/two.JPEG",
        "x.png": "x.doc",  # its word is taken for it
        "[y].png": "[y].png",
    }
    said = capsys.readouterr().err
    assert said.startswith("passed over in in: ")
    assert "1 hidden" in said
    assert "1 of other types (.txt)" in said


PATTERNS = {
    "in/*": {"1.png"},
    "in/*/*": {"2.png", "y.png"},
    "in/**": {"1.png", "2.png", "3.png", "y.png"},
    "in/**/*.tga": {"2.png"},
    "in/**/deep/*": {"3.png"},
    "i?/**/d*/**/*.avif": {"3.png"},
    "in/.thumbnails/*": {"4.png"},  # named as it is
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns(make, pattern):
    """Links are followed, but not in circles; what is hidden, and no file, is passed over."""
    make("in/1.png", "in/x/2.tga", "in/x/deep/3.avif", "in/notes.txt", "else/y.png")
    make("in/.thumbnails/4.png", "in/__MACOSX/5.png", "in/x/._6.png")
    os.mkfifo("in/7.png")
    Path("in", "linked").symlink_to(Path("else").absolute())
    for circle in ("here", "again", "still"):
        Path("in/x/deep", circle).symlink_to(Path("in").absolute())
    assert set(chosen(pattern)) == PATTERNS[pattern]


def test_links_of_the_first_level_in_circles(make):
    """A pattern without ** goes as deep as it says, and a file found twice is one."""
    make("in/1.png")
    for circle in ("here", "again"):
        Path("in", circle).symlink_to(Path("in").absolute())
    assert set(chosen("in/*", "in/*/*", "in/**")) == {"1.png"}


@pytest.mark.parametrize(
    ("places", "words", "said"),
    [
        ((), ("nowhere",), "there are no pictures at nowhere: name a picture, a folder, or"),
        ((), ("two\nlines*",), r"there are no pictures at two\nlines*: name"),
        (("m/a.txt",), ("m/*", "m[1"), "there are no pictures at m/*: name"),
        (("m/a.txt",), ("m/**",), "there are no pictures at m/**: name"),
        ((), (), "there is nothing to translate: name pictures, folders or patterns"),
        (("m/a.png", "m/a.bmp"), ("m",), "m/a.bmp and m/a.png would both become a.png: rename one"),
        (("x/c.png", "y/c.png"), ("x", "y"), "x/c.png and y/c.png would both become c.png"),
        (("z/sheet.jpg",), ("z",), "z/sheet.jpg would take the sheet's name, sheet.png: rename it"),
        (("z/sheet.png/f.png",), ("z",), "z/sheet.png/f.png would take the sheet's name"),
        (("u/d.tif", "u/d.png/e.png"), ("u",), "translation of u/d.tif would have the name of"),
    ],
)
def test_words_that_will_not_do(make, places, words, said):
    make(*places)
    with pytest.raises(RunError, match=re.escape(said)):
        chosen(*words)


def test_what_is_neither_file_nor_folder(make):
    make()
    os.mkfifo("x.png")
    with pytest.raises(RunError, match="is neither a file nor a folder: name one of these"):
        chosen("x.png")
