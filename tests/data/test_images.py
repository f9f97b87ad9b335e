import json
from pathlib import Path

import pytest
import tyro

from jaxgan.data import Images
from jaxgan.training import from_plain, to_plain


def test_is_a_command_line():
    arguments = ["--folder", "photos", "--image-size", "64", "--channels", "3", "--flip", "--pad"]
    arguments += ["--range", "0", "4095"]
    images = tyro.cli(Images, args=arguments)
    size = {"image_size": 64, "channels": 3}
    assert images == Images(folder=Path("photos"), **size, flip=True, pad=True, range=(0.0, 4095.0))
    assert tyro.cli(Images, args=[]) == Images()


@pytest.mark.parametrize(("words", "size"), [(["28"], 28), (["96", "128"], (96, 128))])
def test_one_number_or_height_and_width(words, size):
    images = tyro.cli(Images, args=["--image-size", *words, "--channels", "3"])
    assert images.image_size == size
    assert images.shape == (*(size if len(words) == 2 else (28, 28)), 3)
    assert from_plain(Images, json.loads(json.dumps(to_plain(images)))) == images


@pytest.mark.parametrize("wrong", [[96], [1, 2, 3], "96", 9.5, [96, 12.5], None, True])
def test_a_manifest_with_a_size_that_is_none(wrong):
    with pytest.raises(ValueError, match=r"^image_size = .* one whole number of .*, or two") as no:
        from_plain(Images, {"image_size": wrong})
    assert ";" not in str(no.value)


def test_every_option_has_help(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(Images, args=["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in [
        "Name of a data set of TFDS",
        "Folder of images to use",
        "Split of the data set",
        "What of the data set is the label",
        "Pixels on a side; or height and width, as in 96 128.",
        "1 for grey",
        "Pad images of another shape",
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
        (Images(channels=2), "images of 2 channels"),
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
