"""A zip of transparent pictures with NVIDIA's labels, from the command line to the samples."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from experiments import cgan, gan
from jaxgan import cli


@pytest.fixture
def call(capfd, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")

    def call(module, paper, *words):
        with pytest.raises(SystemExit) as stop:
            cli.main(paper, small=module.SMALL, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture
def mine(tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as opened:
        for index in range(8):
            file = io.BytesIO()
            Image.new("RGBA", (8, 8), (0, 0, 200, 30 * index)).save(file, "png")
            opened.writestr(f"00000/img{index}.png", file.getvalue())
        labels = [[f"00000/img{index}.png", index % 3] for index in range(8)]
        opened.writestr("dataset.json", json.dumps({"labels": labels}))
    return tmp_path / "mine.zip"


def test_trains_and_samples(call, mine, tmp_path):
    words = ["--folder", mine, "--image-size", 8, "--channels", 4, "--batch-size", 8]
    words += ["--steps", 1, "--directory", tmp_path / "run"]
    code, out, err = call(gan, gan.GAN(), "train", *words, "--devices", 1)
    assert code == 0, err
    assert f"8 pictures of 3 classes in {mine}: 0 (3), 1 (3), 2 (2)" in out + err
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["batch"]["image"]["shape"] == [8, 8, 8, 4]
    code, _, err = call(gan, gan.GAN(), "sample", tmp_path / "run", "--count", 2)
    assert code == 0, err
    made = [
        *(tmp_path / "run" / "samples").glob("*.png"),
        *(tmp_path / "run" / "generated").rglob("*.png"),
    ]
    assert len(made) >= 4
    for path in made:
        with Image.open(path) as picture:
            assert picture.mode == "RGBA"
            assert len(np.unique(np.asarray(picture)[..., 3])) > 1


def test_a_label_that_the_networks_do_not_know(call, mine, tmp_path):
    words = ["--folder", mine, "--image-size", 8, "--channels", 4, "--classes", 2]
    words += ["--batch-size", 8, "--directory", tmp_path / "run"]
    code, _, err = call(cgan, cgan.CGAN(), "train", *words)
    assert code == 2
    assert err == (
        "error: the data has 3 labels, up to '2', and the networks know 2: give --classes 3\n"
    )
    assert not (tmp_path / "run").exists()
