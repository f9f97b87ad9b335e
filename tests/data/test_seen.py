"""What is kept of a folder's pictures."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Transform, folder_source, seen

TRANSFORM = Transform(image_size=4, channels=3)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set" / "a").mkdir(parents=True)
    for index in range(3):
        Image.new("RGB", (4, 4), (index, 0, 0)).save(tmp_path / "set" / "a" / f"{index}.bmp")
    return tmp_path / "set"


@pytest.fixture
def decoded(monkeypatch, tmp_path):
    """Names of the files that are decoded to look at them, in a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(seen, "_TICK", -(10**10))  # as if the files were old
    names = []

    def decode(file, **options):
        names.append(os.path.basename(file.name))
        return original(file, **options)

    original = seen.decode
    monkeypatch.setattr(seen, "decode", decode)
    return names


def kept(tmp_path):
    (file,) = (tmp_path / "cache" / "jaxgan" / "folders").iterdir()
    return file


def replace(path, colour):
    """With other pixels and the same name, size and time."""
    before = path.stat()
    Image.new("RGB", (4, 4), colour).save(path)
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_each_file_is_decoded_once(folder, decoded, tmp_path):
    first = folder_source(folder, transform=TRANSFORM)
    assert sorted(decoded) == ["0.bmp", "1.bmp", "2.bmp"]
    decoded.clear()
    again = folder_source(folder, transform=TRANSFORM)
    assert decoded == []
    assert again.fingerprint == first.fingerprint
    assert again.sizes == first.sizes == ((4, 4),) * 3
    Image.new("RGB", (4, 6)).save(folder / "a" / "9.bmp")
    (folder / "a" / "0.bmp").unlink()
    assert len(folder_source(folder, transform=TRANSFORM)) == 3
    assert decoded == ["9.bmp"]
    assert sorted(json.loads(kept(tmp_path).read_bytes())["files"]) == [
        "a/1.bmp",
        "a/2.bmp",
        "a/9.bmp",
    ]


def test_a_picture_that_was_replaced_is_seen(folder, decoded):
    before = folder_source(folder, transform=TRANSFORM)
    decoded.clear()
    replace(folder / "a" / "1.bmp", (77, 0, 0))
    after = folder_source(folder, transform=TRANSFORM)
    assert decoded == ["1.bmp"]
    assert after.fingerprint != before.fingerprint
    assert after.former_fingerprint == before.former_fingerprint


def test_data_that_move_keep_their_fingerprint(folder, decoded, tmp_path):
    before = folder_source(folder, transform=TRANSFORM)
    shutil.copytree(folder, tmp_path / "moved", copy_function=shutil.copyfile)
    assert folder_source(tmp_path / "moved", transform=TRANSFORM).fingerprint == before.fingerprint


def test_a_file_that_has_just_changed_is_not_relied_on(folder, decoded, monkeypatch, tmp_path):
    monkeypatch.setattr(seen, "_TICK", 10**12)
    folder_source(folder, transform=TRANSFORM)
    decoded.clear()
    folder_source(folder, transform=TRANSFORM)
    assert len(decoded) == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff", b"[" * 10**5, b"[]", b'{"decoder": 1, "files": {}}', b"cut", b"types"],
)
def test_what_is_kept_and_damaged_is_only_slower(folder, decoded, tmp_path, content):
    before = folder_source(folder, transform=TRANSFORM)
    record = kept(tmp_path).read_bytes()
    if content == b"types":
        content = record.replace(b'"files": {"a/', b'"files": {"b": 5, "a/')
    kept(tmp_path).write_bytes(record[:-9] if content == b"cut" else content)
    decoded.clear()
    assert folder_source(folder, transform=TRANSFORM).fingerprint == before.fingerprint
    assert len(decoded) == 3
    assert kept(tmp_path).read_bytes() == record


def test_another_pillow_looks_again(folder, decoded, monkeypatch):
    folder_source(folder, transform=TRANSFORM)
    decoded.clear()
    monkeypatch.setattr("PIL.__version__", "99")
    folder_source(folder, transform=TRANSFORM)
    assert len(decoded) == 3


def test_a_range_is_looked_at_by_itself(tmp_path, decoded):
    (tmp_path / "set").mkdir()
    Image.fromarray(np.array([[0, 9]], np.int32)).save(tmp_path / "set" / "x.tiff")
    folder_source(tmp_path / "set", transform=TRANSFORM, value_range=(0, 9))
    with pytest.raises(ValueError, match=r"x\.tiff holds whole numbers from 0 to 9, "):
        folder_source(tmp_path / "set", transform=TRANSFORM)


def test_nowhere_to_keep_it(folder, decoded, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(folder_source(folder, transform=TRANSFORM)) == 3
    monkeypatch.setattr(seen, "cache_folder", lambda: None)
    assert len(folder_source(folder, transform=TRANSFORM)) == 3


def test_who_stops_does_not_begin_again(folder, decoded, monkeypatch):
    def look(folder, name, *options):
        if name.name == "2.bmp":
            raise KeyboardInterrupt
        return original(folder, name, *options)

    original = seen._look
    with monkeypatch.context() as patch:
        patch.setattr(seen, "_look", look)
        with pytest.raises(KeyboardInterrupt):
            folder_source(folder, transform=TRANSFORM)
    decoded.clear()
    folder_source(folder, transform=TRANSFORM)
    assert decoded == ["2.bmp"]
