"""The verb `prepare`, and sizes of one number or two, in this process."""

import numpy as np
import pytest
from PIL import Image

from experiments import gan, pix2pix
from jaxgan import cli
from jaxgan.cli.command import way_on
from jaxgan.cli.numbers import numbers_last
from jaxgan.data import Images, Sides, folder


@pytest.fixture
def call(capfd, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")

    def call(*words, paper, small):
        with pytest.raises(SystemExit) as stop:
            cli.main(paper, small=small, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture
def draw(tmp_path):
    def draw(*names, size=(9, 12)):
        for seed, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(noise).save(path)

    return draw


GAN = {"paper": gan.GAN(), "small": gan.SMALL}
PIX2PIX = {"paper": pix2pix.Pix2Pix(), "small": pix2pix.SMALL}


def test_a_folder_of_classes(call, draw, tmp_path):
    draw("photos/cat/1.png", "photos/ant/1.png", "photos/ant/2.png")
    words = ["--image-size", 6, 8, tmp_path / "photos", "--channels", 3, "--output"]
    code, out, err = call("prepare", *words, tmp_path / "small", **GAN)
    assert (code, err) == (0, "")
    assert "3 pictures are prepared in" in out
    flags = ["--folder", tmp_path / "small", "--image-size", "6", "8", "--channels", "3"]
    assert f"train on them with: {way_on('train', *flags)} " in out
    before, after = (
        Images(folder=tmp_path / name, image_size=(6, 8), channels=3).source()
        for name in ("photos", "small")
    )
    assert before.fingerprint == after.fingerprint
    np.testing.assert_array_equal(
        before.read(np.arange(3))["image"], after.read(np.arange(3))["image"]
    )
    code, out, err = call("prepare", *words, tmp_path / "photos", **GAN)
    assert (code, out) == (2, "")
    assert (
        err
        == f"error: {tmp_path / 'photos'} already holds something: name another folder (--output)\n"
    )


def test_pairs_with_the_defaults_of_a_preset(call, draw, tmp_path):
    draw("in/train/1.png", "in/train/2.png", "in/test/1.png", size=(9, 20))
    words = ["--load-size", 10, "--crop-size", 8, "--output", tmp_path / "out"]
    code, out, _ = call("prepare", tmp_path / "in", *words, "--preset", "paper", **PIX2PIX)
    assert code == 0
    assert "--load-size 10 --crop-size 8 --channels 3 --stretch" in out
    before, after = (
        Sides(folder=tmp_path / name, load_size=10, crop_size=8, stretch=True)
        for name in ("in", "out")
    )
    assert before.paired().fingerprint == after.paired().fingerprint
    np.testing.assert_array_equal(before.held_out()["b"], after.held_out()["b"])


def test_ctrl_c(call, draw, tmp_path, monkeypatch):
    draw("photos/1.png")

    def stop(file, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "decode", stop)
    code, out, err = call("prepare", tmp_path / "photos", "--output", tmp_path / "out", **GAN)
    assert (code, err) == (75, "")
    assert out == f"stopped; the same command goes on with what is in {tmp_path / 'out'}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("import --crop-size 256 FILE --width 3", "import FILE --width 3 --crop-size 256"),
        ("prepare --image-size=96 128 F --output O", "prepare F --output O --image-size=96 128"),
        ("train --image_size 8 -2 --flip", "train --flip --image_size 8 -2"),
        ("prepare --load-size 8 -- --load-size", "prepare --load-size 8 -- --load-size"),
        ("prepare --range 0.5 -1e3 F --pad", "prepare F --pad --range 0.5 -1e3"),
        ("prepare --range nan -INF F --pad", "prepare F --pad --range nan -INF"),
        ("train --latent-size 8 9", "train --latent-size 8 9"),
    ],
)
def test_numbers_stand_last(words, expected):
    assert numbers_last(words.split()) == expected.split()
