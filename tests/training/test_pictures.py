import numpy as np
import pytest
from PIL import Image

from jaxgan.training.pictures import (
    animate,
    captioned,
    class_grid,
    grid,
    on_white,
    picture,
    save_animation,
    save_picture,
    shrunk,
    stacked,
    to_bytes,
)
from tests.training.conftest import no_room


def test_to_bytes_is_the_inverse_of_scaling():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_bytes(every / 127.5 - 1), every)
    np.testing.assert_array_equal(to_bytes(np.array([-3.0, 3.0])), [0, 255])


def test_grid_puts_images_row_by_row():
    images = np.stack([np.full((64, 64, 3), value, np.float32) for value in (-1, 0, 1)])
    sheet = np.asarray(grid(images, columns=2))
    assert sheet.shape == (2 * 66 + 2, 2 * 66 + 2, 3)
    assert sheet[10, 10].tolist() == [0, 0, 0]
    assert sheet[10, 80].tolist() == [128, 128, 128]
    assert sheet[80, 10].tolist() == [255, 255, 255]


def test_small_images_are_enlarged():
    assert grid(np.zeros((1, 28, 28, 1), np.float32)).size == (64, 64)


def test_pictures_are_grey_or_coloured():
    assert picture(np.zeros((4, 4, 1))).mode == "L"
    assert picture(np.zeros((4, 4, 3))).mode == "RGB"


def test_pictures_may_be_transparent(tmp_path):
    """Around them, too; and what knows no alpha sees them on white, whatever colour is hidden."""
    images = np.full((2, 64, 64, 4), -1, np.float32)
    images[1, ..., 3] = 1
    sheet = grid(images)
    assert sheet.mode == picture(images[0]).mode == "RGBA"
    pixels = np.asarray(sheet)
    assert pixels[0, 0].tolist() == [255, 255, 255, 0]
    assert [pixels[9, x].tolist() for x in (9, 80)] == [[0, 0, 0, 0], [0, 0, 0, 255]]
    for flat in (on_white(sheet), shrunk(sheet, side=66)):
        assert flat.mode == "RGB"
    assert [on_white(sheet).getpixel((x, 9)) for x in (9, 80)] == [(255,) * 3, (0,) * 3]
    assert shrunk(sheet, side=66).getpixel((9, 9)) == (255,) * 3
    named = class_grid(images, np.array([0, 1]), ["a", "b"])
    assert named.mode == "RGBA"
    assert named.getpixel((named.width - 1, named.height - 1))[3] == 0
    assert class_grid(images[[0, 0, 1]], np.array([0, 0, 1]), ["a", "b"]).mode == "RGBA"
    save_picture(sheet, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as saved:
        assert saved.getpixel((9, 9)) == (0, 0, 0, 0)
    assert animate([tmp_path / "a.png"], tmp_path / "all.gif") == []
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.convert("RGB").getpixel((9, 9)) == (255,) * 3


def test_animation_has_every_frame(tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    for value, path in zip((-1, 0, 1), paths, strict=True):
        save_picture(picture(np.full((8, 8, 1), value, np.float32)), path)
    animate(paths, tmp_path / "all.gif")
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 3
    assert not list(tmp_path.glob("*.part"))


def test_of_many_frames_some_are_taken_evenly(tmp_path):
    for step in range(250):
        Image.new("L", (4, 4), step).save(tmp_path / f"{step}.png")
    frames = [tmp_path / f"{step}.png" for step in range(250)]
    assert animate(frames, tmp_path / "all.gif") == []
    shades = []
    with Image.open(tmp_path / "all.gif") as animation:
        for frame in range(animation.n_frames):
            animation.seek(frame)
            shades.append(animation.convert("L").getpixel((0, 0)))
    assert len(shades) == 100
    assert (shades[0], shades[-1]) == (0, 249)
    assert set(np.diff(shades)) <= {2, 3}


def test_large_frames_are_shrunk(tmp_path):
    paths = [tmp_path / f"{step}.png" for step in range(2)]
    for path, shade in zip(paths, (0, 200), strict=True):
        Image.new("L", (3000, 1500), shade).save(path)
    animate(paths, tmp_path / "all.gif")
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.size == (1024, 512)
        assert animation.n_frames == 2
    with Image.open(paths[0]) as untouched:
        assert untouched.size == (3000, 1500)
        assert shrunk(untouched, side=3000) is untouched
        assert shrunk(untouched, side=1).size == (1, 1)


def damage(path, way):
    match way:
        case "cut":
            path.write_bytes(path.read_bytes()[:200])
        case "no picture":
            path.write_text("mine")
        case "empty":
            path.write_bytes(b"")
        case "flipped":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 255
            path.write_bytes(data)
        case "gone":
            path.unlink()
        case "another size":
            Image.new("L", (5, 9)).save(path)


@pytest.mark.parametrize("way", ["cut", "no picture", "empty", "flipped", "gone", "another size"])
def test_damaged_frames_are_passed_over(tmp_path, way):
    paths = [tmp_path / f"{step}.png" for step in range(4)]
    for number, path in enumerate(paths):
        noise = np.random.default_rng(number).integers(0, 256, (20, 20), np.uint8)
        Image.fromarray(noise).save(path)
    damage(paths[1], way)
    assert animate(paths, tmp_path / "all.gif") == [paths[1]]
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 3
    if way != "another size":
        damage(paths[3], way)
        assert animate(paths, tmp_path / "all.gif") == [paths[1], paths[3]]


def test_no_frame_at_all(tmp_path):
    assert animate([], tmp_path / "all.gif") == []
    assert animate([tmp_path / "gone.png"], tmp_path / "all.gif") == [tmp_path / "gone.png"]
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_whole_or_not_there(tmp_path):
    path = tmp_path / "x.png"
    save_picture(Image.new("L", (8, 8)), path)
    before = path.read_bytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    with no_room(100), pytest.raises(OSError, match=r"File too large: '.*x.png'"):
        save_picture(noise, path)
    with no_room(10), pytest.raises(OSError, match=r"File too large: '.*all.gif'"):
        animate([path] * 2, tmp_path / "all.gif")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_classes_stand_under_their_names():
    labels = np.arange(7) % 3
    images = np.broadcast_to((labels / 2 - 1)[:, None, None, None], (7, 20, 20, 1))
    sheet = class_grid(images, labels, ["cats", "a very long name of a class"])
    third = sheet.width // 3
    first_row = np.asarray(sheet)[18 + 10]
    assert [first_row[place * third + 15] for place in range(3)] == [0, 64, 128]
    names = np.asarray(sheet)[:18] < 128
    for place in range(3):
        assert names[:, place * third : (place + 1) * third].any()
    many = class_grid(np.zeros((30, 4, 4, 1), np.float32), np.arange(30), [])
    assert many.size == grid(np.zeros((30, 4, 4, 1), np.float32)).size


def test_vectors_of_labels_stand_under_what_the_first_has_not():
    vectors = np.array([[0, 0], [0, 1], [2, 0], [1, 0]] * 2)
    images = np.broadcast_to((vectors @ [2, 1] / 4)[:, None, None, None], (8, 20, 20, 1))
    names = ["glasses=none", "glasses=round", "glasses=square", "beard=no", "beard=full"]
    sheet = np.asarray(class_grid(images, vectors, names))
    quarter = sheet.shape[1] // 4
    first_row = sheet[2 * 18 + 10]
    greys = [int(first_row[place * quarter + 15]) for place in range(4)]
    assert greys == [128, 159, 255, 191]  # in the order in which they come
    words = sheet[:36] < 128
    attributes, labels = words[:18], words[18:]
    assert [bool(labels[:, n * quarter : (n + 1) * quarter].any()) for n in range(4)] == [
        *(False, True, True, True)
    ]
    assert not attributes[:, :quarter].any()
    assert not attributes[:, 3 * quarter :].any()  # of both, over the first of them
    alone = np.asarray(class_grid(images[:4], vectors[[0] * 4], names))
    assert (alone[:18] < 128).any()


def test_words_stand_over_their_share_of_a_picture():
    below = picture(np.full((20, 120, 1), 1, np.float32))
    sheet = captioned(below, [("a", 2), ("", 1), ("words that have no room", 1)])
    assert sheet.size == (120, 38)
    dark = (np.asarray(sheet)[:18] < 128).any(axis=0)
    assert dark[:30].any()
    assert not dark[30:90].any()
    assert dark[90:].any()
    assert (np.asarray(sheet)[18:] == 255).all()


def test_pictures_one_below_the_other():
    parts = [
        picture(np.full((height, 4, 3), shade, np.float32)) for height, shade in ((2, -1), (3, 1))
    ]
    sheet = np.asarray(stacked(parts))
    assert sheet.shape == (5, 4, 3)
    assert (sheet[:2] == 0).all()
    assert (sheet[2:] == 255).all()


def test_an_animation_of_pictures(tmp_path):
    frames = [picture(np.full((8, 8, 1), shade, np.float32)) for shade in (-1, 0, 1)]
    save_animation(frames, tmp_path / "a" / "b.gif", durations=[40, 50, 60])
    shades, durations = [], []
    with Image.open(tmp_path / "a" / "b.gif") as animation:
        assert animation.info["loop"] == 0
        for number in range(animation.n_frames):
            animation.seek(number)
            shades.append(animation.convert("L").getpixel((0, 0)))
            durations.append(animation.info["duration"])
    np.testing.assert_allclose(shades, [0, 128, 255], atol=2)
    assert durations == [40, 50, 60]
    before = (tmp_path / "a" / "b.gif").read_bytes()
    with no_room(10), pytest.raises(OSError, match=r"File too large: '.*b.gif'"):
        save_animation(frames, tmp_path / "a" / "b.gif")
    assert (tmp_path / "a" / "b.gif").read_bytes() == before
    assert len(list((tmp_path / "a").iterdir())) == 1
