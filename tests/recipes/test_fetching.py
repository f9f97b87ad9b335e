"""Published files: fetched once, whole or not there, and no other file in their place."""

import hashlib
from dataclasses import replace

import pytest

from jaxgan.data import cache_folder
from jaxgan.recipes import INCEPTION_FILE, VGG16_FILE, PublishedFile, fetched, fetching

CONTENT = bytes(range(256)) * 10_000


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file that a folder publishes, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "source.pth"
    source.write_bytes(CONTENT)
    return PublishedFile("kept.pth", source.as_uri(), hashlib.sha256(CONTENT).hexdigest())


def kept():
    return sorted(path.name for path in cache_folder().glob("*"))


def test_fetched_once(published, tmp_path):
    said = []
    path = fetched(published, said.append)
    assert path == cache_folder() / "kept.pth"
    assert path.read_bytes() == CONTENT
    assert said == [f"fetching kept.pth from {published.address}"]
    (tmp_path / "source.pth").unlink()
    assert fetched(published, said.append) == path
    assert len(said) == 1
    assert kept() == ["kept.pth"]


def test_another_file_is_refused_and_not_kept(published):
    other = replace(published, digest="0" * 64)
    says = f"is another file: its SHA-256 begins with {published.digest[:8]} and not with 00000000"
    with pytest.raises(ValueError, match=says):
        fetched(other, list)
    assert kept() == []


def test_a_damaged_file_in_the_cache_is_refused(published):
    path = fetched(published, list)
    path.write_bytes(CONTENT[:-1])
    says = r"kept\.pth is damaged: its SHA-256 .* delete it, and it will be fetched anew"
    with pytest.raises(ValueError, match=says):
        fetched(published, list)
    path.unlink()
    assert fetched(published, list).read_bytes() == CONTENT


def test_where_there_is_none(published, tmp_path):
    lost = replace(published, address=(tmp_path / "nowhere.pth").as_uri())
    says = (
        r"kept\.pth could not be fetched from file:.*: fetch it elsewhere, and give it by its path"
    )
    with pytest.raises(OSError, match=says):
        fetched(lost, list)
    assert kept() == []


def test_cut_off_in_the_middle(published, monkeypatch):
    """The connection breaks after the first piece."""

    class Broken:
        pieces = 1

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def read(self, size):
            if self.pieces == 0:
                raise ConnectionResetError("reset by peer")
            self.pieces -= 1
            return CONTENT[:size]

    monkeypatch.setattr(fetching.urllib.request, "urlopen", lambda *_, **__: Broken())
    with pytest.raises(OSError, match=r"kept\.pth could not be fetched .*reset by peer"):
        fetched(published, list)
    assert kept() == []


def test_a_user_without_a_home(published, monkeypatch):
    monkeypatch.setattr(fetching, "cache_folder", lambda: None)
    with pytest.raises(ValueError, match="this user has no home; set XDG_CACHE_HOME"):
        fetched(published, list)


@pytest.mark.parametrize("file", [INCEPTION_FILE, VGG16_FILE])
def test_names_tell_the_digest(file):
    """The publishers put its first 8 digits into the name."""
    assert file.name.endswith(f"-{file.digest[:8]}.pth")
    assert file.address.endswith(f"/{file.name}")
    assert len(file.digest) == 64
