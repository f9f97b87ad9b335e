import os

import pytest

from jaxgan.data import find_images, image_suffixes, is_hidden, shown


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def names(found):
    return [path.as_posix() for path in found.images]


def test_what_pillow_reads_is_found(tmp_path):
    wanted = [f"{ending[1:]}{ending}" for ending in sorted(image_suffixes())] + ["X.JPE", "y.jFIF"]
    for name in (*wanted, "notes.txt", "film.mpeg", "paper.pdf", "drawing.eps", "README"):
        touch(tmp_path / name)
    found = find_images(tmp_path)
    assert names(found) == sorted(wanted)
    assert {".avif", ".jfif", ".jpe", ".jpg", ".mpo", ".png", ".tiff"} <= image_suffixes()
    assert found.passed_over == {
        "of other types (.eps, .mpeg, .pdf, .txt, without an ending)": 5,
    }


def test_what_is_hidden_is_passed_over(tmp_path):
    touch(tmp_path / "cat" / "a.png")
    for name in (
        *("cat/._a.png", "cat/.b.png", ".ipynb_checkpoints/c.png", ".thumbnails/d.png"),
        *("__MACOSX/cat/e.png", "@eaDir/f.png", "Thumbs.db"),
    ):
        touch(tmp_path / name)
        assert any(map(is_hidden, name.split("/")))
    found = find_images(tmp_path)
    assert names(found) == ["cat/a.png"]
    assert found.passed_over == {"hidden": 7}
    assert str(found) == "7 hidden"
    # Only what is below the folder counts, not its own name.
    assert names(find_images(tmp_path / ".thumbnails")) == ["d.png"]


def test_links_are_followed(tmp_path):
    touch(tmp_path / "elsewhere" / "deep" / "a.png")
    touch(tmp_path / "b.png")
    (tmp_path / "set" / "plain").mkdir(parents=True)
    (tmp_path / "set" / "one").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "two").symlink_to("../elsewhere")
    (tmp_path / "set" / "plain" / "b.png").symlink_to(tmp_path / "b.png")
    found = find_images(tmp_path / "set")
    assert names(found) == ["one/deep/a.png", "plain/b.png", "two/deep/a.png"]
    assert found.passed_over == {}


@pytest.mark.parametrize("target", [".", "..", "../..", "/", "deep/.."])
def test_circles_are_noticed(tmp_path, target):
    touch(tmp_path / "set" / "a" / "x.png")
    (tmp_path / "set" / "a" / "deep").mkdir()
    (tmp_path / "set" / "a" / "round").symlink_to(target)
    found = find_images(tmp_path / "set")
    assert names(found) == ["a/x.png"]
    assert found.passed_over == {"leading in circles": 1, "without pictures": 1}


def test_what_is_no_file(tmp_path):
    touch(tmp_path / "x.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "nowhere.png").symlink_to("gone.png")
    (tmp_path / "itself.png").symlink_to("itself.png")
    (tmp_path / "empty").mkdir()
    found = find_images(tmp_path)
    assert names(found) == ["x.png"]
    assert found.passed_over == {
        "neither file nor folder": 1,
        "leading nowhere": 2,
        "without pictures": 1,
    }


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    touch(tmp_path / "open" / "x.png")
    touch(tmp_path / "shut" / "y.png")
    list_folder = os.scandir

    def scandir(path):
        if path == shut:
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", scandir)
    shut = tmp_path / "shut"
    assert find_images(tmp_path).passed_over["that cannot be listed"] == 1
    shut = tmp_path
    with pytest.raises(ValueError, match=r"cannot be listed \(Permission denied\)"):
        find_images(tmp_path)


def test_nothing_is_found(tmp_path):
    for name in ("a.txt", ".b.png"):
        touch(tmp_path / name)
    sentence = r"\(passed over: 1 hidden, 1 of other types \(\.txt\)\): give a folder .* \.png"
    with pytest.raises(ValueError, match=sentence):
        find_images(tmp_path)
    with pytest.raises(ValueError, match=r"there is no folder .*a\\nb"):
        find_images(tmp_path / "a\nb")


def test_names_are_shown_on_one_line():
    assert shown("a/b c é.png") == "a/b c é.png"
    assert shown("a\n\x1b[31m.png") == r"a\n\x1b[31m.png"
    assert shown(os.fsdecode(b"\xff.png")) == r"\xff.png"
