import logging

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import (
    ArraySource,
    Paired,
    Stretch,
    Subset,
    Transform,
    paired_folders,
    pipeline,
    side_by_side,
)

TRANSFORM = Transform(image_size=8, channels=3)


def draw(path, colour, size=(10, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def draw_pair(path, left, right, size=(10, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (2 * size[0], size[1]), left)
    image.paste(right, (size[0], 0, 2 * size[0], size[1]))
    image.save(path)


def reds(images):
    return images[:, 4, 4, 0].tolist()


@pytest.fixture
def folders(tmp_path):
    """Five pairs, in a folder of the folder; the endings differ between the sides."""
    for index, name in enumerate("edcba"):
        draw(tmp_path / "one" / "all" / f"{name}.png", (index, 0, 0))
        draw(tmp_path / "two" / "all" / f"{name}.bmp", (100 + index, 0, 0))
    return tmp_path / "one", tmp_path / "two"


def test_two_folders(folders):
    pairs = paired_folders(*folders, transform=TRANSFORM)
    assert len(pairs) == 5
    assert pairs.classes == ()
    batch = pairs.read(np.array([4, 0, 2]))
    assert list(batch) == ["a", "b"]
    assert batch["a"].shape == batch["b"].shape == (3, 8, 8, 3)
    assert batch["a"].dtype == batch["b"].dtype == np.uint8
    # In the order of their names, a to e.
    assert reds(batch["a"]) == [0, 4, 2]
    assert reds(batch["b"]) == [100, 104, 102]


def test_pairs_stay_together_in_a_pipeline(folders):
    pairs = paired_folders(*folders, transform=TRANSFORM)
    for resident_bytes in (0, 2**30):
        data = pipeline(pairs, seed=0, batch_size=5, resident_bytes=resident_bytes, crop=6)
        batch = data(3)
        assert batch["a"].shape == (5, 6, 6, 3)
        difference = 127.5 * (np.asarray(batch["b"]) - np.asarray(batch["a"]))
        np.testing.assert_allclose(difference[..., 0], 100, atol=1e-4)


def test_names_are_matched_whatever_their_order(tmp_path):
    # With its ending, "a.bmp" stands before "a.c.bmp", but "a.png" behind "a.c.png".
    for side, ending in (("one", "png"), ("two", "bmp")):
        for index, name in enumerate(["a", "a-b", "a.c"]):
            draw(tmp_path / side / f"{name}.{ending}", (50 * index, 0, 0))
    pairs = paired_folders(tmp_path / "one", tmp_path / "two", transform=TRANSFORM)
    batch = pairs.read(np.arange(3))
    assert sorted(reds(batch["a"])) == [0, 50, 100]
    np.testing.assert_array_equal(batch["a"], batch["b"])


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_without_partner(folders, side):
    for number in range(5):
        draw(folders[side] / "all" / f"alone{number}.png", "red")
    other = folders[1 - side]
    sentence = (
        rf"^5 of 10 images in {folders[side]} have no partner by name in {other} \(.*alone0, "
    )
    with pytest.raises(ValueError, match=sentence) as refusal:
        paired_folders(*folders, transform=TRANSFORM)
    assert "alone2, and 2 more" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_two_files_of_one_name(folders):
    draw(folders[0] / "all" / "c.gif", "red")
    with pytest.raises(ValueError, match=r"one has two images of the name all/c, so it is not"):
        paired_folders(*folders, transform=TRANSFORM)


def test_pairs_of_different_size(folders):
    draw(folders[1] / "all" / "c.bmp", "red", size=(12, 9))
    sentence = r"^all/c is 10 x 10 in .*one and 9 x 12 in .*two; 1 of 5 pairs differ in size"
    with pytest.raises(ValueError, match=sentence):
        paired_folders(*folders, transform=TRANSFORM)


def test_a_pair_that_is_turned_has_one_size(folders):
    """The same picture, once upright and once lying, with a note to turn it."""
    draw(folders[0] / "all" / "f.png", "red", size=(12, 9))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (9, 12), "red").save(folders[1] / "all" / "f.png", exif=exif)
    assert len(paired_folders(*folders, transform=TRANSFORM)) == 6


@pytest.mark.parametrize("empty", [0, 1])
def test_an_empty_side(folders, empty):
    for file in (folders[empty] / "all").iterdir():
        file.unlink()
    with pytest.raises(
        ValueError,
        match=rf"there are no images in {folders[empty]} \(passed over: 1 without pictures\): give",
    ):
        paired_folders(*folders, transform=TRANSFORM)


def test_unreadable_files_take_their_partner_with_them(folders, caplog):
    (folders[0] / "all" / "b.png").write_bytes(b"")
    (folders[1] / "all" / "d.bmp").write_bytes(b"")
    with pytest.raises(ValueError, match=r"b\.png .*\(--skip-unreadable\)"):
        paired_folders(*folders, transform=TRANSFORM)
    with caplog.at_level(logging.WARNING):
        pairs = paired_folders(*folders, transform=TRANSFORM, skip_unreadable=True)
    batch = pairs.read(np.arange(3))
    assert len(pairs) == 3
    assert reds(batch["a"]) == [4, 2, 0]
    assert reds(batch["b"]) == [104, 102, 100]
    draw(folders[0] / "all" / "alone.png", "red")
    with pytest.raises(ValueError, match=r"no partner by name in .*\(all/alone\)"):
        paired_folders(*folders, transform=TRANSFORM, skip_unreadable=True)


def test_no_pair_is_left(folders):
    for index, name in enumerate("abcde"):
        side, ending = (folders[0], "png") if index < 3 else (folders[1], "bmp")
        (side / "all" / f"{name}.{ending}").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no pair of .* can be decoded whole"):
        paired_folders(*folders, transform=TRANSFORM, skip_unreadable=True)


def test_side_by_side(tmp_path):
    for index in range(4):
        draw_pair(tmp_path / f"{index}.png", (index, 0, 0), (200 + index, 0, 0), size=(12, 10))
    pairs = side_by_side(tmp_path, transform=TRANSFORM)
    batch = pairs.read(np.array([3, 1]))
    assert batch["a"].shape == (2, 8, 8, 3)
    assert (batch["a"][..., 0] == np.array([3, 1])[:, None, None]).all()
    assert (batch["b"][..., 0] == np.array([203, 201])[:, None, None]).all()
    assert pairs.a.fingerprint != pairs.b.fingerprint


def test_a_width_that_cannot_be_halved(tmp_path):
    draw_pair(tmp_path / "even.png", "red", "blue")
    draw(tmp_path / "odd.png", "red", size=(21, 10))
    sentence = r"odd\.png is 21 pixels wide, which cannot be halved; 1 of 2 files are like that"
    with pytest.raises(ValueError, match=sentence):
        side_by_side(tmp_path, transform=TRANSFORM)


def test_stretching_keeps_the_edges(tmp_path):
    image = np.zeros((4, 16, 3), np.uint8)
    image[:, :4, 0], image[:, 12:, 1] = 200, 200
    Image.fromarray(image).save(tmp_path / "wide.png")
    cropped = Transform(image_size=8, channels=3)(tmp_path / "wide.png")
    stretched = Stretch(image_size=8, channels=3)(tmp_path / "wide.png")
    assert cropped.max() == 0
    assert stretched.shape == (8, 8, 3)
    assert (stretched[:, 0, 0] > 180).all()
    assert (stretched[:, 7, 1] > 180).all()
    assert repr(Stretch(image_size=8, channels=3)) != repr(TRANSFORM)


def arrays(count, size=4):
    return ArraySource({"image": np.zeros((count, size, size, 3), np.uint8)})


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (arrays(3), arrays(4), "side a has 3 images and side b 4, which are no pairs"),
        (arrays(3), arrays(3, size=5), "side a are 4 x 4 and those of side b 5 x 5"),
        (Subset(arrays(3), np.arange(0)), Subset(arrays(3), np.arange(0)), "one or more"),
    ],
)
def test_refusals(a, b, sentence):
    with pytest.raises(ValueError, match=sentence):
        Paired(a, b)


def test_subset():
    source = ArraySource({"image": np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)})
    some = Subset(source, np.array([4, 0, 2]))
    assert len(some) == 3
    assert some.classes == ()
    assert some.read(np.array([2, 0]))["image"].ravel().tolist() == [2, 4]
    prints = {Subset(source, np.array(rows)).fingerprint for rows in ([4, 0, 2], [0, 2, 4], [0, 2])}
    assert len(prints | {source.fingerprint}) == 4
