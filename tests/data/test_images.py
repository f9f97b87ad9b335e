from pathlib import Path

import pytest
import tyro

from jaxgan.data import Images


def test_is_a_command_line():
    arguments = ["--folder", "photos", "--image-size", "64", "--channels", "3", "--flip", "--pad"]
    arguments += ["--range", "0", "4095"]
    images = tyro.cli(Images, args=arguments)
    size = {"image_size": 64, "channels": 3}
    assert images == Images(folder=Path("photos"), **size, flip=True, pad=True, range=(0.0, 4095.0))
    assert tyro.cli(Images, args=[]) == Images()


def test_every_option_has_help(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(Images, args=["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in [
        "Name of a data set of TFDS",
        "Folder of images to use",
        "Split of the data set",
        "Pixels on a side",
        "1 for grey",
        "Pad images to a square",
        "Flip half of the images",
        "Leave out the files",
        "Values of black and white",
        "Where data sets are kept",
    ]:
        assert words in text


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (Images(image_size=-3), "images of -3 pixels"),
        (Images(channels=4), "images of 4 channels"),
        (Images(folder=Path("/nowhere/at/all")), "there is no folder /nowhere/at/all"),
    ],
)
def test_refusals(images, sentence):
    with pytest.raises(ValueError, match=sentence):
        images.source()


def test_wider_and_in_colour(data_dir, digits):
    source = Images(data_dir=data_dir, image_size=32, channels=3).source()
    assert source.shape == (32, 32, 3)
    assert source.fingerprint != digits.fingerprint
