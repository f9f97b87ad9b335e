import logging
import os

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Images, Transform, folder_source

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
