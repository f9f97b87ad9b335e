"""Zips of pictures: what a folder gives, and whatever a zip can be beside that."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Sides, Transform, archives, folder_source, pipeline, prepare_folder, seen
from jaxgan.data.archives import open_archive

TRANSFORM = Transform(image_size=4, channels=3)
NAMES = ("cat/a.png", "cat/deep/b.bmp", "ant/c.png", "ant/d.png")


def encoded(seed, form="png"):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, form)
    return file.getvalue()


def write(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


PICTURES = {name: encoded(seed, name[-3:]) for seed, name in enumerate(NAMES)}


@pytest.fixture
def folder(tmp_path):
    for name, content in PICTURES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "folder"


def all_of(source):
    return source.read(np.arange(len(source)))


@pytest.mark.parametrize("inside", ["", "mine/", "data/mine/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_is_as_its_folder(folder, tmp_path, inside, method):
    """Also where it was made of the folder and not of what is in it."""
    beside = {"notes.txt": "", ".hidden.png": "", "cat/Thumbs.db": "", "cat/": ""}
    files = {f"{inside}{name}": content for name, content in (PICTURES | beside).items()}
    junk = {f"__MACOSX/{inside}cat/._a.png": "", "README": ""}
    path = write(tmp_path / "mine.zip", files | junk, method)
    before = folder_source(folder, transform=TRANSFORM)
    after = folder_source(path, transform=TRANSFORM)
    assert after.fingerprint == before.fingerprint
    assert after.former_fingerprint == before.former_fingerprint
    assert after.classes == before.classes == ("ant", "cat")
    assert after.sizes == before.sizes
    assert [after.name(file) for file in after.files] == [before.name(f) for f in before.files]
    for name, array in all_of(before).items():
        np.testing.assert_array_equal(all_of(after)[name], array)
    assert after.notes == (
        f"4 pictures of 2 classes in {path}: ant (2), cat (2); "
        "passed over: 3 hidden, 2 of other types (.txt, without an ending)",
    )


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_batches_of_a_zip(folder, tmp_path, resident_bytes):
    path = write(tmp_path / "mine.zip", PICTURES)
    one, two = (
        pipeline(folder_source(of, transform=TRANSFORM), seed=0, batch_size=3, resident_bytes=size)(
            2
        )
        for of, size in ((path, resident_bytes), (folder, 2**30))
    )
    for name in ("image", "label"):
        np.testing.assert_array_equal(one[name], two[name])


def test_looked_at_once(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(seen, "_TICK", -(10**10))  # as if the zip were old
    decoded = []
    original = seen.decode
    monkeypatch.setattr(
        seen, "decode", lambda *a, **options: (decoded.append(a), original(*a, **options))[1]
    )
    path = write(tmp_path / "mine.zip", PICTURES)
    first = folder_source(path, transform=TRANSFORM)
    assert len(decoded) == 4
    assert folder_source(path, transform=TRANSFORM).fingerprint == first.fingerprint
    assert len(decoded) == 4
    write(path, PICTURES | {"ant/c.png": encoded(9)})
    assert folder_source(path, transform=TRANSFORM).fingerprint != first.fingerprint
    assert len(decoded) == 8


def test_pickles_and_holds_nothing_open(tmp_path):
    source = folder_source(write(tmp_path / "mine.zip", PICTURES), transform=TRANSFORM)
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(all_of(again)["image"], all_of(source)["image"])
    opened = {
        os.readlink(f"/proc/self/fd/{name}")
        for name in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{name}")
    }
    assert str(tmp_path / "mine.zip") not in opened


@pytest.mark.slow
def test_workers_read_a_zip(tmp_path):
    write(tmp_path / "mine.zip", PICTURES)
    code = """
import sys
from jaxgan.data import Transform, folder_source, streamed
if __name__ == "__main__":
    source = folder_source(sys.argv[1], transform=Transform(4, 3))
    data = streamed(source, seed=0, batch_size=2, workers=2)
    batches = data.iterate(5)
    for step in range(5, 11):
        batch, expected = next(batches), data.read(step)
        assert all((batch[name] == expected[name]).all() for name in ("image", "label"))
    batches.close()
    print("done")
"""
    command = [sys.executable, "-W", "error", "-c", code, tmp_path / "mine.zip"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.stdout == "done\n", run.stderr


def test_prepared_of_a_zip(folder, tmp_path):
    path = write(tmp_path / "mine.zip", PICTURES)
    for of, to in ((path, "one"), (folder, "two")):
        prepare_folder(of, tmp_path / to, transforms=[TRANSFORM])
    one, two = (folder_source(tmp_path / to, transform=TRANSFORM) for to in ("one", "two"))
    assert one.fingerprint == two.fingerprint
    np.testing.assert_array_equal(all_of(one)["image"], all_of(two)["image"])


def test_two_sides_in_zips(tmp_path):
    for side in "ab":
        write(tmp_path / f"{side}.zip", {f"{n}.png": encoded(n) for n in range(12)})
    zips = {"folder_a": tmp_path / "a.zip", "folder_b": tmp_path / "b.zip"}
    sides = Sides(**zips, load_size=4, crop_size=4)
    assert sides.has_pairs
    assert len(sides.paired()) == 10


def with_link(path):
    write(path, {"a.png": encoded(0)})
    link = zipfile.ZipInfo("b.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(link, "/etc/passwd")


def test_links_are_left_aside(tmp_path):
    with_link(tmp_path / "mine.zip")
    assert len(folder_source(tmp_path / "mine.zip", transform=TRANSFORM)) == 1


def patched(path, files, **fields):
    """With other fields in the list at its end than are true, for the picture `a.png`."""
    places = {"flags": 8, "method": 10, "checksum": 16, "packed": 20, "size": 24, "start": 42}
    content = bytearray(write(path, files).read_bytes())
    entry = content.rindex(b"PK\1\2", 0, content.rindex(b"a.png"))
    for name, value in fields.items():
        form = "<H" if name in ("flags", "method") else "<I"
        struct.pack_into(form, content, entry + places[name], value)
    path.write_bytes(content)


ONE = {"b.png": encoded(1), "a.png": encoded(0)}
HOSTILE = {
    "outside": ({"../a.png": encoded(0)}, {}, r"the name \.\./a\.png, which would lie outside"),
    "absolute": ({"/etc/a.png": encoded(0)}, {}, "the name /etc/a.png, which would lie outside"),
    "no pictures": ({"a.txt": "", "x.zip": "a.png"}, {}, r"no images in .* \(passed over: 2 of ot"),
    "nothing": ({}, {}, "there are no images in"),
    "no picture": ({"a.png": b"PK" * 40}, {}, r"mine\.zip/a\.png cannot be decoded .*1 of 1 files"),
    "encrypted": (ONE, {"flags": 1}, r"mine\.zip/a\.png is encrypted: make .*1 of 2 files"),
    "a bomb": (ONE, {"size": 2**31}, r"a\.png would have 2,147,483,648 bytes, and no more than 2"),
    "a bomb that lies": (
        {"b.png": encoded(1), "a.png": bytes(10**6)},
        {"size": 900},
        r"a\.png cannot be unpacked .* checksum",
    ),
    "another method": (
        ONE,
        {"method": 12},
        r"a\.png is packed by the method 12: make the zip with",
    ),
    "checksum": (ONE, {"checksum": 7}, r"a\.png cannot be unpacked .* checksum"),
    "beyond its end": (ONE, {"start": 2**30}, "cannot be "),
    "too short": (ONE, {"packed": 9}, r"a\.png cannot be unpacked"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("files", "fields", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_zips(tmp_path, files, fields, sentence):
    path = tmp_path / "mine.zip"
    if fields:
        patched(path, files, **fields)
    else:
        write(path, files)
    with pytest.raises(ValueError, match=sentence) as refusal:
        folder_source(path, transform=TRANSFORM)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 600


def test_one_name_twice(tmp_path):
    path = write(tmp_path / "mine.zip", ONE)
    with zipfile.ZipFile(path, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("a.png", encoded(2))
    with pytest.raises(ValueError, match=r"holds two files of the name a\.png: make the zip anew"):
        folder_source(path, transform=TRANSFORM)


@pytest.mark.parametrize("keep", [0, 30, 200, -1, -30])
def test_a_zip_that_is_cut_short(tmp_path, keep):
    path = write(tmp_path / "mine.zip", ONE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        ValueError, match=r"cannot be read as a zip \(.*\): give a folder of images"
    ):
        folder_source(path, transform=TRANSFORM)


def test_bad_files_of_a_zip_are_left_out_on_request(tmp_path):
    patched(tmp_path / "mine.zip", ONE, flags=1)
    source = folder_source(tmp_path / "mine.zip", transform=TRANSFORM, skip_unreadable=True)
    assert source.left_out == (tmp_path / "mine.zip" / "a.png",)
    assert source.notes[0].endswith("1 unreadable (a.png)")


@pytest.mark.parametrize("content", [None, b"", b"PK" * 500])
def test_a_zip_that_changes(tmp_path, content):
    path = write(tmp_path / "mine.zip", PICTURES)
    source = folder_source(path, transform=TRANSFORM)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.zip/ant/c\.png .*: the folder changed since"):
        source.read(np.arange(4))


def test_the_bound_is_of_what_was_unpacked(tmp_path, monkeypatch):
    path = write(tmp_path / "mine.zip", {"a.png": bytes(1000)})
    archive = open_archive(path)
    assert archive.read("a.png") == bytes(1000)
    monkeypatch.setattr(archives, "MOST_BYTES", 999)
    with pytest.raises(ValueError, match="would have 1,000 bytes, and no more than 999 are read"):
        archive.read("a.png")
