import numpy as np
from PIL import Image

from jaxgan.training.pictures import animate, grid, picture, save_picture, to_bytes


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


def test_animation_has_every_frame(tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    for value, path in zip((-1, 0, 1), paths, strict=True):
        save_picture(picture(np.full((8, 8, 1), value, np.float32)), path)
    animate(paths, tmp_path / "all.gif")
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 3
    assert not list(tmp_path.glob("*.part"))
