import io
import socket

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds
from PIL import Image

from jaxgan.data import Images, Transform, tfds_source

TRANSFORM = Transform(image_size=4, channels=3)


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(file, "PNG")
    file.seek(0)
    return file


class Colours(tfds.core.GeneratorBasedBuilder):
    """Eight images of one colour, without labels but with a feature besides."""

    VERSION = tfds.core.Version("2.1.0")
    url_infos = None

    def _info(self):
        features = {"image": tfds.features.Image(), "depth": tfds.features.Scalar(np.int64)}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(6), "test": self._generate_examples(2)}

    def _generate_examples(self, count):
        for index in range(count):
            yield index, {"image": png((40 * index, 10, 200)), "depth": index}


class Sounds(Colours):
    def _info(self):
        features = tfds.features.FeaturesDict({"depth": tfds.features.Scalar(np.int64)})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _generate_examples(self, count):
        yield from ((index, {"depth": index}) for index in range(count))


class RawArrays(Colours):
    def _generate_examples(self, count):
        yield 0, {"image": np.zeros((8, 6, 3), np.uint8), "depth": 0}


class Unreachable(Colours):
    def _split_generators(self, dl_manager):
        dl_manager.download("https://images.example/all.zip")


class Broken(Colours):
    def _split_generators(self, dl_manager):
        raise AssertionError("Manual directory does not exist.\nDownload it by hand.")


class NeedsPackage(Colours):
    def _split_generators(self, dl_manager):
        raise ModuleNotFoundError("No module named 'colourful'", name="colourful")


def test_any_set(data_dir):
    source = tfds_source("colours", "train", transform=TRANSFORM, data_dir=data_dir)
    assert len(source) == 6
    assert source.shape == (4, 4, 3)
    assert source.classes == ()
    assert source.fingerprint == f"tfds:colours/2.1.0:train:{TRANSFORM}"
    batch = source.read(np.array([3, 0]))
    assert list(batch) == ["image"]
    assert batch["image"].shape == (2, 4, 4, 3)
    reds = np.sort(source.read(np.arange(6))["image"][:, 0, 0, 0])
    np.testing.assert_array_equal(reds, 40 * np.arange(6))


def test_is_prepared_once(data_dir, monkeypatch):
    tfds_source("colours", "train", transform=TRANSFORM, data_dir=data_dir)
    monkeypatch.setattr(Colours, "_split_generators", None)
    assert len(tfds_source("colours", "test", transform=TRANSFORM, data_dir=data_dir)) == 2


def test_part_of_a_split(data_dir):
    assert len(tfds_source("colours", "train[:50%]", transform=TRANSFORM, data_dir=data_dir)) == 3


@pytest.mark.parametrize(
    ("name", "split", "sentence"),
    [
        ("digist", "train", "there is no data set 'digist': did you mean .*digits"),
        ("cifar_10", "train", "did you mean .*cifar10"),
        ("qqqqqq", "train", "there is no data set 'qqqqqq': `digits` needs no download"),
        ("colours", "dev", "'colours' has no split 'dev': give one of train, test"),
        ("colours", "train[:oops]", "has no split"),
        ("colours", "train[:0]", "is empty"),
        ("colours/big", "train", "'colours/big' cannot be opened"),
        ("sounds", "train", r"'sounds' has no feature 'image' of bytes, but \['depth'\]"),
        ("raw_arrays", "train", r"needs TensorFlow once.*pip install 'jaxgan\[tensorflow\]'"),
        ("broken", "train", r"could not be prepared \(Manual directory does not exist.\)"),
        ("needs_package", "train", "needs a package to be prepared: pip install colourful"),
    ],
)
def test_refusals(data_dir, name, split, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        tfds_source(name, split, transform=TRANSFORM, data_dir=data_dir)
    assert "\n" not in str(refusal.value)


def test_no_network(data_dir, monkeypatch):
    def refuse(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(Unreachable, "url_infos", {"https://images.example/all.zip": None})
    with pytest.raises(ValueError, match=r"could not be downloaded .* \(--folder\)") as refusal:
        tfds_source("unreachable", "train", transform=TRANSFORM, data_dir=data_dir)
    assert isinstance(refusal.value.__cause__, requests.ConnectionError)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"cannot be written to .* \(--data-dir\)"):
        Images(data_dir=tmp_path / "file").source()
