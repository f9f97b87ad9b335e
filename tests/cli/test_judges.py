"""Judges with a stand-in for the classifier, but for one test that trains the real one."""

import numpy as np
import pytest

from jaxgan import cli, metrics
from jaxgan.cli import judges
from jaxgan.networks import SmallClassifier


class Levels:
    """Sees digit d where the mean of an image is about d / 10 - 0.5."""

    def classify(self, images):
        assert images.shape[-1] == 1
        return np.round(10 * images.mean((1, 2, 3)) + 5).astype(np.int32)

    def features(self, images):
        return images.mean((1, 2))


def pictures(digits, noise=0.1):
    digits = np.asarray(digits)
    images = np.random.default_rng(0).normal(0, noise, (len(digits), 28, 28, 1))
    images -= images.mean((1, 2, 3), keepdims=True)
    return (images + digits.reshape(-1, 1, 1, 1) / 10 - 0.5).astype(np.float32)


@pytest.fixture
def levels(monkeypatch):
    monkeypatch.setattr(judges, "digit_classifier", lambda *, data_dir: Levels())


@pytest.fixture
def quick(monkeypatch):
    """A recipe of one second, good enough for nothing but tests."""
    recipe = judges.Recipe(network=SmallClassifier(classes=10, width=2), steps=30)
    monkeypatch.setattr(judges, "RECIPE", recipe)
    monkeypatch.setattr(judges, "REQUIRED", 0.0)


@pytest.fixture
def no_training(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("it is trained")

    return lambda: monkeypatch.setattr(metrics, "train_classifier", fail)


def test_labels(levels, digits_folder):
    asked = np.arange(100) % 10
    seen = np.where(np.arange(100) < 10, 3, asked)
    figures = cli.judge_labels(pictures(seen), asked, data_dir=digits_folder)
    assert figures["label_accuracy"] == pytest.approx(0.91)
    assert figures["worst_label_accuracy"] == pytest.approx(0.9)
    assert figures["labels_present"] == 10
    assert 0 < figures["least_diversity"] <= figures["diversity"] < 1


def test_diversity_of_the_real_digits_is_one(levels, digits_folder):
    images, labels = cli.real_digits(data_dir=digits_folder)
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (-1.0, 1.0)
    levels_of_labels = Levels().classify(pictures(labels, noise=0.0))
    np.testing.assert_array_equal(levels_of_labels, labels)
    diversity = metrics.relative_diversity(images, labels, images, labels)
    assert diversity == pytest.approx({"diversity": 1.0, "least_diversity": 1.0})


def test_codes(levels, digits_folder):
    codes = np.arange(50) % 10
    assert cli.judge_codes(pictures(9 - codes), codes, data_dir=digits_folder) == {
        "code_accuracy": 1.0,
        "labels_present": 10.0,
    }


def test_modes(levels, digits_folder):
    red, green, blue = [1, 1, 9], [2, 2, 0], [3, 3, 5]
    images = np.concatenate([pictures(digits) for digits in (red, green, blue)], axis=-1)
    figures = cli.judge_modes(images, data_dir=digits_folder)
    expected = 2 / 3 * np.log(2 / 3 * 1000) + 1 / 3 * np.log(1 / 3 * 1000)
    assert figures == pytest.approx({"modes": 2, "kl": expected})


def test_digits(levels, digits_folder, monkeypatch):
    real = pictures(np.arange(10))
    monkeypatch.setattr(judges, "real_digits", lambda **_: (real, np.arange(10)))
    figures = cli.judge_digits(pictures([0, 0, 1, 1]) + 1e-3, data_dir=digits_folder)
    assert figures == pytest.approx({"typical": 0.0, "labels_present": 2, "label_kl": np.log(5)})
    assert cli.judge_digits(real, data_dir=digits_folder)["typical"] == 1.0


def test_trained_once_then_read(quick, no_training, digits_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = []
    first = cli.digit_classifier(data_dir=digits_folder, say=said.append)
    assert "is trained, once" in said[0]
    assert "of 1000 held-out digits rightly" in said[1]
    (file,) = (tmp_path / "jaxgan").iterdir()
    no_training()
    second = cli.digit_classifier(data_dir=digits_folder, say=said.append)
    assert said[2:] == said[1:2]
    images, _ = cli.real_digits(data_dir=digits_folder, split="test")
    np.testing.assert_array_equal(first.features(images[:20]), second.features(images[:20]))
    monkeypatch.setattr(judges, "RECIPE", judges.Recipe(network=first.network, steps=31))
    with pytest.raises(AssertionError, match="it is trained"):  # another recipe, another judge
        cli.digit_classifier(data_dir=digits_folder)
    monkeypatch.setattr(judges, "RECIPE", judges.Recipe(network=first.network, steps=30))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(AssertionError, match="it is trained"):  # cut short
        cli.digit_classifier(data_dir=digits_folder)


def test_a_poor_judge_is_refused_and_forgotten(quick, digits_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(judges, "REQUIRED", 1.0)
    with pytest.raises(ValueError, match=r"sees \d+\.\d% .* and 100\.0% are needed"):
        cli.digit_classifier(data_dir=digits_folder)
    assert list((tmp_path / "jaxgan").iterdir()) == []


@pytest.mark.slow
def test_the_judge_is_as_good_as_it_must_be(digits_folder):
    said = []
    classifier = cli.digit_classifier(data_dir=digits_folder, say=said.append)
    images, labels = cli.real_digits(data_dir=digits_folder, split="test")
    assert np.mean(classifier.classify(images) == labels) >= 0.975
    larger, _ = cli.real_digits(data_dir=digits_folder, split="test", image_size=32)
    assert np.mean(classifier.classify(larger) == labels) >= 0.975
    figures = cli.judge_labels(images, labels, data_dir=digits_folder)
    assert figures["label_accuracy"] >= 0.975
    assert figures["diversity"] == pytest.approx(1.0, abs=0.05)
