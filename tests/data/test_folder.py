import logging
import os

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import (
    Images,
    Paired,
    Subset,
    Transform,
    Unpaired,
    folder_source,
    pipeline,
)

TRANSFORM = Transform(image_size=8, channels=3)


def draw(path, colour, form=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 10), colour).save(path, form)


@pytest.fixture
def classes(tmp_path):
    for index in range(4):
        draw(tmp_path / "cat" / f"{index}.png", (index, 0, 0))
        draw(tmp_path / "ant" / "deep" / f"{index}.PNG", (100 + index, 0, 0))
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / "cat" / ".hidden.png").write_text("not an image")
    return tmp_path


def test_sub_folders_are_classes(classes):
    source = folder_source(classes, transform=TRANSFORM)
    assert len(source) == 8
    assert source.classes == ("ant", "cat")
    assert source.shape == (8, 8, 3)
    batch = source.read(np.array([7, 0, 4]))
    assert batch["image"].dtype == np.uint8
    assert batch["label"].dtype == np.int32
    np.testing.assert_array_equal(batch["label"], [1, 0, 1])
    np.testing.assert_array_equal(batch["image"][:, 4, 4, 0], [3, 100, 0])


def test_without_sub_folders_there_are_no_labels(tmp_path):
    draw(tmp_path / "b.jpg", "red")
    draw(tmp_path / "a.png", "blue")
    source = folder_source(tmp_path, transform=TRANSFORM)
    assert source.classes == ()
    batch = source.read(np.array([0]))
    assert list(batch) == ["image"]
    np.testing.assert_array_equal(batch["image"][0, 0, 0], [0, 0, 255])


def test_fingerprint_tells_contents_apart(classes, tmp_path_factory):
    first = folder_source(classes, transform=TRANSFORM).fingerprint
    assert folder_source(classes, transform=TRANSFORM).fingerprint == first
    grey = Transform(image_size=8, channels=1)
    assert folder_source(classes, transform=grey).fingerprint != first
    moved = tmp_path_factory.mktemp("elsewhere") / "copy"
    os.rename(classes, moved)
    assert folder_source(moved, transform=TRANSFORM).fingerprint == first
    (moved / "cat" / "3.png").rename(moved / "cat" / "9.png")
    assert folder_source(moved, transform=TRANSFORM).fingerprint != first


def damage(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


@pytest.mark.parametrize("keep", [0, 5, 45])
def test_a_bad_file_is_named(classes, keep):
    bad = classes / "cat" / "2.png"
    damage(bad, keep)
    with pytest.raises(ValueError, match=r"1 of 8 files .* \(--skip-unreadable\)") as refusal:
        folder_source(classes, transform=TRANSFORM)
    assert str(refusal.value).startswith(str(bad))
    assert "\n" not in str(refusal.value)


def test_bad_files_are_left_out_on_request(classes, caplog):
    damage(classes / "cat" / "2.png", 45)
    damage(classes / "ant" / "deep" / "0.PNG", 45)
    with caplog.at_level(logging.WARNING):
        source = folder_source(classes, transform=TRANSFORM, skip_unreadable=True)
    assert [record.message for record in caplog.records] == [
        f"left out 2 of 8 files in {classes} that cannot be decoded: "
        "ant/deep/0.PNG cannot be decoded as an image (image file is truncated), "
        "cat/2.png cannot be decoded as an image (image file is truncated)"
    ]
    assert source.skipped == 2
    assert source.classes == ("ant", "cat")
    batch = source.read(np.arange(len(source)))
    np.testing.assert_array_equal(batch["image"][:, 0, 0, 0], [101, 102, 103, 0, 1, 3])
    np.testing.assert_array_equal(batch["label"], [0, 0, 0, 1, 1, 1])


def test_a_file_that_vanishes_is_named(classes):
    source = folder_source(classes, transform=TRANSFORM)
    (classes / "cat" / "1.png").unlink()
    with pytest.raises(ValueError, match=r"1\.png cannot be decoded .*the folder changed since"):
        source.read(np.arange(8))


def test_the_check_is_the_decoding(classes):
    """Every pixel of this one is there, but it cannot be turned as its damaged EXIF says."""
    bad = classes / "cat" / "x.jpeg"
    compression_as_text = b"\x01\x03\0\x02\0\0\0\x06\0\0\0\x26"
    turned = b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + compression_as_text + turned + bytes(4) + b"maker\0"
    Image.new("RGB", (16, 8)).save(bad, exif=exif)
    with Image.open(bad) as image:
        image.load()
    with pytest.raises(ValueError, match=r"x\.jpeg cannot be decoded"):
        folder_source(classes, transform=TRANSFORM)
    source = folder_source(classes, transform=TRANSFORM, skip_unreadable=True)
    assert source.left_out == (bad,)
    assert source.read(np.arange(8))["image"].shape == (8, 8, 8, 3)


def test_names_that_are_not_in_utf_8(classes):
    bad = classes / "cat" / os.fsdecode(b"caf\xe9.png")
    draw(bad, "red", "PNG")
    draw(classes / os.fsdecode(b"d\xf6g") / "0.png", "red")
    sentence = r"cat/caf\\xe9\.png has a name that is not in UTF-8; 2 of 10 files"
    with pytest.raises(ValueError, match=sentence):
        folder_source(classes, transform=TRANSFORM)
    source = folder_source(classes, transform=TRANSFORM, skip_unreadable=True)
    assert source.classes == ("ant", "cat")
    assert source.left_out[0] == bad
    assert source.notes[0].endswith(r"2 unreadable (cat/caf\xe9.png, d\xf6g/0.png)")


def test_classes_may_be_links(tmp_path):
    for name in ("red", "blue"):
        draw(tmp_path / "elsewhere" / name / "0.png", name)
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / name).symlink_to(tmp_path / "elsewhere" / name)
    source = folder_source(tmp_path / "set", transform=TRANSFORM)
    assert source.classes == ("blue", "red")
    np.testing.assert_array_equal(source.read(np.arange(2))["label"], [0, 1])


def test_says_what_it_holds(classes):
    damage(classes / "cat" / "2.png", 45)
    draw(classes / "ant" / "more.jfif", "red", "JPEG")
    draw(classes / ".ipynb_checkpoints" / "0.png", "red")
    source = folder_source(classes, transform=TRANSFORM, skip_unreadable=True)
    assert source.notes == (
        f"8 pictures of 2 classes in {classes}: ant (5), cat (3); "
        "passed over: 2 hidden, 1 of other types (.txt), 1 unreadable (cat/2.png)",
    )
    damage(classes / "cat" / "notes.txt", 0)
    assert Subset(source, np.arange(3)).notes == (*source.notes, "3 of these 8 are taken")


def test_says_names_on_one_line(tmp_path):
    draw(tmp_path / "set" / "two\nlines\x1b[2J" / "0.png", "red")
    source = folder_source(tmp_path / "set", transform=TRANSFORM)
    assert r"two\nlines\x1b[2J (1)" in source.notes[0]
    (tmp_path / "set" / "two\nlines\x1b[2J" / "0.png").unlink()
    with pytest.raises(ValueError, match="the folder changed") as refusal:
        source.read(np.arange(1))
    assert str(refusal.value).isprintable()


def test_a_named_pipe_is_not_waited_for(classes):
    os.mkfifo(classes / "cat" / "x.png")
    assert "1 neither file nor folder" in folder_source(classes, transform=TRANSFORM).notes[0]


def test_pictures_that_need_a_range(tmp_path):
    for index in range(3):
        values = np.full((8, 8), 1000 * index, np.int32)
        Image.fromarray(values).save(tmp_path / f"{index}.tiff")
    for skip in (False, True):
        with pytest.raises(ValueError, match=r"0\.tiff holds whole numbers .*\(--range LOW HIGH\)"):
            folder_source(tmp_path, transform=TRANSFORM, skip_unreadable=skip)
    source = Images(folder=tmp_path, image_size=8, range=(0, 2000)).source()
    np.testing.assert_array_equal(source.read(np.arange(3))["image"][:, 0, 0, 0], [0, 128, 255])
    other = Images(folder=tmp_path, image_size=8, range=(0, 3000)).source()
    assert other.fingerprint != source.fingerprint
    with pytest.raises(ValueError, match=r"wrong way round: .*\(--range 0 2000\)"):
        Images(folder=tmp_path, range=(2000, 0)).source()
    with pytest.raises(ValueError, match=r"--range is of pictures in folders"):
        Images(range=(0, 2000)).source()


FORMER = "folder:89792e2097d2b7ab:Transform(image_size=8, channels=3, pad=False)"
"""What the first version wrote of `two.bmp`s, whose sizes do not depend on an encoder."""


def bitmaps(folder):
    for name in ("a/0", "b/0"):
        draw(folder / f"{name}.bmp", "red")
    return folder_source(folder, transform=TRANSFORM)


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_the_fingerprints_of_earlier_versions_are_believed(tmp_path, resident_bytes):
    source = bitmaps(tmp_path)
    whole = np.arange(2)
    digest = Subset(source, whole).fingerprint.removeprefix(source.fingerprint)
    for of, former in (
        (source, FORMER),
        (Subset(source, whole), f"{FORMER}{digest}"),
        (Paired(source, Subset(source, whole)), f"pairs a={FORMER} b={FORMER}{digest}"),
        (Unpaired(source, Subset(source, whole)), f"a={FORMER} b={FORMER}{digest}"),
    ):
        data = pipeline(of, seed=0, batch_size=2, resident_bytes=resident_bytes)
        assert data.agrees(data.fingerprint)
        assert data.agrees(former)
        assert data.fingerprint == of.fingerprint != former
        assert not data.agrees(former.replace("89", "88"))
        assert data.notes == source.notes
        assert data.classes == (("a", "b") if isinstance(of, type(source) | Subset) else ())


class Own:
    """A user's source that knows nothing of notes."""

    classes, fingerprint = (), "own"

    def __len__(self):
        return 2

    def read(self, indices):
        return {"image": np.zeros((len(indices), 2, 2, 1), np.uint8)}


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_a_source_need_not_say_anything(resident_bytes):
    for of in (Own(), Subset(Own(), np.arange(1)), Unpaired(Own(), Own())):
        data = pipeline(of, seed=0, batch_size=1, resident_bytes=resident_bytes)
        assert data.notes == data.classes == ()
        assert data.agrees(data.fingerprint)
        assert not data.agrees("another")


def test_no_folder(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere"):
        folder_source(tmp_path / "nowhere", transform=TRANSFORM)


def test_empty_folder(tmp_path):
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(ValueError, match=r"there are no images in .* \.png"):
        folder_source(tmp_path, transform=TRANSFORM)


def test_nothing_readable(tmp_path):
    (tmp_path / "a.png").write_text("")
    with pytest.raises(ValueError, match="none of the 1 images"):
        folder_source(tmp_path, transform=TRANSFORM, skip_unreadable=True)


def test_images_beside_classes(classes):
    draw(classes / "stray.png", "red")
    with pytest.raises(ValueError, match=r"like stray\.png: move these into a sub-folder"):
        folder_source(classes, transform=TRANSFORM)


def test_the_command_line_s_folder(classes):
    source = Images(folder=classes, image_size=6, channels=1, pad=True).source()
    assert source.read(np.arange(3))["image"].shape == (3, 6, 6, 1)
